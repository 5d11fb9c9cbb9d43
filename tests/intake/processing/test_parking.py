"""What stays unknown is parked with its reason, and read again when a mapping is added."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError

from apps.assignment.desk import Case
from apps.assignment.models import Unassigned
from apps.intake.processing import parked
from apps.intake.processing.changes import OrderChange
from apps.intake.processing.session import Session
from apps.orders.models import Order, Patient
from apps.outbound.models import OutboundMessage
from apps.rules.models import DecisionPolicy
from tests import factories
from tests.intake.processing.checks import broken_promises
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    receive,
    send,
    settle,
    statuses,
    take_effect,
)

pytestmark = pytest.mark.db

NO_SITE = {"facility": "Nowhere", "site": "Nowhere"}
NO_MODALITY = {"modality": "ODD", "code": "X1^Something"}
NO_PROCEDURE = {"modality": "", "code": "X1^Something"}


def _site(department: Department) -> None:
    department.site.aliases.create(value="nowhere")


def _default_site(department: Department) -> None:
    factories.SenderProfileFactory(facility="Nowhere", default_site=department.site)


def _modality_word(_: Department) -> None:
    factories.SenderProfileFactory(facility="Robina", modality_words={"odd": "MR"})


def _procedure(_: Department) -> None:
    factories.ProcedureFactory(code="X1", modality="MR")


def _alias(_: Department) -> None:
    factories.ProcedureFactory(code="MRI STD", modality="MR").aliases.create(
        issuer="Robina", local_code="x1"
    )


@pytest.mark.parametrize(
    ("values", "reason", "mapping"),
    [
        (NO_SITE, "unknown_site", _site),
        (NO_SITE, "unknown_site", _default_site),
        (NO_MODALITY, "unknown_modality", _modality_word),
        (NO_MODALITY, "unknown_modality", _procedure),
        (NO_PROCEDURE, "unknown_procedure", _procedure),
        (NO_PROCEDURE, "unknown_procedure", _alias),
    ],
    ids=["site alias", "default site", "word", "procedure", "procedure of code", "local code"],
)
def test_parked_order_is_assigned_once_a_mapping_says_what_it_is(
    department: Department,
    values: dict[str, str],
    reason: str,
    mapping: Callable[[Department], None],
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", **values))
    assert (statuses(), reasons()) == ({"P1": "unassigned"}, {"P1": reason})

    mapping(department)
    settle()

    assert (readers(), reasons()) == ({"P1": "DR_A"}, {})
    assert broken_promises() == []


def test_mapping_that_mends_one_thing_shows_the_next(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", **NO_SITE, **NO_PROCEDURE))
    seen = [reasons()["P1"]]

    _site(department)
    settle()
    seen.append(reasons()["P1"])

    assert seen == ["unknown_site", "unknown_procedure"]


def test_procedure_that_became_known_is_no_longer_flagged_as_unknown(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", **NO_PROCEDURE))
    assert Order.objects.get().flags == ["unknown_procedure"]

    _procedure(department)
    settle()

    assert Order.objects.get().flags == []


def test_parked_order_is_mended_by_a_change_that_brings_what_was_missing(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", mrn=""))
    assert reasons() == {"P1": "no_patient"}

    send(*order(control="XO", placer="P1", mrn="M1"))

    assert readers() == {"P1": "DR_A"}
    assert Patient.objects.get().mrn == "M1"


def test_what_one_message_lacks_another_may_have_said(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", **NO_SITE))

    bare = (r"MSH|^~\&|HIS|Nowhere|||20261122||ORM^O01|X1|P|2.5.1", "ORC|XO|P1")
    send(*bare, "ZRD|1|Robina")

    assert readers() == {"P1": "DR_A"}


def test_parked_orders_are_never_tried_on_the_roster(department: Department) -> None:
    everything = department.add_shift("ALL")
    department.add_reader("DR_A", shift=everything)
    send(*order(placer="P1", **NO_SITE))

    department.add_reader("DR_B", shift=everything)
    settle()

    assert (reasons(), Unassigned.objects.get().attempts) == ({"P1": "unknown_site"}, 1)


def test_parked_order_that_was_cancelled_stays_so_when_a_mapping_is_added(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", **NO_SITE))
    send(*order(control="CA", placer="P1", **NO_SITE))

    _site(department)
    settle()

    assert (statuses(), reasons()) == ({"P1": "cancelled"}, {})


def test_more_parked_orders_than_one_pass_holds_are_all_read_again(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.intake.processing.parked.CHUNK", 3)
    department.add_reader("DR_A")
    for number in range(8):
        receive(*order(placer=f"P{number}", **NO_SITE))
    settle()

    _site(department)
    settle()

    assert len(readers()) == 8


def test_parked_order_that_cannot_be_read_again_stops_no_other(
    department: Department, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    department.add_reader("DR_A")
    for number in range(3):
        send(*order(placer=f"P{number}", **NO_SITE))
    deadly = Order.objects.get(accession="P1").pk
    real = parked.fill

    def fill(session: Session, case: Case, change: OrderChange) -> bool:
        if case.order.pk == deadly:
            raise ValueError("Doe")
        return real(session, case, change)

    monkeypatch.setattr(parked, "fill", fill)
    _site(department)
    settle()

    assert readers() == {"P0": "DR_A", "P2": "DR_A"}
    assert reasons() == {"P1": "unknown_site"}
    assert f"{deadly} failed, the others go on: ValueError at " in caplog.text
    assert "Doe" not in caplog.text


def test_mapping_binds_the_very_next_message(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    receive(*order(placer="P2", **NO_SITE))
    _site(department)

    take_effect()

    assert readers() == {"P1": "DR_A", "P2": "DR_A"}


@pytest.mark.parametrize(
    "place",
    ["ZRD|1|^Robina", "PV1|1|O|W^1^2^NOWHERE"],
    ids=["alias in another component", "unknown in PV1"],
)
def test_facility_of_the_sender_is_the_site_where_nothing_else_is_known(
    department: Department, place: str
) -> None:
    department.add_reader("DR_A")
    head = order(placer="P1", facility="^Robina")

    send(*head[:2], place, *head[3:])

    assert readers() == {"P1": "DR_A"}


def test_mapping_is_applied_though_the_database_went_in_between(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", **NO_SITE))
    _site(department)
    with monkeypatch.context() as outage:
        outage.setattr(parked, "_rerun", _lost)
        with pytest.raises(OperationalError):
            settle()
    assert reasons() == {"P1": "unknown_site"}

    settle()

    assert readers() == {"P1": "DR_A"}


def _lost(_: object) -> None:
    raise OperationalError


def test_order_parked_for_its_site_is_read_from_segments_that_stood_before_it(
    department: Department,
) -> None:
    """What a mapping names may stand anywhere: kept to read by, not told to anybody."""
    department.add_reader("DR_A")
    segments = list(order(site="", facility="LABRIS", accession="A1"))
    segments.insert(2, "ZPI|1|Robina")
    message = send(*segments)
    assert reasons() == {"A1": "unknown_site"}

    factories.SenderProfileFactory(facility="LABRIS", places={"site": ["ZPI-2"]})
    settle()

    assert reasons() == {}
    assert readers().keys() == {"A1"}
    told = OutboundMessage.objects.get()
    assert b"ZPI" in bytes(message.raw)
    assert b"ZPI" not in bytes(told.payload)


def test_a_parked_order_goes_to_who_has_the_studies_of_the_patient_found_for_it(
    department: Department,
) -> None:
    DecisionPolicy.objects.update_or_create(id=1, defaults={"together": "patient"})
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    send(*order(placer="P1", mrn="M1"))
    holder = readers()["P1"]
    send(*order(placer="P2", mrn="M2", modality="ODD", code="X1^Something"))
    Order.objects.filter(accession="P2").update(patient=None)
    Patient.objects.filter(mrn="M2").update(mrn="GONE")
    Patient.objects.filter(mrn="M1").update(mrn="M2")

    _procedure(department)
    settle()

    assert readers() == {"P1": holder, "P2": holder}
