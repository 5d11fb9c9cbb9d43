"""What would follow if rules were again as they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from apps.audit.editing import Effect
from apps.rules.content import content_of, facts_of, rule_of
from apps.rules.models import AssignmentRule, RuleVersion
from apps.rules.queries.versions import SetChange, differences_to, rules_at
from apps.rules.queries.warnings import (
    analysis_with,
    consequences,
    live_facts,
    warnings_of,
)


class WouldBe(NamedTuple):
    """What going back would change, and what is doubtful about the rules then."""

    changes: Sequence[SetChange]
    effects: Sequence[Effect]


def would_be(version: RuleVersion, *, at: datetime) -> WouldBe:
    """Return what would become of a rule if it were as in a version."""
    live = {rule.pk: content_of(rule) for rule in AssignmentRule.objects.all()}
    wanted = {**live, version.rule_id: version.content}
    rule = rule_of(version.content, version.rule_id)
    changes = [change for change in differences_to(wanted) if change.rule_id == version.rule_id]
    return WouldBe(changes, warnings_of(rule, at=at))


def would_be_all(moment: datetime, *, at: datetime) -> WouldBe:
    """Return what would become of all rules if they were as just after a moment."""
    contents = rules_at(moment)
    rules = [rule_of(content, rule_id) for rule_id, content in contents.items()]
    changes = differences_to(contents)
    changed = {change.rule_id for change in changes}
    live = {facts.id: facts for facts in live_facts()}
    then = [
        facts_of(rule, 0) if rule.pk in changed else live[rule.pk]
        for rule in rules
        if rule.enabled and (rule.pk in changed or rule.pk in live)
    ]
    known = analysis_with(then, at=at)
    own = known.marks(changed) if known is not None else {}
    names = {rule.pk: f"Rule {rule.priority_order} “{rule.name}”" for rule in rules}
    doubts = [
        Effect(f"{names[rule_id]}: {effect.words}", effect.tone)
        for rule_id, effects in own.items()
        for effect in effects
    ]
    return WouldBe(changes, [*doubts, *consequences(known, changed, at=at)])
