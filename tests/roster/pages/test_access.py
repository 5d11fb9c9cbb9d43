"""Who may see and change the roster."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.roster.models import (
    RosterAssignment,
    RosterOverride,
    Shift,
)
from tests.roster.pages.support import (
    address,
    overrides,
    placed_shift,
    reader,
    seat,
    signed_in,
    swap_on,
)

pytestmark = pytest.mark.db


def all_pages(shift: Shift, row: RosterAssignment, swap: RosterOverride) -> dict[str, str]:
    records = {"roster-run": shift, "roster-override-add": "swap"}
    names = ["roster", "roster-run", "roster-rows", "roster-row-add", "roster-row"]
    names += ["roster-row-off", "roster-row-delete", "roster-overrides", "roster-override-add"]
    names += ["roster-override", "roster-override-off", "roster-override-delete"]
    bare = {"roster", "roster-rows", "roster-row-add", "roster-overrides"}
    return {
        name: address(
            name,
            None if name in bare else records.get(name, swap if "override" in name else row),
        )
        for name in names
    }


LOOKING = {"roster", "roster-run", "roster-rows", "roster-overrides"}
COMMON = LOOKING | {"roster-row-add", "roster-override-add"}


@pytest.mark.parametrize(
    ("role", "looks", "changes"),
    [
        (Role.ADMINISTRATOR, 200, 200),
        (Role.MANAGER, 200, 200),
        (Role.AUDITOR, 200, 403),
        (Role.RADIOLOGIST, 403, 403),
        (Role.TECHNICIAN, 403, 403),
        (Role.REFERRING_PROVIDER, 403, 403),
        (None, 403, 403),
    ],
)
def test_roles(role: Role | None, looks: int, changes: int, site: Site) -> None:
    shift = placed_shift("MRI", site)
    pages = all_pages(shift, seat(shift, reader("ANN")), swap_on(shift))
    client = signed_in(role, site if role else None)
    found = {name: client.get(url).status_code for name, url in pages.items()}
    assert found == {name: looks if name in LOOKING else changes for name in pages}


def test_who_is_not_signed_in_goes_to_the_sign_in_page(site: Site) -> None:
    shift = placed_shift("MRI", site)
    for url in all_pages(shift, seat(shift, reader("ANN")), swap_on(shift)).values():
        assert Client().get(url).headers["Location"].startswith("/login/")


def test_records_of_another_site_do_not_exist(site: Site, foreign: Site) -> None:
    theirs = placed_shift("THEIRS", foreign)
    row, swap = seat(theirs, reader("BEN", foreign)), swap_on(theirs)
    client = signed_in(Role.MANAGER, site)
    pages = all_pages(theirs, row, swap)
    found = {name: client.get(url).status_code for name, url in pages.items()}
    general = COMMON - {"roster-run"}
    assert found == {name: 200 if name in general else 404 for name in pages}
    for name in general:
        assert "BEN" not in client.get(pages[name]).content.decode().upper()
    for name in ("roster-row-delete", "roster-override-delete"):
        assert client.post(pages[name]).status_code == 404
    assert (RosterAssignment.objects.count(), RosterOverride.objects.count()) == (1, 1)


def test_a_shift_of_two_sites_or_of_all_is_seen_from_one_and_changed_by_who_has_them_all(
    site: Site, foreign: Site
) -> None:
    client = signed_in(Role.MANAGER, site)
    for shift in (placed_shift("BOTH", site, foreign), placed_shift("ALL")):
        row = seat(shift, reader(f"DR_{shift.code}"))
        run = client.get(address("roster-run", shift))
        assert (run.status_code, run.context["may_change"]) == (200, False)
        assert "Put somebody on" not in run.content.decode()
        assert client.get(address("roster-row", row)).status_code == 404
        offered = client.get(address("roster-row-add")).context["form"].fields["shift"].queryset
        assert shift not in offered


def test_leave_of_somebody_who_is_at_home_elsewhere_too_is_not_theirs_to_give(
    site: Site, foreign: Site
) -> None:
    people = [reader("MINE", site), reader("BOTH", site, foreign), reader("ANYWHERE")]
    client = signed_in(Role.MANAGER, site)
    form = client.get(address("roster-override-add", "leave")).context["form"]
    assert list(form.fields["radiologist"].queryset) == [people[0]]
    data = {"radiologist": "BOTH", "start_date": "2026-02-05", "end_date": "2026-02-06"}
    refused = client.post(address("roster-override-add", "leave"), data)
    assert (refused.status_code, overrides()) == (422, [])


def test_people_offered_are_those_of_the_scope_or_on_its_shifts(site: Site, foreign: Site) -> None:
    mine = placed_shift("MINE", site)
    own, guest = reader("OWN", site), reader("GUEST", foreign)
    reader("STRANGER", foreign)
    seat(mine, guest)
    form = signed_in(Role.MANAGER, site).get(address("roster-row-add")).context["form"]
    assert set(form.fields["radiologist"].queryset) == {own, guest}
    assert set(form.fields["shift"].queryset) == {mine}
