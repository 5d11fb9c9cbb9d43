"""Which credentials, licences and privileges end soon or have ended, and what that costs.

What came in the last 28 days stands for what will come: grouped by what it asks of a reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import NamedTuple

from django.utils import timezone

from apps.assignment.lookahead import Crew, Lookahead, Work
from apps.assignment.queries.expiry_rows import Ending, ExpiryRow
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core import bulk
from apps.core.access import Access, Permission, Scope
from apps.core.paging import PER_PAGE, Page
from apps.engine.competency import Demand
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import Config, Credential, Dated, RadiologistFacts
from apps.roster.queries import radiologists as radiologist_queries
from apps.roster.queries import shifts as shift_queries
from apps.roster.queries.person import privilege_words

LOOKED_BACK = timedelta(days=28)
_ENDED_WITHIN = timedelta(days=365)
_ROSTERED_WITHIN = timedelta(days=28)
_DAY = timedelta(days=1)
_MOST_ENDED = 50
_MOST_CREWS = 5_000
_CAME = """
    SELECT o.site_id, o.modality, o.body_part,
           coalesce(p.required_credentials, '{}'), coalesce(p.required_subspecialty, ''),
           count(*), min(o.received_at)
    FROM orders_order o LEFT JOIN catalog_procedure p ON p.id = o.procedure_id
    WHERE o.received_at >= %s AND o.received_at < %s
      AND o.status <> 'cancelled' AND o.site_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed by; empty values narrow nothing."""

    days: int = 90
    kind: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Expiry:
    """What ends, soonest and worst first, and what has ended although its holder is rostered."""

    page: Page[ExpiryRow]
    ended: Sequence[ExpiryRow]
    looked_at: int


def expiry(wanted: Wanted, access: Access, *, at: datetime, page: int = 1) -> Expiry:
    """Return what ends within some days, and what it costs.

    Args:
        wanted: what to show.
        access: the viewer's: whose people they see, and which studies and shifts.
        at: the moment.
        page: which page of what ends, from 1.
    """
    view, today = current_view(read_versions()), timezone.localdate(at)
    seen = _seen(wanted, access.scope(Permission.RADIOLOGIST_VIEW), view)
    works, looked_at = _works(view, access.scope(Permission.STUDY_VIEW), at)
    ahead = _lookahead(view.compiled, works)
    ending = _in_order(_ending(seen, today, wanted))
    first = (page - 1) * PER_PAGE
    shown = [
        ExpiryRow(one, ahead.cost_of_end(one.person, one.item), today)
        for one in ending[first : first + PER_PAGE]
    ]
    shown.sort(key=lambda row: (row.ending.end_on, -row.cost.alone, -row.cost.per_day))
    ended = _ended_rows(ahead, _ended(seen, today, wanted), view.config, access, today)
    has_next = len(ending) > first + PER_PAGE
    return Expiry(Page(shown, page, has_next=has_next), ended, looked_at)


def _lookahead(compiled: CompiledConfig, works: Iterable[Work]) -> Lookahead:
    """Return who may read what, what is known of the same people's competencies taken over."""
    crews = compiled.may_read.get(Crew, dict[Demand, Crew])
    if len(crews) > _MOST_CREWS:
        crews.clear()
    return Lookahead(compiled.people.values(), works, compiled.regions, crews)


def _ended_rows(
    ahead: Lookahead, ended: Iterable[Ending], config: Config, access: Access, today: date
) -> list[ExpiryRow]:
    """Return what ended last although its holder is rostered, the worst first."""
    rostered, visible = _rostered(config, today), _shifts_seen(access)
    latest = sorted(ended, key=lambda one: one.end_on, reverse=True)
    rows = [
        ExpiryRow(
            one,
            ahead.cost_of_ended(one.person, one.item, today),
            today,
            sorted(rostered[one.person.id] & visible),
        )
        for one in latest
        if one.person.id in rostered
    ][:_MOST_ENDED]
    return sorted(rows, key=lambda row: (-row.cost.alone, -row.cost.per_day, row.ending.end_on))


def _shifts_seen(access: Access) -> set[str]:
    rows = shift_queries.seen(access.scope(Permission.SHIFT_VIEW))
    return set(rows.values_list("code", flat=True))


def _seen(wanted: Wanted, scope: Scope, view: ConfigView) -> list[RadiologistFacts]:
    rows = radiologist_queries.seen(scope).filter(is_active=True)
    if wanted.person:
        rows = rows.filter(pk=wanted.person)
    known = view.compiled.people
    return [known[id_] for id_ in rows.order_by("pk").values_list("pk", flat=True) if id_ in known]


def _works(view: ConfigView, scope: Scope, at: datetime) -> tuple[list[Work], int]:
    """Return the kinds of work that came lately at these sites, and how many studies they were."""
    rows = [
        row
        for row in bulk.select(_CAME, [at - LOOKED_BACK, at])
        if scope.covers(row[0]) and view.site_codes.get(row[0]) in view.compiled.sites
    ]
    if not rows:
        return [], 0
    counts: dict[_Kind, int] = defaultdict(int)
    for site_id, modality, body_part, credentials, subspecialty, count, _ in rows:
        code, wanted = view.site_codes[site_id], frozenset(credentials)
        counts[_Kind(code, modality, body_part, wanted, subspecialty)] += count
    days = max(ceil((at - min(row[-1] for row in rows)) / _DAY), 1)
    works = [
        Work(
            view.compiled.sites[kind.site],
            kind.modality,
            kind.body_part,
            kind.credentials,
            kind.subspecialty,
            Decimal(count) / days,
        )
        for kind, count in sorted(counts.items(), key=lambda one: -one[1])
    ]
    return works, sum(counts.values())


class _Kind(NamedTuple):
    """What orders are grouped by."""

    site: str
    modality: str
    body_part: str
    credentials: frozenset[str]
    subspecialty: str


# -- what ends ---------------------------------------------------------------------------


def _ending(people: Iterable[RadiologistFacts], today: date, wanted: Wanted) -> Iterator[Ending]:
    """Yield what ends from today on and is not renewed for the day after."""
    last_on = today + wanted.days * _DAY
    for one in _dated(people, wanted.kind):
        if today <= one.end_on <= last_on and not _is_held(one, one.end_on + _DAY):
            yield one


def _ended(people: Iterable[RadiologistFacts], today: date, wanted: Wanted) -> Iterator[Ending]:
    """Yield what ended in the last year and is not held today by another row."""
    for one in _dated(people, wanted.kind):
        if today - _ENDED_WITHIN <= one.end_on < today and not _is_held(one, today):
            yield one


def _dated(people: Iterable[RadiologistFacts], kind: str) -> Iterator[Ending]:
    for person in people:
        for known, item in _items(person):
            if item.end_on is not None and kind in ("", known):
                yield Ending(person, known, _what(item), item, item.end_on)


def _items(person: RadiologistFacts) -> Iterator[tuple[str, Credential | Dated]]:
    yield from (("credential", item) for item in person.credentials)
    yield from (("licence", item) for item in person.licences)
    yield from (("privilege", item) for item in person.privileges)


def _what(item: Credential | Dated) -> str:
    if isinstance(item, Credential):
        return item.name
    return item.jurisdiction or privilege_words(item.site, item.modality, item.body_part)


def _is_held(ending: Ending, on: date) -> bool:
    """Return whether the person holds the same on a day."""
    return any(
        kind == ending.kind
        and _what(item) == ending.what
        and (item.start_on is None or item.start_on <= on)
        and (item.end_on is None or on <= item.end_on)
        for kind, item in _items(ending.person)
    )


def _in_order(endings: Iterable[Ending]) -> list[Ending]:
    return sorted(endings, key=lambda one: (one.end_on, one.person.id, one.kind, one.what))


def _rostered(config: Config, today: date) -> Mapping[str, set[str]]:
    """Return the shifts that people are meant to be on in the next four weeks, by person."""
    last_on = today + _ROSTERED_WITHIN
    found: dict[str, set[str]] = defaultdict(set)
    for row in (*config.roster, *config.extras):
        if row.start_on <= last_on and (row.end_on is None or row.end_on >= today):
            found[row.radiologist].add(row.shift)
    for swap in config.swaps:
        if swap.start_on <= last_on and swap.end_on >= today:
            found[swap.taker].add(swap.shift)
    for rotation in config.rotations:
        if rotation.start_on <= last_on and (rotation.end_on is None or rotation.end_on >= today):
            for person in rotation.people:
                found[person].add(rotation.shift)
    return found
