"""What the page of a source shows: its rows by what would happen to them, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from apps.audit.editing import Effect
from apps.audit.services.undo import MOST_UNDONE
from apps.core import clock
from apps.core.guard import GuardedRequest
from apps.core.paging import Page, page_number
from apps.roster.forms.names import NameForm
from apps.roster.importing import baring, undoing
from apps.roster.importing.names import labels
from apps.roster.importing.planning import plan_of
from apps.roster.importing.plans import Dates, PlannedRow, RosterPlan
from apps.roster.models import RosterSource
from apps.roster.queries import sources as queries
from apps.roster.words import counted, day_words

_PER_PAGE = 50
_NAMES_PER_PAGE = 20
_SECTIONS = {
    "new": "New",
    "changed": "Changed",
    "gone": "Gone",
    "names": "Names",
    "clashes": "Away",
    "problems": "Left out",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the plan, and how much there is of it."""

    name: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A planned row in words."""

    shift: str
    code: str
    person: str
    before: str
    after: str
    hours: str


def source_page(
    request: GuardedRequest,
    source: RosterSource,
    *,
    status: int = HTTPStatus.OK,
    names: Sequence[NameForm] = (),
) -> HttpResponse:
    """Return the page of a source; 409 says that what was shown before no longer holds.

    Args:
        request: says which part is asked for.
        source: in the viewer's scope.
        status: of the answer.
        names: forms that were sent and are wrong.
    """
    at = clock.now()
    plan, state = plan_of(source, request.scope, at=at), queries.progress_of(source)
    sections = _sections(plan)
    filled = [name for name, rows in sections.items() if rows]
    asked = "names" if names else request.GET.get("show", "")
    section = asked if asked in filled else next(iter(filled), "")
    page = _page(sections.get(section, ()), page_number(request), section)
    context = {
        "source": source,
        "state": state,
        "plan": plan,
        "at": at,
        "tabs": [Tab(name, _SECTIONS[name], len(sections[name])) for name in filled],
        "section": section,
        "page": page,
        "rows": _shown(page.rows, section, plan),
        "effects": effects_of(plan, at),
        "can_undo": undoing.can_undo(state, at),
        "stale": status == HTTPStatus.CONFLICT,
        **_names(names, page, section, plan),
        "remembered": queries.names_of(source)[:100],
    }
    return render(request, "roster/import_source.html", context, status=status)


def effects_of(plan: RosterPlan, at: datetime) -> list[Effect]:
    """Return what would follow from a plan, in words; what leaves nobody comes first."""
    bared = baring.words(baring.bared(plan, at=at))
    effects = [Effect(words, "alarm") for words in bared]
    effects.append(Effect(_summary(plan)))
    effects += [Effect(note, "warn") for note in plan.notes]
    turns = plan.turns
    told = (
        (
            plan.held,
            "on the roster by another row already; it stays.",
            "on the roster by other rows already; they stay.",
        ),
        (
            plan.kept,
            "no longer named, and left as it is.",
            "no longer named, and left as they are.",
        ),
        (turns.past, "before today or after the last day, and left alone."),
        (turns.ignored, "left out, as somebody said before."),
    )
    for number, *words in told:
        if number:
            said = words[-1] if number > 1 else words[0]
            effects.append(Effect(f"{counted(number, 'turn')} {said}"))
    if turns.unknown:
        effects.append(Effect(_unknown(plan), "warn"))
    if turns.problems:
        problems = counted(len(turns.problems), "place")
        effects.append(Effect(f"{problems} cannot be used, and would be left out.", "warn"))
    if plan.clashes:
        people = counted(len(plan.clashes), "time")
        effects.append(Effect(f"{people} somebody would be on while away; leave counts.", "warn"))
    return effects + (_follows(plan) if plan.rows else [])


def _follows(plan: RosterPlan) -> list[Effect]:
    effects = [Effect("Counts with the very next decision.")]
    if len(plan.rows) <= MOST_UNDONE:
        effects.append(Effect("Can be taken back as a whole with Undo, right afterwards."))
    return effects


def _summary(plan: RosterPlan) -> str:
    parts = ((plan.added, "come"), (plan.removed, "go"), (plan.same, "stay"))
    said = [f"{number:,} {words}" for number, words in parts if number]
    return f"Turns: {', '.join(said)}." if said else "No turn would come or go."


def _unknown(plan: RosterPlan) -> str:
    names = counted(len(plan.turns.unknown), "name is", "names are")
    turns = sum(unknown.count for unknown in plan.turns.unknown.values())
    return f"{names} not known, in {counted(turns, 'turn')}; nobody is taken off for them."


def _sections(plan: RosterPlan) -> Mapping[str, Sequence[Any]]:
    found = {
        "new": plan.new,
        "changed": plan.changed,
        "gone": plan.gone,
        "names": sorted(plan.turns.unknown.values(), key=lambda name: -name.count),
        "clashes": plan.clashes,
        "problems": plan.problems,
    }
    if not found["names"]:
        return found
    # What only a person can answer comes first.
    return {"names": found.pop("names"), **found}


def _shown(rows: Sequence[Any], section: str, plan: RosterPlan) -> Sequence[Any]:
    if section not in {"new", "changed", "gone"}:
        return rows
    return [_row(row, plan) for row in rows]


def _row(row: PlannedRow, plan: RosterPlan) -> ShownRow:
    shift = plan.known.shifts.records[row.shift_id]
    person = plan.known.people.records.get(row.person_id)
    hours = f"{row.hours[0]:%H:%M} to {row.hours[1]:%H:%M}" if row.hours else ""
    return ShownRow(
        shift=shift.name,
        code=shift.code,
        person=person.full_name if person else row.person_id,
        before=_dates(row.before),
        after=_dates(row.after),
        hours=hours,
    )


def _dates(dates: Dates | None) -> str:
    if dates is None:
        return ""
    first = day_words(dates.first_on)
    if dates.last_on is None:
        return f"from {first} on"
    return first if dates.last_on == dates.first_on else f"{first} to {day_words(dates.last_on)}"


def _names(
    wrong: Sequence[NameForm], page: Page[Any], section: str, plan: RosterPlan
) -> dict[str, Any]:
    """Return the forms of the unknown names, and whom and what they may mean."""
    if section != "names":
        return {}
    forms = wrong or [
        NameForm(prefix=f"n{number}", known=plan.known, kind=name.kind, text=name.text)
        for number, name in enumerate(page.rows)
    ]
    return {
        "names": list(zip(page.rows, forms, strict=False))
        if not wrong
        else [(None, form) for form in forms],
        "people": labels(list(plan.known.people.records.values())),
        "shifts": labels(list(plan.known.shifts.records.values())),
    }


def _page(rows: Sequence[Any], number: int, section: str) -> Page[Any]:
    size = _NAMES_PER_PAGE if section == "names" else _PER_PAGE
    end = number * size
    return Page(rows[end - size : end], number, has_next=len(rows) > end)
