"""Taking off, deciding again, holding and changing the urgency by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from apps.assignment.desk.clocks import ACKNOWLEDGE_KIND, ALL
from apps.assignment.exceptions import (
    NotPossibleError,
    ReasonNeededError,
)
from apps.assignment.explanation import sentences
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.policies import Action
from apps.assignment.queries.acting import acted_study, consequences
from apps.assignment.services import by_hand, reading
from apps.core import due
from apps.core.access import EVERYWHERE
from apps.engine.codes import Urgency
from apps.orders.models import Order
from apps.roster.models import Radiologist, Workload
from tests import factories
from tests.assignment.hand import (
    NOON,
    act,
    history,
    lines,
    loads_are_exact,
    open_studies,
    state,
    told,
)
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.db


class TestUnassign:
    @pytest.mark.usefixtures("given")
    def test_waits_for_a_person_and_destinations_are_told(self) -> None:
        after = act(by_hand.unassign, reason="wrong protocol")

        queued = Unassigned.objects.get()
        assert (after.status, after.assignment_id) == ("unassigned", None)
        assert (queued.reason, queued.reason_text, queued.is_waiting) == (
            "by_hand",
            "wrong protocol",
            False,
        )
        assert history() == [("DR_A", "LOAD_BALANCED", "unassigned")]
        assert Assignment.objects.get().end_note == "wrong protocol"
        assert told()[1:] == [("unassigned", '""', "by_hand")]
        assert loads_are_exact()

    def test_is_not_tried_again_by_itself(self, given: Department) -> None:
        act(by_hand.unassign, reason="wrong protocol")

        given.add_reader("DR_NEW")
        send(*order(placer="P2"))

        assert reasons() == {"P1": "by_hand"}

    def test_is_decided_again_when_its_sla_is_breached(self) -> None:
        with time_machine.travel(NOON, tick=False) as moment:
            department = Department()
            department.add_reader("DR_A")
            send(*order(placer="P1", priority="S"))
            act(by_hand.unassign, reason="wrong protocol")

            moment.shift(timedelta(minutes=59))
            settle()
            assert reasons() == {"P1": "by_hand"}

            moment.shift(timedelta(minutes=2))
            settle()
            assert readers() == {"P1": "DR_A"}

    @pytest.mark.parametrize(
        ("minutes", "words", "is_waiting"),
        [
            (0, "until its SLA is breached", False),
            (70, "until the next step", False),
            (24 * 60, "tried again by itself within a minute", True),
        ],
    )
    def test_is_put_aside_only_while_something_ahead_takes_it_up(
        self, minutes: int, words: str, *, is_waiting: bool
    ) -> None:
        with time_machine.travel(NOON, tick=False) as moment:
            department = Department()
            department.add_reader("DR_A", max_concurrent_studies=5)
            send(*order(placer="P1", priority="S"))
            act(reading.acknowledge, radiologist_id="DR_A", actor="user:a")
            moment.shift(timedelta(minutes=minutes))
            settle()
            seen = state()
            study = acted_study(seen.order_id, scope=EVERYWHERE)
            assert study is not None
            said = " ".join(effect.words for effect in consequences(Action.UNASSIGN, study))

            act(by_hand.unassign, seen, reason="wrong protocol")

            assert words in said
            assert Unassigned.objects.get().is_waiting is is_waiting

    def test_after_the_last_step_it_is_tried_again(self) -> None:
        with time_machine.travel(NOON, tick=False) as moment:
            department = Department()
            department.add_reader("DR_A")
            send(*order(placer="P1", priority="S"))
            act(reading.start, radiologist_id="DR_A", actor="user:a")
            moment.shift(timedelta(days=1))
            settle()
            Workload.objects.update(presence="offline")
            act(by_hand.unassign, reason="wrong protocol")

            department.add_reader("DR_B")
            moment.shift(timedelta(minutes=1))
            settle()

            assert readers() == {"P1": "DR_B"}

    def test_without_a_due_time_it_waits_for_a_person_and_says_so(self, given: Department) -> None:
        Order.objects.update(report_due_at=None)
        study = acted_study(state().order_id, scope=EVERYWHERE)
        assert study is not None
        said = " ".join(effect.words for effect in consequences(Action.UNASSIGN, study))

        act(by_hand.unassign, reason="wrong protocol")
        given.add_reader("DR_NEW")
        settle()

        assert "its report has no due time" in said
        assert reasons() == {"P1": "by_hand"}

    @pytest.mark.usefixtures("given")
    def test_needs_a_reason(self) -> None:
        with pytest.raises(ReasonNeededError):
            act(by_hand.unassign, reason=" ")

        assert readers() == {"P1": "DR_A"}

    @pytest.mark.usefixtures("given")
    def test_engine_decides_when_asked(self) -> None:
        act(by_hand.unassign, reason="wrong protocol")

        after = act(by_hand.decide_again)

        assert (after.status, history()[-1]) == ("assigned", ("DR_B", "LOAD_BALANCED", ""))
        assert told()[-1] == ("assigned", "DR_B", "LOAD_BALANCED")


class TestDecideAgain:
    @pytest.mark.usefixtures("waiting")
    def test_may_find_nobody_again(self) -> None:
        after = act(by_hand.decide_again)

        assert (after.status, reasons()) == ("unassigned", {"P1": "no_shift"})
        assert Unassigned.objects.get().attempts == 2

    @pytest.mark.usefixtures("given")
    def test_study_that_lacks_a_fact_stays_parked(self) -> None:
        send(*order(placer="P2", site="NOWHERE", facility="NOWHERE"))

        with pytest.raises(NotPossibleError, match="Unknown site: the engine cannot decide"):
            act(by_hand.decide_again, state("P2"))

        assert reasons() == {"P2": "unknown_site"}


class TestHold:
    @pytest.mark.usefixtures("given")
    def test_frees_the_seat_and_keeps_the_reader(self) -> None:
        after = act(by_hand.hold, reason="prior films missing")

        assert (after.status, after.radiologist_id, after.held_reason) == (
            "held",
            "DR_A",
            "prior films missing",
        )
        assert open_studies()["DR_A"] == 0
        (line,) = lines("hold_by_hand")
        assert line.new_values["reason"] == "prior films missing"

    @pytest.mark.parametrize("reason", ["", "  ", "wait"])
    @pytest.mark.usefixtures("given")
    def test_needs_a_reason(self, reason: str) -> None:
        with pytest.raises(ReasonNeededError, match="Holding it needs a reason"):
            act(by_hand.hold, reason=reason)

        assert statuses() == {"P1": "assigned"}

    @pytest.mark.usefixtures("given")
    def test_release_gives_it_back_to_its_reader(self) -> None:
        act(by_hand.hold, reason="prior films missing")

        after = act(by_hand.release)

        assert (after.status, after.radiologist_id) == ("assigned", "DR_A")
        assert (len(history()), open_studies()["DR_A"]) == (1, 1)

    @pytest.mark.usefixtures("given")
    def test_release_decides_anew_where_the_reader_is_no_longer_fit(self) -> None:
        act(by_hand.hold, reason="prior films missing")
        Radiologist.objects.filter(pk="DR_A").update(is_active=False)

        assert act(by_hand.release).radiologist_id == "DR_B"
        assert loads_are_exact()

    @pytest.mark.usefixtures("waiting")
    def test_held_without_a_reader_waits_and_is_decided_at_its_release(self) -> None:
        act(by_hand.hold, reason="prior films missing")
        assert reasons() == {"P1": "held"}

        assert act(by_hand.release).status == "unassigned"
        assert reasons() == {"P1": "no_shift"}

    def test_study_that_a_rule_would_hold_again_can_be_assigned_after_its_release(
        self, department: Department
    ) -> None:
        department.add_reader("DR_A")
        factories.AssignmentRuleFactory(action_type="HOLD", action_target="research")
        send(*order(placer="P1"))
        assert statuses() == {"P1": "held"}

        after = act(by_hand.release)
        queued = Unassigned.objects.get()
        assert (after.status, queued.reason, queued.is_waiting) == ("unassigned", "by_hand", False)
        assert sentences(queued.trace)[-1].endswith(": research.")

        assert act(by_hand.assign, radiologist_id="DR_A").status == "assigned"


class TestUrgency:
    @pytest.mark.usefixtures("given")
    def test_due_times_and_the_readers_load_follow(self) -> None:
        after = act(by_hand.change_urgency, urgency=Urgency.STAT, reason="bleeding")

        placed = Order.objects.get()
        assert (after.urgency, after.radiologist_id) == ("STAT", "DR_A")
        assert placed.report_due_at - placed.received_at == timedelta(minutes=60)
        assert loads_are_exact()
        (line,) = lines("change_urgency_by_hand")
        assert (line.old_values["urgency"], line.new_values["urgency"]) == ("ROUTINE", "STAT")

    @pytest.mark.usefixtures("given")
    def test_stands_against_a_repeat_and_gives_way_to_a_new_word(self) -> None:
        act(by_hand.change_urgency, urgency=Urgency.STAT)
        seen = []
        for priority in ("R", "", "A", "A"):
            send(*order(control="XO", placer="P1", priority=priority))
            seen.append(Order.objects.get().urgency)

        assert seen == ["STAT", "STAT", "URGENT", "URGENT"]

    def test_waiting_study_is_tried_at_once(self, waiting: Department) -> None:
        stat = waiting.add_shift("STAT_ONLY", modality="CT")
        stat.work_types.update(urgency="STAT")
        waiting.add_reader("DR_S", shift=stat)

        after = act(by_hand.change_urgency, urgency=Urgency.STAT)

        assert (after.status, after.radiologist_id, after.shift_code) == (
            "assigned",
            "DR_S",
            "STAT_ONLY",
        )

    @pytest.mark.usefixtures("waiting")
    def test_person_has_the_last_word_over_a_rule(self) -> None:
        factories.AssignmentRuleFactory(
            action_type="SET_PRIORITY", action_target="URGENT", is_terminal=False
        )

        assert act(by_hand.change_urgency, urgency=Urgency.STAT).urgency == "STAT"
        assert Unassigned.objects.get().urgency_rank == 0

    @pytest.mark.usefixtures("given")
    def test_study_taken_off_by_hand_stays_off(self) -> None:
        act(by_hand.unassign, reason="wrong protocol")

        act(by_hand.change_urgency, urgency=Urgency.STAT)

        queued = Unassigned.objects.get()
        assert (queued.reason, queued.urgency_rank) == ("by_hand", 0)

    @pytest.mark.usefixtures("given")
    def test_same_urgency_is_no_change(self) -> None:
        with pytest.raises(NotPossibleError, match="It is ROUTINE already"):
            act(by_hand.change_urgency, urgency=Urgency.ROUTINE)

    def test_missed_study_that_becomes_stat_is_offered_on(self) -> None:
        with time_machine.travel(NOON, tick=False) as moment:
            department = Department()
            department.add_reader("DR_A")
            send(*order(placer="P1", priority="A"))
            department.add_reader("DR_B")
            Assignment.objects.update(acknowledge_due_at=NOON + timedelta(minutes=5))
            Order.objects.update(acknowledge_minutes=5)  # as many as STAT has
            due.schedule_by(ACKNOWLEDGE_KIND, ALL, NOON + timedelta(minutes=5))
            moment.shift(timedelta(minutes=6))
            settle()
            assert "not_acknowledged" in Order.objects.get().flags

            act(by_hand.change_urgency, urgency=Urgency.STAT)

            made = Assignment.objects.get()
            assert (made.acknowledge_missed_at, made.acknowledge_due_at) == (
                None,
                NOON + timedelta(minutes=11),
            )
            assert "not_acknowledged" not in Order.objects.get().flags
            moment.shift(timedelta(minutes=6))
            settle()
            assert readers() == {"P1": "DR_B"}
