"""A small department with a past, for the tests of what-ifs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.assignment.models import Assignment
from apps.catalog.models import Site
from apps.core.access import EVERYWHERE
from apps.orders.models import Order
from apps.roster.models import Radiologist, Shift
from apps.trials.models import WhatIf
from apps.trials.whatif import job, making
from apps.trials.whatif.wishes import Wishes
from tests.factories import (
    AssignmentFactory,
    OrderFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    ShiftWorkTypeFactory,
    SiteFactory,
)
from tests.factories.times import NOON

MINUTE = timedelta(minutes=1)
SINCE = NOON - timedelta(hours=2)
UNTIL = NOON + timedelta(hours=22)


@dataclass(frozen=True)
class Department:
    """Two readers on one shift, and what each of them read."""

    site: Site
    shift: Shift
    ann: Radiologist
    bob: Radiologist
    orders: tuple[Order, ...]


def department(count: int = 6) -> Department:
    """Return a department in which orders came each 20 minutes and took 10 to read."""
    site = SiteFactory.create(code="ROBINA")
    shift = ShiftFactory.create(code="MR_ALL")
    ShiftWorkTypeFactory.create(shift=shift, modality="MR")
    people = [RadiologistFactory.create(id=id_, family_name=id_.title()) for id_ in ("ANN", "BOB")]
    for person in people:
        RosterAssignmentFactory.create(shift=shift, radiologist=person)
    orders = tuple(
        past_order(site, shift, people[number % 2], NOON + 20 * number * MINUTE, number)
        for number in range(count)
    )
    return Department(site, shift, people[0], people[1], orders)


def past_order(
    site: Site, shift: Shift, reader: Radiologist, at: datetime, number: int, **changes: Any
) -> Order:
    """Return an order that somebody read ten minutes after it came, or as many as is said."""
    minutes = changes.pop("minutes", 10)
    done_at = at + minutes * MINUTE
    order: Order = OrderFactory.create(
        **{
            "site": site,
            "accession": f"ACC{number}",
            "received_at": at,
            "status": "final",
            "reported_at": done_at,
            **changes,
        }
    )
    assignment: Assignment = AssignmentFactory.create(
        order=order,
        radiologist=reader,
        shift=shift,
        assigned_at=at,
        state="completed",
        opened_at=done_at - 10 * MINUTE,
        completed_at=done_at,
        turnaround_seconds=minutes * 60,
    )
    assert assignment.is_current
    return order


def asked(**changes: Any) -> making.Asked:
    """Return the question that changes nothing, but for what is said."""
    said: dict[str, Any] = {
        "name": "What if",
        "since": SINCE,
        "until": UNTIL,
        "rule_draft": None,
        "roster_draft": None,
        "wishes": Wishes(),
    }
    return making.Asked(**said | changes)


def whatif(**changes: Any) -> WhatIf:
    """Return a what-if that waits to be played."""
    scope = changes.pop("scope", EVERYWHERE)
    return making.ask(asked(**changes), made_by="user:ada", scope=scope, at=UNTIL)


def played(**changes: Any) -> WhatIf:
    """Return a what-if that was played."""
    found = whatif(**changes)
    assert job.play_once() == 1
    found.refresh_from_db()
    return found
