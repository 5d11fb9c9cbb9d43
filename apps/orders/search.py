"""Finding orders by what people hold in their hands: an accession or another number."""

from __future__ import annotations

from apps.orders.models import Order, OrderIdentifier

_MOST = 200


def order_ids(number: str) -> list[int]:
    """Return the ids of orders known under a number, newest first, at most 200.

    The number is an accession, a placer or filler order number or a study instance UID, in
    full. Each is looked up in its own index; one query over both would read every order.
    """
    wanted = number.strip()
    if not wanted:
        return []
    shown = Order.objects.filter(accession=wanted).order_by("-id")[:_MOST]
    known = OrderIdentifier.objects.filter(value=wanted).order_by("-order_id")[:_MOST]
    found = {*shown.values_list("id", flat=True), *known.values_list("order_id", flat=True)}
    return sorted(found, reverse=True)[:_MOST]
