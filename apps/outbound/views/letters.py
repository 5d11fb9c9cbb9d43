"""What people do with messages on their way: send again, skip, try a destination at once.

Each is a dialog over the page, or without JavaScript a page of its own. A message that is no
longer as it was shown is left as it is: 409.
"""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.catalog.effects import counted
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import own_address, render_part, wants_part
from apps.outbound.exceptions import MessageStateError
from apps.outbound.forms import ResendAllForm, SkipForm
from apps.outbound.models import OutboundMessage
from apps.outbound.policies import can_withdraw
from apps.outbound.queries import letters, pages
from apps.outbound.services import by_hand

_MEANWHILE = "Somebody was quicker: the message is {state} by now. Nothing was done."


@require_http_methods(["GET", "POST"])
@require(Permission.MESSAGE_RUN)
def resend_all(request: GuardedRequest, destination_id: int) -> HttpResponse:
    """Show which dead letters would go again, in which order; on POST queue them."""
    found = get_object_or_404(pages.seen(request.scope), pk=destination_id)
    preview = letters.resending(found.pk, request.scope)
    form = ResendAllForm(request.POST or None, initial={"number": preview.number})
    is_stale = form.is_bound and not (
        form.is_valid() and form.cleaned_data["number"] == preview.number
    )
    if request.method == "POST" and not is_stale:
        count = by_hand.resend_dead(destination_id=found.pk, at=clock.now(), scope=request.scope)
        words = counted(count, "dead letter is", "dead letters are")
        messages.success(request, f"{words} queued again, under their own control ids.")
        return _back(request, reverse("destination", args=[found.pk]))
    context = {"destination": found, "preview": preview, "is_stale": is_stale, "at": clock.now()}
    return _asked(request, "resend_all", context, is_stale=is_stale)


@require_http_methods(["GET", "POST"])
@require(Permission.MESSAGE_RUN)
def skip(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Ask why a message is not sent; on POST keep it from going out."""
    message = _message(request, message_id)
    form, problem = SkipForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            by_hand.withdraw(message_id=message.pk, at=clock.now(), reason=reason)
        except MessageStateError as error:
            problem = _MEANWHILE.format(state=error.state)
        else:
            messages.success(request, f"{message.control_id} is not sent; its order goes on.")
            return _back(request, reverse("destination", args=[message.destination_id]))
    context = {
        "message_out": message,
        "form": form,
        "problem": problem,
        "possible": can_withdraw(message),
    }
    return _asked(request, "skip", context, is_stale=bool(problem), is_wrong=bool(form.errors))


@require_POST
@require(Permission.MESSAGE_RUN)
def resend(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Queue one message again, under its control id and in its place."""
    message = _message(request, message_id)
    try:
        by_hand.resend(message_id=message.pk, at=clock.now())
        words = f"{message.control_id} is queued again, before its order's later messages."
        messages.success(request, words)
    except MessageStateError as error:
        messages.warning(request, _MEANWHILE.format(state=error.state))
    return _back(request, reverse("destination", args=[message.destination_id]))


@require_POST
@require(Permission.MESSAGE_RUN)
def try_now(request: GuardedRequest, destination_id: int) -> HttpResponse:
    """End a destination's rest after failures."""
    found = get_object_or_404(pages.seen(request.scope), pk=destination_id)
    by_hand.try_now(destination_id=found.pk, at=clock.now())
    messages.success(request, f"{found.name} is tried at once.")
    return redirect("destination", found.pk)


def _message(request: GuardedRequest, message_id: int) -> OutboundMessage:
    rows = OutboundMessage.objects.select_related("order", "destination").defer("payload")
    return get_object_or_404(request.scope.limit(rows, "order__site"), pk=message_id)


def _asked(
    request: GuardedRequest,
    name: str,
    context: dict[str, object],
    *,
    is_stale: bool,
    is_wrong: bool = False,
) -> HttpResponse:
    """Show the question in the dialog or on its page."""
    context |= {"part": f"outbound/_{name}.html", "is_page": not wants_part(request)}
    answer = render_part(request, "outbound/ask.html", f"outbound/_{name}.html", context)
    if is_stale or is_wrong:
        answer.status_code = HTTPStatus.CONFLICT if is_stale else HTTPStatus.UNPROCESSABLE_ENTITY
    return answer


def _back(request: GuardedRequest, default: str) -> HttpResponse:
    """Go back to the page that led here, if it is one of ours."""
    address = own_address(request.POST.get("next", ""), default)
    if wants_part(request):
        return HttpResponseClientRedirect(address)
    return redirect(address)
