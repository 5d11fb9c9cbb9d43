"""Chooses among the orders that a change's numbers name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from apps.assignment.desk import Case
from apps.intake.processing.changes import OF_GROUP, OrderChange
from apps.orders.choices import IdentifierKind
from apps.orders.identity import Identity


def by_own_number(
    usable: Sequence[tuple[Identity, int]],
    change: OrderChange,
    claimed: Mapping[int, str],
    *,
    may_get: Callable[[int, Identity, OrderChange], bool],
) -> list[tuple[Identity, int]]:
    """Return what an OBR's own number leaves of the orders that its ORC's number names.

    Where the OBR has the ORC for itself, its number only chooses among those: it may be
    anything. Of several OBR under one ORC it is the order's number.

    Args:
        usable: numbers and the orders they name.
        change: one with a number of its OBR's own.
        claimed: the orders of the message's earlier groups.
        may_get: whether an order that only the ORC's number names is the one of this OBR, whose
            number it did not have before.
    """
    own = {order_id for identity, order_id in usable if identity == change.own_placer}
    if change.shares_orc:
        return [
            (identity, order_id)
            for identity, order_id in usable
            if identity not in change.shared
            or (not own and order_id not in claimed and may_get(order_id, identity, change))
        ]
    named = [found for found in usable if found[0] != change.own_placer]
    is_among = any(order_id in own for _, order_id in named)
    return [
        (identity, order_id)
        for identity, order_id in named
        if identity.kind is not IdentifierKind.PLACER or order_id in own or not is_among
    ]


def is_sibling(identity: Identity, case: Case, change: OrderChange) -> bool:
    """Return whether a new order only shares what was ordered together with the one found."""
    is_of_group = identity.kind is IdentifierKind.PLACER and identity.value.startswith(OF_GROUP)
    known = ("", case.order.procedure_code)
    return is_of_group and change.is_new_order and change.procedure_code not in known


_OF_SEVERAL = frozenset({IdentifierKind.ACCESSION, IdentifierKind.PLACER})


def better(
    usable: Sequence[tuple[Identity, int]], change: OrderChange, cases: Mapping[int, Case]
) -> tuple[Identity, int]:
    """Prefer, under one number with several procedures, the order of the change's own.

    A placer's number alone may stand for several orders: a cancel of the head must not hit the
    knee because that came later.
    """
    first = usable[0]
    kind = first[0].kind
    if kind not in _OF_SEVERAL or not change.procedure_code:
        return first
    for identity, order_id in usable:
        if identity.kind is kind and cases[order_id].order.procedure_code == change.procedure_code:
            return identity, order_id
    if kind is IdentifierKind.ACCESSION:
        for identity, order_id in usable[1:]:
            if order_id != first[1] and cases[order_id].order.accession == change.accession:
                return identity, order_id
    return first
