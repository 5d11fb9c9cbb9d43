from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from apps.assignment.desk import shadowing
from apps.assignment.models import Assignment, ShadowResult, ShadowTally, ShiftTurn
from apps.assignment.services.shadows import MOST_FAILURES
from apps.core import bulk, due, events
from apps.engine.decision import Decision
from apps.roster.models import Radiologist, Shift, Workload
from apps.rules.choices import ActionChoices, DraftState
from apps.rules.events import DraftChanged, DraftEnded
from apps.rules.exceptions import ShadowError
from apps.rules.models import RuleDraft, Shadow
from apps.rules.services import shadows
from tests.factories import AssignmentRuleFactory
from tests.factories.drafts import RuleDraftFactory, drafted
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    receive,
    send,
    settle,
    take_effect,
)

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TO_B = {"action_type": ActionChoices.ASSIGN_TO_RADIOLOGIST, "action_target": "DR_B"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as travelled:
        yield travelled


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    """DR_A has the least load and DR_B comes second, so the live answer is DR_A."""
    department = Department()
    department.add_reader("DR_A")
    department.add_reader("DR_B", max_concurrent_studies=1)
    Workload.objects.filter(pk="DR_B").update(last_assigned_at=NOON)
    return department


def draft_of(**rule: object) -> RuleDraft:
    draft = RuleDraftFactory.create()
    drafted(draft, AssignmentRuleFactory.build(**rule))
    return draft


def shadow_of(draft: RuleDraft, days: int = 7) -> Shadow:
    return shadows.start(draft_id=draft.pk, days=days, at=NOON, actor="user:ann")


def results() -> list[tuple[str, bool, bool, str, str]]:
    """Return accession, same, first and both readers or reasons, in their order."""
    rows = ShadowResult.objects.select_related("order").order_by("pk")
    return [
        (row.order.accession, row.is_same, row.is_first, _said(row.live), _said(row.draft))
        for row in rows
    ]


def _said(kept: dict[str, dict[str, str]]) -> str:
    result = kept.get("result", {})
    return result.get("radiologist") or result.get("reason", "")


def counts() -> list[tuple[str, int, int, int, int, int]]:
    rows = ShadowTally.objects.order_by("pk")
    return [
        (row.modality, row.rule_id, row.decided, row.agreed, row.again, row.failed) for row in rows
    ]


@pytest.mark.usefixtures("department")
def test_a_shadow_says_what_it_would_have_done_and_decides_nothing() -> None:
    shadow_of(draft_of(**TO_B))

    send(*order(placer="P1"))

    assert readers() == {"P1": "DR_A"}
    assert results() == [("P1", False, True, "DR_A", "DR_B")]
    assert counts() == [("MR", 0, 1, 0, 0, 0)]


@pytest.mark.usefixtures("department")
def test_a_draft_that_comes_to_the_same_by_another_rule_agrees_and_keeps_no_words() -> None:
    shadow_of(
        draft_of(
            action_type=ActionChoices.ASSIGN_TO_RADIOLOGIST,
            action_target="DR_A",
            condition_filters={"all": [{"field": "modality", "op": "=", "value": "CT"}]},
        )
    )

    send(*order(placer="P1"))

    assert results() == [("P1", True, True, "", "")]
    assert counts() == [("MR", 0, 1, 1, 0, 0)]


@pytest.mark.usefixtures("department")
def test_a_day_is_that_of_the_site(noon: time_machine.Traveller) -> None:
    shadow_of(draft_of())
    noon.move_to(datetime(2026, 11, 23, 20, 0, tzinfo=UTC))  # 6:00 on the 24th in Brisbane
    send(*order(placer="P1"))

    assert [f"{row.on_date}" for row in ShadowTally.objects.all()] == ["2026-11-24"]


@pytest.mark.usefixtures("department")
def test_each_order_is_judged_on_the_loads_that_the_live_rules_made() -> None:
    """DR_B would be full after one, if the draft's own decisions had filled them."""
    shadow_of(draft_of(**TO_B))

    for number in range(3):
        send(*order(placer=f"P{number}"))

    assert [row[4] for row in results()] == ["DR_B", "DR_B", "DR_B"]


def test_the_first_decision_of_an_order_is_what_counts_and_a_later_one_that_differs_is_told(
    noon: time_machine.Traveller,
) -> None:
    department = Department()
    shadow_of(draft_of(action_type=ActionChoices.HOLD, action_target="wait"))
    send(*order(placer="P1"))
    for _ in range(5):
        noon.shift(timedelta(minutes=1))
        settle()
    department.add_reader("DR_A")
    settle()

    assert readers() == {"P1": "DR_A"}
    assert results() == [
        ("P1", False, True, "no_roster", "held"),
        ("P1", False, False, "DR_A", "held"),
    ]
    assert counts() == [("MR", 0, 1, 0, 1, 0)]


def test_an_order_tried_again_in_vain_is_no_news(noon: time_machine.Traveller) -> None:
    Department()
    shadow_of(draft_of(**TO_B))
    send(*order(placer="P1"))
    for _ in range(5):
        noon.shift(timedelta(minutes=1))
        settle()

    assert reasons() == {"P1": "no_roster"}
    assert len(results()) == 1


@pytest.mark.usefixtures("department")
def test_nothing_of_the_patient_is_kept() -> None:
    about = [
        {"field": "patient_sex", "op": "=", "value": "F"},
        {"field": "patient_class", "op": "=", "value": "O"},
        {"field": "patient_location", "op": "contains", "value": "WARD"},
    ]
    AssignmentRuleFactory(
        condition_filters={"all": about}, action_type=ActionChoices.EXCLUDE, action_target="DR_X"
    )
    shadow_of(draft_of(condition_filters={"all": about}, action_target="wait"))

    send(*order(placer="P1"))

    (row,) = ShadowResult.objects.all()
    kept = json.dumps([row.live, row.draft])
    assert row.draft["result"]["reason"] == "held"
    live = Assignment.objects.get().trace["order"]
    assert (live["patient_sex"], live["patient_location"]) != ("", "")
    assert [word for word in ("patient", "WARD", "MRN1", "Doe", "1980") if word in kept] == []


@pytest.mark.usefixtures("department")
def test_a_shadow_that_raises_disturbs_nobody_is_counted_and_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shadow = shadow_of(draft_of(**TO_B))

    def broken(*_args: object, **_values: object) -> Decision:
        raise RuntimeError("Doe")

    monkeypatch.setattr(shadowing, "ended", broken)
    for number in range(MOST_FAILURES + 5):
        send(*order(placer=f"P{number}"))

    assert len(readers()) == MOST_FAILURES + 5
    assert (counts(), results()) == ([("MR", 0, 0, 0, 0, MOST_FAILURES)], [])
    shadow.refresh_from_db()
    assert (shadow.state, shadow.ended_because) == (
        "ended",
        f"its draft gave no answer {MOST_FAILURES} times",
    )
    assert "RuntimeError" in caplog.text
    assert "Doe" not in caplog.text


@pytest.mark.usefixtures("department")
def test_a_draft_that_cannot_be_read_disturbs_nobody() -> None:
    draft = draft_of(**TO_B)
    shadow_of(draft)
    draft.changes.update(content={"name": "odd", "action_type": "DANCE"})
    Shadow.objects.update(ends_at=NOON + timedelta(days=1))  # has the rules read anew

    send(*order(placer="P1"))

    assert readers() == {"P1": "DR_A"}
    assert counts() == [("MR", 0, 0, 0, 0, 1)]


@pytest.mark.usefixtures("department")
def test_a_draft_with_a_broken_rule_runs_without_that_rule() -> None:
    draft = draft_of(condition_filters={"all": [{"field": "nonsense", "op": "="}]}, **TO_B)
    shadow_of(draft)

    send(*order(placer="P1"))

    assert results() == [("P1", True, True, "", "")]


@pytest.mark.usefixtures("department")
def test_a_shadow_deleted_under_the_deciders_hands_takes_no_decision_along() -> None:
    """The decider still has it in its copy of the configuration: rows go without a trigger."""
    shadow = shadow_of(draft_of(**TO_B))
    send(*order(placer="P1"))
    ShadowResult.objects.all().delete()
    ShadowTally.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM core_configversion WHERE area = 'rules'")
        (version,) = cursor.fetchone()
        cursor.execute("DELETE FROM rules_shadow WHERE id = %s", [shadow.pk])
        cursor.execute(
            "UPDATE core_configversion SET version = %s WHERE area = 'rules'", [version]
        )

    send(*order(placer="P2"))

    assert readers() == {"P1": "DR_A", "P2": "DR_A"}
    assert results() == []


def test_without_a_shadow_nothing_is_written_and_with_one_it_is_one_statement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    department = Department()
    department.add_reader("DR_A")
    written: list[str] = []
    execute = bulk.execute

    def noted(sql: str, parameters: Sequence[object]) -> int:
        written.append(sql)
        return execute(sql, parameters)

    monkeypatch.setattr(bulk, "execute", noted)
    send(*order(placer="P1"))
    without = sum("shadow" in sql for sql in written)
    shadow_of(draft_of(**TO_B))
    written.clear()
    for number in range(2, 5):
        receive(*order(placer=f"P{number}"))
    take_effect()

    assert (without, sum("shadow" in sql for sql in written)) == (0, 1)
    assert [row[0] for row in results()] == ["P2", "P3", "P4"]


# -- its life ----------------------------------------------------------------------------


def test_what_cannot_be_started_says_why() -> None:
    empty = RuleDraftFactory.create()
    over = RuleDraftFactory.create(state=DraftState.DROPPED)
    drafts = [draft_of(**TO_B) for _ in range(4)]
    for draft in drafts[:3]:
        shadow_of(draft)

    said = []
    for draft, days in ((empty, 7), (over, 7), (drafts[0], 7), (drafts[3], 7), (drafts[3], 31)):
        with pytest.raises(ShadowError) as caught:
            shadow_of(draft, days)
        said.append(str(caught.value))

    assert said == [
        "The draft changes no rule yet, so it would always agree.",
        "The draft is live or dropped, so there is nothing to compare.",
        "The draft runs beside the live rules already.",
        "3 drafts run already; stop one of them first.",
        "A shadow runs for 1 to 30 days.",
    ]


@pytest.mark.parametrize(
    ("event", "because"),
    [
        (DraftChanged, "its draft was changed"),
        (lambda id_: DraftEnded(id_, is_live=True), "its draft went live"),
        (lambda id_: DraftEnded(id_, is_live=False), "its draft was dropped"),
    ],
    ids=["changed", "live", "dropped"],
)
@pytest.mark.usefixtures("department")
def test_a_shadow_ends_with_its_draft(event: object, because: str) -> None:
    draft = draft_of(**TO_B)
    shadow = shadow_of(draft)
    other = shadow_of(draft_of(**TO_B))

    events.publish(event(draft.pk))  # type: ignore[operator]
    send(*order(placer="P1"))

    shadow.refresh_from_db()
    assert (shadow.state, shadow.ended_because, shadow.ended_at) == ("ended", because, NOON)
    assert list(ShadowResult.objects.values_list("shadow", flat=True)) == [other.pk]


@pytest.mark.usefixtures("department")
def test_a_shadow_ends_at_its_time_to_the_second_and_its_results_are_forgotten_later(
    noon: time_machine.Traveller,
) -> None:
    shadow = shadow_of(draft_of(**TO_B), days=1)
    noon.shift(timedelta(hours=23, minutes=59, seconds=59))
    send(*order(placer="P1"))
    noon.shift(timedelta(seconds=1))
    send(*order(placer="P2"))  # before any due time is looked at

    assert [row[0] for row in results()] == ["P1"]

    due.run_due(NOON + timedelta(days=1))
    shadow.refresh_from_db()
    assert (shadow.state, shadow.ended_because) == ("ended", "its time was over")
    noon.shift(timedelta(days=90))
    due.run_due(NOON + timedelta(days=91))
    assert (results(), len(counts())) == ([], 1)


def test_orders_given_out_together_agree_with_a_draft_that_does_not_concern_them() -> None:
    """Alone the draft would choose others than OPTIMAL did for all of them at once."""
    department = Department()
    for name in ("DR_A", "DR_B", "DR_C"):
        department.add_reader(name)
    Shift.objects.update(strategy="OPTIMAL")
    Workload.objects.filter(pk="DR_A").update(open_rvu=3, open_routine=3)
    angiography = {"all": [{"field": "modality", "op": "=", "value": "XA"}]}
    shadow_of(draft_of(action_type=ActionChoices.HOLD, condition_filters=angiography))
    for number in range(12):
        urgency = "S" if number % 5 == 0 else "R"
        receive(*order(placer=f"P{number}", mrn=f"MRN{number}", priority=urgency))

    take_effect()

    assert counts() == [("MR", 0, 12, 12, 0, 0)]


def test_a_draft_that_takes_the_reader_away_differs_over_orders_given_out_together() -> None:
    department = Department()
    for name in ("DR_A", "DR_B", "DR_C"):
        department.add_reader(name)
    Shift.objects.update(strategy="OPTIMAL")
    shadow_of(draft_of(action_type=ActionChoices.EXCLUDE, action_target="DR_A"))
    for number in range(12):
        receive(*order(placer=f"P{number}", mrn=f"MRN{number}"))

    take_effect()

    assert list(readers().values()).count("DR_A") == 4
    assert {(live, draft == "DR_A") for _, same, _, live, draft in results() if not same} == {
        ("DR_A", False)
    }
    assert counts() == [("MR", 0, 12, 8, 0, 0)]


def test_a_draft_that_goes_round_is_asked_with_everybodys_turns(department: Department) -> None:
    """The live shift balances the load, so nobody's turns are read for its sake."""
    Radiologist.objects.update(max_concurrent_studies=9)
    ShiftTurn.objects.create(
        shift_code=department.shift.code, radiologist_id="DR_A", last_assigned_at=NOON
    )
    shadow_of(draft_of(action_type=ActionChoices.USE_STRATEGY, action_target="ROUND_ROBIN"))

    send(*order(placer="P1"))

    assert results() == [("P1", False, True, "DR_A", "DR_B")]
    [row] = ShadowResult.objects.all()
    assert row.draft["trace"]["tries"][0]["by"] == "turn"
