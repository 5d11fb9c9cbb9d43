"""Drafts of rules that run beside the live ones: where they agree, and what becomes of them."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.assignment.forms_shadows import DifferenceForm, StartForm
from apps.assignment.queries import shadows as queries
from apps.assignment.queries.shadow_differences import difference_list, reasons
from apps.audit.editing import say_done
from apps.core import clock
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import render_part, wants_part
from apps.core.paging import page_number
from apps.rules.choices import DraftState
from apps.rules.exceptions import DraftError, ShadowError
from apps.rules.models import Shadow
from apps.rules.queries.drafts import UNFINISHED, token_of
from apps.rules.queries.shadows import would_change
from apps.rules.services import drafts
from apps.rules.services import shadows as services


@require_safe
@require(Permission.RULE_VIEW)
def shadows(request: GuardedRequest) -> HttpResponse:
    """List the shadows, and offer drafts to start one from."""
    return _list(request, StartForm(initial={"draft": request.GET.get("draft")}))


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def start(request: GuardedRequest) -> HttpResponse:
    """Have a draft asked beside the live rules from now on."""
    form = StartForm(request.POST)
    if not form.is_valid():
        return _list(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    draft, days = form.cleaned_data["draft"], form.cleaned_data["days"]
    actor = str(Actor.user(request.user))
    try:
        shadow = services.start(draft_id=draft.pk, days=days, at=clock.now(), actor=actor)
    except ShadowError as error:
        form.add_error(None, str(error))
        return _list(request, form, HTTPStatus.CONFLICT)
    say_done(request, f"“{draft.name}” runs beside the live rules.")
    return redirect("shadow", shadow.pk)


@require_safe
@require(Permission.RULE_VIEW)
def shadow(request: GuardedRequest, shadow_id: int) -> HttpResponse:
    """Show one shadow: how far it agrees, and where it does not."""
    found = _shadow(shadow_id)
    counted = queries.summary(found, request.scope)
    filters = DifferenceForm(request.GET)
    filters.offer(counted)
    page = difference_list(
        found, filters.wanted(), scope=request.scope, number=page_number(request)
    )
    context = {
        "shadow": found,
        "may_change": _may_change(request),
        "is_running": queries.is_running(found),
        "is_open": found.draft.state == DraftState.OPEN,
        "is_unfinished": found.draft.state in UNFINISHED,
        "summary": counted,
        "filters": filters,
        "page": page,
        "at": clock.now(),
    }
    return render_part(request, "assignment/shadow.html", "assignment/_differences.html", context)


@require_safe
@require(Permission.RULE_VIEW)
def difference(request: GuardedRequest, shadow_id: int, result_id: int) -> HttpResponse:
    """Say why the draft would have made something else of an order."""
    found = _shadow(shadow_id)
    said = reasons(found, result_id, scope=request.scope)
    if said is None:
        raise Http404
    template = (
        "assignment/_difference.html" if wants_part(request) else "assignment/difference.html"
    )
    return render(request, template, {"shadow": found, "said": said, "at": clock.now()})


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def stop(request: GuardedRequest, shadow_id: int) -> HttpResponse:
    """Ask it no more; what it came to stays."""
    found = _shadow(shadow_id)
    if services.end(found.pk, at=clock.now(), because=services.BY_HAND):
        say_done(request, f"“{found.draft.name}” is no longer asked.")
    else:
        messages.info(request, f"It ended before: {found.ended_because}.")
    return redirect("shadow", found.pk)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def promote(request: GuardedRequest, shadow_id: int) -> HttpResponse:
    """Show what the draft changes in force, and on POST hand it on to go live."""
    found = _shadow(shadow_id)
    if request.method == "GET":
        return _ask(request, "promote", found)
    actor = str(Actor.user(request.user))
    try:
        after = drafts.submit(
            found.draft_id, live_from=None, actor=actor, at=clock.now(), seen=_seen(request)
        )
    except DraftError as error:
        return _ask(request, "promote", found, problem=str(error))
    say_done(request, _HANDED_ON[DraftState(after.state)].format(after.name))
    return redirect("shadow", found.pk)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def drop(request: GuardedRequest, shadow_id: int) -> HttpResponse:
    """Ask before the draft is given up; on POST do it."""
    found = _shadow(shadow_id)
    if request.method == "GET":
        return _ask(request, "drop", found)
    try:
        drafts.drop(found.draft_id, at=clock.now(), seen=_seen(request))
    except DraftError as error:
        return _ask(request, "drop", found, problem=str(error))
    say_done(request, f"Draft “{found.draft.name}” dropped.")
    return redirect("shadow", found.pk)


_HANDED_ON = {
    DraftState.LIVE: "“{}” is live.",
    DraftState.WAITING: "“{}” waits for a second person.",
    DraftState.SCHEDULED: "“{}” goes live at its time.",
}


def _seen(request: GuardedRequest) -> str:
    """Return which draft the page showed from which this is asked; none is never the right one."""
    return request.POST.get("seen", "")


def _shadow(shadow_id: int) -> Shadow:
    return get_object_or_404(Shadow.objects.select_related("draft"), pk=shadow_id)


def _may_change(request: GuardedRequest) -> bool:
    return request.access.scope(Permission.RULE_CHANGE).everywhere


def _list(
    request: GuardedRequest, form: StartForm, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "page": queries.shadow_list(
            request.access.scope(Permission.RULE_VIEW), page_number(request)
        ),
        "form": form,
        "may_change": _may_change(request),
        "at": clock.now(),
    }
    return render(request, "assignment/shadows.html", context, status=status)


def _ask(request: GuardedRequest, deed: str, shadow: Shadow, *, problem: str = "") -> HttpResponse:
    context = {
        "deed": deed,
        "shadow": shadow,
        "problem": problem,
        "token": token_of(shadow.draft),
        "needs_second_person": drafts.needs_second_person(),
        "changes": would_change(shadow.draft) if deed == "promote" else (),
        "count": queries.summary(shadow, request.scope).all,
        "back": reverse("shadow", args=[shadow.pk]),
    }
    status = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    return render(request, "assignment/shadow_ask.html", context, status=status)
