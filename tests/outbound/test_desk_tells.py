"""What the desk tells of who read before, and of orders that never had a reader."""

from __future__ import annotations

import pytest

from apps.assignment.services import by_hand
from apps.hl7v2.message import Message
from apps.outbound.models import OutboundMessage
from tests import factories
from tests.assignment.hand import act
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db


def participations() -> list[tuple[str, str]]:
    rows = OutboundMessage.objects.filter(destination__name="asks").order_by("pk")
    messages = [Message(bytes(row.payload)) for row in rows]
    return [(one.get("PRT-2"), one.get("PRT-5")) for one in messages]


def kinds(name: str) -> list[str]:
    rows = OutboundMessage.objects.filter(destination__name=name).order_by("pk")
    return list(rows.values_list("kind", flat=True))


@pytest.fixture
def asking() -> Department:
    department = Department()
    factories.DestinationFactory(name="asks", with_prt=True, tells_waiting=True)
    factories.DestinationFactory(name="does not ask")
    return department


def test_the_expected_interpreter_is_added_updated_and_deleted(asking: Department) -> None:
    asking.add_reader("DR_A")
    send(*order(placer="P1"))
    asking.add_reader("DR_B")
    act(by_hand.assign, radiologist_id="DR_B")
    send(*order(control="CA", placer="P1"))
    assert participations() == [("AD", "DR_A"), ("UP", "DR_B"), ("DE", "DR_B")]
    assert kinds("does not ask") == ["assigned", "reassigned", "cancelled"]


def test_an_order_without_a_reader_is_told_where_it_is_asked_for(asking: Department) -> None:
    asking.add_reader("DR_A")
    send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
    assert (kinds("asks"), kinds("does not ask")) == (["waiting"], [])
    send(*order(control="CA", placer="P1"))
    assert (kinds("asks"), kinds("does not ask")) == (["waiting", "cancelled"], [])
    assert participations() == [("", ""), ("", "")]


def test_a_first_reader_after_the_wait_is_an_assignment(asking: Department) -> None:
    asking.add_reader("DR_A")
    send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
    act(by_hand.assign, radiologist_id="DR_A", reason="covers CT today")
    assert kinds("asks") == ["waiting", "assigned"]
    assert kinds("does not ask") == ["assigned"]
    assert participations() == [("", ""), ("AD", "DR_A")]
