"""Rosters that are proposed: asked for, worked out, edited by hand, published."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Effect, delete_page, say_done
from apps.core import actor, clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of
from apps.roster.effects import drafts as words
from apps.roster.forms.drafts import DraftForm
from apps.roster.models import RosterDraft
from apps.roster.planning.solver import is_installed
from apps.roster.queries.drafting import drafts as queries
from apps.roster.queries.drafting.sheet import sheet_of
from apps.roster.services.drafting import making, publishing
from apps.roster.services.drafting.editing import StaleDraftError
from apps.roster.views.draft_context import page_context


@require_safe
@require(Permission.ROSTER_CHANGE)
def drafts(request: GuardedRequest) -> HttpResponse:
    """List the drafts."""
    page = page_of(queries.drafts(request.scope), page_number(request))
    context = {"page": page, "at": clock.now(), "is_installed": is_installed()}
    return render(request, "roster/drafts.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Ask for a roster of a period."""
    form = DraftForm(request.POST or None, scope=request.scope, today=_today())
    if request.method != "POST" or not form.is_valid() or not is_installed():
        return _form_page(request, form, None)
    made_by = str(actor.current() or "")
    found = making.ask_for_draft(form.asked(), made_by=made_by, at=clock.now())
    return redirect("draft", found.pk)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def ask(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Change what a draft is asked with, and have it worked out once more."""
    found = _draft(request, draft_id)
    form = DraftForm(request.POST or None, scope=request.scope, today=_today(), draft=found)
    if request.method != "POST" or not form.is_valid() or not is_installed():
        return _form_page(request, form, found)
    try:
        making.ask_again(draft_id=found.pk, asked=form.asked())
    except making.NotInThatStateError as error:
        form.add_error(None, str(error))
        return _form_page(request, form, found, HTTPStatus.CONFLICT)
    return redirect("draft", found.pk)


@require_safe
@require(Permission.ROSTER_CHANGE)
def draft(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Show a draft: how far it is, or what it proposes."""
    context = page_context(_draft(request, draft_id))
    return render_part(request, "roster/draft.html", "roster/_draft.html", context)


@require_POST
@require(Permission.ROSTER_CHANGE)
def again(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Have a draft worked out once more around what is fixed."""
    found = _draft(request, draft_id)
    try:
        making.ask_again(draft_id=found.pk)
    except making.NotInThatStateError as error:
        return _conflict(request, found, str(error))
    return redirect("draft", found.pk)


@require_POST
@require(Permission.ROSTER_CHANGE)
def stop(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """End the search; the best found is kept."""
    found = _draft(request, draft_id)
    try:
        making.stop_working(draft_id=found.pk, at=clock.now())
    except making.NotInThatStateError as error:
        return _conflict(request, found, str(error))
    return redirect("draft", found.pk)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def publish(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Show what publishing does, and on POST do it."""
    found = _draft(request, draft_id)
    if request.method != "POST":
        return _publish_page(request, found)
    try:
        done = publishing.publish(
            draft_id=found.pk,
            seen=request.POST.get("seen", ""),
            scope=request.scope,
            at=clock.now(),
        )
    except making.NotInThatStateError as error:
        return _publish_page(request, found, str(error))
    except StaleDraftError:
        return _publish_page(request, found, "Somebody changed the draft after you opened this.")
    except publishing.ClashingDraftError:
        return _publish_page(request, found, "The roster changed meanwhile; see below.")
    say_done(request, f"{found.name} is published: {len(done.rows)} roster rows.")
    return redirect("draft", found.pk)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def discard(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Delete a draft; the roster stays as it is."""
    return delete_page(
        request,
        _draft(request, draft_id),
        noun="Draft",
        back=reverse("drafts"),
        effects=[Effect("Nobody's turns change: what was published of it stays.")],
    )


def _draft(request: GuardedRequest, draft_id: int) -> RosterDraft:
    return get_object_or_404(queries.drafts(request.scope), pk=draft_id)


def _today() -> date:
    return timezone.localdate(clock.now())


def _form_page(
    request: GuardedRequest,
    form: DraftForm,
    found: RosterDraft | None,
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    context = {"form": form, "draft": found, "is_installed": is_installed()}
    answer = status if form.is_bound else HTTPStatus.OK
    return render(request, "roster/draft_edit.html", context, status=answer)


def _conflict(request: GuardedRequest, found: RosterDraft, said: str) -> HttpResponse:
    found.refresh_from_db()
    context = {**page_context(found), "refused": said}
    return render(request, "roster/draft.html", context, status=HTTPStatus.CONFLICT)


def _publish_page(request: GuardedRequest, found: RosterDraft, refused: str = "") -> HttpResponse:
    found = _draft(request, found.pk)
    if found.state != "ready" and not refused:
        raise Http404
    turns = queries.turns_of(found)
    publication = publishing.publication_of(found, turns)
    context = {
        "draft": found,
        "seen": queries.version_of(found, turns),
        "refused": refused,
        "publication": publication,
        "effects": words.publish_effects(publication, sheet_of(found, turns)),
    }
    status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
    return render(request, "roster/draft_publish.html", context, status=status)
