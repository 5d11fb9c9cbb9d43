"""The rules as a draft would have them, for people and for the engine."""

from __future__ import annotations

import pytest

from apps.engine.codes import ActionType
from apps.engine.facts import RuleFacts
from apps.rules.content import content_of, facts_of, is_alike, rule_of
from apps.rules.models import AssignmentRule, RuleVersion
from apps.rules.queries.drafts import rule_facts_with, rules_with
from tests.factories.drafts import RuleDraftFactory, drafted, drafted_away
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db


def live_facts() -> tuple[RuleFacts, ...]:
    return tuple(facts_of(rule, 1) for rule in AssignmentRule.objects.filter(enabled=True))


def test_a_draft_shows_rules_changed_added_deleted_and_left_alone_in_their_order() -> None:
    kept = AssignmentRuleFactory.create(name="kept", priority_order=20)
    changed = AssignmentRuleFactory.create(name="changed", priority_order=10)
    gone = AssignmentRuleFactory.create(name="gone", priority_order=5)
    draft = RuleDraftFactory.create()
    drafted(draft, changed, priority_order=30, name="moved")
    drafted_away(draft, gone)
    new = drafted(draft, AssignmentRuleFactory.build(name="new", priority_order=20))

    found = rules_with(draft)

    assert [(rule.pk, rule.name, rule.priority_order) for rule in found] == [
        (kept.pk, "kept", 20),
        (-new.pk, "new", 20),
        (changed.pk, "moved", 30),
    ]


def test_the_engine_gets_untouched_rules_as_they_are_and_drafted_ones_without_a_version() -> None:
    kept = AssignmentRuleFactory.create(name="kept", priority_order=20)
    changed = AssignmentRuleFactory.create(priority_order=10)
    off = AssignmentRuleFactory.create(priority_order=1, enabled=False)
    gone = AssignmentRuleFactory.create(priority_order=5)
    quiet = AssignmentRuleFactory.create(priority_order=6)
    draft = RuleDraftFactory.create()
    drafted(draft, changed, name="other", active_from=NOON.isoformat())
    drafted(draft, off, enabled=True)
    drafted(draft, quiet, enabled=False)
    drafted_away(draft, gone)
    new = drafted(draft, AssignmentRuleFactory.build(name="new", priority_order=20))
    live = live_facts()

    found = rule_facts_with(draft.pk, live)

    assert [(one.id, one.version) for one in found] == [
        (off.pk, 0),
        (changed.pk, 0),
        (kept.pk, 1),
        (-new.pk, 0),
    ]
    assert found[2] is next(one for one in live if one.id == kept.pk)
    assert found[1] == RuleFacts(
        id=changed.pk,
        version=0,
        name="other",
        priority_order=10,
        conditions={},
        action=ActionType.HOLD,
        target="hold",
        is_terminal=True,
        active_from=NOON,
    )


def test_a_draft_that_is_gone_changes_nothing() -> None:
    AssignmentRuleFactory.create()
    live = live_facts()

    assert rule_facts_with(0, live) == live


def test_what_a_version_keeps_and_what_a_draft_keeps_make_the_same_rule() -> None:
    rule = AssignmentRuleFactory.create(active_from=NOON, condition_filters={"all": []})
    kept = RuleVersion.objects.get(rule_id=rule.pk).content

    assert is_alike(kept, content_of(rule))
    assert content_of(rule_of(kept, rule.pk)) == content_of(rule)
    assert not is_alike(kept, content_of(rule) | {"active_from": None})
