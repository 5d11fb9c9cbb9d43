"""A reader's page as it is drawn: the whole of it, or after an action the part that changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.assignment.forms_reading import ListFilterForm, kept_query, pinned_of, wanted_of
from apps.assignment.queries.my_day import day, mark
from apps.assignment.queries.other_work import other_work
from apps.assignment.queries.shared_work import shared_work
from apps.assignment.queries.shift_work import shift_work, shifts_now
from apps.assignment.queries.worklist import (
    Pinned,
    Worklist,
    choices_of,
    reader_of,
    worklist,
)
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, View, require
from apps.core.htmx import render_part
from apps.roster.choices import PresenceChoices
from apps.roster.models import Radiologist
from apps.roster.presence import BUSY_MINUTES, USUALLY_BUSY, presence_at
from apps.roster.queries.swaps import waiting_for

P = ParamSpec("P")
ReadersView = Callable[Concatenate[GuardedRequest, Radiologist, P], HttpResponse]
_COLUMNS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("study", "Study"), ("procedure", "Procedure")),
    (("urgency", "Urgency"),),
    (("modality", "Modality"),),
    (("patient", "Patient"),),
    (("indication", "Indication"),),
    (("site", "Site"), ("assigned", "Assigned")),
    (("due", "Report due"),),
    (("status", "Status"),),
)
"""What stands in each column; each by itself sorts the list."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading that sorts by its column, the other way round the second time."""

    label: str
    href: str
    direction: str


def for_reader(view: ReadersView[P]) -> View[P]:
    """Hand the view the radiologist who signed in; who is none is told whom to ask."""

    @require(Permission.STUDY_READ)
    @wraps(view)
    def guarded(request: GuardedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        reader = reader_of(request.user.pk)
        if reader is None:
            status = HTTPStatus.OK if request.method == "GET" else HTTPStatus.FORBIDDEN
            return render(request, "reading/nobody.html", status=status)
        return view(request, reader, *args, **kwargs)

    return guarded


def list_address(request: GuardedRequest) -> str:
    """Return the list's own address, narrowed and sorted as it is."""
    return f"{reverse('my-list')}{kept_query(request.GET)}"


def own_list(
    request: GuardedRequest, reader: Radiologist, *, pinned: Pinned | None = None
) -> Worklist:
    """Return the reader's list as the address narrows it."""
    return worklist(
        reader.pk,
        wanted=wanted_of(request.GET),
        pinned=pinned,
        at=clock.now(),
        zone=timezone.get_current_timezone(),
    )


def draw(
    request: GuardedRequest,
    reader: Radiologist,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    select: int | None = None,
) -> HttpResponse:
    """Return the page, or the part of it that htmx asked for; studies keep their places.

    Args:
        request: of the page, its poll or an action; says in which order studies are shown.
        reader: whose page.
        status: of the answer.
        select: the order to be selected, None to leave that as it is.
    """
    sent = request.POST if request.method == "POST" else request.GET
    context = _context(request, reader, pinned_of(sent)) | {"select": select}
    response = render_part(request, "reading/my_list.html", "reading/_my_list.html", context)
    response.status_code = status
    return response


def _context(
    request: GuardedRequest, reader: Radiologist, pinned: Pinned | None
) -> dict[str, Any]:
    at, zone = clock.now(), timezone.get_current_timezone()
    # Taken before the rows: what changes in between is drawn twice rather than missed.
    seen, view = mark(reader.pk, at), current_view(read_versions())
    shown = own_list(request, reader, pinned=pinned)
    today = day(reader, at=at, zone=zone)
    looking: Mapping[str, Any] = {"view": view, "scope": request.scope, "at": at, "zone": zone}
    shared = shared_work(reader, today.lately, **looking)
    return {
        "at": at,
        "reader": reader,
        "presence": _presence(reader, at),
        "other_work": other_work(reader.pk, view, at=at, zone=zone),
        "swaps_waiting": waiting_for(reader, today=timezone.localdate(at)),
        "day": today,
        "shifts": shifts_now(reader.pk, view, at),
        "list": shown,
        "shared": shared,
        "next_shared": None if shown.next else next(iter(shared.rows), None),
        "work": shift_work(reader, today.lately, **looking),
        "columns": _columns(request),
        "filters": _filters(request, shown),
        "is_narrowed": wanted_of(request.GET).is_narrowed,
        "mark": seen,
        "query": kept_query(request.GET),
        "address": list_address(request),
    }


def _columns(request: GuardedRequest) -> list[list[Column]]:
    now = wanted_of(request.GET).sort
    return [[_column(request, *named, now) for named in column] for column in _COLUMNS]


def _column(request: GuardedRequest, key: str, label: str, now: str) -> Column:
    is_by_it = now.removeprefix("-") == key
    turned = f"-{key}" if now == key else key
    return Column(
        label=label,
        href=f"{reverse('my-list')}{kept_query(request.GET, sort=turned)}",
        direction=_DIRECTIONS[now.startswith("-")] if is_by_it else "",
    )


_DIRECTIONS = {False: "ascending", True: "descending"}


def _filters(request: GuardedRequest, shown: Worklist) -> ListFilterForm:
    form = ListFilterForm(request.GET)
    form.offer(choices_of(row for row in shown.all if not row.is_over))
    return form


@dataclass(frozen=True, slots=True)
class PresenceOption:
    """A presence to choose."""

    value: str
    label: str
    icon: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class PresenceChoice:
    """What a reader may say of where they are, and what was said; ``means`` follows from it.

    ``busy_until`` is None for who is not busy; ``busy_for`` are the minutes to choose from.
    """

    options: Sequence[PresenceOption]
    means: str
    busy_until: datetime | None
    busy_for: Sequence[int] = BUSY_MINUTES


_MEANS: Mapping[PresenceChoices, tuple[str, str]] = {
    PresenceChoices.ONLINE: ("check_circle", "New studies come to you."),
    PresenceChoices.AWAY: (
        "schedule",
        "New studies still come to you; others see that you are away.",
    ),
    PresenceChoices.BUSY: (
        "hourglass_top",
        "Nothing new comes to you until then; your studies stay yours.",
    ),
    PresenceChoices.OFFLINE: (
        "do_not_disturb_on",
        "You get nothing new; your studies stay yours.",
    ),
}


_UNSAID = "You have not said whether you are there; new studies come to you."


def _presence(reader: Radiologist, at: datetime) -> PresenceChoice:
    row = reader.workload
    now = PresenceChoices(presence_at(row.presence, row.busy_until, at).value)
    options = [
        PresenceOption(one.value, _LABELS.get(one, str(one.label)), icon, one is now)
        for one, (icon, _) in _MEANS.items()
    ]
    means = _MEANS[now][1] if now in _MEANS else _UNSAID
    until = row.busy_until if now is PresenceChoices.BUSY else None
    return PresenceChoice(options, means, until)


_LABELS = {PresenceChoices.BUSY: f"Busy {USUALLY_BUSY} min"}
