from __future__ import annotations

from typing import Any

import factory

from apps.rules.content import content_of
from apps.rules.models import AssignmentRule, DraftChange, RuleDraft, RuleVersion
from tests.factories.times import NOON


class RuleDraftFactory(factory.django.DjangoModelFactory[RuleDraft]):
    class Meta:
        model = RuleDraft

    name = factory.Sequence(lambda n: f"Draft {n}")
    made_by = "user:ann"
    made_at = NOON


def drafted(draft: RuleDraft, rule: AssignmentRule, **changed: Any) -> DraftChange:
    """Have the draft change a rule, or add it where it is not saved."""
    base = RuleVersion.objects.filter(rule_id=rule.pk).order_by("-version").first()
    return DraftChange.objects.create(
        draft=draft,
        rule_id=rule.pk,
        base_version=base.version if base else 0,
        content=content_of(rule) | changed,
    )


def drafted_away(draft: RuleDraft, rule: AssignmentRule) -> DraftChange:
    """Have the draft delete a rule."""
    base = RuleVersion.objects.filter(rule_id=rule.pk).latest("version")
    return DraftChange.objects.create(draft=draft, rule_id=rule.pk, base_version=base.version)
