"""Changes drafts of rules while they are open; the rules in force stay as they are.

Whoever changes a draft holds its row, so two people never change one rule of it at once.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.core import events
from apps.rules.choices import DraftState
from apps.rules.content import Content, content_of, is_alike
from apps.rules.events import DraftChanged
from apps.rules.exceptions import DraftError, OrderChangedError
from apps.rules.models import AssignmentRule, DraftChange, RuleDraft
from apps.rules.ordering import moved
from apps.rules.queries.drafts import key_at, place_id, places_of, rules_with
from apps.rules.queries.rules import order_token
from apps.rules.queries.versions import latest_versions
from apps.rules.services.drafts import held
from apps.rules.services.order import index_of


@transaction.atomic
def make(*, name: str, reason: str, actor: str, at: datetime) -> RuleDraft:
    """Make a draft that changes nothing yet."""
    return RuleDraft.objects.create(name=name, reason=reason, made_by=actor, made_at=at)


@transaction.atomic
def keep_rule(draft_id: int, key: int | None, content: Content, *, actor: str) -> DraftChange:
    """Have a rule be so in the draft.

    Args:
        draft_id: the draft.
        key: the rule's id, a drafted rule's negative one, or None for a new rule.
        content: what it shall be; as it is in force takes the change out of the draft.
        actor: who does it.

    Raises:
        DraftError: the draft is not open, or there is no such rule.
    """
    draft = _open(draft_id, actor)
    if key is None:
        change = DraftChange(draft=draft)
    elif key < 0:
        change = _own_change(draft, key)
    else:
        change = _change_of(draft, key)
    change.content = dict(content)
    if key is not None and key > 0 and _is_as_in_force(key, content):
        if change.pk is not None:
            change.delete()
    else:
        change.save()
    events.publish(DraftChanged(draft_id))
    return change


@transaction.atomic
def delete_rule(draft_id: int, key: int, *, actor: str) -> None:
    """Have a rule go in the draft; one that the draft adds is no longer added.

    Raises:
        DraftError: the draft is not open, or there is no such rule.
    """
    draft = _open(draft_id, actor)
    if key < 0:
        _own_change(draft, key).delete()
    else:
        change = _change_of(draft, key)
        change.content = None
        change.save()
    events.publish(DraftChanged(draft_id))


@transaction.atomic
def move_rule(draft_id: int, key: int, *, to: str, seen: str, actor: str) -> int:
    """Move a rule within the draft; return how many rules got another priority there.

    Args:
        draft_id: the draft.
        key: the rule's id, or a drafted rule's negative one.
        to: ``up``, ``down``, ``top`` or ``bottom``.
        seen: the order's token as the page showed it.
        actor: who does it.

    Raises:
        DraftError: the draft is not open.
        OrderChangedError: the order is no longer the one that was seen.
        UnknownPlaceError: ``to`` is none of these.
    """
    draft = _open(draft_id, actor)
    rules = rules_with(draft)
    places = places_of(rules)
    here = place_id(key)
    if order_token(places) != seen or here not in {place.id for place in places}:
        raise OrderChangedError
    changes = moved(places, here, index_of(places, here, to))
    by_key = {rule.pk: rule for rule in rules}
    for place, priority in changes.items():
        rule = by_key[key_at(place)]
        content = content_of(rule) | {"priority_order": priority}
        keep_rule(draft_id, rule.pk, content, actor=actor)
    return len(changes)


@transaction.atomic
def leave_alone(draft_id: int, change_id: int, *, actor: str) -> None:
    """Take a change out of the draft: the rule stays as it is in force.

    Raises:
        DraftError: the draft is not open, or has no such change.
    """
    draft = _open(draft_id, actor)
    _own_change(draft, -change_id).delete()
    events.publish(DraftChanged(draft_id))


@transaction.atomic
def settle(draft_id: int, change_id: int, content: Content | None, *, actor: str) -> None:
    """Have a change stand on the rule's newest version; what it would then be was shown.

    Args:
        draft_id: the draft.
        change_id: a change of it whose rule was changed in force.
        content: what the rule shall be; None deletes it.
        actor: who does it.

    Raises:
        DraftError: the draft is not open, or has no such change.
    """
    draft = _open(draft_id, actor)
    change = _own_change(draft, -change_id)
    assert change.rule_id is not None  # noqa: S101 -- only a rule in force goes stale
    newest = latest_versions([change.rule_id]).get(change.rule_id)
    change.base_version = newest.version if newest is not None else 0
    change.content = dict(content) if content is not None else None
    is_gone = newest is None or newest.is_deleted
    if (content is None and is_gone) or (
        content is not None and not is_gone and _is_as_in_force(change.rule_id, content)
    ):
        change.delete()
    else:
        change.save()
    events.publish(DraftChanged(draft_id))


@transaction.atomic
def rename(draft_id: int, *, name: str, reason: str, actor: str) -> None:
    """Give the draft another name and reason.

    Raises:
        DraftError: the draft is not open.
    """
    draft = _open(draft_id, actor)
    draft.name, draft.reason = name, reason
    draft.save(update_fields=["name", "reason"])


def _open(draft_id: int, actor: str) -> RuleDraft:
    draft = held(draft_id, DraftState.OPEN)
    if draft.edited_by != actor:
        draft.edited_by = actor
        draft.save(update_fields=["edited_by"])
    return draft


def _own_change(draft: RuleDraft, key: int) -> DraftChange:
    found = draft.changes.filter(pk=-key).first()
    if found is None:
        raise DraftError("The draft has no such change any more.")
    return found


def _change_of(draft: RuleDraft, rule_id: int) -> DraftChange:
    """Return the draft's change of a rule, a new one where it had none."""
    found = draft.changes.filter(rule_id=rule_id).first()
    if found is not None:
        return found
    newest = latest_versions([rule_id]).get(rule_id)
    if newest is None or newest.is_deleted:
        raise DraftError("There is no such rule any more.")
    return DraftChange(draft=draft, rule_id=rule_id, base_version=newest.version)


def _is_as_in_force(rule_id: int, content: Content) -> bool:
    rule = AssignmentRule.objects.filter(pk=rule_id).first()
    return rule is not None and is_alike(content_of(rule), content)
