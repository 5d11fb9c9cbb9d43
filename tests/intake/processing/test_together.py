"""A batch whose orders OPTIMAL chooses for is decided together, and nothing is lost or doubled."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.assignment.choices import CheckState
from apps.assignment.models import Assignment, DecisionBasis, Unassigned
from apps.assignment.services.proving import Found, Stored, made_again
from apps.assignment.services.replay import replay_stored
from apps.catalog.models import UnitTable
from apps.intake.models import InboundMessage
from apps.intake.processing import batch, reading
from apps.intake.processing.changes import Reading
from apps.orders.models import Order
from apps.roster.models import Radiologist, RosterAssignment, Shift, Workload
from tests.support.department import (
    Department,
    group,
    order,
    readers,
    reasons,
    receive,
    settle,
    statuses,
    take_effect,
)

pytestmark = pytest.mark.db


@pytest.fixture
def optimal(department: Department) -> Department:
    Shift.objects.update(strategy="OPTIMAL")
    for name in ("DR_A", "DR_B", "DR_C", "DR_D", "DR_E"):
        department.add_reader(name)
    return department


def come(*numbers: int) -> None:
    for number in numbers:
        receive(*order(placer=f"P{number}", mrn=f"MRN{number}", control_id=f"C{number}"))


def states() -> Counter[str]:
    return Counter(InboundMessage.objects.values_list("state", flat=True))


@pytest.mark.usefixtures("optimal")
def test_batch_of_fifty_is_given_out_evenly_each_once() -> None:
    come(*range(50))

    take_effect()

    assert Counter(readers().values()) == dict.fromkeys(
        ("DR_A", "DR_B", "DR_C", "DR_D", "DR_E"), 10
    )
    assert Assignment.objects.count() == Order.objects.count() == 50
    assert states() == {"processed": 50}
    assert set(Workload.objects.values_list("open_routine", flat=True)) == {10}
    assert {row.trace["tries"][0]["by"] for row in Assignment.objects.all()} == {"together"}


@pytest.mark.usefixtures("optimal")
def test_every_decision_of_a_batch_replays_the_same_byte_for_byte() -> None:
    come(*range(12))
    take_effect()
    RosterAssignment.objects.update(status="cancelled")

    assert DecisionBasis.objects.filter(area__startswith="burst:").count() == 1
    for row in Assignment.objects.all():
        again = replay_stored(row.trace).trace
        assert json.dumps(again, sort_keys=True) == json.dumps(row.trace, sort_keys=True)


@pytest.mark.usefixtures("optimal")
def test_what_is_kept_of_a_batch_names_no_patient() -> None:
    come(*range(3))
    take_effect()

    import zlib  # noqa: PLC0415 -- of this test alone

    [basis] = DecisionBasis.objects.filter(area__startswith="burst:")
    text = zlib.decompress(bytes(basis.payload)).decode()
    assert not [word for word in ("Doe", "MRN", "1980", "birth") if word in text]


@pytest.mark.usefixtures("optimal")
def test_cancel_in_the_same_batch_frees_what_was_just_given() -> None:
    come(1, 2, 3)
    receive(*order(control="CA", placer="P2", mrn="MRN2"))
    come(4)

    settle()

    assert statuses() == {
        "P1": "assigned",
        "P2": "cancelled",
        "P3": "assigned",
        "P4": "assigned",
    }
    assert sorted(readers()) == ["P1", "P3", "P4"]
    assert sum(Workload.objects.values_list("open_routine", flat=True)) == 3


@pytest.mark.usefixtures("optimal")
def test_change_in_the_same_batch_finds_its_order_decided() -> None:
    come(1, 2)
    receive(*order(control="XO", placer="P1", mrn="MRN1", priority="S"))

    settle()

    assert Order.objects.get(accession="P1").urgency == "STAT"
    assert Assignment.objects.filter(is_current=True).count() == 2
    assert sum(Workload.objects.values_list("open_stat", flat=True)) == 1


@pytest.mark.usefixtures("optimal")
def test_poisoned_message_stops_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    real = reading.read_message

    def read(raw: bytes, **known: Any) -> Reading:
        if b"|C3|" in raw:
            raise ValueError
        return real(raw, **known)

    monkeypatch.setattr(batch, "read_message", read)
    come(*range(6))

    settle()

    assert sorted(readers()) == ["P0", "P1", "P2", "P4", "P5"]
    assert states() == {"processed": 5, "quarantined": 1}
    assert Assignment.objects.count() == 5


@pytest.mark.usefixtures("optimal")
def test_failure_of_the_joint_decision_leaves_each_to_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_args: object, **_known: object) -> None:
        raise ValueError

    monkeypatch.setattr("apps.assignment.desk.together.decide_together", fail)
    come(*range(4))

    settle()

    assert sorted(readers()) == ["P0", "P1", "P2", "P3"]
    assert states() == {"processed": 4}
    assert not DecisionBasis.objects.filter(area__startswith="burst:").exists()


def test_what_has_no_seat_waits_and_is_given_out_together_when_there_are_seats(
    department: Department,
) -> None:
    Shift.objects.update(strategy="OPTIMAL")
    department.add_reader("DR_A", max_concurrent_studies=1)
    come(1, 2, 3)
    settle()
    assert len(readers()) == 1
    assert sorted(reasons().values()) == ["at_capacity", "at_capacity"]

    Radiologist.objects.update(max_concurrent_studies=9)
    settle()

    assert sorted(readers()) == ["P1", "P2", "P3"]
    assert not Unassigned.objects.exists()
    bursts = DecisionBasis.objects.filter(area__startswith="burst:").count()
    assert bursts == 2


@pytest.mark.usefixtures("optimal")
def test_one_patients_studies_of_a_batch_do_not_wait_for_each_other() -> None:
    receive(*order(placer="P1", mrn="SAME"))
    receive(*order(placer="P2", mrn="SAME"))
    receive(*order(placer="P3", mrn="OTHER"))

    settle()

    assert sorted(readers()) == ["P1", "P2", "P3"]


@pytest.mark.usefixtures("optimal")
def test_one_patients_studies_of_a_batch_go_to_one_reader() -> None:
    """Alone the second would go to whoever has less; with the first settled it follows that one."""
    come(1, 2, 3)
    for number in range(4):
        receive(*order(placer=f"S{number}", mrn="SAME"))
    come(4, 5, 6)

    take_effect()

    got = readers()
    assert len({got[f"S{number}"] for number in range(4)}) == 1
    assert len(got) == 10


@pytest.mark.usefixtures("optimal")
def test_what_its_own_message_says_further_finds_an_order_decided() -> None:
    """Cancelled by the next group of the message that brought it, with others beside it."""
    come(1, 2)
    receive(
        *order(placer="P3", mrn="MRN3"),
        *group(control="CA", placer="P3"),
    )
    come(4)

    take_effect()

    assert statuses() == {
        "P1": "assigned",
        "P2": "assigned",
        "P3": "cancelled",
        "P4": "assigned",
    }
    assert sorted(readers()) == ["P1", "P2", "P4"]
    assert sum(Workload.objects.values_list("open_routine", flat=True)) == 3
    rows = Assignment.objects.select_related("order")
    ended = rows.get(order__accession="P3")
    assert (ended.is_current, ended.end_reason) == (False, "cancelled")
    # What was gathered until then was given out together, and the batch went on as one.
    assert {row.order.accession for row in rows if "burst" in row.trace} == {"P1", "P2", "P3"}


def test_other_strategies_wait_for_nothing(department: Department) -> None:
    department.add_reader("DR_A")
    come(1, 2)

    take_effect()

    assert all("burst" not in row.trace for row in Assignment.objects.all())
    assert not DecisionBasis.objects.filter(area__startswith="burst:").exists()


@pytest.mark.usefixtures("optimal")
def test_work_in_units_of_a_table_replays_from_what_is_stored() -> None:
    day = timezone.localdate() - timedelta(days=2)
    UnitTable.objects.create(name="Points", from_date=day, per_rvu=Decimal("2.75"))
    come(*range(3))
    take_effect()
    come(*range(3, 15))
    take_effect()

    assert set(Order.objects.values_list("units", flat=True)) == {Decimal("2.75")}
    rows = list(Assignment.objects.all())
    assert [made_again(_stored(row)) for row in rows] == [Found(CheckState.SAME)] * 15


def _stored(row: Assignment) -> Stored:
    return Stored("assignment", row.pk, row.order_id, None, row.trace, {})
