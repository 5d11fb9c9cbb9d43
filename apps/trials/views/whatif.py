"""The pages of what-ifs: asked for, played, looked at, put away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Effect, say_done
from apps.core import actor, clock
from apps.core.access import Permission, Scope
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of
from apps.trials.choices import RunState
from apps.trials.forms.whatif import WhatIfForm
from apps.trials.forms.whatif_moves import MoveFilterForm
from apps.trials.models import WhatIf
from apps.trials.whatif import listing, making, shown
from apps.trials.whatif.seeing import Viewer
from apps.trials.whatif.words import changes_in_words

_PRESETS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "fair": ("Fair for everybody", {"name": "Every shift fair", "strategy": "FAIR"}),
    "optimal": ("Optimal for everybody", {"name": "Every shift optimal", "strategy": "OPTIMAL"}),
    "apart": (
        "No company kept",
        {"name": "No company kept", "policy_together": "off", "policy_prefer_priors": False},
    ),
    "now": ("Nothing changed: how true is a replay?", {"name": "As it is now"}),
}


@require_safe
@require(Permission.RULE_VIEW)
def whatifs(request: GuardedRequest) -> HttpResponse:
    """List the what-ifs."""
    viewer = _viewer(request)
    page = page_of(viewer.seen(listing.whatifs()), page_number(request))
    is_at_work = any(row.state in making.AT_WORK for row in page.rows)
    rows = [(row, viewer.may_change(row)) for row in page.rows]
    context = {"page": page, "rows": rows, "at": clock.now(), "is_at_work": is_at_work}
    return render_part(request, "trials/whatifs.html", "trials/_whatifs.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.RULE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Ask what would have been."""
    preset = dict(_PRESETS.get(request.GET.get("preset", ""), ("", {}))[1])
    if request.GET.get("draft", "").isdecimal():
        preset["rule_draft"] = request.GET["draft"]
    form = WhatIfForm(request.POST or None, scope=request.scope, today=_today(), preset=preset)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form)
    made_by = _viewer(request).name
    try:
        found = making.ask(form.asked(), made_by=made_by, scope=request.scope, at=clock.now())
    except making.CannotAskError as error:
        form.add_error(None, str(error))
        return _form_page(request, form)
    return redirect("what-if", found.pk)


@require_safe
@require(Permission.RULE_VIEW)
def whatif(request: GuardedRequest, whatif_id: int) -> HttpResponse:
    """Show a what-if: how far it is, or what it came to."""
    context = _page_context(request, _found(request, whatif_id))
    return render_part(request, "trials/whatif.html", "trials/_whatif.html", context)


@require_safe
@require(Permission.RULE_VIEW)
def moves(request: GuardedRequest, whatif_id: int) -> HttpResponse:
    """List the orders that move."""
    viewer, found = _viewer(request), _found(request, whatif_id)
    names = viewer.names(found)
    form = MoveFilterForm(request.GET, readers=names, shifts=viewer.shift_codes())
    rows = listing.moves(found, form.wanted(), _studies(request))
    page, shifts = page_of(rows, page_number(request)), viewer.shift_names()
    lines = [
        (one, *(listing.in_words(way, names, shifts) for way in (one.before, one.after)))
        for one in page.rows
    ]
    context = {"whatif": found, "filters": form, "page": page, "lines": lines, "at": clock.now()}
    return render_part(request, "trials/whatif_moves.html", "trials/_whatif_moves.html", context)


@require_safe
@require(Permission.RULE_VIEW)
def moves_csv(request: GuardedRequest, whatif_id: int) -> HttpResponse:
    """Download the orders that move."""
    viewer, found = _viewer(request), _found(request, whatif_id)
    names = viewer.names(found)
    form = MoveFilterForm(request.GET, readers=names, shifts=viewer.shift_codes())
    rows = listing.moves(found, form.wanted(), _studies(request))
    content = b"".join(listing.moves_as_csv(rows, names))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="what-if-{found.pk}-moves.csv"'
    return answer


@require_POST
@require(Permission.RULE_CHANGE)
def cancel(request: GuardedRequest, whatif_id: int) -> HttpResponse:
    """End a what-if that waits or is played."""
    found = _own(request, whatif_id)
    try:
        making.cancel(whatif_id=found.pk, at=clock.now())
    except making.NotInThatStateError as error:
        return _conflict(request, found, str(error))
    return redirect("what-if", found.pk)


@require_POST
@require(Permission.RULE_CHANGE)
def again(request: GuardedRequest, whatif_id: int) -> HttpResponse:
    """Have a what-if played once more."""
    found = _own(request, whatif_id)
    try:
        making.ask_again(whatif_id=found.pk)
    except making.NotInThatStateError as error:
        return _conflict(request, found, str(error))
    return redirect("what-if", found.pk)


@require_http_methods(["GET", "POST"])
@require(Permission.RULE_CHANGE)
def delete(request: GuardedRequest, whatif_id: int) -> HttpResponse:
    """Put a what-if away, once its effect was shown."""
    found = _own(request, whatif_id)
    if request.method != "POST":
        refused = "It is at work. Cancel it first." if found.state in making.AT_WORK else ""
        return _delete_page(request, found, refused, HTTPStatus.OK)
    try:
        making.put_away(whatif_id=found.pk, at=clock.now())
    except making.NotInThatStateError as error:
        return _delete_page(request, found, str(error), HTTPStatus.CONFLICT)
    _say_deleted(request, found)
    return redirect("what-ifs")


def _viewer(request: GuardedRequest) -> Viewer:
    return Viewer(str(actor.current() or ""), request.access)


def _found(request: GuardedRequest, whatif_id: int) -> WhatIf:
    """Return one that the viewer sees."""
    rows = _viewer(request).seen(listing.whatif_rows())
    return get_object_or_404(rows, pk=whatif_id)


def _own(request: GuardedRequest, whatif_id: int) -> WhatIf:
    """Return one that is the viewer's to change; refused alike whether another is there or not."""
    viewer = _viewer(request)
    found = viewer.seen(listing.whatif_rows()).filter(pk=whatif_id).first()
    if found is not None and viewer.may_change(found):
        return found
    if viewer.changes_all:
        raise Http404
    raise PermissionDenied


def _say_deleted(request: GuardedRequest, found: WhatIf) -> None:
    """Tell of it; a row that is of every site only who may everywhere takes back."""
    words = f"What-if {found} deleted."
    if _viewer(request).changes_all:
        say_done(request, words)
    else:
        messages.success(request, words)


def _studies(request: GuardedRequest) -> Scope:
    """Return the sites whose studies the viewer sees."""
    return request.access.scope(Permission.STUDY_VIEW)


def _today() -> date:
    return timezone.localdate(clock.now())


def _form_page(request: GuardedRequest, form: WhatIfForm) -> HttpResponse:
    presets = [(key, label) for key, (label, _values) in _PRESETS.items()]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {"form": form, "presets": presets}
    return render(request, "trials/whatif_form.html", context, status=status)


def _page_context(request: GuardedRequest, found: WhatIf) -> dict[str, Any]:
    viewer, at = _viewer(request), clock.now()
    names = viewer.names(found)
    context: dict[str, Any] = {
        "whatif": found,
        "at": at,
        "changes": changes_in_words(found, names),
        "last_on": found.last_on,
        "is_at_work": found.state in making.AT_WORK,
        "may_change": viewer.may_change(found),
    }
    if found.state == RunState.RUNNING:
        context["left"] = _time_left(found)
    if found.state == RunState.DONE:
        rows, others = shown.readers(found, names)
        context |= {
            "measures": shown.measures(found),
            "agreement": shown.agreement(found),
            "readers": rows,
            "other_readers": others,
            "works": shown.works(found),
        }
    return context


def _time_left(found: WhatIf) -> timedelta | None:
    """Return how long it takes still, at the pace so far; None while that is not known."""
    if not found.done or found.started_at is None:
        return None
    spent = clock.now() - found.started_at
    return max(spent * (found.total - found.done) / found.done, timedelta(0))


def _conflict(request: GuardedRequest, found: WhatIf, said: str) -> HttpResponse:
    found.refresh_from_db()
    context = {**_page_context(request, found), "refused": said}
    return render(request, "trials/whatif.html", context, status=HTTPStatus.CONFLICT)


def _delete_page(
    request: GuardedRequest, found: WhatIf, refused: str, status: HTTPStatus
) -> HttpResponse:
    context = {
        "record": found,
        "noun": "What-if",
        "back": reverse("what-if", args=[found.pk]),
        "effects": [Effect("Nothing else changes: a what-if decides nothing.")],
        "refused": refused,
    }
    return render(request, "components/delete_page.html", context, status=status)
