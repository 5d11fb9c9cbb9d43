"""Puts people on turns, moves and stretches them, and takes them off, as the roster's page asks."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.roster.models import RosterAssignment, RosterOverride, Shift
from apps.roster.queries.arranging.exchange import exchange_of
from apps.roster.queries.arranging.records import concerned
from apps.roster.queries.arranging.wish import Exchange, Wish, is_as_seen, plan_for
from apps.roster.queries.records import TakingTurns
from apps.roster.services.roster import ChangedMeanwhileError


@transaction.atomic
def arrange(wish: Wish, *, seen: str) -> Exchange:
    """Fulfil a wish, and return what was exchanged for it; it counts from the next decision on.

    Args:
        wish: what is wanted of a turn.
        seen: tells of each turn concerned how it was shown.

    Raises:
        CannotArrangeError: it cannot be, or is so already.
        ChangedMeanwhileError: somebody else changed the turn since it was shown.
    """
    # Two changes of one shift come one after the other, each worked out on what it finds.
    ids = [shift.pk for shift in wish.shifts]
    list(Shift.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    plan = plan_for(wish)
    if not is_as_seen(seen, concerned(plan, wish)):
        raise ChangedMeanwhileError("The turn is no longer as it was shown.")
    exchange = exchange_of(wish, plan)
    _hold(exchange)
    for record in exchange.plus:
        record.save()
    return exchange


def _hold(exchange: Exchange) -> None:
    """Lock what is exchanged; records are also changed from their own pages.

    Raises:
        ChangedMeanwhileError: one is no longer as the plan read it.
    """
    for model in (RosterAssignment, RosterOverride):
        read = {one.pk: one for one in exchange.without if isinstance(one, model)}
        rows = model._default_manager.filter(pk__in=read)  # noqa: SLF001 -- Django's public name
        held = {row.pk: row for row in rows.order_by("pk").select_for_update()}
        for key, record in read.items():
            if key not in held or _said(held[key]) != _said(record):
                raise ChangedMeanwhileError(f"{record} was changed meanwhile")


def _said(record: RosterAssignment | RosterOverride | TakingTurns) -> Sequence[object]:
    """Return all that a change may have changed."""
    if isinstance(record, TakingTurns):
        return (record.start_date, record.end_date, record.status)
    return [getattr(record, field.attname) for field in record._meta.concrete_fields]  # noqa: SLF001 -- likewise
