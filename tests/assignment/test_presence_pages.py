"""Where readers are, said on their own list or on their behalf, and seen by others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.test import Client

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.core.due import run_due
from apps.dashboard.queries.readers import at_work
from apps.roster.models import Radiologist, RadiologistSite, RosterOverride, Workload
from tests.factories import (
    RadiologistFactory,
    RosterAssignmentFactory,
    SiteFactory,
)
from tests.factories.times import NOON
from tests.support.department import forget_caches
from tests.support.people import client_of, person, signed_in

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("noon")]

PART = {"HX-Request": "true"}


@pytest.fixture
def noon() -> Iterator[None]:
    forget_caches()
    with time_machine.travel(NOON, tick=False):
        yield


def reader(*sites: Site, **fields: object) -> Radiologist:
    made: Radiologist = RadiologistFactory.create(**fields)
    for site in sites:
        RadiologistSite.objects.create(radiologist=made, site=site)
    return made


@pytest.fixture
def mine() -> Client:
    user = person(Role.RADIOLOGIST)
    RosterAssignmentFactory.create(radiologist=reader(id="DR_A", user=user))
    return client_of(user)


def state() -> tuple[str, int | None]:
    """Return the only reader's presence, and for how many minutes from noon they are busy."""
    presence, until = Workload.objects.values_list("presence", "busy_until").get()
    return presence, None if until is None else (until - NOON) // timedelta(minutes=1)


def text(client: Client, address: str = "/my-list/") -> str:
    return " ".join(client.get(address).content.decode().split())


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ({"presence": "busy"}, ("busy", 20)),
        ({"busy_minutes": "5"}, ("busy", 5)),
        ({"busy_minutes": "60"}, ("busy", 60)),
        ({"presence": "busy", "busy_minutes": "40"}, ("busy", 40)),
        ({"presence": "away"}, ("away", None)),
    ],
)
def test_readers_say_where_they_are(
    mine: Client, said: dict[str, str], after: tuple[str, int | None]
) -> None:
    assert mine.post("/my-list/presence/", said).status_code == HTTPStatus.FOUND
    assert state() == after


@pytest.mark.parametrize(
    "said",
    [{}, {"presence": "unknown"}, {"busy_minutes": "7"}, {"busy_minutes": "-5"}],
    ids=["nothing", "unknown", "seven", "below nothing"],
)
def test_what_is_no_presence_is_refused(mine: Client, said: dict[str, str]) -> None:
    assert mine.post("/my-list/presence/", said).status_code == HTTPStatus.NOT_FOUND
    assert state() == ("unknown", None)


def test_busy_is_shown_with_its_end_until_it_is_over(mine: Client) -> None:
    mine.post("/my-list/presence/", {"presence": "busy"})
    until = (NOON + timedelta(minutes=20)).astimezone().strftime("%M")
    assert f":{until}.</b>" in text(mine).split("Busy until ")[1][:12]
    with time_machine.travel(NOON + timedelta(minutes=20), tick=False):
        assert "Busy until" not in text(mine)


def test_an_open_page_is_a_sign_of_life_once_a_minute(mine: Client) -> None:
    seen = []
    for seconds in (0, 59, 60):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            mine.get("/my-list/", {"seen": "x"}, headers=PART)
            seen.append(Workload.objects.get().heard_at - NOON)
    assert [one.total_seconds() for one in seen] == [0, 0, 60]
    assert (state(), Workload.objects.get().last_activity_at) == (("online", None), None)
    run_due(NOON + timedelta(minutes=12))
    assert state() == ("away", None)


def test_the_page_leaves_what_was_said_alone(mine: Client) -> None:
    mine.post("/my-list/presence/", {"presence": "away"})
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        mine.get("/my-list/")
    assert state() == ("away", None)


def test_other_work_is_noticed_with_its_end(mine: Client) -> None:
    RosterOverride.objects.create(
        kind="other_work",
        radiologist_id="DR_A",
        start_date=NOON.date(),
        end_date=NOON.date(),
        start_local=time(11),
        end_local=time(14),
        time_zone="Australia/Brisbane",
        note="Tumour board",
    )
    assert "You are at other work until" in text(mine)
    assert "Other work: today, 11:00 to 14:00 (Australia/Brisbane)" in text(
        mine, "/my-list/competencies/"
    )
    assert "Tumour board" in text(signed_in(Role.MANAGER), "/radiologists/DR_A/")
    for hours in (-1.1, 2):
        forget_caches()
        with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
            assert "You are at other work" not in text(mine)


def test_whole_days_of_other_work_end_at_midnight(mine: Client) -> None:
    RosterOverride.objects.create(
        kind="other_work",
        radiologist_id="DR_A",
        start_date=date(2026, 2, 1),
        end_date=date(2026, 2, 6),
    )
    assert "You are at other work until Sat 00:00" in text(mine)


def test_a_manager_says_it_on_behalf_at_their_own_sites() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    who, foreign = reader(site, id="DR_A"), reader(other, id="DR_B")
    manager = signed_in(Role.MANAGER, site=site)
    answers = [
        manager.post(f"/radiologists/{one.pk}/presence/", {"busy_minutes": "40"}).status_code
        for one in (who, foreign)
    ]
    assert answers == [HTTPStatus.FOUND, HTTPStatus.NOT_FOUND]
    rows = Workload.objects.order_by("pk").values_list("presence", "last_activity_at")
    assert list(rows) == [("busy", None), ("unknown", None)]
    assert "Busy until" in text(manager, "/radiologists/DR_A/")
    assert "Busy until" in text(manager, "/radiologists/?presence=busy")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.RADIOLOGIST, Role.TECHNICIAN])
def test_others_say_nothing_on_behalf(role: Role) -> None:
    reader(id="DR_A")
    answer = signed_in(role).post("/radiologists/DR_A/presence/", {"presence": "offline"})
    assert (answer.status_code, state()) == (HTTPStatus.FORBIDDEN, ("unknown", None))


def test_the_board_says_who_is_busy_and_until_when(mine: Client) -> None:
    mine.post("/my-list/presence/", {"presence": "busy"})
    row = at_work(NOON).rows["DR_A"]
    assert (row.availability, row.presence, row.busy_until) == (
        "busy",
        "busy",
        NOON + timedelta(minutes=20),
    )
    assert "until" in text(signed_in(Role.MANAGER), "/").split('class="presence">Busy')[1][:40]
    over = at_work(NOON + timedelta(minutes=20)).rows["DR_A"]
    assert (over.availability, over.busy_until) == ("available", None)
