"""The lists of messages, one tab each way."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.intake.forms.messages import InboundFilterForm, OutboundFilterForm
from apps.intake.queries import inbound as inbound_queries
from apps.intake.queries import outbound as outbound_queries

_HIGHEST_KEY = 2**63 - 1


@require_safe
@require(Permission.MESSAGE_VIEW)
def received(request: GuardedRequest) -> HttpResponse:
    """List the received messages, newest first."""
    at = clock.now()
    form = InboundFilterForm(request.GET, at=at, zone=timezone.get_current_timezone())
    wanted = form.wanted()
    part = inbound_queries.inbound(request.scope, wanted, before=_before(request))
    context = {"filters": form, "wanted": wanted, "part": part, "at": at, "here": "in"}
    return render_part(request, "intake/received.html", "intake/_received.html", context)


@require_safe
@require(Permission.MESSAGE_VIEW)
def sent(request: GuardedRequest) -> HttpResponse:
    """List the messages to destinations, newest first."""
    at, zone = clock.now(), timezone.get_current_timezone()
    form = OutboundFilterForm(request.GET, at=at, zone=zone, scope=request.scope)
    wanted = form.wanted()
    part = outbound_queries.outbound(request.scope, wanted, before=_before(request))
    context = {"filters": form, "wanted": wanted, "part": part, "at": at, "here": "out"}
    return render_part(request, "intake/sent.html", "intake/_sent.html", context)


def _before(request: HttpRequest) -> int | None:
    """Return the key that the part asked for is below, None for the newest."""
    asked = request.GET.get("before", "")
    if not (asked.isascii() and asked.isdigit()):
        return None
    return min(int(asked[:20]), _HIGHEST_KEY)
