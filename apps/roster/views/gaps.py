"""Planned gaps: the list, and the pages that add, change, end and delete them."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
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
from apps.roster.effects.gaps import gap_effects
from apps.roster.forms.gaps import EndGapForm, GapForm
from apps.roster.forms.week import RowFilterForm
from apps.roster.models import PlannedGap
from apps.roster.queries import gaps as queries
from apps.roster.queries import places
from apps.roster.views.back import back_to
from apps.roster.views.roster import prefilled


@require_safe
@require(Permission.ROSTER_VIEW)
def gaps(request: GuardedRequest) -> HttpResponse:
    """List the days on which shifts are meant to be empty."""
    form, today = RowFilterForm(request.GET), timezone.localdate(clock.now())
    sort = queries.known_sort(request.GET.get("sort", ""))
    found = queries.gaps(form.wanted(), request.scope, today=today, sort=sort)
    may = request.access.scope(Permission.ROSTER_CHANGE)
    context = {
        "filters": form,
        "page": page_of(found, page_number(request)),
        "sorted_by": sort,
        "today": today,
        "changed_shifts": set(places.changed_shifts(may).values_list("pk", flat=True)),
    }
    return render_part(request, "roster/gaps.html", "roster/_gaps.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Say that a shift is meant to be empty for some days."""
    form = GapForm(request.POST or None, scope=request.scope, initial=prefilled(request))
    editing = _EDITING.showing(title="Meant to be empty")
    return edit_page(request, form, editing, back=back_to(request, "planned-gaps"))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def edit(request: GuardedRequest, gap_id: int) -> HttpResponse:
    """Change a planned gap; its history stands below."""
    gap = _gap(request, gap_id)
    subject = queries.subject_of(gap)
    form = GapForm(request.POST or None, scope=request.scope, instance=gap)
    editing = _EDITING.showing(history=history(subject), at=clock.now(), title=_title(gap))
    back = back_to(request, "planned-gaps")
    return edit_page(request, form, editing, back=back, subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def end(request: GuardedRequest, gap_id: int) -> HttpResponse:
    """Let a planned gap end on a day."""
    gap = _gap(request, gap_id)
    form = EndGapForm(request.POST or None, instance=gap)
    editing = _EDITING.showing(title=f"End: {_title(gap)}")
    back, subject = back_to(request, "planned-gaps"), queries.subject_of(gap)
    return edit_page(request, form, editing, back=back, subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def delete(request: GuardedRequest, gap_id: int) -> HttpResponse:
    """Delete a planned gap, once its effect was shown."""
    gap = _gap(request, gap_id)
    return delete_page(
        request,
        gap,
        noun="Planned gap",
        back=back_to(request, "planned-gaps"),
        effects=gap_effects(gap, None, at=clock.now()),
        template="roster/gap_delete.html",
    )


def _gap(request: GuardedRequest, gap_id: int) -> PlannedGap:
    return get_object_or_404(queries.changed_gaps(request.scope), pk=gap_id)


def _title(gap: PlannedGap) -> str:
    return f"{gap.shift.code} meant to be empty"


def _effects(form: GapForm | EndGapForm) -> Sequence[Effect]:
    if not form.has_changed():
        return ()
    stored = PlannedGap.objects.select_related("shift__calendar").filter(pk=form.instance.pk)
    return gap_effects(stored.first(), form.instance, at=clock.now())


_EDITING = Editing("Planned gap", template="roster/roster_edit.html", effects=_effects)
