"""Drafts of rules: the rules as they would be, in the order of trial."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from apps.engine.facts import RuleFacts
from apps.engine.reach import standing
from apps.rules.choices import DraftState
from apps.rules.content import facts_of, rule_of
from apps.rules.models import AssignmentRule, DraftChange, RuleDraft, RuleVersion
from apps.rules.ordering import Place
from apps.rules.queries.versions import latest_versions

_NEW = 2**40
UNFINISHED = (DraftState.OPEN, DraftState.WAITING, DraftState.SCHEDULED)
UNVERSIONED = 0
"""The version of a rule that is only drafted."""


def rules_with(draft: RuleDraft) -> list[AssignmentRule]:
    """Return all rules as they would be once the draft is live, in the order of trial.

    Rules switched off are among them. None is to be saved: a new rule's key is negative.
    """
    changed = {change_key(change): change for change in draft.changes.all()}
    live = AssignmentRule.objects.exclude(pk__in=list(changed))
    return in_order([*live, *(drafted_rule(one) for one in changed.values() if one.content)])


def rule_facts_with(draft_id: int, live: Sequence[RuleFacts]) -> tuple[RuleFacts, ...]:
    """Return the enabled rules as the engine would read them once the draft is live.

    Args:
        draft_id: a draft that is gone changes nothing.
        live: the rules in force; those that the draft leaves alone are taken from here.

    Rules of the draft have the version 0, new ones a negative id. The order is that of trial.
    """
    changed = {change_key(one): one for one in DraftChange.objects.filter(draft=draft_id)}
    drafted = [drafted_rule(one) for one in changed.values() if one.content]
    found = [
        *(facts for facts in live if facts.id not in changed),
        *(facts_of(rule, UNVERSIONED) for rule in drafted if rule.enabled),
    ]
    return tuple(sorted(found, key=lambda facts: standing(facts.priority_order, facts.id)))


def token_of(draft: RuleDraft) -> str:
    """Return what stands for a draft as it is: another one once anything that it does has changed.

    A page shows it, and what is done from that page is done to the draft that was seen, or not.
    """
    changes = draft.changes.order_by("pk").values_list("pk", "rule_id", "base_version", "content")
    is_what = [draft.state, draft.name, draft.reason, str(draft.live_from), list(changes)]
    text = json.dumps(is_what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def change_key(change: DraftChange) -> int:
    """Return the rule's id, or for a new rule a negative number that no other one has."""
    return change.rule_id if change.rule_id is not None else -change.pk


def drafted_rule(change: DraftChange) -> AssignmentRule:
    """Return the rule as a change would have it; not for one that deletes."""
    return rule_of(change.content or {}, change_key(change))


def in_order(rules: Sequence[AssignmentRule]) -> list[AssignmentRule]:
    """Return the rules in the order in which they are tried."""
    return sorted(rules, key=lambda rule: standing(rule.priority_order, rule.pk))


def open_drafts() -> QuerySet[RuleDraft]:
    """Return the drafts that may still change something, the latest first."""
    return RuleDraft.objects.filter(state__in=UNFINISHED)


def stale_changes(draft: RuleDraft) -> list[DraftChange]:
    """Return the changes whose rule was changed in force since, the first first."""
    changes = [change for change in draft.changes.order_by("pk") if change.rule_id is not None]
    newest = latest_versions(change.rule_id for change in changes if change.rule_id is not None)
    return [change for change in changes if is_stale(change, newest)]


def is_stale(change: DraftChange, newest: Mapping[int, RuleVersion]) -> bool:
    """Return whether a change stands on a version that is no longer the rule's newest."""
    if change.rule_id is None:
        return False
    version = newest.get(change.rule_id)
    return version is None or version.version != change.base_version


def places_of(rules: Sequence[AssignmentRule]) -> list[Place]:
    """Return where rules of a draft stand, in order, under numbers that sort as they stand."""
    return sorted(Place(rule.priority_order, place_id(rule.pk)) for rule in rules)


def place_id(key: int) -> int:
    """Return the number under which a rule stands: a new one comes after all that are saved."""
    return key if key > 0 else _NEW - key


def key_at(place: int) -> int:
    """Return the rule's key, from the number under which it stands."""
    return place if place < _NEW else _NEW - place
