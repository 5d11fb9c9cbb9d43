"""Published calendars: those of a scope, a reader's own, and the addresses they are read at."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import HtmxHttpRequest
from apps.core.paging import page_number, page_of
from apps.roster.choices import CalendarKind
from apps.roster.forms.calendars import CalendarForm
from apps.roster.models import CalendarFeed, Radiologist
from apps.roster.publishing import calendars as services
from apps.roster.publishing.calendars import Made
from apps.roster.queries import calendars as queries
from apps.roster.views.swaps import for_reader

_REVOKED = "The calendar was revoked; its address answers no longer."


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def calendars(request: GuardedRequest) -> HttpResponse:
    """List the published calendars of the scope; a POST publishes another."""
    form = CalendarForm(request.POST or None, scope=request.scope)
    made = None
    if request.method == "POST" and form.is_valid():
        actor = Actor.user(request.user)
        made = services.make(form.calendar(), actor=actor, at=clock.now())
        form = CalendarForm(scope=request.scope)
    return _page(request, form, made)


@require_POST
@require(Permission.ROSTER_CHANGE)
def renew(request: GuardedRequest, calendar_id: int) -> HttpResponse:
    """Give a calendar another address, and show it once."""
    found = _one_of(queries.changed_calendars(request.scope), calendar_id)
    made = services.renew(found, actor=Actor.user(request.user), at=clock.now())
    return _page(request, CalendarForm(scope=request.scope), made)


@require_POST
@require(Permission.ROSTER_CHANGE)
def revoke(request: GuardedRequest, calendar_id: int) -> HttpResponse:
    """End a calendar."""
    found = _one_of(queries.changed_calendars(request.scope), calendar_id)
    services.revoke(found, at=clock.now())
    messages.success(request, _REVOKED)
    return redirect("roster-calendars")


@require_http_methods(["GET", "POST"])
@for_reader
def own(request: GuardedRequest, reader: Radiologist) -> HttpResponse:
    """Show a reader's own calendars; a POST publishes another."""
    made = None
    if request.method == "POST":
        feed = CalendarFeed(kind=CalendarKind.PERSON, radiologist=reader)
        made = services.make(feed, actor=Actor.user(request.user), at=clock.now())
    return _own_page(request, reader, made)


@require_POST
@for_reader
def renew_own(request: GuardedRequest, reader: Radiologist, calendar_id: int) -> HttpResponse:
    """Give an own calendar another address, and show it once."""
    found = _one_of(queries.own_calendars(reader), calendar_id)
    made = services.renew(found, actor=Actor.user(request.user), at=clock.now())
    return _own_page(request, reader, made)


@require_POST
@for_reader
def revoke_own(request: GuardedRequest, reader: Radiologist, calendar_id: int) -> HttpResponse:
    """End an own calendar."""
    services.revoke(_one_of(queries.own_calendars(reader), calendar_id), at=clock.now())
    messages.success(request, _REVOKED)
    return redirect("my-calendars")


@require_safe
def published(request: HtmxHttpRequest, secret: str) -> HttpResponse:
    """Hand out a calendar to whoever knows its secret; any other address does not exist."""
    at, feed = clock.now(), services.find(secret)
    if feed is None:
        raise Http404
    services.note_read(feed, at=at)
    etag = services.etag_of(feed, at=at)
    response = HttpResponse(content_type="text/calendar; charset=utf-8")
    if _has(request, etag):
        response.status_code = HTTPStatus.NOT_MODIFIED
    else:
        response.content = services.content_of(feed, etag, at=at)
        response["Content-Disposition"] = 'inline; filename="roster.ics"'
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={services.KEPT_SECONDS}"
    # The address is the key: no page that a reader goes on to may learn it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _has(request: HtmxHttpRequest, etag: str) -> bool:
    """Return whether the reader has this very calendar; a weak tag means the same here."""
    said = request.headers.get("If-None-Match", "").split(",")
    return etag in {tag.strip().removeprefix("W/") for tag in said}


def _one_of(rows: QuerySet[CalendarFeed], calendar_id: int) -> CalendarFeed:
    return get_object_or_404(queries.living(rows), pk=calendar_id)


def _page(request: GuardedRequest, form: CalendarForm, made: Made | None) -> HttpResponse:
    page = page_of(queries.listed_calendars(request.scope), page_number(request))
    context = {"form": form, "page": page}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return _shown(request, "roster/calendars.html", context, made, status)


def _own_page(request: GuardedRequest, reader: Radiologist, made: Made | None) -> HttpResponse:
    page = page_of(queries.own_calendars(reader), page_number(request))
    return _shown(request, "roster/calendars_own.html", {"page": page}, made)


def _shown(
    request: GuardedRequest,
    template: str,
    context: dict[str, object],
    made: Made | None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Return a page on which the address of what was just made stands, never to be kept."""
    if made is not None:
        path = reverse("published-calendar", args=[made.secret])
        context["made"] = services.name_of(made.feed)
        context["address"] = request.build_absolute_uri(path)
    response = render(request, template, {**context, "at": clock.now()}, status=status)
    response["Cache-Control"] = "no-store"
    return response
