"""The pages of shifts."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page, say_done
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of
from apps.roster.effects.shifts import ShiftEdit, shift_effects
from apps.roster.forms.shifts import ShiftFilterForm, ShiftForm
from apps.roster.models import Shift
from apps.roster.queries import shifts as queries
from apps.roster.queries import uses
from apps.roster.queries.turns import facts_of
from apps.roster.services.switch import switch_shift

_USED = "Studies were assigned on it, and their history names it."


@require_safe
@require(Permission.SHIFT_VIEW)
def shifts(request: GuardedRequest) -> HttpResponse:
    """List the shifts with who is on them now."""
    change = request.access.scope(Permission.SHIFT_CHANGE)
    form = ShiftFilterForm(request.GET, scope=request.scope)
    sort = queries.known_sort(request.GET.get("sort", ""))
    people = request.access.scope(Permission.RADIOLOGIST_VIEW)
    here = queries.now(request.scope, at=clock.now(), people=people)
    found = queries.shifts(form.wanted(), request.scope, here=here, sort=sort)
    page = page_of(found, page_number(request))
    rows = queries.rows_of(page, here, view=request.scope, change=change)
    context = {"filters": form, "page": rows, "sorted_by": sort, "may_add": bool(change)}
    return render_part(request, "roster/shifts.html", "roster/_shifts.html", context)


@require_safe
@require(Permission.SHIFT_VIEW)
def shift(request: GuardedRequest, shift_id: int) -> HttpResponse:
    """Show one shift: its facts, who is on it, its runs ahead and its history."""
    found = get_object_or_404(queries.in_full(queries.seen(request.scope)), pk=shift_id)
    at = clock.now()
    people = request.access.scope(Permission.RADIOLOGIST_VIEW)
    context = {
        "row": queries.facts(found, request.scope),
        "staffing": queries.staffing(found, at=at, people=people),
        "open_studies": uses.open_studies_on(found),
        "rules": uses.rules_naming_shift(found.code),
        "may_change": queries.may_change(found, request.access.scope(Permission.SHIFT_CHANGE)),
        "history": history(queries.subject_of(found)),
        "at": at,
    }
    return render(request, "roster/shift.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.SHIFT_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a shift."""
    form = ShiftForm(request.POST or None, scope=request.scope)
    return edit_page(request, form, _EDITING, back=reverse("shifts"))


@require_http_methods(["GET", "POST"])
@require(Permission.SHIFT_CHANGE)
def edit(request: GuardedRequest, shift_id: int) -> HttpResponse:
    """Edit a shift."""
    found = get_object_or_404(queries.in_full(queries.changeable(request.scope)), pk=shift_id)
    form = ShiftForm(request.POST or None, instance=found, scope=request.scope)
    back = reverse("shift", args=[shift_id])
    return edit_page(request, form, _EDITING, back=back, subject=queries.subject_of(found))


@require_POST
@require(Permission.SHIFT_CHANGE)
def switch(request: GuardedRequest, shift_id: int) -> HttpResponse:
    """Switch a shift on or off."""
    get_object_or_404(queries.changeable(request.scope), pk=shift_id)
    on = request.POST.get("on") == "1"
    found = switch_shift(shift_id=shift_id, on=on, scope=request.scope)
    say_done(request, f"Shift {found} switched {'on' if on else 'off'}.")
    return redirect("shift", shift_id)


@require_http_methods(["GET", "POST"])
@require(Permission.SHIFT_CHANGE)
def delete(request: GuardedRequest, shift_id: int) -> HttpResponse:
    """Delete a shift that was never used; one that was is switched off."""
    found = get_object_or_404(queries.in_full(queries.changeable(request.scope)), pk=shift_id)
    return delete_page(
        request,
        found,
        noun="Shift",
        back=reverse("shifts"),
        effects=_ending(found),
        refused=_USED if uses.was_shift_used(found) else "",
        template="roster/shift_delete.html",
    )


def _ending(found: Shift) -> Sequence[Effect]:
    before = facts_of(found) if found.is_active else None
    edit = ShiftEdit(found, found.code, before, None)
    return shift_effects(edit, at=clock.now())


def _effects(form: ShiftForm) -> Sequence[Effect]:
    return shift_effects(form.edit(), at=clock.now())


_EDITING = Editing(noun="Shift", effects=_effects, template="roster/shift_edit.html")
