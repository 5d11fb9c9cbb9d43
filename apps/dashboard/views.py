"""The live board, and where those go who have none."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.places import first_place
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, signed_in, unchanged, wants_part
from apps.dashboard.board import board as live_board
from apps.dashboard.board import is_trusted, offered, stamp_of
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
    at, zone = clock.now(), ZoneInfo(timezone.get_current_timezone_name())
    form = BoardFilterForm(request.GET, scope=request.scope, offered=offered(request.scope, at))
    if not form.is_valid():
        raise Http404
    lens = form.lens(zone)
    shown = live_board(lens, at)
    context = {"board": shown, "lens": lens, "filters": form, "stamp": stamp_of(at)}
    if not (wants_part(request) and "seen" in request.GET):
        return render_part(request, "dashboard/board.html", "dashboard/_board.html", context)
    news = shown.news(request.GET["seen"])
    if not news and is_trusted(request.GET.get("stamp", ""), at):
        return unchanged()
    return render(request, "dashboard/_news.html", context | {"news": news})
