from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.assignment.choices import ReasonChoices
from apps.dashboard.days import day_of
from apps.dashboard.lens import Lens
from apps.dashboard.queries.figures import Figures, figures
from apps.dashboard.queries.tallies import made, now
from tests.factories import (
    AssignmentFactory,
    EndedAssignmentFactory,
    OrderFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.factories.times import NOON

pytestmark = pytest.mark.db

BRISBANE = ZoneInfo("Australia/Brisbane")
MIDNIGHT = NOON - timedelta(hours=12)
HOUR = timedelta(hours=1)
EVERYTHING = Lens(BRISBANE)
NONE_YET = Figures(0, 0, None, 0, 0, 0, (), 0)


def figures_at(at: datetime = NOON, lens: Lens = EVERYTHING) -> Figures:
    day = day_of(at, BRISBANE)
    return figures([*made(day.start, at), *now(day, since=at, at=at)], lens)


def test_a_day_without_anything_has_no_share_and_no_latency() -> None:
    found = figures_at()

    assert found == NONE_YET
    assert found.sla_percent is None


@pytest.mark.parametrize(
    ("due", "reported", "status", "counted"),
    [
        pytest.param(-HOUR, -2 * HOUR, "final", (1, 1, 0), id="reported in time"),
        pytest.param(-HOUR, -HOUR, "preliminary", (1, 1, 0), id="reported on the second"),
        pytest.param(-2 * HOUR, -HOUR, "final", (0, 1, 0), id="reported late"),
        pytest.param(-HOUR, None, "assigned", (0, 1, 0), id="overdue"),
        pytest.param(-HOUR, None, "unassigned", (0, 1, 0), id="overdue without a reader"),
        pytest.param(HOUR, None, "assigned", (0, 0, 1), id="still open"),
        pytest.param(HOUR, -HOUR, "final", (1, 1, 0), id="reported before its time has come"),
        pytest.param(-HOUR, None, "cancelled", (0, 0, 0), id="cancelled"),
        pytest.param(-13 * HOUR, None, "assigned", (0, 0, 0), id="due yesterday"),
        pytest.param(12 * HOUR, None, "assigned", (0, 0, 0), id="due at the next midnight"),
        pytest.param(None, None, "assigned", (0, 0, 0), id="no policy"),
    ],
)
def test_sla_counts(
    due: timedelta | None,
    reported: timedelta | None,
    status: str,
    counted: tuple[int, int, int],
) -> None:
    OrderFactory(
        status=status,
        report_due_at=None if due is None else NOON + due,
        reported_at=None if reported is None else NOON + reported,
    )

    found = figures_at()

    assert (found.reports_on_time, found.reports_due, found.reports_open) == counted


@pytest.mark.parametrize(
    ("on_time", "due", "percent"),
    [(0, 3, "0.0"), (2, 3, "66.6"), (1999, 2000, "99.9"), (2000, 2000, "100.0")],
)
def test_share_is_rounded_down_so_that_100_means_all(on_time: int, due: int, percent: str) -> None:
    assert Figures(0, 0, None, on_time, due, 0, (), 0).sla_percent == Decimal(percent)


def test_assignments_and_escalations_are_those_of_the_day() -> None:
    AssignmentFactory(assigned_at=MIDNIGHT - timedelta(microseconds=1), escalated=True)
    AssignmentFactory(assigned_at=MIDNIGHT)
    AssignmentFactory(assigned_at=NOON, escalated=True)
    EndedAssignmentFactory(assigned_at=NOON)

    found = figures_at()

    assert (found.assignments, found.escalations) == (3, 1)


def test_latency_is_that_of_each_orders_first_assignment() -> None:
    first = EndedAssignmentFactory(latency_ms=10)
    AssignmentFactory(order=first.order, latency_ms=3_600_000)
    AssignmentFactory(latency_ms=20)
    AssignmentFactory(latency_ms=90)

    found = figures_at()

    assert found.mean_latency_ms == 40


def test_today_is_the_viewers_own_across_midnight(
    client: Client, manager: User, at_noon: object
) -> None:
    """13:30 UTC is 23:30 in Brisbane and half past midnight, the next day, in Sydney."""
    AssignmentFactory(assigned_at=NOON + timedelta(hours=11, minutes=15))
    at_noon.move_to(NOON + timedelta(hours=11, minutes=30))
    seen = {}
    for zone in ("Australia/Brisbane", "Australia/Sydney"):
        User.objects.filter(pk=manager.pk).update(time_zone=zone)
        client.force_login(manager)
        seen[zone] = _today(client)
    at_noon.shift(timedelta(hours=1))
    User.objects.filter(pk=manager.pk).update(time_zone="Australia/Brisbane")
    seen["an hour later"] = _today(client)

    assert seen == {
        "Australia/Brisbane": ("Wednesday 4 February", "1"),
        "Australia/Sydney": ("Thursday 5 February", "1"),
        "an hour later": ("Thursday 5 February", "0"),
    }


def _today(client: Client) -> tuple[str, str]:
    page = client.get("/").content.decode()
    said = re.search(r"Today <small>(.*?) · .*?class=\"value\">(\d+)", page, re.DOTALL)
    assert said is not None
    return said[1], said[2]


def test_unassigned_and_overdue_are_those_of_now_by_reason_and_place() -> None:
    mine, other = SiteFactory(), SiteFactory()
    for site, reason in ((mine, "no_shift"), (mine, "no_shift"), (mine, "held"), (other, "held")):
        UnassignedFactory(reason=reason, order__site=site)
    for site, breached_at in ((mine, NOON - HOUR), (mine, None), (other, NOON - HOUR)):
        OrderFactory(
            site=site, status="assigned", report_due_at=NOON - HOUR, breached_at=breached_at
        )

    found = figures_at(lens=Lens(BRISBANE, frozenset({mine.pk})))

    assert found.unassigned == ((ReasonChoices.NO_SHIFT, 2), (ReasonChoices.HELD, 1))
    assert (found.unassigned_now, found.overdue) == (3, 2)
