"""The pages of radiologists."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page, say_done
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of
from apps.roster.effects.radiologists import PersonEdit, radiologist_effects
from apps.roster.forms.radiologists import RadiologistFilterForm, RadiologistForm
from apps.roster.models import Radiologist
from apps.roster.presence_form import PresenceForm
from apps.roster.queries import person as person_queries
from apps.roster.queries import radiologists as queries
from apps.roster.queries import uses
from apps.roster.services.presence import set_presence
from apps.roster.services.switch import switch_radiologist

_ASSIGNED = "They were given studies, and the history of these names them."
_TAKES_TURNS = "They take turns in a rotation, and without them everybody's turns would move."


@require_safe
@require(Permission.RADIOLOGIST_VIEW)
def radiologists(request: GuardedRequest) -> HttpResponse:
    """List the radiologists with what they have on hand."""
    scope, change = request.scope, request.access.scope(Permission.RADIOLOGIST_CHANGE)
    form = RadiologistFilterForm(request.GET, scope=scope)
    sort = queries.known_sort(request.GET.get("sort", ""))
    at = clock.now()
    rota = queries.rota_seen(request.access.scope(Permission.SHIFT_VIEW), at=at)
    here = queries.on_now(rota, at=at)
    found = queries.radiologists(form.wanted(), scope, here=here, sort=sort)
    page = page_of(found, page_number(request))
    rows = queries.rows_of(page, rota, here, change=change, at=at)
    context = {"filters": form, "page": rows, "sorted_by": sort, "may_add": bool(change), "at": at}
    return render_part(request, "roster/radiologists.html", "roster/_radiologists.html", context)


@require_safe
@require(Permission.RADIOLOGIST_VIEW)
def radiologist(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Show one radiologist: competencies, hours, turns ahead, leave, what is open."""
    person = get_object_or_404(queries.in_full(request.scope), pk=radiologist_id)
    at, access = clock.now(), request.access
    today, rota = timezone.localdate(at), person_queries.rota_for(person, at=at)
    context = {
        "person": person,
        "used_percent": queries.used_percent(person),
        "is_full": queries.is_full(person),
        "homes": queries.home_codes(person, request.scope),
        "sign_in": person.user if access.may(Permission.USER_VIEW) else None,
        "competencies": person_queries.competencies(person, today=today),
        "ahead": person_queries.turns_ahead(
            person, rota, access.scope(Permission.SHIFT_VIEW), at=at
        ),
        "away": person_queries.away(person, today=today),
        "measured": person_queries.measured([person], rota, at=at)[person.pk],
        "presences": PresenceForm(),
        "may_change": queries.may_change(person, access.scope(Permission.RADIOLOGIST_CHANGE)),
        "history": history(queries.subject_of(person)),
        "at": at,
    }
    return render(request, "roster/radiologist.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.RADIOLOGIST_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a radiologist."""
    return edit_page(request, _form(request, None), _EDITING, back=reverse("radiologists"))


@require_http_methods(["GET", "POST"])
@require(Permission.RADIOLOGIST_CHANGE)
def edit(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Edit a radiologist."""
    person = get_object_or_404(queries.changeable(request.scope), pk=radiologist_id)
    back, subject = reverse("radiologist", args=[radiologist_id]), queries.subject_of(person)
    return edit_page(request, _form(request, person), _EDITING, back=back, subject=subject)


@require_POST
@require(Permission.RADIOLOGIST_CHANGE)
def presence(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Say on a radiologist's behalf where they are."""
    person = get_object_or_404(queries.changeable(request.scope), pk=radiologist_id)
    form = PresenceForm(request.POST)
    if not form.is_valid():
        raise Http404
    set_presence(radiologist_id=person.pk, at=clock.now(), by_themselves=False, **form.said())
    messages.success(request, f"{person.full_name} is {form.said()['presence'].label.lower()}.")
    return redirect("radiologist", radiologist_id)


@require_POST
@require(Permission.RADIOLOGIST_CHANGE)
def switch(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Switch a radiologist on or off."""
    get_object_or_404(queries.changeable(request.scope), pk=radiologist_id)
    on = request.POST.get("on") == "1"
    person = switch_radiologist(radiologist_id=radiologist_id, on=on, scope=request.scope)
    say_done(request, f"{person} switched {'on' if on else 'off'}.")
    return redirect("radiologist", radiologist_id)


@require_http_methods(["GET", "POST"])
@require(Permission.RADIOLOGIST_CHANGE)
def delete(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Delete a radiologist who never had a study; others are switched off."""
    person = get_object_or_404(queries.changeable(request.scope), pk=radiologist_id)
    before = person_queries.facts_of(person)
    return delete_page(
        request,
        person,
        noun="Radiologist",
        back=reverse("radiologists"),
        effects=radiologist_effects(PersonEdit(person, before, None), at=clock.now()),
        refused=_refused(person),
        template="roster/radiologist_delete.html",
    )


def _refused(person: Radiologist) -> str:
    """Return why a radiologist cannot be deleted, empty when they can."""
    if uses.was_person_assigned(person):
        return _ASSIGNED
    return _TAKES_TURNS if uses.takes_turns(person) else ""


def _form(request: GuardedRequest, person: Radiologist | None) -> RadiologistForm:
    return RadiologistForm(
        request.POST or None,
        request.FILES or None,
        instance=person,
        scope=request.scope,
        users=request.access.scope(Permission.USER_CHANGE),
        at=clock.now(),
    )


def _effects(form: RadiologistForm) -> Sequence[Effect]:
    return radiologist_effects(form.edit(), at=clock.now())


_EDITING = Editing(noun="Radiologist", effects=_effects, template="roster/radiologist_edit.html")
