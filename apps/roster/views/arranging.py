"""A turn is assigned, taken off, moved or stretched: a sheet over the roster, or a page."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from apps.audit.editing import check_constraints, say_done
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, wants_part
from apps.roster.effects.arranging import arranging_effects, done_words
from apps.roster.forms.arranging import ArrangeForm, said_in
from apps.roster.queries import places
from apps.roster.queries.arranging.exchange import exchange_of
from apps.roster.queries.arranging.records import concerned
from apps.roster.queries.arranging.wish import Act, CannotArrangeError, plan_for, seen_of
from apps.roster.queries.choosing import best_of, fillers_of, turns_on
from apps.roster.queries.grid.grid import run_of
from apps.roster.queries.plan import Run
from apps.roster.services.arranging import arrange as save
from apps.roster.services.roster import ChangedMeanwhileError
from apps.roster.views.back import back_to_grid

_ACTS = frozenset(Act)
_STALE = "Somebody was quicker: the turn has changed since you looked. This is how it is now."


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def arrange(request: GuardedRequest, shift_id: int, on: date, act: str) -> HttpResponse:
    """Show what a change of a turn would do; on POST do it."""
    shift = get_object_or_404(places.changed_shifts(request.scope), pk=shift_id, is_active=True)
    run = run_of(shift, on)
    if run is None or act not in _ACTS:
        raise Http404
    if request.method == "POST":
        form = ArrangeForm(request.POST, act=Act(act), run=run, scope=request.scope)
        is_sent = "preview" not in request.POST and form.is_valid()
        return _save(request, form) if is_sent else _ask(request, form)
    said = said_in(request.GET.dict(), run)
    if act == Act.ASSIGN:
        said.setdefault("person", best_of(run, request.scope))
    return _ask(request, ArrangeForm(said, act=Act(act), run=run, scope=request.scope))


@require_safe
@require(Permission.ROSTER_CHANGE)
def choose(request: GuardedRequest, on: date, radiologist_id: str) -> HttpResponse:
    """Show the turns of a date that a person may be put on, those that nobody is on first."""
    people = places.seen_people(request.scope).filter(is_active=True)
    person = get_object_or_404(people, pk=radiologist_id)
    context = {
        "person": person,
        "on": on,
        "turns": turns_on(on, person, request.scope),
        "back": back_to_grid(request),
    }
    return render_part(request, "roster/choose.html", "roster/_choose.html", context)


def _save(request: GuardedRequest, form: ArrangeForm) -> HttpResponse:
    wish = form.wish()
    try:
        with transaction.atomic():
            save(wish, seen=request.POST.get("seen", ""))
            check_constraints()
    except CannotArrangeError as error:
        form.add_error(None, str(error))
        return _ask(request, form)
    except ChangedMeanwhileError:
        return _ask(request, form, problem=_STALE, status=HTTPStatus.CONFLICT)
    except IntegrityError:
        words = "Somebody else's change got in the way. Look again and repeat."
        return _ask(request, form, problem=words, status=HTTPStatus.CONFLICT)
    say_done(request, done_words(wish))
    if wants_part(request):
        return trigger_client_event(HttpResponse(), "roster-changed", after="settle")
    return redirect(back_to_grid(request))


def _ask(
    request: GuardedRequest,
    form: ArrangeForm,
    *,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Show the sheet, or of it the part that says what would follow."""
    run = run_of(form.run.shift, form.run.start_on) or form.run
    context = {
        "form": form,
        "run": run,
        "act": form.act,
        "seen": seen_of([run]),
        "problem": problem,
        "back": back_to_grid(request),
        **_preview(form),
    }
    if "preview" in request.POST and wants_part(request):
        return render(request, "roster/_arrange_preview.html", context)
    context |= _people(request, form, run)
    if request.method == "POST" and not context["can_save"] and status is HTTPStatus.OK:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    template = "roster/_arrange.html" if wants_part(request) else "roster/arrange.html"
    return render(request, template, context, status=status)


def _preview(form: ArrangeForm) -> dict[str, Any]:
    """Return what follows from a form as it is, or why it cannot be."""
    if not form.is_valid():
        return {"can_save": False}
    wish = form.wish()
    plan = plan_for(wish)
    try:
        exchange = exchange_of(wish, plan)
    except CannotArrangeError as error:
        return {"can_save": False, "refused": str(error)}
    runs = concerned(plan, wish)
    return {
        "can_save": True,
        "seen": seen_of(runs),
        "done": done_words(wish),
        "effects": arranging_effects(exchange, runs, at=clock.now()),
    }


def _people(request: GuardedRequest, form: ArrangeForm, run: Run) -> dict[str, Any]:
    """Return who could be put on, best fit first, where that is what is asked."""
    if form.act is not Act.ASSIGN or request.GET.get("person"):
        return {}
    return {"fillers": fillers_of(run, request.scope)}
