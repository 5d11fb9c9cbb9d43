"""A stored decision in words, also where the engine had nothing to decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.engine.naming import PLAIN, Naming
from apps.engine.story import explain
from apps.orders.models import Order
from apps.orders.search import order_ids

NO_TRACE = "No decision was made by the engine here, so there is no trace."


def sentences(trace: Mapping[str, Any], naming: Naming = PLAIN) -> list[str]:
    """Return the trace as sentences; what a person decided, or a parked order, has none.

    Args:
        trace: as the engine wrote it.
        naming: what those are called whom it names; by their ids if none is given.
    """
    return explain(trace, naming) if "result" in trace and "order" in trace else [NO_TRACE]


def orders_known_as(accession: str) -> list[Order]:
    """Return the orders that are known under a number, oldest first.

    Two issuers may use one number; a placer or filler number, or an earlier accession, will do.
    """
    return list(Order.objects.filter(pk__in=order_ids(accession)).order_by("id"))
