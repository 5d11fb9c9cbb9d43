"""The page of one message: masked, until somebody who may opens it.

What a message says of people is shown once, in the answer to the form that asked for it, after
the trail has kept who asked. No page of a message is ever kept by a browser or a proxy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from apps.core import clock
from apps.core.access import Permission, Scope
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import unchanged
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.intake.policies import can_copy
from apps.intake.queries import message as queries
from apps.intake.queries.text import Part
from apps.intake.services.opening import note_opening
from apps.outbound.models import OutboundMessage
from apps.outbound.policies import can_resend, can_withdraw

_MOST_DIGITS: Final = 9


@never_cache
@require_safe
@require(Permission.MESSAGE_VIEW)
def received(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Show a received message, masked."""
    return _received(request, _found_in(message_id, request.scope))


@never_cache
@require_POST
@require(Permission.MESSAGE_OPEN)
def open_received(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Show a received message with its patient data, once."""
    message = _found_in(message_id, request.scope)
    note_opening(message, at=clock.now())
    return _received(request, message, is_open=True)


@never_cache
@require_safe
@require(Permission.MESSAGE_VIEW)
def state(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Have the page of a message loaded anew as soon as it no longer waits."""
    message = _found_in(message_id, request.scope)
    return unchanged() if message.state == InboundState.WAITING else HttpResponseClientRefresh()


@never_cache
@require_safe
@require(Permission.MESSAGE_VIEW)
def sent(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Show a message to a destination, masked."""
    return _sent(request, _found_out(message_id, request.scope))


@never_cache
@require_POST
@require(Permission.MESSAGE_OPEN)
def open_sent(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Show a message to a destination with its patient data, once."""
    message = _found_out(message_id, request.scope)
    note_opening(message, at=clock.now())
    return _sent(request, message, is_open=True)


def _received(
    request: GuardedRequest, message: InboundMessage, *, is_open: bool = False
) -> HttpResponse:
    page = queries.inbound_page(
        message, request.scope, is_open=is_open, part=_part(request, is_open=is_open)
    )
    sites = [one.order.site_id for one in page.told if one.order.site_id is not None]
    may_open = request.access.scope(Permission.MESSAGE_OPEN).changes(sites)
    may_run = request.access.scope(Permission.MESSAGE_RUN).changes(sites)
    context = {
        "page": page,
        "message_in": message,
        "at": clock.now(),
        "may_open": may_open,
        "may_run": may_run and page.can_run,
        "may_copy": may_run and may_open and can_copy(message),
        "may_map": request.access.scope(Permission.SENDER_CHANGE).everywhere,
    }
    return render(request, "intake/message_in.html", context)


def _sent(
    request: GuardedRequest, message: OutboundMessage, *, is_open: bool = False
) -> HttpResponse:
    site_id = message.order.site_id
    run = request.access.scope(Permission.MESSAGE_RUN).covers(site_id)
    context = {
        "page": queries.outbound_page(
            message, is_open=is_open, part=_part(request, is_open=is_open)
        ),
        "message_out": message,
        "at": clock.now(),
        "may_open": request.access.scope(Permission.MESSAGE_OPEN).covers(site_id),
        "may_resend": run and can_resend(message),
        "may_skip": run and can_withdraw(message),
    }
    return render(request, "intake/message_out.html", context)


def _part(request: GuardedRequest, *, is_open: bool) -> Part:
    """Return which lines are asked for; only an opened message is shown in whole lines."""
    asked: Mapping[str, str] = request.POST if is_open else request.GET
    start = asked.get("from", "")
    is_number = start.isascii() and start.isdigit() and len(start) <= _MOST_DIGITS
    return Part(int(start) if is_number else 1, is_whole=is_open and bool(asked.get("whole")))


def _found_in(message_id: int, scope: Scope) -> InboundMessage:
    message = queries.inbound_message(message_id, scope)
    if message is None:
        raise Http404
    return message


def _found_out(message_id: int, scope: Scope) -> OutboundMessage:
    message = queries.outbound_message(message_id, scope)
    if message is None:
        raise Http404
    return message
