"""Running messages again: what it would do, then doing it."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, wants_part
from apps.intake.exceptions import NothingToRunError
from apps.intake.queries import message as queries
from apps.intake.queries.quarantine import MOST_AT_ONCE, quarantined
from apps.intake.services.running import Ran, run, run_many

_DIGITS = 19
_SAID = {
    Ran.WAITS: (messages.SUCCESS, "It waits to take effect, and is next."),
    Ran.SETTLED: (messages.SUCCESS, "Its studies were read again and are no longer parked."),
    Ran.STILL_PARKED: (messages.WARNING, "It was read again: a study is still parked."),
}


@never_cache
@require_http_methods(["GET", "POST"])
@require(Permission.MESSAGE_RUN)
def run_again(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Say what running a message again would do; on POST do it."""
    message = queries.inbound_message(message_id, request.scope)
    if message is None:
        raise Http404
    is_late = False
    if request.method == "POST":
        try:
            done = run(message_id=message_id, scope=request.scope, at=clock.now())
        except NothingToRunError:
            is_late = True
        else:
            return _done(request, message_id, done)
    told = queries.orders_of(message, request.scope)
    context = {
        "message_in": message,
        "parked": [one for one in told if one.is_parked],
        "can_run": queries.can_run(message, told),
        "is_page": not wants_part(request),
    }
    answer = render_part(request, "intake/run.html", "intake/_run.html", context)
    answer.status_code = HTTPStatus.CONFLICT if is_late else HTTPStatus.OK
    return answer


@never_cache
@require_http_methods(["GET", "POST"])
@require(Permission.MESSAGE_RUN)
def run_several(request: GuardedRequest) -> HttpResponse:
    """Say which of the chosen messages would be run again; on POST run them."""
    ids = _chosen(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST":
        done = run_many(message_ids=ids, scope=request.scope, at=clock.now())
        said = f"{done} {'message waits' if done == 1 else 'messages wait'} to take effect."
        messages.add_message(request, messages.SUCCESS if done else messages.WARNING, said)
        return redirect(f"{reverse('messages')}?state=quarantined")
    found = quarantined(ids, request.scope)
    context = {"found": found, "at": clock.now(), "left_out": len(ids) - len(found)}
    return render(request, "intake/run_several.html", context)


def _chosen(said: QueryDict) -> list[int]:
    """Return the messages that were ticked; what is no number was not."""
    ids = (
        int(one)
        for one in said.getlist("id")
        if one.isascii() and one.isdigit() and len(one) < _DIGITS
    )
    return list(dict.fromkeys(ids))[:MOST_AT_ONCE]


def _done(request: GuardedRequest, message_id: int, done: Ran) -> HttpResponse:
    level, words = _SAID[done]
    messages.add_message(request, level, words)
    address = reverse("message-in", args=[message_id])
    return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)
