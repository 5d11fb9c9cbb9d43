"""Tags of the roster's grid: a run in its cell, a bar on a day's timeline.

A grid may hold a thousand of them, so all is worked out here and nothing but written elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TypedDict

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.core.templatetags.ui import address_with
from apps.roster.choices import OverrideKind
from apps.roster.hours import Span, without
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.grid.filters import View
from apps.roster.queries.grid.grid import Grid
from apps.roster.queries.grid.lines import Cell, Line
from apps.roster.queries.grid.timeline import Bar, DayScale, TimeLine
from apps.roster.queries.plan import Run, Seat
from apps.roster.templatetags.cell_boxes import AwayMark, CellBox, cell_html
from apps.roster.templatetags.rota import clock_of, length_note, run_hours
from apps.roster.templatetags.run_boxes import Box, Chip, box_html

register = template.Library()

_NAMES = 4
_BRIEF = 4
_MARKS = {"row": "", "rotation": "↻", "swap": "⇄", "extra": "+"}
_NOTES = {"row": "", "rotation": "by rotation", "swap": "swap", "extra": "extra turn"}


@register.simple_tag(takes_context=True)
def day_cell(
    context: template.Context, cell: Cell, number: int, line: Line, usual: str
) -> SafeString:
    """Show what a shift or a person has on a day; reads ``grid``, ``at`` and ``may_change``.

    Args:
        context: the page's.
        cell: what is shown.
        number: of its column, from 1.
        line: whose cell it is.
        usual: the hours that the line's head says already.
    """
    grid, at, person = context["grid"], context["at"], line.person
    name, more, free = person.full_name if person is not None else "", "", ""
    if person is not None and cell.more:
        more = address_with(context, by="", person=person.pk)
    if person is not None and not cell.runs and context["may_change"]:
        free = reverse("roster-choose", args=[cell.day.on, person.pk])
    return cell_html(
        CellBox(
            number=number,
            on=cell.day.on.isoformat(),
            is_today=cell.day.is_today,
            is_past=cell.day.is_past,
            is_free=cell.is_free,
            name=name,
            away=[_away_mark(leave, is_alone=not cell.runs) for leave in cell.away],
            rests=cell.rests,
            runs=[_run_box(run, grid, cell, line, usual, at) for run in cell.runs],
            more=cell.more,
            more_href=more,
            free_href=free,
            day=cell.day.label,
        )
    )


def _away_mark(leave: RosterOverride, *, is_alone: bool) -> AwayMark | None:
    """Return how an absence is shown; beside turns only where it leaves some of the day."""
    is_leave = leave.kind == OverrideKind.LEAVE
    if not is_alone and is_leave and not leave.is_partial:
        return None
    icon = "event_busy" if is_leave else "work_history"
    return AwayMark(away_words(leave), icon if is_alone else "")


def _run_box(run: Run, grid: Grid, cell: Cell, line: Line, usual: str, at: datetime) -> SafeString:
    """Return a run in its cell, from the side of its shift, of a person or of nobody."""
    person, bare = line.person, grid.empty.is_bare(run)
    seats = [seat for seat in run.seats if person is None or seat.person.pk == person.pk]
    shown, names = run_hours(run, grid.zone), len(seats) if grid.for_paper else _NAMES
    why = grid.empty.why_meant(run) if bare else ""
    box = Box(
        shift=run.shift.pk,
        heading=person.full_name if person is not None else run.shift.name,
        on=run.start_on.isoformat(),
        href=_address(run.shift.pk, run.start_on),
        state=_state(run.start_at, run.end_at, at),
        title=_shift_text(run.shift, grid) if line.shift is None else "",
        # For hours there is no room in four weeks; each turn's title has them.
        hours="" if shown == usual or grid.is_brief else shown,
        clock=usual if shown == usual else "",
        length=length_note(run),
        chips=[_chip(run, seat, grid, line) for seat in seats[:names]],
        more=max(len(seats) - names, 0),
        gap=_gap_words(run, grid.zone) if bare and not why and person is None else "",
        empty=why,
        day=cell.day.label,
    )
    return box_html(box)


@register.simple_tag
def usual_hours(line: Line, zone: str) -> str:
    """Return the hours that most runs of a shift's line have on a zone's clock."""
    if line.shift is None:
        return ""
    found = Counter(run_hours(run, zone) for cell in line.cells for run in cell.runs)
    return found.most_common(1)[0][0] if found else ""


class Block(TypedDict):
    """What a bar's template writes."""

    bar: Bar
    href: str
    shift: int | str
    on: str
    person: str
    text: str
    times: str
    mark: str
    note: str
    length: str
    state: str


@register.inclusion_tag("roster/_slot.html")
def slot(bar: Bar, line: TimeLine, zone: str, at: datetime) -> Block:
    """Show a stretch of time on a day's timeline."""
    run, seat = bar.run, bar.seat
    return {
        "bar": bar,
        "href": reverse("roster-run", args=[run.shift.pk, run.start_on]) if run else "",
        "shift": run.shift.pk if run else "",
        "on": run.start_on.isoformat() if run else "",
        "person": seat.person.pk if seat else "",
        "text": _bar_text(bar, line),
        "times": clock_of(bar.time, zone),
        "mark": _MARKS[seat.by] if seat else "",
        "note": bar.why or (_NOTES[seat.by] if seat else ""),
        "length": length_note(run) if run else "",
        "state": _state(bar.time.start_at, bar.time.end_at, at),
    }


@register.filter
def brief(shift: Shift) -> str:
    """Return a shift's code in a few letters: ``CT_MR_BODY_DAY`` is CMBD, ``BREAST`` BREA."""
    words = [word for word in shift.code.replace("-", "_").split("_") if word]
    return "".join(word[0] for word in words)[:_BRIEF] if len(words) > 1 else shift.code[:_BRIEF]


@register.filter
def short_name(person: Radiologist) -> str:
    """Return ``J. Smith``."""
    initial = f"{person.given_name[:1]}. " if person.given_name else ""
    return f"{initial}{person.family_name}"


@register.filter
def away_words(record: RosterOverride) -> str:
    """Return what somebody is away for, with its hours: ``On leave``, ``Board 08:00 to 10:00``."""
    words = "On leave" if record.kind == "leave" else record.note or record.get_kind_display()
    if record.start_local is None or record.end_local is None:
        return words
    return f"{words} {record.start_local:%H:%M} to {record.end_local:%H:%M}"


@register.simple_tag
def grid_key(grid: Grid) -> Sequence[tuple[str, str]]:
    """Return what the short forms of a grid stand for, for paper."""
    found: dict[str, str] = {}
    for line in grid.lines.rows if grid.is_brief else ():
        for run in (run for cell in line.cells for run in cell.runs):
            if line.shift is None:
                found[brief(run.shift)] = run.shift.name
            else:
                found |= {grid.initials[one.person.pk]: one.person.full_name for one in run.seats}
    return sorted(found.items())


@register.filter
def position(scale: DayScale, at: datetime) -> int | str:
    """Return the column in which a moment lies, empty where it is not of the day."""
    place = scale.now(at)
    return place.start if place else ""


def _chip(run: Run, seat: Seat, grid: Grid, line: Line) -> Chip:
    note, here = _NOTES[seat.by], without(seat.hours, seat.away)
    if not seat.person.is_active:
        note = "switched off"
    elif not seat.is_present:
        note = seat.leave.get_kind_display().lower() if seat.leave else "away"
        note = "on leave" if note == "leave" else note
    is_whole = here == [Span(run.start_at, run.end_at)] or not seat.is_present
    is_own = line.person is not None
    return Chip(
        seat.person.pk,
        _shift_text(run.shift, grid) if is_own else _person_text(seat.person, grid),
        run.shift.name if is_own else seat.person.full_name,
        mark=_MARKS[seat.by],
        note=note,
        hours="" if is_whole else ", ".join(clock_of(span, grid.zone) for span in here),
        times=f", {run_hours(run, grid.zone)}" if grid.is_brief else "",
        is_present=seat.is_present,
    )


def _person_text(person: Radiologist, grid: Grid) -> str:
    if grid.is_brief:
        return grid.initials[person.pk]
    return person.family_name if grid.view is View.TWO_WEEKS else short_name(person)


def _shift_text(shift: Shift, grid: Grid) -> str:
    return brief(shift) if grid.is_brief else shift.name


def _gap_words(run: Run, zone: str) -> str:
    if len(run.gaps) == len(run.stretches):
        return "Nobody there" if run.seated else "Nobody"
    return f"Nobody {', '.join(clock_of(span, zone) for span in run.gaps)}"


def _bar_text(bar: Bar, line: TimeLine) -> str:
    if bar.run is None:
        return bar.why
    if bar.seat is None:
        words = "Nobody" if bar.state == "gap" else f"Empty: {bar.why}"
        return words if line.shift else f"{bar.run.shift.name}: {words.lower()}"
    return bar.run.shift.name if line.person else short_name(bar.seat.person)


@lru_cache(maxsize=8192)
def _address(shift: int, on: date) -> str:
    """Return a run's address, which is made once: a page has a thousand, and the next the same."""
    return reverse("roster-run", args=[shift, on])


def _state(start_at: datetime, end_at: datetime, at: datetime) -> str:
    if end_at <= at:
        return "past"
    return "now" if start_at <= at else "ahead"
