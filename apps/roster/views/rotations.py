"""Rotations: the list, and the pages that add, change, end and delete them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import Subject, history
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, wants_part
from apps.core.paging import Page, page_number, page_of
from apps.roster.effects.roster import effects_of
from apps.roster.forms.rotations import EndRotationForm, RotationForm
from apps.roster.forms.week import RowFilterForm
from apps.roster.models import Rotation
from apps.roster.queries import places
from apps.roster.queries import rotations as queries
from apps.roster.queries.ahead import WEEKS, Ahead, ahead
from apps.roster.queries.plan import plan_of
from apps.roster.views.back import back_to
from apps.roster.views.roster import prefilled

_Form = RotationForm | EndRotationForm


@require_safe
@require(Permission.ROSTER_VIEW)
def rotations(request: GuardedRequest) -> HttpResponse:
    """List who takes turns on which shift."""
    form, today = RowFilterForm(request.GET), timezone.localdate(clock.now())
    sort = queries.known_sort(request.GET.get("sort", ""))
    found = queries.rotations(form.wanted(), request.scope, today=today, sort=sort)
    page = page_of(found, page_number(request))
    may = request.access.scope(Permission.ROSTER_CHANGE)
    context = {
        "filters": form,
        "page": Page(queries.rows_of(page.rows, today), page.number, has_next=page.has_next),
        "sorted_by": sort,
        "today": today,
        "changed_shifts": set(places.changed_shifts(may).values_list("pk", flat=True)),
    }
    return render_part(request, "roster/rotations.html", "roster/_rotations.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Begin a rotation."""
    form = RotationForm(request.POST or None, scope=request.scope, initial=prefilled(request))
    return _page(request, form, _EDITING.showing(title="New rotation"))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def edit(request: GuardedRequest, rotation_id: int) -> HttpResponse:
    """Change who takes turns from a date on; its history stands below."""
    found = _rotation(request, rotation_id)
    subject = queries.subject_of(found)
    form = RotationForm(request.POST or None, scope=request.scope, instance=found)
    editing = _EDITING.showing(
        history=history(subject), at=clock.now(), title=_title(found), rotation=found
    )
    return _page(request, form, editing, subject)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def end(request: GuardedRequest, rotation_id: int) -> HttpResponse:
    """Let a rotation end on a day."""
    found = _rotation(request, rotation_id)
    form = EndRotationForm(request.POST or None, instance=found)
    editing = _EDITING.showing(title=f"End: {_title(found)}")
    return _page(request, form, editing, queries.subject_of(found))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def delete(request: GuardedRequest, rotation_id: int) -> HttpResponse:
    """Delete a rotation, once its effect was shown."""
    found, at = _rotation(request, rotation_id), clock.now()
    effects = effects_of([queries.taking_turns(found)], [], at=at)
    if found.start_date <= timezone.localdate(at):
        effects = [_PAST, *effects]
    return delete_page(
        request,
        found,
        noun="Rotation",
        back=back_to(request, "rotations"),
        effects=effects,
        template="roster/rotation_delete.html",
    )


def _page(
    request: GuardedRequest, form: _Form, editing: Editing, subject: Subject | None = None
) -> HttpResponse:
    """Show the form with eight weeks ahead; a preview that htmx asks for brings them along."""
    shown = _ahead(form) if request.method == "POST" and form.is_valid() else None
    back = back_to(request, "rotations")
    answer = edit_page(request, form, editing.showing(ahead=shown), back=back, subject=subject)
    if "preview" in request.POST and wants_part(request):
        answer.write(
            render_to_string("roster/_ahead_beside.html", {"ahead": shown, "is_sent_along": True})
        )
    return answer


def _ahead(form: _Form) -> Ahead:
    """Return who would be on from today, or from the first day that changes."""
    without, plus = form.records()
    today = timezone.localdate(clock.now())
    first_on = max(today, min(record.start_date for record in plus))
    shift = plus[0].shift
    plan = plan_of([shift], first_on, first_on + timedelta(weeks=WEEKS))
    return ahead(plan, plan.with_changes(without=without, plus=plus), shift, first_on)


def _rotation(request: GuardedRequest, rotation_id: int) -> Rotation:
    return get_object_or_404(queries.changed_rotations(request.scope), pk=rotation_id)


def _title(rotation: Rotation) -> str:
    return f"{rotation.name or 'Rotation'} on {rotation.shift.code}"


def _effects(form: _Form) -> Sequence[Effect]:
    if not form.has_changed():
        return ()
    at = clock.now()
    found = effects_of(*form.records(), at=at)
    on = form.cleaned_data.get("from_date")
    is_other = isinstance(form, RotationForm) and form.parts
    if is_other and on is not None and on < timezone.localdate(at):
        return [Effect("The date lies in the past: who was on then is told anew.", "warn"), *found]
    return found


_PAST = Effect("Its past turns go too, as if nobody had taken them. End it to keep them.", "warn")
_EDITING = Editing("Rotation", template="roster/rotation_edit.html", effects=_effects)
