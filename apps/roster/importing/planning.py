"""From a source and what was read of it last to what would be done."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from apps.catalog.services.importing.sheets import Sheet
from apps.core.access import EVERYWHERE, Scope
from apps.engine.occurrences import local_date
from apps.roster.choices import OverrideKind, RosterStatus, SourceKind
from apps.roster.exceptions import RosterImportError
from apps.roster.importing import feeds, layouts
from apps.roster.importing.comparing import Compared, compare
from apps.roster.importing.entries import Problem, Reading
from apps.roster.importing.events import Feed, FeedEvent
from apps.roster.importing.layouts import Layout, Shape
from apps.roster.importing.names import Known, read_known
from apps.roster.importing.plans import RosterPlan
from apps.roster.importing.tables import Manner, read_table
from apps.roster.importing.turns import Resolver, Turn, Window
from apps.roster.models import RosterOverride, RosterSource, RosterSourceState
from apps.roster.queries.records import covers, within
from apps.roster.words import counted, day_words

TOLERANCE_MINUTES = 60
_AGREES = 0.5


@dataclass(frozen=True)
class Prepared:
    """A source as it was read last: the reading, or why there is none."""

    reading: Reading | None = None
    fault: str = ""
    asks_order: bool = False


def own_scope(source: RosterSource) -> Scope:
    """Return where a source may write by itself: at its site, or everywhere."""
    if source.site_id is None:
        return EVERYWHERE
    return Scope(site_ids=frozenset({source.site_id}))


def plan_of(source: RosterSource, scope: Scope, *, at: datetime) -> RosterPlan:
    """Return what would be done with what was read last.

    Args:
        source: with its state.
        scope: whose shifts may be written; others are unknown to the plan.
        at: now; earlier runs are left alone unless the source's options say otherwise.
    """
    known = read_known(source, scope)
    prepared = _prepared(source, known, at)
    if prepared.reading is None:
        return RosterPlan(known, fault=prepared.fault, asks_order=prepared.asks_order)
    return _planned(source, known, prepared.reading, at)


def _planned(source: RosterSource, known: Known, reading: Reading, at: datetime) -> RosterPlan:
    today = local_date(at, source.time_zone)
    window = Window(
        at,
        reading.first_on or today,
        reading.last_on or today,
        takes_past=bool(source.options.get("past")),
    )
    minutes = int(source.options.get("tolerance", TOLERANCE_MINUTES))
    resolver = Resolver(known, window, timedelta(minutes=minutes))
    turns = resolver.resolve(reading)
    compared = compare(source, turns, resolver)
    turns.problems += compared.problems
    return RosterPlan(
        known,
        rows=compared.rows,
        turns=turns,
        added=len(compared.added),
        removed=compared.removed,
        same=compared.same,
        held=compared.held,
        kept=compared.kept,
        clashes=_clashes(compared, known),
        notes=reading.notes,
    )


def _prepared(source: RosterSource, known: Known, at: datetime) -> Prepared:
    state = RosterSourceState.objects.filter(pk=source.pk).first()
    try:
        if source.kind == SourceKind.ICAL:
            return _prepared_feed(source, state, known)
        return _prepared_file(source, state, known, at)
    except RosterImportError as error:
        return Prepared(fault=str(error))


def _prepared_file(
    source: RosterSource, state: RosterSourceState | None, known: Known, at: datetime
) -> Prepared:
    sheet = sheet_of(state)
    if sheet is None:
        return Prepared(fault="No file waits.")
    layout = layout_of(source, sheet, known)
    if layouts.is_ambiguous(sheet, layout):
        return Prepared(fault=_ASKS, asks_order=True)
    manner = Manner(layout, source.time_zone, local_date(at, source.time_zone))
    return Prepared(read_table(sheet, manner))


def _prepared_feed(
    source: RosterSource, state: RosterSourceState | None, known: Known
) -> Prepared:
    kept = kept_feed(state)
    if kept is None:
        return Prepared(fault="Nothing was read yet.")
    feed, first_on, last_on = kept
    reading = feeds.read_entries(feed, parts_of(source, feed, known))
    reading.first_on, reading.last_on = first_on, last_on
    return Prepared(reading)


def sheet_of(state: RosterSourceState | None) -> Sheet | None:
    """Return the table that waits, None where none does."""
    return Sheet.unpacked(bytes(state.content)) if state and state.content else None


def layout_of(source: RosterSource, sheet: Sheet, known: Known) -> Layout:
    """Return how the table is read: as somebody chose, else as it looks."""
    stored = source.options.get("layout")
    if stored:
        return Layout.of(stored)
    layout = layouts.guess(sheet)
    if layout.shape is Shape.PEOPLE_DOWN and _names_are_shifts(sheet, layout, known):
        at = next(iter(layout.columns.values()))
        columns = {layouts.Column.SHIFT: at}
        return Layout(Shape.SHIFTS_DOWN, layout.head, columns, layout.order)
    return layout


def _names_are_shifts(sheet: Sheet, layout: Layout, known: Known) -> bool:
    """Return whether what stands before the dates are shifts rather than people."""
    at = next(iter(layout.columns.values()))
    names = {row.cell(at) for row in sheet.rows[layout.head + 1 :]} - {""}
    as_shifts = sum(known.shifts.meaning(name) is not None for name in names)
    as_people = sum(known.people.meaning(name) is not None for name in names)
    return as_shifts > as_people and as_shifts >= _AGREES * len(names)


def parts_of(source: RosterSource, feed: Feed, known: Known) -> feeds.Parts:
    """Return where events name people and shifts: as somebody chose, else as it looks."""
    stored = source.options.get("parts")
    return feeds.Parts.of(stored) if stored else feeds.guess(feed, known)


def packed_feed(feed: Feed, first_on: date, last_on: date) -> bytes:
    """Return a feed's events in few bytes, with the days that they were worked out for."""
    held = {
        "name": feed.name,
        "first_on": first_on.isoformat(),
        "last_on": last_on.isoformat(),
        "events": [asdict(event) for event in feed.events],
        "problems": [[problem.where, problem.why] for problem in feed.problems],
    }
    return zlib.compress(json.dumps(held, default=str, ensure_ascii=False).encode(), level=1)


def kept_feed(state: RosterSourceState | None) -> tuple[Feed, date, date] | None:
    """Return the events that ``packed_feed`` kept and their days, None where there are none."""
    if state is None or not state.events:
        return None
    held = json.loads(zlib.decompress(bytes(state.events)))
    events = [_event(event) for event in held["events"]]
    problems = [Problem(*problem) for problem in held["problems"]]
    first_on, last_on = (date.fromisoformat(held[name]) for name in ("first_on", "last_on"))
    return Feed(events, problems, held["name"]), first_on, last_on


def _event(held: Mapping[str, Any]) -> FeedEvent:
    values = dict(held)
    for name in ("categories", "emails", "attendees"):
        values[name] = tuple(values[name])
    for name in ("first_on", "last_on"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    for name in ("start_at", "end_at"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return FeedEvent(**values)


def _clashes(compared: Compared, known: Known) -> list[Problem]:
    """Return who would be on while away: leave and other work stand above the roster."""
    added: dict[str, list[Turn]] = {}
    for turn in compared.added:
        added.setdefault(turn.person_id, []).append(turn)
    if not added:
        return []
    days = [turn.on for turn in compared.added]
    leaves = RosterOverride.objects.filter(
        within(min(days), max(days)),
        kind__in=(OverrideKind.LEAVE, OverrideKind.OTHER_WORK),
        status=RosterStatus.ACTIVE,
        radiologist__in=[*added],
    )
    found = []
    for leave in leaves.order_by("radiologist", "start_date"):
        turns = [turn for turn in added[leave.radiologist_id] if covers(leave, turn.on)]
        if turns:
            found.append(_clash(leave, turns, known))
    return found


def _clash(leave: RosterOverride, turns: Collection[Turn], known: Known) -> Problem:
    person = known.people.records[leave.radiologist_id]
    codes = sorted({known.shifts.records[turn.shift_id].code for turn in turns})
    until = "" if leave.end_date == leave.start_date else f" to {day_words(leave.end_date)}"
    away = "on leave" if leave.kind == OverrideKind.LEAVE else "at other work"
    hours = " for some hours" if leave.is_partial else ""
    return Problem(
        person.full_name,
        f"Is {away}{hours} on {day_words(leave.start_date)}{until}; {counted(len(turns), 'turn')} "
        f"on {', '.join(codes[:4])} would be without them.",
    )


_ASKS = "Which comes first in its dates, the day or the month? The file does not tell."
