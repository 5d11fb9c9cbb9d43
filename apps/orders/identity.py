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
        self._reported: dict[_Key, int] = {}
        self._fresh_reports: dict[_Key, dict[str, Any]] = {}

    def errands(self, wanted: Iterable[tuple[str, Identity]]) -> list[bulk.Errand]:
        """Return what to ask for the orders and cancels known under these numbers.

        Args:
            wanted: pairs of issuer and identity.
        """
        pairs = {(issuer, identity.value) for issuer, identity in wanted}
        if not pairs:
            return []
        issuers, values = (list(column) for column in zip(*sorted(pairs), strict=True))
        return [((_KNOWN, [issuers, values]), self._take)]

    @property
    def order_ids(self) -> set[int]:
        """Return the orders that were found."""
        return {order_id for found in self._orders.values() for order_id in found}

    def _take(self, rows: list[tuple[Any, ...]]) -> None:
        for issuer, kind, value, order_id, message_id, is_report, _ in rows:
            if order_id is not None:
                self._orders[issuer, kind, value].append(order_id)
            else:
                early = self._reported if is_report else self._cancelled
                early[issuer, kind, value] = message_id

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

    def has_other_placer(self, order_id: int, issuer: str, placer: Identity) -> bool:
        """Return whether an order is known under a placer number beside this one."""
        fresh = (
            row["value"] != placer.value
            for row in self._fresh
            if (row["order_id"], row["kind"]) == (order_id, placer.kind.value)
        )
        kept = OrderIdentifier.objects.filter(order=order_id, issuer=issuer, kind=placer.kind)
        return any(fresh) or kept.exclude(value=placer.value).exists()

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
            self._fresh_cancels.append(_early(key, at=at, message_id=message_id, is_report=False))

    def reported_by(self, issuer: str, identities: Iterable[Identity]) -> list[int]:
        """Return the messages that reported one of these numbers before any order had it."""
        found = {self._reported.get((issuer, *identity)) for identity in identities}
        return sorted(message_id for message_id in found if message_id is not None)

    def keep_report(
        self,
        issuer: str,
        identities: Iterable[Identity],
        *,
        at: object,
        message_id: int,
        is_latest: bool,
    ) -> None:
        """Remember the report of an order that nobody knows.

        Args:
            issuer: of the numbers.
            identities: the numbers.
            at: when it came.
            message_id: what reports it.
            is_latest: whether it counts in place of an earlier one.
        """
        for identity in identities:
            key = (issuer, identity.kind.value, identity.value)
            if key in self._reported and not is_latest:
                continue
            self._reported[key] = message_id
            row = _early(key, at=at, message_id=message_id, is_report=True)
            self._fresh_reports[key] = row

    def flush(self) -> None:
        """Write what was added."""
        bulk.insert(OrderIdentifier, self._fresh)
        bulk.insert(UnknownCancel, self._fresh_cancels, or_ignore=True)
        reports = [row for _, row in sorted(self._fresh_reports.items())]
        bulk.upsert(UnknownCancel, reports, key=["issuer", "kind", "value", "is_report"])


def _early(key: _Key, *, at: object, message_id: int, is_report: bool) -> dict[str, Any]:
    issuer, kind, value = key
    return {
        "issuer": issuer,
        "kind": kind,
        "value": value,
        "at": at,
        "message_id": message_id,
        "is_report": is_report,
    }


# One statement for both, each found by its index; of one placer number the newest order is last.
_KNOWN = """
    WITH asked AS MATERIALIZED (SELECT * FROM unnest(%s::text[], %s::text[]) AS pair (issuer, value))
    SELECT issuer, kind, value, order_id, NULL::bigint, NULL::boolean, id AS place
    FROM orders_orderidentifier
    WHERE (issuer, value) IN (SELECT * FROM asked)
    UNION ALL
    SELECT issuer, kind, value, NULL, message_id, is_report, NULL FROM orders_unknowncancel
    WHERE (issuer, value) IN (SELECT * FROM asked)
    ORDER BY place
"""
