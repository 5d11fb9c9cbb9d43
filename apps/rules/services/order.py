"""Moves a rule to another place in the order in which rules are tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from apps.rules.exceptions import OrderChangedError, UnknownPlaceError
from apps.rules.models import AssignmentRule
from apps.rules.ordering import Place, moved
from apps.rules.queries.rules import order_token


class Moved(NamedTuple):
    """Where the rule stands now, from 1, and how many rules got another priority."""

    number: int
    changed: int


@transaction.atomic
def move_rule(*, rule_id: int, to: str, seen: str) -> Moved:
    """Move the rule and renumber as few others as possible.

    Args:
        rule_id: the rule that moves.
        to: ``up``, ``down``, ``top``, ``bottom``, ``before:<id>`` or ``after:<id>``.
        seen: the order's token (``order_token``) as the page showed it.

    Raises:
        OrderChangedError: the order is no longer the one that was seen.
        UnknownPlaceError: ``to`` is none of these, or names the rule itself.
    """
    rules = list(AssignmentRule.objects.order_by("pk").select_for_update())
    places = sorted(Place(rule.priority_order, rule.pk) for rule in rules)
    if order_token(places) != seen or rule_id not in {place.id for place in places}:
        raise OrderChangedError
    index = index_of(places, rule_id, to)
    changes = moved(places, rule_id, index)
    for rule in rules:
        if rule.pk in changes:
            rule.priority_order = changes[rule.pk]
            rule.save(update_fields=["priority_order"])
    return Moved(number=index + 1, changed=len(changes))


def index_of(places: Sequence[Place], rule_id: int, to: str) -> int:
    """Return where a rule shall stand in the list without it.

    Raises:
        UnknownPlaceError: there is no such place.
    """
    ids = [place.id for place in places]
    here = ids.index(rule_id)
    ids.remove(rule_id)
    named = {"up": here - 1, "down": here + 1, "top": 0, "bottom": len(ids)}
    if to in named:
        return max(0, min(named[to], len(ids)))
    side, _, other = to.partition(":")
    if side not in ("before", "after") or not other.isdecimal() or int(other) not in ids:
        raise UnknownPlaceError(to)
    return ids.index(int(other)) + (side == "after")
