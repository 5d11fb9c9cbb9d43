"""Imports at the same moment as take-overs and edits, each in its own transaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from threading import Event

import pytest
from django.db import transaction

from apps.assignment.services.take_over import hold_roster
from apps.roster.importing.applying import hold_still
from apps.roster.models import RosterAssignment, RosterOverride
from tests.assignment.test_by_hand_races import race
from tests.factories import RadiologistFactory, ShiftFactory

pytestmark = pytest.mark.django_db(transaction=True)
_ON = date(2026, 2, 4)


def writing(
    hold: Callable[[], None], write: Callable[[], object], mine: Event, other: Event
) -> Callable[[], str]:
    """Return a transaction that holds its part and writes only once the other holds its own."""

    def run() -> str:
        with transaction.atomic():
            hold()
            mine.set()
            other.wait(0.5)
            time.sleep(0.1)
            write()
        return "done"

    return run


@pytest.mark.parametrize("first", ["take-over", "import"])
def test_a_take_over_and_an_import_come_one_after_the_other(first: str) -> None:
    shift = ShiftFactory.create()
    ill, other = RadiologistFactory.create(), RadiologistFactory.create()
    held = Event(), Event()

    def leave() -> object:
        return RosterOverride.objects.create(
            kind="leave", radiologist=ill, start_date=_ON, end_date=_ON
        )

    def turn() -> object:
        return RosterAssignment.objects.create(shift=shift, radiologist=other, start_date=_ON)

    both = [
        writing(hold_roster, leave, held[0], held[1]),
        writing(hold_still, turn, held[1], held[0]),
    ]
    outcomes = race(*(both if first == "take-over" else reversed(both)))
    assert outcomes == ["done", "done"]
    assert (RosterOverride.objects.count(), RosterAssignment.objects.count()) == (1, 1)
