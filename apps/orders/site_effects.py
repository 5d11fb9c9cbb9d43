"""What studies have to say when a site or a procedure changes."""

from __future__ import annotations

from collections.abc import Iterable

from apps.audit.editing import Effect
from apps.catalog.effects import counted
from apps.catalog.models import Procedure, Site
from apps.orders.choices import OrderStatus
from apps.orders.models import Order

_WAITING = (OrderStatus.RECEIVED, OrderStatus.UNASSIGNED, OrderStatus.HELD)


def waiting_at(site: Site) -> Iterable[Effect]:
    """Say how many studies wait for a reader there."""
    number = Order.objects.filter(status__in=_WAITING, site=site).count()
    if number:
        words = counted(number, "study waits", "studies wait")
        yield Effect(f"{words} for a reader there, and will still be given one.", "warn")


def waiting_for(procedure: Procedure) -> Iterable[Effect]:
    """Say how many studies of the procedure wait for a reader."""
    number = Order.objects.filter(status__in=_WAITING, procedure=procedure).count()
    if number:
        words = counted(number, "study of it waits", "studies of it wait")
        yield Effect(f"{words} for a reader, and will be decided anew.")
