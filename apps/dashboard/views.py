"""The live board, and where those go who have none."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.places import first_place
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, signed_in, unchanged, wants_part
from apps.dashboard.board import board as live_board
from apps.dashboard.board import is_trusted, lens_once, options_once, stamp_of
from apps.dashboard.forms import BoardFilterForm


@require_safe
@signed_in  # type: ignore[arg-type] # the middleware gives access
def home(request: GuardedRequest) -> HttpResponse:
    """Show the board, or lead to what is open to the viewer instead."""
    if request.access.may(Permission.BOARD_VIEW):
        return board(request)
    place = first_place(request.access)
    return redirect(place.href) if place else render(request, "dashboard/no_role.html", status=403)


@require(Permission.BOARD_VIEW)
def board(request: GuardedRequest) -> HttpResponse:
    """Show the live board; a poll gets the parts that changed, or 204 when none did."""
    at = clock.now()
    lens = lens_once(request.scope, _asked(request), at, lambda: _form(request, at).lens(_zone()))
    shown = live_board(lens, at)
    context = {"board": shown, "lens": lens, "stamp": stamp_of(at)}
    if not (wants_part(request) and "seen" in request.GET):
        context |= {"filters": _form(request, at)}
        return render_part(request, "dashboard/board.html", "dashboard/_board.html", context)
    news = shown.news(request.GET["seen"])
    if not news and is_trusted(request.GET.get("stamp", ""), at):
        return unchanged()
    return HttpResponse(render_to_string("dashboard/_news.html", context | {"news": news}))


def _form(request: GuardedRequest, at: datetime) -> BoardFilterForm:
    """Return the filters; whoever asks for what is not theirs learns that there is no such."""
    offered = options_once(request.scope, at)
    form = BoardFilterForm(request.GET, scope=request.scope, offered=offered)
    if not form.is_valid():
        raise Http404
    return form


def _asked(request: GuardedRequest) -> tuple[str, ...]:
    names = BoardFilterForm.base_fields
    return (_zone().key, *(request.GET.get(name, "") for name in names))


def _zone() -> ZoneInfo:
    return ZoneInfo(timezone.get_current_timezone_name())
