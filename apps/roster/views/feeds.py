"""Feeds: made, edited, read on demand, stopped, deleted."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page, say_done
from apps.audit.exceptions import UndoError
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.roster.choices import SourceKind
from apps.roster.forms.sources import FeedForm, SourceForm
from apps.roster.importing import refreshing, undoing
from apps.roster.models import RosterSource
from apps.roster.queries import sources as queries
from apps.roster.views.imports import source_or_404
from apps.roster.words import counted


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a feed; it is read at once."""
    zone = timezone.get_current_timezone_name()
    form = FeedForm(request.POST or None, scope=request.scope, zone=zone)
    return edit_page(request, form, _FEED, back=reverse("roster-import"))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def edit(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Edit a source; a feed is read anew."""
    found = source_or_404(request, source_id)
    is_feed = found.kind == SourceKind.ICAL
    kind, editing = (FeedForm, _FEED) if is_feed else (SourceForm, _FILE)
    form = kind(request.POST or None, instance=found, scope=request.scope)
    back = reverse("roster-source", args=[source_id])
    return edit_page(request, form, editing, back=back, subject=queries.subject_of(found))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def delete(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Delete a source; what came from it stays on the roster."""
    found = source_or_404(request, source_id)
    effects = _ending(found)
    return delete_page(
        request, found, noun="Roster source", back=reverse("roster-import"), effects=effects
    )


@require_POST
@require(Permission.ROSTER_CHANGE)
def refresh(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Have a feed read now."""
    found = source_or_404(request, source_id)
    if found.kind == SourceKind.ICAL and found.is_enabled:
        refreshing.ask(found, at=clock.now())
    return redirect("roster-source", source_id)


@require_POST
@require(Permission.ROSTER_CHANGE)
def cancel(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Stop the reading of a feed."""
    found = source_or_404(request, source_id)
    refreshing.cancel(found, at=clock.now())
    messages.info(request, "The reading was stopped; the roster is as it was.")
    return redirect("roster-source", source_id)


@require_POST
@require(Permission.ROSTER_CHANGE)
def undo_last(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Take back what a feed last did by itself."""
    found = source_or_404(request, source_id)
    try:
        number = undoing.undo_last(found, access=request.access, at=clock.now())
    except UndoError as error:
        messages.error(request, str(error))
    else:
        say_done(request, f"{found}: {counted(number, 'change')} of the feed taken back.")
    return redirect("roster-source", source_id)


@require_safe
@require(Permission.ROSTER_CHANGE)
def progress(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Show how far the reading is; once it is over the page is loaded anew."""
    found = source_or_404(request, source_id)
    state = queries.progress_of(found)
    context = {"source": found, "state": state, "at": clock.now()}
    response = render(request, "roster/_import_progress.html", context)
    if not state.progress:
        response["HX-Refresh"] = "true"
    return response


def _effects(form: FeedForm) -> Sequence[Effect]:
    said = form.cleaned_data
    every = counted(said["every_minutes"], "minute")
    effects = [Effect(f"Is read at once and then every {every}, {said['days_ahead']} days ahead.")]
    if not said["is_enabled"]:
        effects = [Effect("Is not read; what came from it stays.")]
    if said["applies_itself"]:
        effects.append(Effect("What it says becomes the roster without anybody's look.", "warn"))
    return effects


def _ask(source: RosterSource) -> None:
    """Read a feed that was made or changed: its address may be another."""
    if source.is_enabled:
        refreshing.ask(source, at=clock.now())


def _ending(source: RosterSource) -> list[Effect]:
    number = source.rows.count()
    effects = [Effect("The names that were confirmed for it are forgotten.")]
    if number:
        rows = counted(number, "row")
        effects.append(Effect(f"{rows} of the roster stay, and are changed by hand from then on."))
    return effects


_FEED = Editing("Feed", template="roster/feed_edit.html", effects=_effects, after=_ask)
_FILE = Editing("Roster source", template="roster/feed_edit.html")
