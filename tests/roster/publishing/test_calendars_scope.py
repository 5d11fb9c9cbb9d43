"""Who may publish, renew and revoke whose calendar: an address shows turns at every site."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.core.actor import Actor
from apps.roster.choices import CalendarKind
from apps.roster.models import CalendarFeed, Radiologist, Shift
from apps.roster.publishing import calendars
from tests.factories import (
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    SiteFactory,
)
from tests.factories.sources import MORNING
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def here() -> Site:
    site: Site = SiteFactory.create(code="HERE")
    return site


@pytest.fixture
def manager(here: Site) -> Client:
    return signed_in(Role.MANAGER, site=here)


def away() -> Site:
    site: Site = SiteFactory.create()
    return site


def reader(*homes: Site) -> Radiologist:
    made: Radiologist = RadiologistFactory.create()
    for home in homes:
        made.home_sites.create(site=home)
    return made


def shift(*sites: Site) -> Shift:
    made: Shift = ShiftFactory.create(all_sites=not sites)
    for site in sites:
        made.site_rows.create(site=site)
    return made


def published(**about: object) -> CalendarFeed:
    return calendars.make(CalendarFeed(**about), actor=Actor("user", "ada"), at=MORNING).feed


def foreign(name: str, here: Site) -> dict[str, object]:
    """Return what a calendar is about that the manager sees and may not change as a whole."""
    if name == "a person of no site":
        return {"kind": CalendarKind.PERSON, "radiologist": reader()}
    if name == "a person of two sites":
        return {"kind": CalendarKind.PERSON, "radiologist": reader(here, away())}
    if name == "a person of elsewhere on a shift of here":
        row = RosterAssignmentFactory.create(shift=shift(here), radiologist=reader(away()))
        return {"kind": CalendarKind.PERSON, "radiologist": row.radiologist}
    if name == "a shift of two sites":
        return {"kind": CalendarKind.SHIFT, "shift": shift(here, away())}
    return {"kind": CalendarKind.SHIFT, "shift": shift()}


FOREIGN = [
    "a person of no site",
    "a person of two sites",
    "a person of elsewhere on a shift of here",
    "a shift of two sites",
    "a shift of every site",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_reaches_beyond_the_site_is_seen_and_never_published_renewed_or_revoked(
    manager: Client, here: Site, name: str
) -> None:
    about = foreign(name, here)
    feed = published(**about)
    page = manager.get(reverse("roster-calendars")).content.decode()
    for action in ("roster-calendar-renew", "roster-calendar-revoke"):
        address = reverse(action, args=[feed.pk])
        assert address not in page
        assert manager.post(address).status_code == 404
    what = {name: record.pk for name, record in about.items() if name != "kind"}  # type: ignore[attr-defined] # a model
    answer = manager.post(reverse("roster-calendars"), what)
    assert answer.status_code == 422
    assert list(CalendarFeed.objects.values_list("pk", "revoked_at")) == [(feed.pk, None)]
    assert "ada" in page


@pytest.mark.parametrize("kind", ["radiologist", "shift", "site", "cluster"])
def test_what_lies_within_the_site_is_published_renewed_and_revoked(
    manager: Client, here: Site, kind: str
) -> None:
    parts = {"radiologist": reader(here), "shift": shift(here), "site": here}
    about = {**parts, "cluster": here.cluster}[kind]
    page = manager.post(reverse("roster-calendars"), {kind: about.pk}).content.decode()
    assert re.search(r"/calendars/[\w-]{43}\.ics", page)
    first = CalendarFeed.objects.get()
    renewed = manager.post(reverse("roster-calendar-renew", args=[first.pk]))
    assert re.search(r"/calendars/[\w-]{43}\.ics", renewed.content.decode())
    first.refresh_from_db()
    second = CalendarFeed.objects.get(revoked_at=None)
    assert first.revoked_at is not None
    assert manager.post(reverse("roster-calendar-revoke", args=[second.pk])).status_code == 302
    assert not CalendarFeed.objects.filter(revoked_at=None).exists()


def test_a_person_of_no_site_renews_and_revokes_their_own() -> None:
    user = person(Role.RADIOLOGIST)
    feed = published(kind=CalendarKind.PERSON, radiologist=RadiologistFactory.create(user=user))
    client = client_of(user)
    renew = reverse("my-calendar-renew", args=[feed.pk])
    assert renew in client.get(reverse("my-calendars")).content.decode()
    assert client.post(renew).status_code == 200
    second = CalendarFeed.objects.get(revoked_at=None)
    assert client.post(reverse("my-calendar-revoke", args=[second.pk])).status_code == 302
    assert not CalendarFeed.objects.filter(revoked_at=None).exists()


def test_the_list_costs_the_same_for_many(manager: Client, here: Site) -> None:
    def costs() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert manager.get(reverse("roster-calendars")).status_code == 200
        return len(asked)

    published(kind=CalendarKind.SHIFT, shift=shift(here))
    one = costs()
    for _ in range(20):
        published(kind=CalendarKind.SHIFT, shift=shift(here))
    assert costs() == one <= 15
