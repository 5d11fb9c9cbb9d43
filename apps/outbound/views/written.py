"""What a destination would be told, segment by segment, on a made-up order or on a real one.

Nothing is saved or sent here. What a real order says of people is hidden, until somebody who may
opens it; then it is shown once, in the answer to the form that asked, and the trail knows.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.orders.models import Order
from apps.outbound.forms import SampleForm, WritingForm
from apps.outbound.models import Destination
from apps.outbound.queries import pages, samples
from apps.outbound.queries.destinations import profile_of
from apps.outbound.services.preview import messages_shown, note_opening

_LONGEST_KEY = 18


@never_cache
@require_http_methods(["GET", "POST"])
@require(Permission.DESTINATION_VIEW)
def written(request: GuardedRequest, destination_id: int) -> HttpResponse:
    """Show the messages as the destination gets them; a POST as its edited form would have it."""
    found = get_object_or_404(pages.seen(request.scope), pk=destination_id)
    return _shown(request, found)


@never_cache
@require_http_methods(["GET", "POST"])
@require(Permission.DESTINATION_CHANGE)
def written_new(request: GuardedRequest) -> HttpResponse:
    """Show the messages as a destination that is being made would get them."""
    return _shown(request, Destination())


@never_cache
@require_POST
@require(Permission.MESSAGE_OPEN)
def open_written(request: GuardedRequest, destination_id: int, order_id: int) -> HttpResponse:
    """Show the messages on a real order with its patient data, once."""
    view = request.access.scope(Permission.DESTINATION_VIEW)
    found = get_object_or_404(pages.seen(view), pk=destination_id)
    order = samples.order_to_show(order_id, request.scope)
    if order is None:
        raise Http404
    note_opening(order, at=clock.now())
    return _rendered(request, found, order=order, is_open=True)


def _shown(request: GuardedRequest, found: Destination) -> HttpResponse:
    """Show the destination's messages, as saved or as the form in hand has them."""
    form = WritingForm(request.POST, instance=found) if request.method == "POST" else None
    if form is not None and not form.is_valid():
        return _rendered(request, found, form=form)
    return _rendered(request, found, form=form, order=_chosen(request))


def _rendered(
    request: GuardedRequest,
    found: Destination,
    *,
    form: WritingForm | None = None,
    order: Order | None = None,
    is_open: bool = False,
) -> HttpResponse:
    is_wrong = form is not None and not form.is_valid()
    told = (
        [] if is_wrong else messages_shown(profile_of(found), order, clock.now(), is_open=is_open)
    )
    context = {
        "destination": found,
        "is_edited": form is not None,
        "problems": form if is_wrong else None,
        "sample": sample_of(request, found, order),
        "order": order,
        "told": told,
        "is_open": is_open,
        "may_open": _may_open(request, order),
        "back": _back(found),
    }
    return render_part(request, "outbound/written.html", "outbound/_written.html", context)


def _chosen(request: GuardedRequest) -> Order | None:
    """Return the order that the messages are to be shown on; None is the made-up one.

    Any order that the viewer may see in messages: one that was offered a minute ago counts still.
    """
    asked = _data(request).get("order", "")
    if not (asked.isascii() and asked.isdigit()) or len(asked) > _LONGEST_KEY:
        return None
    return samples.order_to_show(int(asked), request.access.scope(Permission.MESSAGE_VIEW))


def sample_of(
    request: GuardedRequest, found: Destination, order: Order | None = None
) -> SampleForm:
    """Return the choice of an order to show messages on; ``order`` is offered in any case."""
    saved = found if found.pk else None
    offered = samples.recent_orders(saved, request.access.scope(Permission.MESSAGE_VIEW))
    if order is not None and order.pk not in {one.pk for one in offered}:
        offered = [order, *offered]
    choices = [(one.pk, f"{one.accession} {one.procedure_code}".strip()) for one in offered]
    return SampleForm(orders=choices, initial={"order": order.pk if order else ""})


def _data(request: GuardedRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _may_open(request: GuardedRequest, order: Order | None) -> bool:
    scope = request.access.scope(Permission.MESSAGE_OPEN)
    return order is not None and scope.covers(order.site_id)


def _back(found: Destination) -> str:
    return reverse("destination", args=[found.pk]) if found.pk else reverse("destination-add")
