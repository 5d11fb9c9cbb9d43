"""What the pages of destinations show, within a scope."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from apps.audit.queries.history import Subject
from apps.catalog.models import Site
from apps.core.access import Scope
from apps.outbound.models import Destination

COUNTED_MOST = 10_000
LOOK_BACK = 50
_LAST_KEY = 2**63 - 1
DEFAULT_SORT = "name"
_SORTS: Mapping[str, Sequence[str]] = {"name": ("name",), "address": ("host", "port")}


class LinkState(StrEnum):
    """How reaching a destination goes."""

    CONNECTED = "connected"
    FAILING = "failing"
    PAUSED = "paused"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class DestinationFilter:
    """What the list is narrowed by; empty values narrow nothing."""

    words: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What waits for a destination and what was delivered.

    ``queued`` and ``dead`` count at most 10,000, and only studies of the viewer's sites;
    ``oldest_at`` is since when the first of the queue waits. ``delivered_at`` is looked for among
    the newest 50 messages, and among the 50 before what waits or died.
    """

    queued: int = 0
    oldest_at: datetime | None = None
    dead: int = 0
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DestinationRow:
    """One destination as it is now.

    ``failing_since``, ``next_attempt_at`` and ``error`` tell of its current address only.
    """

    destination: Destination
    site_codes: Sequence[str]
    traffic: Traffic
    failing_since: datetime | None
    next_attempt_at: datetime | None
    failures: int
    error: str

    @property
    def state(self) -> LinkState:
        """Return how reaching it goes."""
        if not self.destination.is_enabled:
            return LinkState.PAUSED
        if self.failing_since is not None:
            return LinkState.FAILING
        return LinkState.CONNECTED if self.traffic.delivered_at else LinkState.UNTRIED

    @property
    def address(self) -> str:
        """Return host and port."""
        return address_of(self.destination)


def address_of(destination: Destination) -> str:
    """Return host and port, as the link keeps them."""
    return f"{destination.host}:{destination.port}"


def seen(scope: Scope) -> QuerySet[Destination]:
    """Return the destinations that serve a site of the scope; one of no site serves every site."""
    return scope.limit_placed(Destination.objects.all(), "sites")


def changeable(scope: Scope) -> QuerySet[Destination]:
    """Return the destinations that only serve sites of the scope."""
    if scope.everywhere:
        return Destination.objects.all()
    elsewhere = Destination.objects.filter(sites__in=Site.objects.exclude(pk__in=scope.site_ids))
    return seen(scope).filter(sites__isnull=False).exclude(pk__in=elsewhere).distinct()


def destinations(
    scope: Scope, wanted: DestinationFilter, *, sort: str = DEFAULT_SORT
) -> QuerySet[Destination]:
    """Return the destinations of a list, sorted by a key of its columns."""
    rows = seen(scope)
    if wanted.words:
        rows = rows.filter(
            Q(name__icontains=wanted.words)
            | Q(host__icontains=wanted.words)
            | Q(receiving_application__icontains=wanted.words)
            | Q(receiving_facility__icontains=wanted.words)
        )
    if wanted.state == LinkState.PAUSED:
        rows = rows.filter(is_enabled=False)
    elif wanted.state:
        failing = Q(link__failing_since__isnull=False, link__address=_ADDRESS)
        rows = rows.filter(failing if wanted.state == LinkState.FAILING else ~failing)
        rows = rows.filter(is_enabled=True)
    columns = [F(name) for name in _SORTS[sort.removeprefix("-")]]
    order = [column.desc() if sort.startswith("-") else column.asc() for column in columns]
    return rows.select_related("link").prefetch_related("sites").order_by(*order, "pk")


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def rows_of(found: Collection[Destination], scope: Scope) -> list[DestinationRow]:
    """Return what the destinations' lines show; what waits is read in one statement."""
    traffic = _traffic([one.pk for one in found], scope)
    return [_row(one, scope, traffic.get(one.pk, Traffic())) for one in found]


def token_of(rows: Sequence[DestinationRow], at: datetime, *more: object) -> str:
    """Return a short text that differs when what is shown does; waiting times by the minute."""
    minute = at.replace(second=0, microsecond=0) if any(map(_ages, rows)) else None
    said = repr([minute, [_said(row) for row in rows], more])
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def subject_of(destination: Destination) -> Subject:
    """Return whose history the destination's page shows."""
    parts = {"outbound_destination_sites": "destination_id"}
    return Subject("outbound_destination", str(destination.pk), parts)


def _ages(row: DestinationRow) -> bool:
    return row.traffic.oldest_at is not None or row.failing_since is not None


def _said(row: DestinationRow) -> tuple[object, ...]:
    one, rest = row.destination, row.next_attempt_at
    # When it is tried next changes with each try; that alone is no news.
    return (one.pk, one.name, row.address, row.site_codes, row.traffic, row.state, rest and 1)


def _row(one: Destination, scope: Scope, traffic: Traffic) -> DestinationRow:
    link = getattr(one, "link", None)
    is_current = link is not None and link.address == address_of(one)
    return DestinationRow(
        destination=one,
        site_codes=sorted(site.code for site in one.sites.all() if scope.covers(site.pk)),
        traffic=traffic,
        failing_since=link.failing_since if link and is_current else None,
        next_attempt_at=link.next_attempt_at if link and is_current else None,
        failures=link.failures if link and is_current else 0,
        error=link.last_error if link and is_current else "",
    )


def _traffic(ids: Sequence[int], scope: Scope) -> dict[int, Traffic]:
    sites = "" if scope.everywhere else _AT_SITES
    with connection.cursor() as cursor:
        cursor.execute(
            _TRAFFIC.format(sites=sites),
            {
                "ids": list(ids),
                "sites": list(scope.site_ids),
                "most": COUNTED_MOST,
                "last": _LAST_KEY,
                "look_back": LOOK_BACK,
            },
        )
        return {row[0]: Traffic(*row[1:]) for row in cursor.fetchall()}


_ADDRESS = Concat(F("host"), Value(":"), Cast("port", CharField()))
_AT_SITES = (
    "AND EXISTS (SELECT 1 FROM orders_order AS study WHERE study.id = message.order_id "
    "AND study.site_id = ANY(%(sites)s))"
)
# When it last took one is found without an index of its own: behind a long queue or many dead
# letters lies what was delivered before them.
_TRAFFIC = """
SELECT peer.id, queued.number, oldest.created_at, dead.number, delivered.answered_at
FROM unnest(%(ids)s::bigint[]) AS peer(id)
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT 1 FROM outbound_outboundmessage AS message
        WHERE message.destination_id = peer.id AND message.state = 'queued' {sites}
        LIMIT %(most)s
    ) AS counted
) AS queued
LEFT JOIN LATERAL (
    SELECT message.created_at FROM outbound_outboundmessage AS message
    WHERE message.destination_id = peer.id AND message.state = 'queued' {sites}
    ORDER BY message.id LIMIT 1
) AS oldest ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT 1 FROM outbound_outboundmessage AS message
        WHERE message.destination_id = peer.id AND message.state = 'dead' {sites}
        LIMIT %(most)s
    ) AS counted
) AS dead
CROSS JOIN LATERAL (
    SELECT max(recent.answered_at) AS answered_at
    FROM (
        SELECT NULL::bigint AS below
        UNION ALL SELECT min(message.id) FROM outbound_outboundmessage AS message
        WHERE message.destination_id = peer.id AND message.state = 'queued'
        UNION ALL SELECT min(message.id) FROM outbound_outboundmessage AS message
        WHERE message.destination_id = peer.id AND message.state = 'dead'
    ) AS looks
    CROSS JOIN LATERAL (
        SELECT message.state, message.answered_at FROM outbound_outboundmessage AS message
        WHERE message.destination_id = peer.id
          AND message.id < COALESCE(looks.below, %(last)s)
        ORDER BY message.id DESC LIMIT %(look_back)s
    ) AS recent
    WHERE recent.state = 'delivered'
) AS delivered
"""
