"""Drafts of rules for the tests of all pages."""

from __future__ import annotations

from apps.rules.choices import DraftState
from apps.rules.models import DraftChange
from tests.factories.drafts import RuleDraftFactory, drafted
from tests.factories.rules import AssignmentRuleFactory

Values = dict[str, object]


def of_draft(_scene: object = None, *, state: str = DraftState.OPEN) -> Values:
    """Return the values of an address of a draft that changes a rule."""
    return {"draft_id": _change(state).draft_id}


def of_rule(_scene: object = None) -> Values:
    """Return those of an address of a rule that a draft changes."""
    change = _change()
    return {"draft_id": change.draft_id, "rule_id": change.rule_id}


def of_new_rule(_scene: object = None) -> Values:
    """Return those of an address of a rule that a draft adds."""
    change = drafted(RuleDraftFactory.create(), AssignmentRuleFactory.build())
    return {"draft_id": change.draft_id, "change_id": change.pk}


def _change(state: str = DraftState.OPEN) -> DraftChange:
    draft = RuleDraftFactory.create(state=state)
    return drafted(draft, AssignmentRuleFactory.create(), name="other")
