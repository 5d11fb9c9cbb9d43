"""Drafts of rules: what is changed in them, who must agree, and how they go live."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core import due
from apps.core.models import DueTime
from apps.rules.choices import DraftState
from apps.rules.content import content_of
from apps.rules.exceptions import DraftError, OrderChangedError, StaleDraftError
from apps.rules.models import AssignmentRule, DecisionPolicy, RuleDraft, RuleVersion
from apps.rules.queries.drafted import described_change, settlements
from apps.rules.queries.drafts import places_of, rules_with
from apps.rules.queries.rules import order_token
from apps.rules.services import drafting, drafts
from tests.factories.drafts import RuleDraftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.times import NOON
from tests.rules.pages import names_in_order

pytestmark = pytest.mark.db

ANN, BOB = "user:ann", "user:bob"
LATER = NOON + timedelta(hours=2)


def made(reason: str = "") -> RuleDraft:
    return drafting.make(name="Winter", reason=reason, actor=ANN, at=NOON)


def keep(draft: RuleDraft, rule: AssignmentRule, **changed: object) -> None:
    drafting.keep_rule(draft.pk, rule.pk, content_of(rule) | changed, actor=ANN)


def add(draft: RuleDraft, name: str, priority: int = 500) -> None:
    rule = AssignmentRuleFactory.build(name=name, priority_order=priority)
    drafting.keep_rule(draft.pk, None, content_of(rule), actor=ANN)


def live(draft: RuleDraft) -> RuleDraft:
    return drafts.submit(draft.pk, live_from=None, actor=ANN, at=NOON)


def ask_for_a_second_person() -> None:
    DecisionPolicy.objects.update_or_create(pk=1, defaults={"needs_second_person": True})


def test_a_draft_goes_live_as_one_and_each_version_keeps_why() -> None:
    kept = AssignmentRuleFactory.create(name="kept", priority_order=10)
    changed = AssignmentRuleFactory.create(name="changed", priority_order=20)
    gone = AssignmentRuleFactory.create(name="gone", priority_order=30)
    draft = made(reason="more staff at night")
    keep(draft, changed, name="other", priority_order=5)
    drafting.delete_rule(draft.pk, gone.pk, actor=ANN)
    add(draft, "new", 40)
    assert names_in_order() == ["kept", "changed", "gone"]

    found = live(draft)

    assert (found.state, found.ended_at) == (DraftState.LIVE, NOON)
    assert names_in_order() == ["other", "kept", "new"]
    reasons = RuleVersion.objects.exclude(reason="").values_list("content__name", "is_deleted")
    assert sorted(reasons) == [("gone", True), ("new", False), ("other", False)]
    assert set(RuleVersion.objects.exclude(reason="").values_list("reason", flat=True)) == {
        "Draft “Winter”: more staff at night"
    }
    assert AssignmentRule.objects.get(pk=kept.pk).name == "kept"


def test_a_change_that_is_as_in_force_is_none() -> None:
    rule = AssignmentRuleFactory.create(name="a")
    draft = made()
    keep(draft, rule, name="b")

    keep(draft, rule)

    assert not draft.changes.exists()
    with pytest.raises(DraftError, match="changes no rule"):
        live(draft)


def test_a_new_rule_of_a_draft_is_changed_and_taken_out_again() -> None:
    draft = made()
    add(draft, "new")
    change = draft.changes.get()
    drafting.keep_rule(
        draft.pk, -change.pk, {**(change.content or {}), "name": "newer"}, actor=BOB
    )
    assert [rule.name for rule in rules_with(draft)] == ["newer"]

    drafting.delete_rule(draft.pk, -change.pk, actor=BOB)

    assert rules_with(draft) == []


def test_only_an_open_draft_is_changed() -> None:
    rule = AssignmentRuleFactory.create()
    draft = made()
    keep(draft, rule, name="b")
    drafts.submit(draft.pk, live_from=LATER, actor=ANN, at=NOON)

    with pytest.raises(DraftError, match="goes live at its time"):
        keep(draft, rule, name="c")
    drafts.take_up_again(draft.pk, actor=BOB)
    keep(draft, rule, name="c")
    assert [one.name for one in rules_with(draft)] == ["c"]


def test_a_draft_is_never_put_over_somebody_elses_change() -> None:
    rule = AssignmentRuleFactory.create(name="a")
    other = AssignmentRuleFactory.create(name="x")
    draft = made()
    keep(draft, rule, name="ours")
    keep(draft, other, name="y")
    rule.name = "theirs"
    rule.save()

    with pytest.raises(StaleDraftError):
        live(draft)

    assert sorted(names_in_order()) == ["theirs", "x"]
    assert RuleDraft.objects.get(pk=draft.pk).state == DraftState.OPEN


def test_a_stale_change_is_settled_three_ways() -> None:
    rule = AssignmentRuleFactory.create(name="a", priority_order=10)
    draft = made()
    keep(draft, rule, name="ours")
    rule.priority_order = 77
    rule.save()
    change = draft.changes.get()
    said = described_change(change)
    assert said.theirs is not None
    assert [(one.label, one.new) for one in said.theirs.differences] == [("Priority", "77")]

    ways = {way.name: way for way in settlements(change)}

    assert list(ways) == ["theirs", "both", "mine"]
    assert [(one.label, one.new) for one in ways["both"].differences] == [("Name", "ours")]
    assert [one.label for one in ways["mine"].differences] == ["Name", "Priority"]
    drafting.settle(draft.pk, change.pk, ways["both"].content, actor=ANN)
    live(draft)
    rule.refresh_from_db()
    assert (rule.name, rule.priority_order) == ("ours", 77)


def test_where_both_changed_the_same_one_of_them_gives_way() -> None:
    rule = AssignmentRuleFactory.create(name="a")
    draft = made()
    keep(draft, rule, name="ours")
    rule.name = "theirs"
    rule.save()
    change = draft.changes.get()
    ways = {way.name: way for way in settlements(change)}
    assert list(ways) == ["theirs", "mine"]

    drafting.settle(draft.pk, change.pk, ways["theirs"].content, actor=ANN)

    assert not draft.changes.exists()


def test_a_rule_that_was_deleted_meanwhile_comes_back_where_the_draft_insists() -> None:
    rule = AssignmentRuleFactory.create(name="a")
    number = rule.pk
    draft = made()
    keep(draft, rule, name="ours")
    rule.delete()
    change = draft.changes.get()
    ways = {way.name: way for way in settlements(change)}
    assert ways["theirs"].content is None

    drafting.settle(draft.pk, change.pk, ways["mine"].content, actor=ANN)
    live(draft)

    assert AssignmentRule.objects.get(pk=number).name == "ours"


def test_a_second_person_has_to_agree_where_the_policy_says_so() -> None:
    ask_for_a_second_person()
    draft = made()
    add(draft, "new")

    assert live(draft).state == DraftState.WAITING
    assert names_in_order() == []
    with pytest.raises(DraftError, match="cannot agree"):
        drafts.agree(draft.pk, actor=ANN, at=NOON)
    found = drafts.agree(draft.pk, actor=BOB, at=LATER)

    assert (found.state, found.submitted_by, found.agreed_by) == (DraftState.LIVE, ANN, BOB)
    assert names_in_order() == ["new"]


def test_who_last_changed_a_draft_cannot_agree_to_it_though_another_submitted_it() -> None:
    ask_for_a_second_person()
    draft = made()
    add(draft, "new")
    drafts.submit(draft.pk, live_from=None, actor=BOB, at=NOON)

    for actor in (ANN, BOB):
        with pytest.raises(DraftError, match="cannot agree"):
            drafts.agree(draft.pk, actor=actor, at=NOON)


def test_a_change_after_the_agreement_needs_another_one() -> None:
    ask_for_a_second_person()
    draft = made()
    add(draft, "new")
    drafts.submit(draft.pk, live_from=LATER, actor=ANN, at=NOON)
    drafts.agree(draft.pk, actor=BOB, at=NOON)
    drafts.take_up_again(draft.pk, actor=BOB)
    found = drafts.submit(draft.pk, live_from=None, actor=BOB, at=NOON)

    assert (found.state, found.agreed_by) == (DraftState.WAITING, "")


def test_a_draft_goes_live_at_its_time_and_not_before() -> None:
    draft = made()
    add(draft, "new")
    drafts.submit(draft.pk, live_from=LATER, actor=ANN, at=NOON)

    due.run_due(LATER - timedelta(seconds=1))
    assert names_in_order() == []
    due.run_due(LATER)

    assert names_in_order() == ["new"]
    assert RuleDraft.objects.get(pk=draft.pk).state == DraftState.LIVE
    assert not DueTime.objects.filter(kind=drafts.LIVE_KIND).exists()


def test_a_draft_that_is_stale_at_its_time_comes_back_and_says_why() -> None:
    rule = AssignmentRuleFactory.create(name="a")
    draft = made()
    keep(draft, rule, name="ours")
    drafts.submit(draft.pk, live_from=LATER, actor=ANN, at=NOON)
    rule.name = "theirs"
    rule.save()

    due.run_due(LATER)

    draft.refresh_from_db()
    assert draft.state == DraftState.OPEN
    assert "Settle these first" in draft.problem
    assert names_in_order() == ["theirs"]


def test_a_draft_that_was_dropped_or_taken_up_again_does_not_go_live_at_its_time() -> None:
    dropped, opened = made(), made()
    for draft in (dropped, opened):
        add(draft, "new")
        drafts.submit(draft.pk, live_from=LATER, actor=ANN, at=NOON)
    drafts.drop(dropped.pk, at=NOON)
    drafts.take_up_again(opened.pk, actor=ANN)

    due.run_due(LATER)

    assert names_in_order() == []


def test_a_policy_that_came_after_the_schedule_holds_all_the_same() -> None:
    draft = made()
    add(draft, "new")
    drafts.submit(draft.pk, live_from=LATER, actor=ANN, at=NOON)
    ask_for_a_second_person()

    due.run_due(LATER)

    assert names_in_order() == []
    assert RuleDraft.objects.get(pk=draft.pk).state == DraftState.WAITING


def test_rules_are_moved_within_a_draft() -> None:
    for name, priority in (("a", 10), ("b", 20)):
        AssignmentRuleFactory.create(name=name, priority_order=priority)
    draft = made()
    add(draft, "new", 20)
    change = draft.changes.get()
    seen = order_token(places_of(rules_with(draft)))

    drafting.move_rule(draft.pk, -change.pk, to="top", seen=seen, actor=ANN)

    assert [rule.name for rule in rules_with(draft)] == ["new", "a", "b"]
    assert names_in_order() == ["a", "b"]
    with pytest.raises(OrderChangedError):
        drafting.move_rule(draft.pk, -change.pk, to="down", seen=seen, actor=ANN)


def test_a_draft_is_dropped_once() -> None:
    draft = RuleDraftFactory.create()
    drafts.drop(draft.pk, at=NOON)

    with pytest.raises(DraftError, match="dropped"):
        drafts.drop(draft.pk, at=NOON)
