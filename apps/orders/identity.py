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
        """Begin empty; ``load`` reads what is stored."""
        self._orders: dict[_Key, list[int]] = defaultdict(list)
        self._fresh: list[dict[str, Any]] = []
        self._cancelled: dict[_Key, dict[str, Any]] = {}
        self._fresh_cancels: list[dict[str, Any]] = []

    def load(self, wanted: Iterable[tuple[str, Identity]]) -> set[int]:
        """Read the orders and cancels known under these numbers; return the orders' ids.

        Args:
            wanted: pairs of issuer and identity.
        """
        pairs = {(issuer, identity.value) for issuer, identity in wanted}
        if not pairs:
            return set()
        issuers, values = (list(column) for column in zip(*sorted(pairs), strict=True))
        found = set()
        for row in _stored(OrderIdentifier, "order_id", issuers, values):
            self._orders[row[0], row[1], row[2]].append(row[3])
            found.add(row[3])
        for row in _stored(UnknownCancel, "message_id", issuers, values):
            self._cancelled[row[0], row[1], row[2]] = {}
        return found

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
                    "order_id": order_id, "issuer": issuer, "kind": identity.kind.value,
                    "value": identity.value,
                }
            )

    def was_cancelled(self, issuer: str, identities: Iterable[Identity]) -> bool:
        """Return whether a cancel came for one of these numbers before any order did."""
        return any((issuer, *identity) in self._cancelled for identity in identities)

    def keep_cancel(
        self, issuer: str, identities: Iterable[Identity], *, at: object, message_id: int
    ) -> None:
        """Remember a cancel of an order that nobody knows."""
        for identity in identities:
            key = (issuer, identity.kind.value, identity.value)
            if key in self._cancelled:
                continue
            row = {
                "issuer": issuer, "kind": identity.kind.value, "value": identity.value,
                "at": at, "message_id": message_id,
            }
            self._cancelled[key] = row
            self._fresh_cancels.append(row)

    def flush(self) -> None:
        """Write what was added."""
        bulk.insert(OrderIdentifier, self._fresh)
        bulk.insert(UnknownCancel, self._fresh_cancels, or_ignore=True)


def _stored(
    model: type[OrderIdentifier] | type[UnknownCancel], column: str,
    issuers: list[str], values: list[str],
) -> list[tuple[str, str, str, int]]:
    table = model._meta.db_table  # noqa: SLF001
    return list(
        bulk.select(
            f"SELECT issuer, kind, value, {column} FROM {table} "  # noqa: S608 -- our own names
            "WHERE (issuer, value) IN (SELECT * FROM unnest(%s::text[], %s::text[])) ORDER BY id",
            [issuers, values],
        )
    )
