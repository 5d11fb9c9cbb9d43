"""What the page of a waiting file says: its rows by what would happen to them, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render

from apps.audit.editing import Effect
from apps.audit.services.undo import MOST_UNDONE
from apps.catalog.choices import ImportKind
from apps.catalog.effects import counted
from apps.catalog.forms.imports import TableFileForm
from apps.catalog.services.importing.plans import Plan
from apps.catalog.services.importing.waiting import Shown
from apps.core.guard import GuardedRequest
from apps.core.paging import PER_PAGE, Page, page_number

_SECTIONS = {"new": "New", "changed": "Changed", "refused": "Left out"}
_NAMED_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """The pages and the form of a kind of file."""

    upload: str
    check: str
    form: type[TableFileForm]


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the rows, and how many there are."""

    name: str
    label: str
    words: str


def check_page(
    request: GuardedRequest,
    shown: Shown,
    form: Form,
    place: Place,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Return the page of a waiting file; 409 says that what was shown before no longer holds."""
    plan = shown.plan
    rows = _rows(plan)
    filled = [name for name in _SECTIONS if rows[name]]
    asked = request.GET.get("show", "")
    section = asked if asked in filled else next(iter(filled), "")
    context = {
        "shown": shown,
        "plan": plan,
        "form": form,
        "kind": ImportKind(shown.file.kind),
        "place": place,
        "tabs": [Tab(name, _SECTIONS[name], _count(plan, name)) for name in filled],
        "section": section,
        "page": _page(rows.get(section, ()), page_number(request)),
        "effects": effects_of(plan),
        "stale": status == HTTPStatus.CONFLICT,
    }
    return render(request, "catalog/import_check.html", context, status=status)


def effects_of(plan: Plan) -> list[Effect]:
    """Return what would follow from a plan, in words."""
    effects = [Effect(_summary(plan))]
    effects += [Effect(note) for note in plan.notes]
    if plan.unused:
        effects.append(Effect(_unused(plan.unused)))
    if plan.refused:
        rows = counted(plan.refused_rows, "row", "rows")
        effects.append(Effect(f"{rows} would be left out; the others are applied.", "warn"))
    weightless = sum("rvu" in row.values and not row.values["rvu"] for row in plan.changed)
    if weightless:
        procedures = counted(weightless, "procedure", "procedures")
        effects.append(Effect(f"{procedures} would weigh nothing in a reader's load.", "warn"))
    return effects + (_follows(plan) if plan.written else [])


def _follows(plan: Plan) -> list[Effect]:
    effects = [Effect("Counts for orders that arrive from now on; those here keep theirs.")]
    if plan.new or any(row.added for row in plan.changed):
        effects.append(Effect("Parked orders are read anew with the codes that are added."))
    if plan.can_be_undone:
        return [*effects, Effect("Can be taken back with Undo, right afterwards.")]
    words = (
        f"Writes {plan.written:,} rows; Undo takes back up to {MOST_UNDONE:,}. "
        "Export the procedures first: the export, imported again, sets values back."
    )
    return [*effects, Effect(words, "warn")]


def _summary(plan: Plan) -> str:
    parts = ((len(plan.new), "new"), (len(plan.changed), "changed"), (plan.unchanged, "the same"))
    said = [f"{number:,} {words}" for number, words in parts if number]
    return f"Procedures: {', '.join(said)}." if said else "No procedure would be written."


def _unused(headings: Sequence[str]) -> str:
    named = ", ".join(f"“{heading[:40]}”" for heading in headings[:_NAMED_COLUMNS])
    more = len(headings) - _NAMED_COLUMNS
    return f"Not used: {counted(len(headings), 'column', 'columns')}, {named}" + (
        f" and {more} more." if more > 0 else "."
    )


def _rows(plan: Plan) -> Mapping[str, Sequence[Any]]:
    return {"new": plan.new, "changed": plan.changed, "refused": plan.refused}


def _count(plan: Plan, name: str) -> str:
    return f"{plan.refused_rows if name == 'refused' else len(_rows(plan)[name]):,}"


def _page(rows: Sequence[Any], number: int) -> Page[Any]:
    end = number * PER_PAGE
    return Page(rows[end - PER_PAGE : end], number, has_next=len(rows) > end)
