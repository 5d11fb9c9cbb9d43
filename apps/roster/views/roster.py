"""The roster's rows: the list, and the pages that add, change, cut and delete them."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of
from apps.roster.effects.roster import away_effects, effects_of
from apps.roster.forms.roster import RosterRowForm, TakeOffForm, TakeOffRowForm
from apps.roster.forms.week import RowFilterForm
from apps.roster.models import RosterAssignment
from apps.roster.queries import places
from apps.roster.queries import roster as queries
from apps.roster.views.back import back_to


@require_safe
@require(Permission.ROSTER_VIEW)
def rows(request: GuardedRequest) -> HttpResponse:
    """List who is on which shift from when to when."""
    form, today = RowFilterForm(request.GET), timezone.localdate(clock.now())
    sort = queries.known_sort(request.GET.get("sort", ""))
    found = queries.rows(form.wanted(), request.scope, today=today, sort=sort)
    page = page_of(found, page_number(request))
    may = request.access.scope(Permission.ROSTER_CHANGE)
    context = {
        "filters": form,
        "page": page,
        "sorted_by": sort,
        "today": today,
        "changed_shifts": set(places.changed_shifts(may).values_list("pk", flat=True)),
    }
    return render_part(request, "roster/roster_rows.html", "roster/_roster_rows.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Put somebody on a shift."""
    form = RosterRowForm(request.POST or None, scope=request.scope, initial=prefilled(request))
    return edit_page(request, form, _EDITING, back=back_to(request, "roster-rows"))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def edit(request: GuardedRequest, row_id: int) -> HttpResponse:
    """Change a row; its history stands below."""
    row = _row(request, row_id)
    subject = queries.subject_of(row)
    form = RosterRowForm(request.POST or None, scope=request.scope, instance=row)
    editing = _EDITING.showing(history=history(subject), at=clock.now(), title=_title(row))
    return edit_page(request, form, editing, back=back_to(request, "roster-rows"), subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def take_off(request: GuardedRequest, row_id: int) -> HttpResponse:
    """Take the row's person off for some days, or for good."""
    row = _row(request, row_id)
    form = TakeOffRowForm(request.POST or None, instance=row, initial=days_off(request))
    editing = TAKING_OFF.showing(title=f"Take {row.radiologist.full_name} off {row.shift.code}")
    back, subject = back_to(request, "roster-rows"), queries.subject_of(row)
    return edit_page(request, form, editing, back=back, subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def delete(request: GuardedRequest, row_id: int) -> HttpResponse:
    """Delete a row, once its effect was shown."""
    row = _row(request, row_id)
    return delete_page(
        request,
        row,
        noun="Roster row",
        back=back_to(request, "roster-rows"),
        effects=effects_of([row], [], at=clock.now()),
        template="roster/roster_delete.html",
    )


def prefilled(request: HttpRequest) -> dict[str, str] | None:
    """Return what the address says of a new record; once it is sent, the form says it all."""
    names = ("shift", "radiologist", "taker", "start_date", "end_date", "start_local", "end_local")
    said = {name: request.GET[name] for name in names if name in request.GET}
    return None if request.method == "POST" else said


def days_off(request: HttpRequest) -> dict[str, str] | None:
    """Return the day that somebody shall be taken off; once it is sent, the form says it."""
    on = request.GET.get("on", "")
    return None if request.method == "POST" else {"first_on": on, "last_on": on}


def off_effects(form: TakeOffForm) -> Sequence[Effect]:
    """Return what follows from taking somebody off."""
    return effects_of([form.instance], form.parts(), at=clock.now())


def _row(request: GuardedRequest, row_id: int) -> RosterAssignment:
    rows_ = places.changed_rows(request.scope).select_related("shift", "radiologist")
    return get_object_or_404(rows_, pk=row_id)


def _title(row: RosterAssignment) -> str:
    return f"{row.radiologist.full_name} on {row.shift.code}"


def _effects(form: RosterRowForm) -> Sequence[Effect]:
    if not form.has_changed():
        return ()
    stored = RosterAssignment.objects.filter(pk=form.instance.pk)
    without = list(stored.select_related("shift", "radiologist"))
    at, row = clock.now(), form.instance
    return [*away_effects(row, at=at), *effects_of(without, [row], at=at)]


_EDITING = Editing("Roster row", template="roster/roster_edit.html", effects=_effects)
TAKING_OFF = Editing("Roster row", template="roster/roster_edit.html", effects=off_effects)
