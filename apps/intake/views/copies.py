"""Editing a copy of a message: what would be different, what would come of it, running it.

Every page here shows what the message says of people, so every one leaves its line in the trail.
"""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.core.access import Permission, Scope
from apps.core.guard import GuardedRequest, require
from apps.intake.exceptions import NotRunnableError, StaleCopyError
from apps.intake.forms.copies import CopyForm
from apps.intake.models import InboundMessage
from apps.intake.policies import can_copy, copy_scope
from apps.intake.queries import copies as queries
from apps.intake.queries.message import inbound_message
from apps.intake.services.copies import Entered, run_copy
from apps.intake.services.opening import note_opening

_RUN = "run"


@never_cache
@require_POST
@require(Permission.MESSAGE_OPEN)
def edit(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Edit a copy, look at what is different, or run it."""
    scope = copy_scope(request.access)
    message = _original(message_id, scope)
    form = CopyForm(request.POST if "text" in request.POST else None, message=message)
    if form.is_valid() and request.POST.get("step") == _RUN:
        try:
            entered = run_copy(
                original=message,
                raw=form.raw,
                seen=request.POST.get("seen", ""),
                scope=scope,
                at=clock.now(),
            )
        except NotRunnableError:
            return _page(request, message, form, scope)
        except StaleCopyError:
            return _page(request, message, form, scope, is_stale=True)
        return _done(request, entered)
    return _page(request, message, form, scope)


def _original(message_id: int, scope: Scope) -> InboundMessage:
    """Return the message; a copy is for who may both open and run it."""
    if not scope:
        raise PermissionDenied
    message = inbound_message(message_id, scope)
    if message is None or not can_copy(message):
        raise Http404
    return message


def _page(
    request: GuardedRequest,
    message: InboundMessage,
    form: CopyForm,
    scope: Scope,
    *,
    is_stale: bool = False,
) -> HttpResponse:
    at = clock.now()
    note_opening(message, at=at)
    context = {"message_in": message, "form": form, "at": at, "is_stale": is_stale}
    status = HTTPStatus.CONFLICT if is_stale else HTTPStatus.OK
    if form.is_bound and form.is_valid():
        outcome = queries.outcome_of(message, form.raw, scope=scope, at=at)
        context |= {"outcome": outcome, **_shown(message, form.raw, outcome)}
        is_refused = outcome.problem and request.POST.get("step") == _RUN
        status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else status
    elif form.is_bound:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "intake/copy.html", context, status=status)


def _shown(message: InboundMessage, raw: bytes, outcome: queries.Outcome) -> dict[str, object]:
    found = queries.differences_of(message, raw)
    known = [order for group in outcome.groups for order in group.known]
    return {
        "differences": found[: queries.MOST_SHOWN],
        "more": max(0, len(found) - queries.MOST_SHOWN),
        "groups": outcome.groups[: queries.MOST_SHOWN],
        "readers": queries.readers_of(known),
        "seen": queries.seen_of(raw, outcome),
    }


def _done(request: GuardedRequest, entered: Entered) -> HttpResponse:
    if entered.is_new:
        messages.success(request, "The copy is stored and takes effect now.")
    else:
        messages.warning(request, "These very bytes are known already: nothing was run again.")
    return redirect("message-in", entered.message_id)
