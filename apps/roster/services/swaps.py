"""Swaps that are asked for: asking, taking, declining, withdrawing.

A request names its turns by the shift's own dates, not by moments, so that it stays what it is
when hours or clocks change. Taking it makes the override that everything reads, in the same
transaction as the request's end; whoever comes second is told that it is gone.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.roster.choices import SwapState
from apps.roster.models import Radiologist, SwapRequest
from apps.roster.queries.overrides import same_kind_overlapping
from apps.roster.queries.swaps import in_the_way, override_of, same_request


class SwapError(IntegrityError):
    """What was asked of a swap request cannot be; the words say why.

    Pages answer it as they do other collisions.
    """


class SwapGoneError(SwapError):
    """Somebody else was quicker."""


class SwapRefusedError(SwapError):
    """The person may not take it."""


@transaction.atomic
def ask(request: SwapRequest, *, by: str, at: datetime) -> SwapRequest:
    """Store a new request.

    Args:
        request: unsaved; whose turn it is was checked already.
        by: the actor as the trail names them.
        at: the moment.

    Raises:
        SwapRefusedError: some of the same time is asked for already.
    """
    # Two clicks of one person come one after the other.
    _hold(request.radiologist_id)
    if same_request(request) is not None:
        raise SwapRefusedError("It is asked for already.")
    request.made_by, request.made_at = by, at
    request.save()
    return request


@transaction.atomic
def take(request_id: int, *, taker_id: str, by: str, at: datetime) -> SwapRequest:
    """Let somebody take what is asked for, from the next decision on.

    Args:
        request_id: stays locked until the end.
        taker_id: who comes; all that they need is looked at once more, under lock.
        by: the actor as the trail names them.
        at: the moment.

    Raises:
        SwapGoneError: it was taken, declined or withdrawn.
        SwapRefusedError: they may not take it, and why.
    """
    request = _open(request_id)
    _hold(request.radiologist_id, taker_id)
    taker = Radiologist.objects.get(pk=taker_id)
    reasons = in_the_way(request, taker, at=at)
    if reasons:
        raise SwapRefusedError(f"{taker.full_name} {'; '.join(reasons)}.")
    override = override_of(request, taker)
    if same_kind_overlapping(override) is not None:
        raise SwapGoneError("Some of it was swapped meanwhile.")
    override.save()
    request.override = override
    return _answered(request, SwapState.TAKEN, by, at)


@transaction.atomic
def decline(request_id: int, *, by: str, at: datetime) -> SwapRequest:
    """Say no to a request that is put to one person; it ends there.

    Raises:
        SwapGoneError: it is no longer open.
        SwapRefusedError: nobody was asked by name, so nobody can say no for all.
    """
    request = _open(request_id)
    if request.asked_id is None:
        raise SwapRefusedError("It is put to everybody; whoever does not want it leaves it.")
    return _answered(request, SwapState.DECLINED, by, at)


@transaction.atomic
def withdraw(request_id: int, *, by: str, at: datetime) -> SwapRequest:
    """Take a request back.

    Raises:
        SwapGoneError: it is no longer open.
    """
    return _answered(_open(request_id), SwapState.WITHDRAWN, by, at)


def _open(request_id: int) -> SwapRequest:
    found = SwapRequest.objects.select_for_update(of=("self",)).select_related(
        "shift__calendar", "radiologist", "asked"
    )
    request = found.get(pk=request_id)
    if request.state != SwapState.OPEN:
        raise SwapGoneError(f"It is {request.get_state_display().lower()} already.")
    return request


def _hold(*radiologist_ids: str) -> None:
    """Let swaps of the same people come one after the other; in one order, so none waits for ever.

    ``no_key``: whoever writes a record that names them is not held up.
    """
    people = Radiologist.objects.filter(pk__in=radiologist_ids).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk", flat=True))


def _answered(request: SwapRequest, state: SwapState, by: str, at: datetime) -> SwapRequest:
    request.state, request.answered_by, request.answered_at = state, by, at
    request.save()
    return request
