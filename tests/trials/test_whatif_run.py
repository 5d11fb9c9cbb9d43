"""What-ifs: what is replayed, with what changed, and what becomes of a run that is disturbed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.access import EVERYWHERE
from apps.core.queue import slices
from apps.roster.models import DraftTurn, RosterDraft
from apps.roster.planning.wishes import Wishes as RosterWishes
from apps.rules.models import DraftChange, RuleDraft
from apps.trials.models import WhatIf
from apps.trials.whatif import job, making, working
from apps.trials.whatif.wishes import Limits, Newcomer, Wishes
from tests.factories import AssignmentFactory, OrderFactory, RadiologistFactory, UnassignedFactory
from tests.factories.times import NOON
from tests.trials.scenes import MINUTE, UNTIL, asked, department, past_order, played, whatif

pytestmark = pytest.mark.db


def test_a_process_that_dies_leaves_the_run_to_the_next_three_times_at_most() -> None:
    department()
    found = whatif()
    for attempt in (1, 2, 3):
        taken = working.take_next(UNTIL)
        assert taken is not None
        assert (taken.state, taken.attempt) == ("running", attempt)
    assert working.take_next(UNTIL) is not None
    found.refresh_from_db()
    assert (found.state, found.problem) == (
        "failed",
        "The process that played it was ended three times.",
    )
    assert working.take_next(UNTIL) is None
    assert working.waiting_since() is None


def test_a_cancelled_run_ends_within_the_next_look_and_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    department(count=70)
    found = whatif()
    tell = working.tell_progress

    def cancelling(one: WhatIf, done: int) -> bool:
        making.cancel(whatif_id=one.pk, at=UNTIL)
        return tell(one, done)

    monkeypatch.setattr(working, "tell_progress", cancelling)
    assert job.play_once() == 1
    found.refresh_from_db()
    assert (found.state, found.report, found.moves.count()) == ("cancelled", {}, 0)


def test_a_worker_that_stops_gives_the_run_back_uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    department(count=70)
    found = whatif()
    monkeypatch.setattr(slices, "is_stopping", lambda: True)
    job.play_once()
    found.refresh_from_db()
    assert (found.state, found.attempt) == ("waiting", 0)


def test_what_was_settled_after_it_was_cancelled_stays_cancelled() -> None:
    department()
    found = whatif()
    taken = working.take_next(UNTIL)
    assert taken is not None
    played_ = job.play_of(taken).run(lambda _done: True)
    making.cancel(whatif_id=found.pk, at=UNTIL)
    working.settle(taken, played_, UNTIL)
    found.refresh_from_db()
    assert (found.state, found.report) == ("cancelled", {})


def test_days_without_orders_are_refused_with_words() -> None:
    with pytest.raises(making.CannotAskError, match="No order came in these days"):
        making.ask(asked(), made_by="user:ada", scope=EVERYWHERE, at=UNTIL)
    assert not WhatIf.objects.exists()


def test_orders_that_still_lack_a_fact_are_left_out_and_said_so() -> None:
    UnassignedFactory.create(
        order=OrderFactory.create(received_at=NOON), reason="unknown_modality"
    )
    found = played()
    assert (found.state, found.problem) == (
        "failed",
        "None of the orders of these days can be replayed.",
    )


def test_a_replay_of_what_stands_agrees_with_what_was() -> None:
    department()
    report = played().report
    assert (report["orders"], report["moved"], report["agreed"], report["compared"]) == (
        6,
        0,
        6,
        6,
    )
    assert report["before"] == report["after"]
    readers = report["before"]["readers"]
    assert {id_: one["studies"] for id_, one in readers.items()} == {"ANN": 3, "BOB": 3}
    assert report["before"]["turnaround"] == report["actual"]["turnaround"]


def test_who_is_left_out_reads_nothing_and_their_orders_move() -> None:
    place = department()
    found = played(wishes=Wishes(leave_out=("BOB",)))
    after = found.report["after"]["readers"]
    assert {id_: one["studies"] for id_, one in after.items()} == {"ANN": 6}
    moves = list(found.moves.values_list("order", "before__reader", "after__reader"))
    assert moves == [(order.pk, "BOB", "ANN") for order in place.orders[1::2]]


def test_a_new_reader_works_when_their_model_does() -> None:
    department(count=9)
    found = played(wishes=Wishes(add=(Newcomer("Cleo", "ANN"),)))
    after = found.report["after"]["readers"]
    assert {id_: one["studies"] for id_, one in after.items()} == {"ANN": 3, "BOB": 3, "Cleo": 3}
    assert after["Cleo"]["hours"] == after["ANN"]["hours"]


def test_other_limits_make_orders_wait() -> None:
    place = department(count=0)
    for number in range(4):
        at, minutes = NOON + number * MINUTE, 10 * (number + 1)
        past_order(place.site, place.shift, place.ann, at, number, minutes=minutes)
    limits = {id_: Limits(open_studies=1) for id_ in ("ANN", "BOB")}
    report = played(wishes=Wishes(limits=limits)).report
    assert (report["before"]["delayed"], report["after"]["delayed"]) == (0, 2)


def test_strategies_weights_and_policies_are_those_asked_for() -> None:
    department()
    found = whatif(
        wishes=Wishes(
            strategy="ROUND_ROBIN",
            strategies={"MR_ALL": "SCORED"},
            weights={"start": "90.00", "seniority_over_years": "7"},
            policy={"catch_up_units": "5.00", "together": "off", "prefer_priors": "off"},
        )
    )
    play = job.play_of(found)
    [before, after] = play._ways
    assert [shift.strategy for shift in before.config.shifts] == ["LOAD_BALANCED"]
    assert [shift.strategy for shift in after.config.shifts] == ["SCORED"]
    assert (after.config.weights.start, after.config.weights.seniority_over_years) == (
        Decimal(90),
        7,
    )
    assert after.config.balance.catch_up_units == Decimal(5)
    assert (before.together, after.together, after.prefers_priors) == ("patient", "off", False)


def test_a_draft_of_rules_is_replayed_instead_of_the_rules_in_force() -> None:
    department()
    draft = RuleDraft.objects.create(name="All to Bob", made_by="user:ada", made_at=NOON)
    DraftChange.objects.create(
        draft=draft,
        content={
            "name": "All to Bob",
            "priority_order": 1,
            "condition_filters": {},
            "action_type": "ASSIGN_TO_RADIOLOGIST",
            "action_target": "BOB",
            "is_terminal": True,
            "is_strict": False,
            "enabled": True,
            "active_from": None,
            "active_until": None,
        },
    )
    report = played(rule_draft=draft.pk).report
    assert {id_: one["studies"] for id_, one in report["after"]["readers"].items()} == {
        "ANN": 0,
        "BOB": 6,
    }
    assert report["moved"] == 3


def test_a_draft_of_a_roster_is_laid_over_the_same_weekdays() -> None:
    place = department()
    cleo = RadiologistFactory.create(id="CLEO")
    # The draft is of the week after next, and has nobody but Cleo; what stands then stays.
    first_on = NOON.date() + timedelta(days=12)
    draft = RosterDraft.objects.create(
        name="In a fortnight",
        start_date=first_on,
        end_date=first_on + timedelta(days=6),
        wishes=RosterWishes(shifts=(place.shift.pk,)).written(),
        state="ready",
        made_by="user:ada",
        made_at=NOON,
    )
    on = first_on + timedelta(days=(NOON.date() - first_on).days % 7)
    DraftTurn.objects.create(draft=draft, shift=place.shift, radiologist=cleo, on=on)
    report = played(roster_draft=draft.pk).report
    assert {id_: one["studies"] for id_, one in report["after"]["readers"].items()} == {
        "ANN": 2,
        "BOB": 2,
        "CLEO": 2,
    }


def test_what_lay_on_a_readers_hands_at_the_start_counts_as_load() -> None:
    place = department(count=0)
    early = OrderFactory.create(received_at=NOON - timedelta(hours=3), site=place.site)
    AssignmentFactory.create(
        order=early,
        radiologist=place.ann,
        shift=place.shift,
        assigned_at=NOON - timedelta(hours=2, minutes=1),
    )
    past_order(place.site, place.shift, place.bob, NOON - 119 * MINUTE, 1)
    report = played().report
    assert report["before"]["readers"]["BOB"]["studies"] == 1


def test_the_patient_is_not_read_where_no_rule_asks() -> None:
    department()
    with CaptureQueriesContext(connection) as seen:
        played()
    said = " ".join(query["sql"] for query in seen.captured_queries)
    assert "orders_patient" not in said
