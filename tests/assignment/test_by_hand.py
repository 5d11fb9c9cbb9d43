from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import time_machine
from django.db import connection, transaction

from apps.assignment.desk.clocks import ACKNOWLEDGE_KIND, ALL
from apps.assignment.exceptions import (
    NotFitError,
    NotPossibleError,
    OverrideNeededError,
    ReasonNeededError,
    StaleStudyError,
    UnknownStudyError,
)
from apps.assignment.explanation import sentences
from apps.assignment.models import Assignment, LedgerEntry, Unassigned
from apps.assignment.policies import ALLOWED, Action, allowed_actions, can, check_can
from apps.assignment.queries.acting import acted_study, consequences
from apps.assignment.services import by_hand, reading
from apps.assignment.services.replay import replay_stored
from apps.assignment.snapshot.ledger import ledger
from apps.assignment.study import StudyState
from apps.core import clock, due
from apps.core.access import EVERYWHERE, Scope
from apps.engine.codes import Urgency
from apps.orders.choices import OrderStatus
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from apps.roster.models import Radiologist, RosterOverride, Workload
from tests import factories
from tests.assignment.hand import (
    MANAGER,
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
    result,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def given(department: Department) -> Department:
    """P1 is DR_A's; DR_B is on the same shift, DR_OFF on none."""
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    department.add_reader("DR_B")
    factories.RadiologistFactory(id="DR_OFF")
    return department


@pytest.fixture
def waiting(department: Department) -> Department:
    """P1 is CT, which no shift reads; DR_A is on the MRI shift."""
    department.add_reader("DR_A")
    send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
    return department


class TestAssign:
    @pytest.mark.usefixtures("waiting")
    def test_first_assignment_of_a_study_that_no_shift_reads(self) -> None:
        after = act(by_hand.assign, radiologist_id="DR_A", reason="covers CT today")

        made = Assignment.objects.get()
        assert after == state()
        assert (after.status, after.radiologist_id, after.shift_code) == ("assigned", "DR_A", "")
        assert (made.strategy, made.made_by, made.made_note) == (
            "MANUAL",
            MANAGER,
            "covers CT today",
        )
        assert (reasons(), open_studies()) == ({}, {"DR_A": 1})
        assert told() == [("assigned", "DR_A", "MANUAL")]

    @pytest.mark.usefixtures("given")
    def test_reassignment_frees_the_former_reader_and_tells_destinations(self) -> None:
        after = act(by_hand.assign, radiologist_id="DR_B")

        assert (after.radiologist_id, after.shift_code) == ("DR_B", "MRI_MSK")
        assert history() == [("DR_A", "LOAD_BALANCED", "reassigned"), ("DR_B", "MANUAL", "")]
        assert open_studies() == {"DR_A": 0, "DR_B": 1, "DR_OFF": 0}
        assert told()[1:] == [("reassigned", "DR_B", "MANUAL")]

    @pytest.mark.usefixtures("given")
    def test_trail_names_who_chose_whom_in_whose_place_and_why(self) -> None:
        seen = state()

        act(by_hand.assign, radiologist_id="DR_B", reason="  asked by\n the ward ")

        (line,) = lines("assign_by_hand")
        assert (line.actor, line.entity, line.entity_id) == (
            MANAGER,
            "orders_order",
            str(seen.order_id),
        )
        common = {"status": "assigned", "shift_code": "MRI_MSK", "urgency": "ROUTINE"}
        assert line.old_values == {**common, "radiologist_id": "DR_A"}
        assert line.new_values == {
            **common,
            "radiologist_id": "DR_B",
            "accession": "P1",
            "reason": "asked by the ward",
            "last_message_id": Order.objects.get().last_message_id,
        }
        assert [row.actor for row in lines("assign")] == ["system:hl7", MANAGER]

    def test_reader_reads_it_on_the_most_specific_shift_that_does_the_work(
        self, given: Department
    ) -> None:
        knees = given.add_shift("Z_KNEES", modality="MR")
        knees.work_types.update(body_part="KNEE")
        ct = given.add_shift("A_CT", modality="CT")
        for shift in (knees, ct):
            factories.RosterAssignmentFactory(
                shift=shift, radiologist=Radiologist.objects.get(pk="DR_B")
            )

        assert act(by_hand.assign, radiologist_id="DR_B").shift_code == "Z_KNEES"

    def test_shift_whose_specialty_the_reader_lacks_is_not_theirs(self, given: Department) -> None:
        spine = given.add_shift("SPINE", modality="MR", required_subspecialty="spine")
        given.add_reader("DR_C", shift=spine)

        assert act(by_hand.assign, radiologist_id="DR_C").shift_code == ""

    @pytest.mark.usefixtures("given")
    def test_offline_reader_may_be_given_it(self) -> None:
        Workload.objects.filter(pk="DR_B").update(presence="offline")

        act(by_hand.assign, radiologist_id="DR_B")

        assert readers() == {"P1": "DR_B"}

    @pytest.mark.parametrize(
        ("lack", "words"),
        [
            ("credential", "DR Rae Reader: lacks the credential MSK_FELLOW."),
            ("licence", "DR Rae Reader: has no valid licence for QLD."),
            ("privilege", "DR Rae Reader: has no valid privilege for ROBINA, MR, KNEE."),
            ("inactive", "DR Rae Reader: not active."),
            ("leave", "DR Rae Reader: on leave."),
            ("unknown", "DR_NOBODY: not a known radiologist."),
        ],
    )
    def test_no_reason_replaces_what_a_reader_lacks(
        self, given: Department, lack: str, words: str
    ) -> None:
        chosen = "DR_NOBODY" if lack == "unknown" else "DR_B"
        _LACKS[lack](given)

        with pytest.raises(NotFitError) as raised:
            act(by_hand.assign, radiologist_id=chosen, reason="nobody else is here tonight")

        assert str(raised.value) == words
        assert readers() == {"P1": "DR_A"}
        assert loads_are_exact()

    @pytest.mark.parametrize("reason", ["", "    ", "ok", "a  b "])
    @pytest.mark.usefixtures("given")
    def test_full_reader_needs_a_typed_reason(self, reason: str) -> None:
        Radiologist.objects.filter(pk="DR_B").update(max_concurrent_studies=0)

        with pytest.raises(OverrideNeededError, match="full, 0 of 0 studies open") as raised:
            act(by_hand.assign, radiologist_id="DR_B", reason=reason)

        assert "at least 5 letters" in str(raised.value)
        assert readers() == {"P1": "DR_A"}

    @pytest.mark.parametrize("limit", ["max_concurrent_studies", "max_studies_per_hour"])
    @pytest.mark.usefixtures("given")
    def test_full_reader_gets_it_with_a_typed_reason(self, limit: str) -> None:
        Radiologist.objects.filter(pk="DR_B").update(**{limit: 0})

        act(by_hand.assign, radiologist_id="DR_B", reason="they know the patient")

        assert readers() == {"P1": "DR_B"}
        assert loads_are_exact()

    @pytest.mark.usefixtures("given")
    def test_study_that_is_being_read_moves_with_a_reason_alone(self) -> None:
        act(reading.start, radiologist_id="DR_A")

        with pytest.raises(ReasonNeededError, match="It is being read") as raised:
            act(by_hand.assign, radiologist_id="DR_B")
        assert not isinstance(raised.value, OverrideNeededError)

        after = act(by_hand.assign, radiologist_id="DR_B", reason="taken ill")
        former = Assignment.objects.get(radiologist="DR_A")
        assert (after.status, after.radiologist_id) == ("assigned", "DR_B")
        assert (former.end_reason, former.end_note) == ("reassigned", "taken ill")

    @pytest.mark.usefixtures("given")
    def test_long_reason_is_kept_as_far_as_there_is_room(self) -> None:
        act(by_hand.assign, radiologist_id="DR_B", reason="because " * 100)

        kept = ("because " * 100)[:200]
        assert Assignment.objects.get(is_current=True).made_note == kept
        assert Assignment.objects.get(is_current=False).end_note == kept

    @pytest.mark.usefixtures("given")
    def test_present_reader_is_not_given_it_again(self) -> None:
        with pytest.raises(NotPossibleError, match="DR Rae Reader has it already"):
            act(by_hand.assign, radiologist_id="DR_A")

        assert len(told()) == 1

    @pytest.mark.usefixtures("given")
    def test_held_study_is_released_first(self) -> None:
        act(by_hand.hold, reason="prior films missing")

        with pytest.raises(NotPossibleError) as raised:
            act(by_hand.assign, radiologist_id="DR_B")

        assert str(raised.value) == "It is held (prior films missing): release it first."

    @pytest.mark.usefixtures("given")
    def test_study_of_an_unknown_site_has_no_fit_reader(self) -> None:
        send(*order(placer="P2", site="NOWHERE", facility="NOWHERE"))

        with pytest.raises(NotFitError, match="the order's site is unknown"):
            act(by_hand.assign, state("P2"), radiologist_id="DR_A", reason="a good reason")


_LACKS = {
    "credential": lambda _: _require_credential(),
    "licence": lambda given: _require(given, requires_licence=True, jurisdiction="QLD"),
    "privilege": lambda given: _require(given, requires_privilege=True),
    "inactive": lambda _: Radiologist.objects.filter(pk="DR_B").update(is_active=False),
    "leave": lambda _: RosterOverride.objects.create(
        kind="leave",
        radiologist_id="DR_B",
        start_date=clock.now().date() - timedelta(days=2),
        end_date=clock.now().date() + timedelta(days=2),
    ),
    "unknown": lambda _: None,
}


def _require_credential() -> None:
    procedure = factories.ProcedureFactory(code="MRI KNEE", required_credentials=["MSK_FELLOW"])
    Order.objects.update(procedure=procedure)


def _require(given: Department, **values: object) -> None:
    for name, value in values.items():
        setattr(given.site, name, value)
    given.site.save()


class TestExplained:
    @pytest.mark.usefixtures("given")
    def test_choice_is_told_in_words(self) -> None:
        Radiologist.objects.filter(pk="DR_B").update(max_concurrent_studies=0)
        act(by_hand.assign, radiologist_id="DR_B", reason="they know the patient")

        said = sentences(Assignment.objects.get(is_current=True).trace)

        assert said[0].startswith("Order P1 (MR KNEE, ROUTINE, site ROBINA) at ")
        assert said[2:] == [
            "Looked at who is on a shift for it, and at whom the person chose.",
            "DR_B: full, 0 of 0 studies open.",
            "DR_A: fit, 1.00 RVU open for 100 seats.",
            (
                "Given to DR_B on MRI_MSK by hand, by user:manager, though full, 0 of 0 "
                "studies open: they know the patient."
            ),
        ]

    def test_choice_off_shift_needs_no_reason_and_says_so(self, given: Department) -> None:
        del given
        act(by_hand.assign, radiologist_id="DR_OFF")

        said = sentences(Assignment.objects.get(is_current=True).trace)

        assert said[-1] == "Given to DR_OFF, off shift, by hand, by user:manager."

    def test_choice_replays_byte_for_byte_after_everything_was_edited(
        self, given: Department
    ) -> None:
        Radiologist.objects.filter(pk="DR_B").update(max_concurrent_studies=0)
        act(by_hand.assign, radiologist_id="DR_B", reason="they know the patient")
        stored = Assignment.objects.get(is_current=True).trace
        Radiologist.objects.update(max_concurrent_studies=7)
        given.shift.delete()

        again = replay_stored(stored)

        assert (again.strategy, again.radiologist, again.shift) == ("MANUAL", "DR_B", "MRI_MSK")
        assert json.dumps(again.trace, sort_keys=True) == json.dumps(stored, sort_keys=True)


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


class TestStale:
    @pytest.mark.parametrize(
        "meanwhile",
        [
            lambda: act(by_hand.assign, radiologist_id="DR_B"),
            lambda: act(by_hand.hold, reason="prior films missing"),
            lambda: act(by_hand.change_urgency, urgency=Urgency.URGENT),
            lambda: act(reading.start, radiologist_id="DR_A"),
            lambda: send(*order(control="CA", placer="P1")),
            lambda: send(*result(status="F")),
        ],
        ids=["reassigned", "held", "urgency", "started", "cancelled", "reported"],
    )
    @pytest.mark.usefixtures("given")
    def test_old_form_changes_nothing_and_gets_the_fresh_state(self, meanwhile: object) -> None:
        seen = state()
        meanwhile()
        before = (state(), history(), told(), open_studies())

        with pytest.raises(StaleStudyError) as raised:
            act(by_hand.assign, seen, radiologist_id="DR_OFF")

        assert raised.value.fresh == state()
        assert (state(), history(), told(), open_studies()) == before

    def test_unknown_study_and_one_of_a_foreign_site_are_the_same_to_the_asker(
        self, given: Department
    ) -> None:
        foreign = Scope(site_ids=frozenset({given.site.pk + 1}))
        with pytest.raises(UnknownStudyError) as unknown:
            act(by_hand.assign, radiologist_id="DR_B", order_id=0)
        with pytest.raises(UnknownStudyError) as elsewhere:
            act(by_hand.assign, radiologist_id="DR_B", scope=foreign)
        assert str(unknown.value) == str(elsewhere.value)

        own = Scope(site_ids=frozenset({given.site.pk}))
        assert act(by_hand.assign, radiologist_id="DR_B", scope=own).radiologist_id == "DR_B"


class TestPolicies:
    @pytest.mark.parametrize(("status", "action"), [*product(OrderStatus, Action)])
    def test_every_status_allows_an_action_or_says_why_not(
        self, status: OrderStatus, action: Action
    ) -> None:
        seen = StudyState(1, "P1", 1, status, "STAT", is_reported_by_hand=True)
        if action in ALLOWED[status]:
            check_can(action, seen)
            assert can(action, seen)
            assert action in allowed_actions(seen)
            return
        with pytest.raises(NotPossibleError, match=r"^It (is|has) .*\.$|^Its .*\.$"):
            check_can(action, seen)
        assert not can(action, seen)
        assert action not in allowed_actions(seen)

    def test_what_is_over_allows_nothing(self) -> None:
        over = (OrderStatus.FINAL, OrderStatus.AMENDED, OrderStatus.CANCELLED)
        assert [ALLOWED[status] for status in over] == [frozenset()] * 3

    def test_report_that_came_by_message_is_not_taken_back(self) -> None:
        by_message = StudyState(1, "P1", 1, OrderStatus.PRELIMINARY, "STAT")
        assert allowed_actions(by_message) == frozenset()


@pytest.mark.usefixtures("given")
def test_failing_audit_undoes_the_whole_action() -> None:
    seen, before = state(), (history(), open_studies(), LedgerEntry.objects.count())

    with pytest.raises(Exception, match="auditevent"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE audit_auditevent (at int) ON COMMIT DROP")
        act(by_hand.assign, seen, radiologist_id="DR_B")

    assert state() == seen
    assert (history(), open_studies(), LedgerEntry.objects.count()) == before
    assert OutboundMessage.objects.count() == 1


@pytest.mark.usefixtures("given")
def test_choice_by_hand_is_counted_after_the_commit(
    django_capture_on_commit_callbacks: object,
) -> None:
    labels = {"shift": "MRI_MSK", "strategy": "MANUAL", "escalated": "false"}
    before = _counted(labels)

    with django_capture_on_commit_callbacks(execute=True):
        act(by_hand.assign, radiologist_id="DR_B")
        assert _counted(labels) == before

    assert _counted(labels) == before + 1


def _counted(labels: dict[str, str]) -> float:
    from prometheus_client import REGISTRY  # noqa: PLC0415 -- beside its only use

    return REGISTRY.get_sample_value("assignment_engine_assignments_total", labels) or 0.0


@pytest.mark.usefixtures("given")
def test_what_is_rolled_back_is_in_nobodys_last_hour() -> None:
    """Several actions in one transaction read each other's lines, which may never come to be."""
    send(*order(placer="P2"))
    now = clock.now()
    before = {name: ledger().hour_of(name, now) for name in ("DR_A", "DR_B")}

    def move_all() -> None:
        for name in ("P1", "P2", "P1"):
            seen = state(name)
            to = "DR_A" if seen.radiologist_id == "DR_B" else "DR_B"
            act(by_hand.assign, seen, radiologist_id=to)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        move_all()

    assert {name: ledger().hour_of(name, now) for name in ("DR_A", "DR_B")} == before
