"""The page of who could take a turn: who sees it, and which part of which turn it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.roster.hours import Span
from apps.roster.models import Shift, ShiftSite
from tests.factories import (
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    SiteFactory,
)
from tests.support.people import signed_in

pytestmark = pytest.mark.db

ON = date(2026, 2, 4)
WHOLE = Span(datetime(2026, 2, 4, 12, tzinfo=UTC), datetime(2026, 2, 4, 20, tzinfo=UTC))


@pytest.fixture
def night() -> Shift:
    made: Shift = ShiftFactory.create(start_local=time(22), end_local=time(6))
    return made


def page(shift: Shift, query: str = "", on: str = "2026-02-04") -> str:
    return f"/roster/run/{shift.pk}/{on}/could-fill/{query}"


def span(client: Client, address: str) -> Span:
    found: Span = client.get(address).context["opening"].span
    return found


def test_who_sees_the_roster_sees_who_could_fill_it(night: Shift) -> None:
    RadiologistFactory.create(id="SMITH", family_name="Smith", given_name="Jo", title="Dr")
    text = signed_in(Role.MANAGER).get(page(night)).content.decode()
    assert "Dr Jo Smith" in text
    assert "radiologist=SMITH&amp;start_date=2026-02-04" in text


def test_who_may_only_look_gets_no_way_to_put_somebody_on(night: Shift) -> None:
    RadiologistFactory.create()
    assert "Extra turn" not in signed_in(Role.AUDITOR).get(page(night)).content.decode()


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.REFERRING_PROVIDER])
def test_others_are_refused(night: Shift, role: Role) -> None:
    assert signed_in(role).get(page(night)).status_code == HTTPStatus.FORBIDDEN


def test_a_foreign_shift_and_a_day_without_a_run_are_not_found() -> None:
    own, foreign = SiteFactory.create(), SiteFactory.create()
    shift = ShiftFactory.create(all_sites=False, weekdays=[1])
    ShiftSite.objects.create(shift=shift, site=foreign)
    local = signed_in(Role.MANAGER, site=own)
    assert local.get(page(shift, on="2026-02-02")).status_code == HTTPStatus.NOT_FOUND
    manager = signed_in(Role.MANAGER)
    assert manager.get(page(shift, on="2026-02-02")).status_code == HTTPStatus.OK
    assert manager.get(page(shift)).status_code == HTTPStatus.NOT_FOUND
    assert manager.get(page(shift, on="2026-02-30")).status_code == HTTPStatus.NOT_FOUND
    assert manager.post(page(shift, on="2026-02-02")).status_code == (
        HTTPStatus.METHOD_NOT_ALLOWED
    )


def test_a_part_of_a_run_is_asked_for_by_its_moments(night: Shift) -> None:
    RadiologistFactory.create()
    manager = signed_in(Role.MANAGER)
    assert span(manager, page(night)) == WHOLE
    part = "?start=2026-02-04T14:00:00%2B00:00&end=2026-02-04T16:30:00%2B00:00"
    assert span(manager, page(night, part)) == Span(
        datetime(2026, 2, 4, 14, tzinfo=UTC), datetime(2026, 2, 4, 16, 30, tzinfo=UTC)
    )
    hours = "start_local=00:00&amp;end_local=02:30"
    assert hours in manager.get(page(night, part)).content.decode()
    assert "start_local" not in manager.get(page(night)).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?start=soon",
        "?start=2026-02-04T14:00:00",
        "?start=2026-99-04T14:00:00Z",
        "?start=2026-02-09T14:00:00Z",
        "?end=2020-02-09T14:00:00Z",
        "?site=NOWHERE",
    ],
)
def test_what_is_no_part_of_it_asks_for_the_whole(night: Shift, query: str) -> None:
    assert span(signed_in(Role.MANAGER), page(night, query)) == WHOLE


def test_htmx_gets_the_list_alone(night: Shift) -> None:
    answer = signed_in(Role.MANAGER).get(page(night), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div class="could-fill">')


def test_it_costs_the_same_for_one_person_and_a_hundred(night: Shift) -> None:
    manager = signed_in(Role.MANAGER)
    RadiologistFactory.create()
    manager.get(page(night))
    with CaptureQueriesContext(connection) as one:
        manager.get(page(night))
    for _ in range(100):
        RosterAssignmentFactory.create()
    with CaptureQueriesContext(connection) as many:
        manager.get(page(night))
    assert len(one) == len(many) <= 15
