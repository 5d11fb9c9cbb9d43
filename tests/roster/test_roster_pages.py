"""The roster's pages: who may see and change it, what a change does, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.core.models import ConfigVersion
from apps.roster.forms import roster as roster_forms
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    Shift,
    ShiftSite,
    Workload,
)
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory, UserFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory, ShiftWorkTypeFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

WEDNESDAY = date(2026, 2, 4)
THURSDAY = date(2026, 2, 5)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def site() -> Site:
    return SiteFactory.create(code="ROBINA")


@pytest.fixture
def foreign() -> Site:
    return SiteFactory.create(code="PERTH")


def signed_in(role: Role | None = None, site: Site | None = None) -> Client:
    user = UserFactory.create()
    if role is not None:
        RoleGrant.objects.create(user=user, role=role, site=site)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def placed_shift(code: str, *sites: Site) -> Shift:
    shift = ShiftFactory.create(code=code, start_local=time(8), end_local=time(16))
    for site in sites:
        ShiftSite.objects.create(shift=shift, site=site)
    return shift


def reader(name: str, *homes: Site, **values: object) -> Radiologist:
    person = RadiologistFactory.create(
        id=name, family_name=name.title(), given_name="", title="", **values
    )
    for home in homes:
        person.home_sites.create(site=home)
    return person


def seat(shift: Shift, person: Radiologist, **values: object) -> RosterAssignment:
    return RosterAssignmentFactory.create(shift=shift, radiologist=person, **values)


def stored() -> list[tuple[str, str, str | None, str]]:
    return [
        (row.radiologist_id, str(row.start_date), row.end_date and str(row.end_date), row.status)
        for row in RosterAssignment.objects.order_by("start_date", "radiologist_id")
    ]


def overrides() -> list[tuple[str, str, str | None, str, str, str]]:
    return [
        (o.kind, o.radiologist_id, o.taker_id, str(o.start_date), str(o.end_date), o.status)
        for o in RosterOverride.objects.order_by("start_date", "pk")
    ]


def errors(response: HttpResponse) -> dict[str, list[str]]:
    found: dict[str, list[str]] = dict(response.context["form"].errors)
    return found


def effects(response: HttpResponse) -> list[tuple[str, str]]:
    return [(effect.tone, effect.words) for effect in response.context["effects"]]


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def address(name: str, record: object = None, query: str = "") -> str:
    """Return the address of a page of a shift's run, a row or an override."""
    key = getattr(record, "pk", record)
    if name == "roster-run":
        return reverse(name, args=[key, WEDNESDAY])
    return reverse(name, args=[] if record is None else [key]) + query


# --- who may ---------------------------------------------------------------------------------


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


def swap_on(shift: Shift) -> RosterOverride:
    return RosterOverride.objects.create(
        kind="swap",
        shift=shift,
        radiologist=RadiologistFactory.create(),
        taker=RadiologistFactory.create(),
        start_date=WEDNESDAY,
        end_date=WEDNESDAY,
    )


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


# --- the week --------------------------------------------------------------------------------


def test_the_week_names_who_is_on_and_says_what_nobody_is_on(manager: Client) -> None:
    seat(placed_shift("MRI"), reader("ANN"))
    placed_shift("BARE")
    page = manager.get(address("roster")).content.decode()
    assert "2 Feb to 8 Feb 2026" in page
    assert "5 coming turns have nobody" in page
    assert re.findall(r"Ann", page)
    assert 'aria-current="date"' in page


def test_the_part_of_the_week_is_what_htmx_gets(manager: Client) -> None:
    placed_shift("MRI")
    part = manager.get(address("roster"), {"shift": "MR"}, **HTMX).content.decode()
    assert part.lstrip().startswith('<div id="week">')


@pytest.mark.parametrize(
    "query",
    ["week=nonsense", "week=9999-12-31", "week=0001-01-01", "zone=Mars/Olympus", "page=x"],
)
def test_a_strange_address_shows_this_week(manager: Client, query: str) -> None:
    found = manager.get(f"{address('roster')}?{query}").context["week"]
    assert (str(found.start_on), found.zone) == ("2026-02-02", "Australia/Brisbane")


def test_a_foreign_site_narrows_nothing_and_is_not_offered(site: Site, foreign: Site) -> None:
    placed_shift("MINE", site)
    client = signed_in(Role.MANAGER, site)
    page = client.get(address("roster"), {"site": foreign.code})
    assert [line.shift.code for line in page.context["week"].lines.rows] == ["MINE"]
    assert f'value="{foreign.code}"' not in page.content.decode()


@pytest.mark.parametrize("query", ["", "?by=person"])
def test_the_week_costs_the_same_at_one_and_a_hundred_people(
    manager: Client, query: str, site: Site
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert manager.get(address("roster", query=query)).status_code == 200
        return len(queries)

    seat(placed_shift("S", site), reader("P"))
    first = cost()
    for number in range(100):
        shift, person = placed_shift(f"S{number}", site), reader(f"P{number}", site)
        seat(shift, person)
        RosterOverride.objects.create(
            kind="leave", radiologist=person, start_date=WEDNESDAY, end_date=THURSDAY
        )
    assert (cost(), first <= 15) == (first, True)


@pytest.mark.parametrize("name", ["roster-rows", "roster-overrides"])
def test_the_lists_cost_the_same_at_one_and_a_hundred_rows(manager: Client, name: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert manager.get(address(name)).status_code == 200
        return len(queries)

    shift = placed_shift("S")
    seat(shift, reader("P"))
    swap_on(shift)
    first = cost()
    for number in range(100):
        seat(shift, reader(f"P{number}"))
        swap_on(shift)
    assert (cost(), first <= 15) == (first, True)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "There are no shifts yet."),
        ("?show=gaps", "Every turn of this week has somebody."),
        ("?shift=x", "Nothing in this week is like that."),
    ],
)
def test_an_empty_week_says_what_to_do(manager: Client, query: str, words: str) -> None:
    assert words in manager.get(address("roster", query=query)).content.decode()


def test_empty_lists_say_what_to_do(manager: Client) -> None:
    rows = manager.get(address("roster-rows")).content.decode()
    assert "Nobody is on any shift yet." in rows
    assert "No row is like that." in manager.get(address("roster-rows") + "?q=x").content.decode()
    page = manager.get(address("roster-overrides")).content.decode()
    assert "No leave, swap or extra turn is planned." in page


def test_a_turn_says_who_is_on_and_why(manager: Client) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    seat(shift, reader("BEN"), end_date=date(2026, 2, 28))
    RosterOverride.objects.create(
        kind="swap",
        shift=shift,
        radiologist_id="BEN",
        taker=reader("CAT"),
        start_date=WEDNESDAY,
        end_date=THURSDAY,
    )
    RosterOverride.objects.create(
        kind="leave", radiologist_id="ANN", start_date=WEDNESDAY, end_date=WEDNESDAY
    )
    part = manager.get(address("roster-run", shift), **HTMX).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", part).split())
    assert "Wednesday 4 February 2026 , 08:00 to 16:00 in Australia/Brisbane, 8 h" in words
    assert "By the roster, from 1 Jan 2026 on. Leave: 4 Feb 2026." in words
    assert "Swap: instead of Ben, 4 Feb 2026 to 5 Feb 2026." in words


@pytest.mark.parametrize("on", ["2026-02-07", "2026-02-30"])
def test_a_day_without_a_turn_does_not_exist(manager: Client, on: str) -> None:
    shift = ShiftFactory.create(weekdays=[3])
    assert manager.get(f"/roster/run/{shift.pk}/{on}/").status_code == 404


@pytest.mark.parametrize("back", ["//evil.example/x", "https://evil.example/", "javascript:x"])
def test_nothing_leads_back_to_another_host(manager: Client, back: str) -> None:
    shift = placed_shift("MRI")
    page = manager.get(address("roster-run", shift), {"back": back})
    assert page.context["back"] == "/roster/"


# --- putting on and changing -----------------------------------------------------------------


def row_data(shift: Shift, person: Radiologist, start: str, end: str = "") -> dict[str, str]:
    return {
        "shift": str(shift.pk),
        "radiologist": person.pk,
        "start_date": start,
        "end_date": end,
        "status": "active",
    }


def test_somebody_is_put_on_and_it_can_be_taken_back(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    before = ConfigVersion.objects.get(area="roster").version
    url = address("roster-row-add", query="?back=/roster/%3Fweek%3D2026-02-02")
    done = manager.post(url, row_data(shift, ann, "2026-02-05"), follow=True)
    assert done.redirect_chain == [("/roster/?week=2026-02-02", 302)]
    assert stored() == [("ANN", "2026-02-05", None, "active")]
    assert ConfigVersion.objects.get(area="roster").version > before
    event = AuditEvent.objects.get(entity="roster_rosterassignment")
    manager.post(reverse("undo", args=[event.request_id]))
    assert stored() == []


def test_the_preview_says_who_joins_what_they_lack_and_saves_nothing(
    manager: Client, site: Site
) -> None:
    Site.objects.update(requires_licence=True, jurisdiction="QLD")
    shift = placed_shift("MRI", site)
    ShiftWorkTypeFactory.create(shift=shift, modality="MR")
    data = row_data(shift, reader("ANN"), "2026-02-05", "2026-02-06") | {"preview": "1"}
    assert effects(manager.post(address("roster-row-add"), data, **HTMX)) == [
        (
            "warn",
            (
                "Ann may not read all of MRI's work: has no valid licence for QLD. "
                "Such studies go to others."
            ),
        ),
        ("calm", "Ann is on MRI on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "MRI had nobody on Thu 5 Feb and Fri 6 Feb, and has somebody then."),
    ]
    assert stored() == []


def test_the_preview_says_that_leave_wins(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    RosterOverride.objects.create(
        kind="leave", radiologist=ann, start_date=THURSDAY, end_date=THURSDAY
    )
    data = row_data(shift, ann, "2026-02-05", "2026-02-05") | {"preview": "1"}
    assert effects(manager.post(address("roster-row-add"), data)) == [
        ("warn", "Ann is on leave 5 Feb 2026: leave wins."),
        ("calm", "Nobody's turns change from now on."),
    ]


def test_a_change_in_the_past_changes_nothing_from_now_on(manager: Client) -> None:
    data = row_data(placed_shift("MRI"), reader("ANN"), "2025-02-05", "2025-03-05")
    response = manager.post(address("roster-row-add"), data | {"preview": "1"})
    assert effects(response) == [("calm", "Nobody's turns change from now on.")]


def test_a_turn_under_way_and_the_open_studies_are_spoken_of(manager: Client) -> None:
    shift, ann, ben = placed_shift("MRI"), reader("ANN"), reader("BEN")
    row = seat(shift, ann)
    seat(shift, ben)
    Workload.objects.filter(radiologist=ann).update(open_stat=2, open_routine=1)
    data = row_data(shift, ann, "2026-01-01", "2026-02-03") | {"preview": "1"}
    assert effects(manager.post(address("roster-row", row), data)) == [
        ("calm", "Ann is no longer on MRI on Wed 4 Feb, Thu 5 Feb, Fri 6 Feb and 26 more turns."),
        ("calm", "MRI on Wed 4 Feb: Ben."),
        ("calm", "3 open studies stay with Ann until somebody moves them."),
        ("calm", "A turn under way changes: it counts from the next decision on."),
        ("calm", "Looked ahead until Wed 4 Mar; it goes on after that."),
    ]


def test_an_end_that_moves_far_ahead_is_followed_there(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    row = seat(shift, ann, end_date=date(2026, 12, 31))
    data = row_data(shift, ann, "2026-01-01", "2026-12-30") | {"preview": "1"}
    assert effects(manager.post(address("roster-row", row), data)) == [
        ("alarm", "Nobody is left on MRI on Thu 31 Dec."),
        ("calm", "Ann is no longer on MRI on Thu 31 Dec."),
    ]


def test_an_overlap_names_the_other_row(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    seat(shift, ann, end_date=date(2026, 2, 28))
    response = manager.post(address("roster-row-add"), row_data(shift, ann, "2026-02-28"))
    assert (response.status_code, errors(response)) == (
        422,
        {
            "start_date": [
                (
                    "Ann is on MRI 1 Jan 2026 to 28 Feb 2026 already. "
                    "Change that row, or choose days that it leaves free."
                )
            ]
        },
    )
    assert (
        manager.post(address("roster-row-add"), row_data(shift, ann, "2026-03-01")).status_code
        == 302
    )


def test_reversed_dates_and_people_switched_off_are_refused(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    off = reader("OFF", is_active=False)
    data = row_data(shift, ann, "2026-02-05", "2026-02-04")
    assert errors(manager.post(address("roster-row-add"), data)) == {
        "end_date": ["The last day lies before the first, 5 Feb 2026."]
    }
    data = row_data(shift, off, "2026-02-05")
    assert errors(manager.post(address("roster-row-add"), data)) == {
        "radiologist": ["Off is switched off and gets no work."]
    }
    assert stored() == []


def test_a_row_of_somebody_switched_off_can_still_be_ended(manager: Client) -> None:
    shift, off = placed_shift("MRI"), reader("OFF", is_active=False)
    row = seat(shift, off)
    manager.post(address("roster-row", row), row_data(shift, off, "2026-01-01", "2026-02-01"))
    assert stored() == [("OFF", "2026-01-01", "2026-02-01", "active")]


def test_a_row_cannot_be_put_on_a_foreign_shift(site: Site, foreign: Site) -> None:
    shift, ann = placed_shift("THEIRS", foreign), reader("ANN", site)
    client = signed_in(Role.MANAGER, site)
    assert (
        client.post(address("roster-row-add"), row_data(shift, ann, "2026-02-05")).status_code
        == 422
    )
    row = seat(placed_shift("MINE", site), ann)
    moved = client.post(address("roster-row", row), row_data(shift, ann, "2026-01-01"))
    assert (moved.status_code, RosterAssignment.objects.get().shift.code) == (422, "MINE")


def test_a_form_that_was_overtaken_is_refused(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    row = seat(shift, ann)
    seen = manager.get(address("roster-row", row)).context["seen"]
    RosterAssignment.objects.update(end_date=date(2026, 12, 31))
    data = row_data(shift, ann, "2026-01-01", "2026-06-30") | {"seen": str(seen)}
    response = manager.post(address("roster-row", row), data)
    assert (response.status_code, stored()) == (
        409,
        [("ANN", "2026-01-01", "2026-12-31", "active")],
    )


def test_an_overlap_committed_after_the_check_is_a_conflict(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    seat(shift, ann)
    monkeypatch.setattr(roster_forms, "overlapping", lambda _: None)
    monkeypatch.setattr(RosterAssignment, "validate_constraints", lambda *_, **__: None)
    response = manager.post(address("roster-row-add"), row_data(shift, ann, "2026-02-28"))
    assert (response.status_code, len(stored())) == (409, 1)


def test_a_row_shows_its_history_and_is_deleted_with_its_effect_and_undo(manager: Client) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"), end_date=THURSDAY)
    page = manager.get(address("roster-row", row))
    assert [entry.what for entry in page.context["history"]] == ["insert"]
    asked = manager.get(address("roster-row-delete", row))
    assert effects(asked)[0] == ("alarm", "Nobody is left on MRI on Wed 4 Feb and Thu 5 Feb.")
    assert RosterAssignment.objects.exists()
    manager.post(address("roster-row-delete", row))
    assert stored() == []
    event = AuditEvent.objects.filter(action="delete").get()
    manager.post(reverse("undo", args=[event.request_id]))
    assert stored() == [("ANN", "2026-01-01", "2026-02-05", "active")]


# --- taking off ------------------------------------------------------------------------------

OPEN = ("2026-01-01", None)
SPAN = ("2026-01-01", "2026-02-28")


@pytest.mark.parametrize(
    ("dates", "first", "last", "left"),
    [
        (OPEN, "2026-02-05", "2026-02-05", [("2026-01-01", "2026-02-04"), ("2026-02-06", None)]),
        (OPEN, "2026-02-05", "", [("2026-01-01", "2026-02-04")]),
        (SPAN, "2026-01-01", "2026-01-31", [("2026-02-01", "2026-02-28")]),
        (SPAN, "2026-02-20", "2026-03-31", [("2026-01-01", "2026-02-19")]),
        (
            SPAN,
            "2026-02-05",
            "2026-02-06",
            [("2026-01-01", "2026-02-04"), ("2026-02-07", "2026-02-28")],
        ),
    ],
    ids=["a day", "for good", "the start", "past the end", "the middle"],
)
def test_somebody_is_taken_off_and_what_is_left_is_kept(
    manager: Client,
    dates: tuple[str, str | None],
    first: str,
    last: str,
    left: list[tuple[str, str | None]],
) -> None:
    start, end = dates
    row = seat(placed_shift("MRI"), reader("ANN"), start_date=start, end_date=end)
    url = address("roster-row-off", row)
    manager.post(url, {"first_on": first, "last_on": last})
    assert stored() == [("ANN", *span, "active") for span in left]
    assert RosterAssignment.objects.earliest("start_date").pk == row.pk
    request = AuditEvent.objects.exclude(request_id="").latest("id").request_id
    manager.post(reverse("undo", args=[request]))
    assert stored() == [("ANN", start, end, "active")]


def test_a_row_of_which_nothing_is_left_is_cancelled(manager: Client) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"), start_date=THURSDAY, end_date=THURSDAY)
    manager.post(address("roster-row-off", row), {"first_on": "2026-02-05", "last_on": ""})
    assert stored() == [("ANN", "2026-02-05", "2026-02-05", "cancelled")]


def test_taking_off_previews_the_gap_and_refuses_days_the_row_does_not_hold(
    manager: Client,
) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"))
    url = address("roster-row-off", row)
    shown = manager.get(f"{url}?on=2026-03-12").content.decode()
    assert shown.count('value="2026-03-12"') == 2
    data = {"first_on": "2026-03-12", "last_on": "2026-03-12", "preview": "1"}
    assert effects(manager.post(url, data)) == [
        ("alarm", "Nobody is left on MRI on Thu 12 Mar."),
        ("calm", "Ann is no longer on MRI on Thu 12 Mar."),
    ]
    refused = manager.post(url, {"first_on": "2025-12-31", "last_on": ""})
    assert errors(refused) == {"first_on": ["It holds from 1 Jan 2026 on only."]}
    assert stored() == [("ANN", "2026-01-01", None, "active")]


def test_a_row_that_changed_while_it_was_cut_stays_as_the_other_left_it(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"))
    cut = roster_forms.cut

    def overtaken(*args: object) -> object:
        RosterAssignment.objects.update(end_date=date(2026, 6, 30))
        return cut(*args)  # type: ignore[arg-type] # passed through as it came

    monkeypatch.setattr(roster_forms, "cut", overtaken)
    response = manager.post(
        address("roster-row-off", row), {"first_on": "2026-02-05", "last_on": ""}
    )
    assert response.status_code == 409
    assert len(stored()) == 1


def test_an_extra_turn_is_cut_like_a_row(manager: Client) -> None:
    extra = RosterOverride.objects.create(
        kind="extra",
        shift=placed_shift("MRI"),
        radiologist=reader("ANN"),
        start_date=WEDNESDAY,
        end_date=date(2026, 2, 8),
    )
    data = {"first_on": "2026-02-05", "last_on": "2026-02-06"}
    manager.post(address("roster-override-off", extra), data)
    assert overrides() == [
        ("extra", "ANN", None, "2026-02-04", "2026-02-04", "active"),
        ("extra", "ANN", None, "2026-02-07", "2026-02-08", "active"),
    ]


# --- leave, swaps, extra turns ---------------------------------------------------------------


def turn_data(**said: object) -> dict[str, object]:
    return {"start_date": "2026-02-05", "end_date": "2026-02-06", "note": "", **said}


def test_leave_says_what_it_leaves_bare_and_who_is_left(manager: Client) -> None:
    ann = reader("ANN")
    seat(placed_shift("ALONE"), ann)
    shared = placed_shift("SHARED")
    seat(shared, ann)
    seat(shared, reader("BEN"))
    url = address("roster-override-add", "leave")
    preview = manager.post(url, turn_data(radiologist="ANN", preview="1"))
    assert effects(preview) == [
        ("alarm", "Nobody is left on ALONE on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "Ann is no longer on ALONE on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "Ann is no longer on SHARED on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "SHARED on Thu 5 Feb: Ben."),
    ]
    assert overrides() == []
    manager.post(url, turn_data(radiologist="ANN"))
    assert overrides() == [("leave", "ANN", None, "2026-02-05", "2026-02-06", "active")]


def test_a_second_leave_on_the_same_days_is_refused(manager: Client) -> None:
    reader("ANN")
    url = address("roster-override-add", "leave")
    manager.post(url, turn_data(radiologist="ANN"))
    again = manager.post(url, turn_data(radiologist="ANN", end_date="2026-02-09"))
    assert errors(again) == {
        "start_date": ["There is such a record 5 Feb 2026 to 6 Feb 2026 already."]
    }


def test_swaps(manager: Client) -> None:
    shift = placed_shift("MRI")
    ann, ben, away = reader("ANN"), reader("BEN"), reader("AWAY")
    seat(shift, ann)
    RosterOverride.objects.create(
        kind="leave", radiologist=away, start_date=THURSDAY, end_date=THURSDAY
    )
    url = address("roster-override-add", "swap")

    def tried(giver: Radiologist, taker: Radiologist) -> dict[str, list[str]]:
        data = turn_data(shift=shift.pk, radiologist=giver.pk, taker=taker.pk, preview="1")
        return errors(manager.post(url, data))

    assert tried(ann, away) == {"taker": ["Away is on leave 5 Feb 2026."]}
    assert tried(ann, ann) == {"taker": ["Nobody swaps with themselves."]}
    assert tried(ben, ann) == {"radiologist": ["Ben is not on MRI on these days."]}
    assert tried(ann, ben) == {}
    data = turn_data(shift=shift.pk, radiologist="ANN", taker="BEN")
    preview = manager.post(url, data | {"preview": "1"})
    assert effects(preview) == [
        ("calm", "Ben is on MRI on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "Ann is no longer on MRI on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "MRI on Thu 5 Feb: Ben."),
    ]
    manager.post(url, data)
    assert overrides()[1:] == [("swap", "ANN", "BEN", "2026-02-05", "2026-02-06", "active")]


def test_an_extra_turn_and_what_is_refused(manager: Client) -> None:
    shift = placed_shift("MRI")
    reader("ANN")
    reader("OFF", is_active=False)
    url = address("roster-override-add", "extra")
    off = manager.post(url, turn_data(shift=shift.pk, radiologist="OFF"))
    assert errors(off) == {"radiologist": ["Off is switched off and gets no work."]}
    reverse_dates = turn_data(shift=shift.pk, radiologist="ANN", end_date="2026-02-04")
    assert errors(manager.post(url, reverse_dates)) == {
        "end_date": ["The last day lies before the first, 5 Feb 2026."]
    }
    manager.post(url, turn_data(shift=shift.pk, radiologist="ANN"))
    assert overrides() == [("extra", "ANN", None, "2026-02-05", "2026-02-06", "active")]


def test_an_endless_swap_is_answered_in_time(manager: Client) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    reader("BEN")
    data = turn_data(shift=shift.pk, radiologist="ANN", taker="BEN", end_date="9999-12-31")
    response = manager.post(address("roster-override-add", "swap"), data | {"preview": "1"})
    assert ("calm", "MRI on Thu 5 Feb: Ben.") in effects(response)


def test_an_override_is_edited_cancelled_and_deleted(manager: Client) -> None:
    ann = reader("ANN")
    leave = RosterOverride.objects.create(
        kind="leave", radiologist=ann, start_date=THURSDAY, end_date=THURSDAY
    )
    data = turn_data(radiologist="ANN", status="cancelled", note="came back")
    manager.post(address("roster-override", leave), data)
    assert overrides() == [("leave", "ANN", None, "2026-02-05", "2026-02-06", "cancelled")]
    assert manager.get(address("roster-override-delete", leave)).status_code == 200
    manager.post(address("roster-override-delete", leave))
    assert overrides() == []


def test_there_is_no_other_kind_of_override(manager: Client) -> None:
    assert manager.get("/roster/overrides/new/holiday/").status_code == 404


# --- the lists -------------------------------------------------------------------------------


@pytest.fixture
def many(site: Site) -> None:
    shift = placed_shift("MRI", site)
    for name, start, end, status in (
        ("NOW", "2026-01-01", None, "active"),
        ("LATER", "2026-03-01", None, "active"),
        ("PAST", "2025-01-01", "2025-12-31", "active"),
        ("GONE", "2026-01-01", None, "cancelled"),
    ):
        seat(shift, reader(name), start_date=start, end_date=end, status=status)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["NOW", "LATER"]),
        ("?when=now", ["NOW"]),
        ("?when=later", ["LATER"]),
        ("?when=past", ["PAST"]),
        ("?when=cancelled", ["GONE"]),
        ("?when=all&sort=radiologist", ["GONE", "LATER", "NOW", "PAST"]),
        ("?when=all&sort=-radiologist", ["PAST", "NOW", "LATER", "GONE"]),
        ("?when=all&sort=to", ["PAST", "NOW", "GONE", "LATER"]),
        ("?q=lat", ["LATER"]),
        ("?q=mri&sort=nonsense", ["NOW", "LATER"]),
    ],
)
def test_rows_are_filtered_found_and_sorted(
    manager: Client, query: str, expected: list[str]
) -> None:
    page = manager.get(address("roster-rows", query=query)).context["page"]
    assert [row.radiologist_id for row in page.rows] == expected


@pytest.mark.usefixtures("many")
def test_only_who_may_change_gets_the_links_and_only_who_may_open_it_the_way_to_the_admin() -> (
    None
):
    auditor = signed_in(Role.AUDITOR).get(address("roster-rows")).content.decode()
    administrator = signed_in(Role.ADMINISTRATOR).get(address("roster-rows")).content.decode()
    assert (">Edit<" in auditor, "Import or export" in auditor) == (False, False)
    assert (">Edit<" in administrator, "Import or export" in administrator) == (True, True)


def test_overrides_are_filtered_by_kind_and_person(manager: Client) -> None:
    swap_on(placed_shift("MRI"))
    RosterOverride.objects.create(
        kind="leave", radiologist=reader("ANN"), start_date=WEDNESDAY, end_date=THURSDAY
    )

    def found(query: str) -> list[str]:
        page = manager.get(address("roster-overrides", query=query)).context["page"]
        return [row.kind for row in page.rows]

    assert found("?kind=leave") == ["leave"]
    assert found("?q=ann") == ["leave"]
    assert found("?q=mri") == ["swap"]
    assert found("?when=past") == []
    assert sorted(found("")) == ["leave", "swap"]


def test_nothing_is_changed_by_looking(manager: Client) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"))
    for name in ("roster-row-delete", "roster-row-off", "roster-row"):
        manager.get(address(name, row))
    assert manager.post(address("roster")).status_code == 405
    assert manager.post(address("roster-rows")).status_code == 405
    assert stored() == [("ANN", "2026-01-01", None, "active")]
