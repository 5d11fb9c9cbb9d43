"""Recognises orders: which order a group of segments speaks of, by its numbers.

Within an issuer a group is the same order when one of these is equal, tried in turn: study UID
with OBR-4.1, accession, filler number, placer number with its namespace. Source: spec 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from apps.core import bulk
from apps.orders.choices import IdentifierKind
from apps.orders.models import OrderIdentifier, UnknownCancel


class Identity(NamedTuple):
    """A number of an order within its issuer."""

    kind: IdentifierKind
    value: str


_Key = tuple[str, str, str]

TRIED_IN_TURN = (
    IdentifierKind.STUDY_UID,
    IdentifierKind.ACCESSION,
    IdentifierKind.FILLER,
    IdentifierKind.PLACER,
)


class IdentityBook:
    """The identifiers that a batch speaks of, as stored and as added since."""

    def __init__(self) -> None:
        """Begin empty; the errands read what is stored."""
        self._orders: dict[_Key, list[int]] = defaultdict(list)
        self._fresh: list[dict[str, Any]] = []
        self._cancelled: dict[_Key, int] = {}
        self._fresh_cancels: list[dict[str, Any]] = []

    def errands(self, wanted: Iterable[tuple[str, Identity]]) -> list[bulk.Errand]:
        """Return what to ask for the orders and cancels known under these numbers.

        Args:
            wanted: pairs of issuer and identity.
        """
        pairs = {(issuer, identity.value) for issuer, identity in wanted}
        if not pairs:
            return []
        issuers, values = (list(column) for column in zip(*sorted(pairs), strict=True))
        return [
            ((_ORDERS, [issuers, values]), self._take_orders),
            ((_CANCELS, [issuers, values]), self._take_cancels),
        ]

    @property
    def order_ids(self) -> set[int]:
        """Return the orders that were found."""
        return {order_id for found in self._orders.values() for order_id in found}

    def _take_orders(self, rows: list[tuple[Any, ...]]) -> None:
        for issuer, kind, value, order_id in rows:
            self._orders[issuer, kind, value].append(order_id)

    def _take_cancels(self, rows: list[tuple[Any, ...]]) -> None:
        for issuer, kind, value, message_id in rows:
            self._cancelled[issuer, kind, value] = message_id

    def matches(self, issuer: str, identities: Sequence[Identity]) -> list[tuple[Identity, int]]:
        """Return which orders these numbers name, in the order in which numbers are tried.

        A placer number may name several; the newest comes first.
        """
        ranked = sorted(identities, key=lambda identity: TRIED_IN_TURN.index(identity.kind))
        return [
            (identity, order_id)
            for identity in ranked
            for order_id in reversed(self._orders.get((issuer, *identity), []))
        ]

    def add(self, order_id: int, issuer: str, identities: Iterable[Identity]) -> None:
        """Know an order under more numbers; one that names another order already stays there."""
        for identity in identities:
            key = (issuer, identity.kind.value, identity.value)
            known = self._orders[key]
            is_shared = identity.kind is IdentifierKind.PLACER
            if order_id in known or (known and not is_shared):
                continue
            known.append(order_id)
            self._fresh.append(
                {
                    "order_id": order_id,
                    "issuer": issuer,
                    "kind": identity.kind.value,
                    "value": identity.value,
                }
            )

    def owner(self, issuer: str, identity: Identity) -> int | None:
        """Return the order that a number names, the newest of several."""
        known = self._orders.get((issuer, *identity))
        return known[-1] if known else None

    def was_cancelled(
        self, issuer: str, identities: Iterable[Identity], *, apart_from: int
    ) -> bool:
        """Return whether a cancel came for one of these numbers before any order did.

        Args:
            issuer: of the numbers.
            identities: the numbers.
            apart_from: a message whose own cancels do not count: it replaces what it cancels.
        """
        return any(
            self._cancelled.get((issuer, *identity), apart_from) != apart_from
            for identity in identities
        )

    def keep_cancel(
        self, issuer: str, identities: Iterable[Identity], *, at: object, message_id: int
    ) -> None:
        """Remember a cancel of an order that nobody knows."""
        for identity in identities:
            key = (issuer, identity.kind.value, identity.value)
            if key in self._cancelled:
                continue
            self._cancelled[key] = message_id
            self._fresh_cancels.append(
                {
                    "issuer": issuer,
                    "kind": identity.kind.value,
                    "value": identity.value,
                    "at": at,
                    "message_id": message_id,
                }
            )

    def flush(self) -> None:
        """Write what was added."""
        bulk.insert(OrderIdentifier, self._fresh)
        bulk.insert(UnknownCancel, self._fresh_cancels, or_ignore=True)


_AMONG = "(issuer, value) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
_ORDERS = (
    "SELECT issuer, kind, value, order_id FROM orders_orderidentifier "  # noqa: S608 -- our own
    f"WHERE {_AMONG} ORDER BY id"
)
_CANCELS = (
    "SELECT issuer, kind, value, message_id FROM orders_unknowncancel "  # noqa: S608 -- our own
    f"WHERE {_AMONG}"
)
