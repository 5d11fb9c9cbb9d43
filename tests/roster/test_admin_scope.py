"""The admin in the hands of one site's administrator: nothing of another site's roster."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.support.admin_forms import added_row, admin_url, errors_of, shown_form
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

DAYS = {"start_date": "2026-02-04", "end_date": "2026-02-05"}
ON = {"start_date": date(2026, 2, 4), "end_date": date(2026, 2, 5)}


@pytest.fixture
def here() -> Site:
    site: Site = SiteFactory.create(code="HERE")
    return site


@pytest.fixture
def elsewhere() -> Site:
    site: Site = SiteFactory.create(code="ELSEWHERE")
    return site


@pytest.fixture
def client(here: Site) -> Client:
    return signed_in(Role.ADMINISTRATOR, site=here)


def reader(name: str, *homes: Site) -> Radiologist:
    made: Radiologist = RadiologistFactory.create(id=name)
    for home in homes:
        made.home_sites.create(site=home)
    return made


def shift(*sites: Site) -> Shift:
    made: Shift = ShiftFactory.create(all_sites=not sites)
    for site in sites:
        made.site_rows.create(site=site)
    return made


def extra(on: Shift, who: Radiologist) -> RosterOverride:
    return RosterOverride.objects.create(kind="extra", shift=on, radiologist=who, **ON)


def said(**values: object) -> dict[str, object]:
    return {"status": "active", **DAYS, **values}


@pytest.mark.parametrize("sites", ["elsewhere", "both", "every"])
def test_own_people_are_put_on_no_shift_of_another_site(
    client: Client, here: Site, elsewhere: Site, sites: str
) -> None:
    reader("ANN", here)
    on = shift(*{"elsewhere": [elsewhere], "both": [here, elsewhere], "every": []}[sites])
    add = admin_url("roster.rosteroverride", "add")
    answer = client.post(add, said(kind="extra", radiologist="ANN", shift=on.pk))
    assert answer.status_code == 403
    assert not RosterOverride.objects.exists()


def test_turns_of_own_people_elsewhere_are_not_shown_changed_or_deleted(
    client: Client, here: Site, elsewhere: Site
) -> None:
    record = extra(shift(elsewhere), reader("ANN", here))
    for page in ("change", "delete"):
        address = admin_url("roster.rosteroverride", page, record.pk)
        assert client.get(address).status_code == 404
        assert client.post(address, {"post": "yes"}).status_code == 404
    chosen = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
    client.post(admin_url("roster.rosteroverride", "changelist"), chosen)
    assert RosterOverride.objects.filter(pk=record.pk).exists()


def test_a_turn_of_a_shared_shift_is_seen_and_stays(
    client: Client, here: Site, elsewhere: Site
) -> None:
    record = extra(shift(here, elsewhere), reader("ANN", here))
    assert client.get(admin_url("roster.rosteroverride", "change", record.pk)).status_code == 200
    address = admin_url("roster.rosteroverride", "delete", record.pk)
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert RosterOverride.objects.filter(pk=record.pk).exists()


def test_an_own_turn_is_not_moved_to_another_site(
    client: Client, here: Site, elsewhere: Site
) -> None:
    own, foreign = shift(here), shift(elsewhere)
    record = extra(own, reader("ANN", here))
    address = admin_url("roster.rosteroverride", "change", record.pk)
    answer = client.post(address, shown_form(client, address) | {"shift": foreign.pk})
    assert answer.status_code == 403
    record.refresh_from_db()
    assert record.shift == own


def test_the_own_roster_and_leave_of_own_people_are_entered(client: Client, here: Site) -> None:
    reader("ANN", here)
    add = admin_url("roster.rosteroverride", "add")
    for names in ({"kind": "extra", "shift": shift(here).pk}, {"kind": "leave"}):
        answer = client.post(add, said(radiologist="ANN", **names))
        assert (errors_of(answer), answer.status_code) == ([], 302)
    assert sorted(RosterOverride.objects.values_list("kind", flat=True)) == ["extra", "leave"]


def test_leave_of_a_person_of_two_sites_is_not_one_sites_to_give(
    client: Client, here: Site, elsewhere: Site
) -> None:
    reader("ANN", here, elsewhere)
    add = admin_url("roster.rosteroverride", "add")
    assert client.post(add, said(kind="leave", radiologist="ANN")).status_code == 403
    assert not RosterOverride.objects.exists()


@pytest.mark.parametrize("sees_all", [False, True])
def test_the_page_of_an_own_person_writes_no_roster(
    here: Site, elsewhere: Site, *, sees_all: bool
) -> None:
    """Who looks everywhere and changes here sees the rows, and that is all."""
    user = person(Role.ADMINISTRATOR, site=here)
    if sees_all:
        user.grants.create(role=Role.AUDITOR)
    client, ann, on = client_of(user), reader("ANN", here), shift(elsewhere)
    row = RosterAssignmentFactory.create(shift=on, radiologist=ann, **ON)
    address = admin_url("roster.radiologist", "change", "ANN")
    assert (on.code in client.get(address).content.decode()) is sees_all
    data = shown_form(client, address) | {"family_name": "Renamed"}
    for prefix, values in (("roster", {}), ("overrides", {"kind": "extra"})):
        counted = {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
        data = added_row({**counted, **data}, prefix, shift=on.pk, **said(**values))
    data |= {"roster-0-id": row.pk, "roster-0-status": "cancelled", "roster-0-DELETE": "on"}
    client.post(address, data)
    row.refresh_from_db()
    assert (row.status, RosterAssignment.objects.count()) == ("active", 1)
    assert not RosterOverride.objects.exists()
