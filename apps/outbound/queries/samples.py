"""Real orders to show a destination's messages on."""

from __future__ import annotations

from apps.core.access import Scope
from apps.orders.models import Order
from apps.outbound.models import Destination

OFFERED = 20
_LOOK_BACK = 400
"""Of the newest orders so many are looked at: a bounded price, whatever the table holds."""


def recent_orders(destination: Destination | None, scope: Scope) -> list[Order]:
    """Return the newest orders that would go to the destination, within the viewer's scope.

    None is a destination that is still to be made: of every sender and site.
    """
    newest = Order.objects.order_by("-pk").values("pk")[:_LOOK_BACK]
    rows = scope.limit(Order.objects.filter(pk__in=newest, segments__isnull=False), "site")
    if destination is not None and (site_ids := [site.pk for site in destination.sites.all()]):
        rows = rows.filter(site__in=site_ids)
    senders = set(destination.senders) if destination is not None else set()
    found = rows.order_by("-pk").only("pk", "accession", "sender", "procedure_code", "site_id")
    return [order for order in found if not senders or senders & _names(order)][:OFFERED]


def order_to_show(order_id: int, scope: Scope) -> Order | None:
    """Return the order with its segments, None where the scope holds none of that key."""
    rows = Order.objects.select_related("segments").filter(segments__isnull=False)
    return scope.limit(rows, "site").filter(pk=order_id).first()


def _names(order: Order) -> set[str]:
    application, _, facility = order.sender.partition("^")
    return {facility, f"{application}^{facility}"}
