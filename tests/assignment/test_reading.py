from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.assignment.exceptions import (
    NotPossibleError,
    NotYoursError,
    ReasonNeededError,
    StaleStudyError,
)
from apps.assignment.models import Assignment, LedgerEntry, Unassigned
from apps.assignment.services import by_hand, reading
from apps.assignment.study import StudyState
from apps.core import clock
from apps.orders.models import Order
from apps.roster.models import Radiologist, Workload
from tests.assignment.hand import (
    act,
    history,
    lines,
    loads_are_exact,
    open_studies,
    state,
    told,
)
from tests.support.department import Department, order, reasons, result, send, settle, statuses

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
READER = {"radiologist_id": "DR_A", "actor": "user:a"}


@pytest.fixture
def mine(department: Department) -> Department:
    """P1 is DR_A's; DR_B is on the same shift."""
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    department.add_reader("DR_B")
    return department


def do(service: object, seen: StudyState | None = None, **values: object) -> StudyState:
    return act(service, seen, **(READER | values))


@pytest.mark.usefixtures("mine")
def test_study_is_acknowledged_started_and_done() -> None:
    seen = [do(service).status for service in (reading.acknowledge, reading.start, reading.done)]

    assert seen == ["acknowledged", "in_progress", "preliminary"]
    made, placed = Assignment.objects.get(), Order.objects.get()
    assert None not in (made.acknowledged_at, made.opened_at, made.completed_at)
    assert made.acknowledged_at < made.opened_at < made.completed_at == placed.reported_at
    assert made.turnaround_seconds is not None
    assert open_studies() == {"DR_A": 0, "DR_B": 0}
    assert "reported_by_hand" in placed.flags
    assert [row.actor for row in lines("done_by_hand")] == ["user:a"]


@pytest.mark.usefixtures("mine")
def test_start_acknowledges_too() -> None:
    do(reading.start)

    made = Assignment.objects.get()
    assert made.state == "in_progress"
    assert made.acknowledged_at == made.opened_at is not None


@pytest.mark.usefixtures("mine")
def test_study_that_was_never_opened_is_opened_by_being_done() -> None:
    assert do(reading.done).status == "preliminary"

    made = Assignment.objects.get()
    assert made.acknowledged_at == made.opened_at == made.completed_at is not None


@pytest.mark.parametrize(
    "service", [reading.acknowledge, reading.start, reading.done, reading.hand_back]
)
@pytest.mark.parametrize("who", ["DR_B", "DR_NOBODY", ""])
@pytest.mark.usefixtures("mine")
def test_nobody_else_can(service: object, who: str) -> None:
    extra = {"reason": "not mine at all"} if service is reading.hand_back else {}

    with pytest.raises(NotYoursError):
        do(service, radiologist_id=who, **extra)

    assert (statuses(), len(told())) == ({"P1": "assigned"}, 1)


@pytest.mark.usefixtures("mine")
def test_reader_who_lost_it_meanwhile_cannot_start_it() -> None:
    seen = state()
    act(by_hand.assign, radiologist_id="DR_B")

    with pytest.raises(NotYoursError):
        do(reading.start, seen)


@pytest.mark.usefixtures("mine")
def test_second_click_gets_the_fresh_state() -> None:
    seen = state()
    do(reading.start, seen)

    with pytest.raises(StaleStudyError) as raised:
        do(reading.start, seen)

    assert raised.value.fresh.status == "in_progress"
    assert len(lines("start_by_hand")) == 1


@pytest.mark.usefixtures("mine")
def test_what_is_open_is_not_acknowledged_again() -> None:
    do(reading.start)

    with pytest.raises(NotPossibleError, match="It is being read already"):
        do(reading.acknowledge)


@pytest.mark.parametrize("service", [reading.acknowledge, reading.start, reading.done])
@pytest.mark.usefixtures("mine")
def test_each_action_is_activity(service: object) -> None:
    assert Workload.objects.get(pk="DR_A").last_activity_at is None
    at = clock.now()

    do(service, at=at)

    active = dict(Workload.objects.values_list("pk", "last_activity_at"))
    assert active == {"DR_A": at, "DR_B": None}


class TestDone:
    @pytest.mark.usefixtures("mine")
    def test_final_result_goes_on_as_usual(self) -> None:
        do(reading.done)
        reported_at = Order.objects.get().reported_at

        send(*result(status="F"))

        placed = Order.objects.get()
        assert (placed.status, placed.reported_at) == ("final", reported_at)
        assert Assignment.objects.get().state == "completed"
        assert LedgerEntry.objects.filter(kind="completed").count() == 1
        assert loads_are_exact()

    def test_freed_seat_goes_to_who_waits(self, department: Department) -> None:
        department.add_reader("DR_A", max_concurrent_studies=1)
        send(*order(placer="P1"))
        send(*order(placer="P2"))
        assert reasons() == {"P2": "at_capacity"}

        do(reading.done, state("P1"))
        settle()

        assert statuses() == {"P1": "preliminary", "P2": "assigned"}


class TestReopen:
    @pytest.mark.usefixtures("mine")
    def test_reader_has_it_open_again_with_its_seat(self) -> None:
        do(reading.start)
        do(reading.done)

        after = do(reading.reopen)

        made, placed = Assignment.objects.get(), Order.objects.get()
        assert (after.status, after.radiologist_id) == ("in_progress", "DR_A")
        assert (made.state, made.completed_at, made.turnaround_seconds) == (
            "in_progress",
            None,
            None,
        )
        assert (placed.reported_at, placed.flags) == (None, ["unknown_procedure"])
        assert open_studies()["DR_A"] == 1
        assert loads_are_exact()

    @pytest.mark.usefixtures("mine")
    def test_can_be_done_again(self) -> None:
        for service in (reading.done, reading.reopen, reading.done):
            do(service)

        assert statuses() == {"P1": "preliminary"}
        assert loads_are_exact()

    @pytest.mark.parametrize("status", ["P", "F"])
    @pytest.mark.usefixtures("mine")
    def test_is_refused_once_a_result_has_come(self, status: str) -> None:
        do(reading.done)
        send(*result(status=status))

        with pytest.raises(NotPossibleError):
            do(reading.reopen)

        assert statuses() == {"P1": "preliminary" if status == "P" else "final"}

    @pytest.mark.usefixtures("mine")
    def test_is_refused_where_the_report_came_by_message(self) -> None:
        send(*result(status="P"))

        with pytest.raises(NotPossibleError, match="came by message"):
            do(reading.reopen)

    @pytest.mark.usefixtures("mine")
    def test_is_the_readers_alone(self) -> None:
        do(reading.done)

        with pytest.raises(NotYoursError):
            do(reading.reopen, radiologist_id="DR_B")

    def test_report_is_awaited_again_and_its_breach_noted(self) -> None:
        with time_machine.travel(NOON, tick=False) as moment:
            department = Department()
            department.add_reader("DR_A")
            send(*order(placer="P1", priority="S"))
            do(reading.done)
            do(reading.reopen)

            moment.shift(timedelta(minutes=61))
            settle()

            placed = Order.objects.get()
            assert placed.breached_at == placed.report_due_at is not None
            assert len(lines("sla_breach")) == 1

    def test_steps_after_the_breach_go_on_where_the_report_had_ended_them(self) -> None:
        with time_machine.travel(NOON, tick=False) as moment:
            department = Department()
            department.add_reader("DR_A")
            send(*order(placer="P1", priority="S"))
            do(reading.start)
            moment.shift(timedelta(minutes=80))
            settle()
            do(reading.done)
            do(reading.reopen)

            moment.shift(timedelta(minutes=60))
            settle()

            steps = [
                (row.new_values["step"], row.new_values["result"]) for row in lines("sla_step")
            ]
            assert steps == [
                (1, "noted"),
                (2, "alerted"),
                (3, "being read"),
                (4, "supervisor told"),
            ]


class TestHandBack:
    @pytest.mark.usefixtures("mine")
    def test_next_reader_has_it_at_once_and_destinations_know(self) -> None:
        after = do(reading.hand_back, reason="patient is a relative")

        assert (after.status, after.radiologist_id) == ("assigned", "DR_B")
        assert history() == [
            ("DR_A", "LOAD_BALANCED", "handed_back"),
            ("DR_B", "LOAD_BALANCED", ""),
        ]
        assert Assignment.objects.earliest("pk").end_note == "patient is a relative"
        assert told()[1:] == [("reassigned", "DR_B", "LOAD_BALANCED")]
        assert loads_are_exact()

    @pytest.mark.usefixtures("mine")
    def test_also_what_is_being_read_is_handed_back(self) -> None:
        do(reading.start)

        assert do(reading.hand_back, reason="images are broken").status == "assigned"

    @pytest.mark.parametrize("reason", ["", " . ", "no"])
    @pytest.mark.usefixtures("mine")
    def test_needs_a_reason(self, reason: str) -> None:
        with pytest.raises(ReasonNeededError, match="Handing it back needs a reason"):
            do(reading.hand_back, reason=reason)

        assert statuses() == {"P1": "assigned"}
        assert Workload.objects.get(pk="DR_A").last_activity_at is None

    def test_never_goes_back_to_who_declined_it_and_is_tried_again_by_itself(
        self, mine: Department
    ) -> None:
        Radiologist.objects.filter(pk="DR_B").update(max_concurrent_studies=0)
        after = do(reading.hand_back, reason="patient is a relative")
        assert (after.status, Unassigned.objects.get().is_waiting) == ("unassigned", True)
        assert told()[-1][:2] == ("unassigned", '""')

        settle()
        assert statuses() == {"P1": "unassigned"}

        mine.add_reader("DR_C")
        settle()
        assert state().radiologist_id == "DR_C"

    @pytest.mark.usefixtures("mine")
    def test_person_may_give_it_back_to_who_declined_it(self) -> None:
        do(reading.hand_back, reason="images are broken")

        assert act(by_hand.assign, radiologist_id="DR_A").radiologist_id == "DR_A"
