"""The shifts' pages: who sees and changes which, what a change does, and what it says before."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from http import HTTPStatus

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.roster.models import (
    RosterAssignment,
    RosterOverride,
    Shift,
    ShiftSite,
    ShiftWorkType,
)
from tests.factories import (
    AssignmentFactory,
    AssignmentRuleFactory,
    EndedAssignmentFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    SiteFactory,
)
from tests.factories.times import NOON
from tests.roster.shown_form import Sent, sending, shown_form
from tests.support.people import signed_in

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("noon")]

NEW = "/shifts/new/"
ALLOWED = (Role.MANAGER, Role.ADMINISTRATOR)
LOOKS_ONLY = (Role.AUDITOR,)
NEITHER = (Role.RADIOLOGIST, Role.TECHNICIAN, Role.REFERRING_PROVIDER)


@pytest.fixture
def noon() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def make_shift(*sites: Site, work: str = "MR", **fields: object) -> Shift:
    shift: Shift = ShiftFactory.create(all_sites=not sites, **fields)
    ShiftWorkType.objects.create(shift=shift, modality=work)
    for site in sites:
        ShiftSite.objects.create(shift=shift, site=site)
    shift.refresh_from_db()
    return shift


def page(shift: Shift, what: str = "") -> str:
    return f"/shifts/{shift.pk}/{what}"


def text(response: HttpResponse) -> str:
    return response.content.decode()


def codes(client: Client, query: str = "") -> list[str]:
    rows = client.get(f"/shifts/{query}").context["page"].rows
    return [row.shift.code for row in rows]


def effects(client: Client, address: str, form: Sent) -> list[tuple[str, str]]:
    response = client.post(address, sending(form, preview="1"))
    assert response.context["form"].errors == {}
    return [(effect.tone, effect.words) for effect in response.context["effects"]]


def work_of(shift: Shift) -> list[tuple[str, str, str, str]]:
    rows = shift.work_types.order_by("pk")
    return list(rows.values_list("modality", "body_part", "subspecialty", "urgency"))


def sites_of(shift: Shift) -> list[str]:
    return sorted(shift.site_rows.values_list("site__code", flat=True))


# Who may


@pytest.mark.parametrize("what", ["", "edit/", "delete/"])
def test_somebody_unknown_is_sent_to_sign_in(what: str) -> None:
    address = page(make_shift(), what)
    assert Client().get(address)["Location"] == f"/login/?next={address}"


@pytest.mark.parametrize("role", NEITHER)
@pytest.mark.parametrize("what", ["", "edit/", "delete/"])
def test_roles_without_the_permission_get_403(role: Role, what: str) -> None:
    assert signed_in(role).get(page(make_shift(), what)).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("role", LOOKS_ONLY)
def test_who_only_looks_changes_nothing(role: Role) -> None:
    client, shift = signed_in(role), make_shift()
    shown = client.get("/shifts/")
    assert "/edit/" not in text(shown)
    assert "New shift" not in text(shown)
    assert "/edit/" not in text(client.get(page(shift)))
    for address in (NEW, page(shift, "edit/"), page(shift, "delete/")):
        assert client.post(address).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("role", ALLOWED)
def test_who_may_change_opens_every_page(role: Role) -> None:
    client, shift = signed_in(role), make_shift()
    addresses = ("/shifts/", NEW, page(shift), page(shift, "edit/"), page(shift, "delete/"))
    assert {client.get(address).status_code for address in addresses} == {HTTPStatus.OK}


def test_a_foreign_shift_is_not_there() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    client, foreign = signed_in(Role.MANAGER, site=mine), make_shift(other)
    assert codes(client) == []
    for what in ("", "edit/", "delete/"):
        assert client.get(page(foreign, what)).status_code == HTTPStatus.NOT_FOUND
    for what in ("edit/", "delete/", "switch/"):
        assert client.post(page(foreign, what)).status_code == HTTPStatus.NOT_FOUND
    assert Shift.objects.get(pk=foreign.pk).is_active


def test_a_shift_shared_with_another_site_is_seen_and_not_changed() -> None:
    mine, other = SiteFactory.create(code="MINE"), SiteFactory.create(code="OTHER")
    client, shared = signed_in(Role.MANAGER, site=mine), make_shift(mine, other)
    everywhere = make_shift()
    assert codes(client) == [shared.code, everywhere.code]
    rows = client.get("/shifts/").context["page"].rows
    assert [(row.sites, row.may_change) for row in rows] == [
        ("MINE and 1 not yours", False),
        ("every site", False),
    ]
    for shift in (shared, everywhere):
        assert client.get(page(shift)).status_code == HTTPStatus.OK
        assert client.post(page(shift, "edit/")).status_code == HTTPStatus.NOT_FOUND
        assert client.post(page(shift, "delete/")).status_code == HTTPStatus.NOT_FOUND
        assert client.post(page(shift, "switch/")).status_code == HTTPStatus.NOT_FOUND


def test_a_manager_of_one_site_widens_no_shift_beyond_it() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    client, shift = signed_in(Role.MANAGER, site=mine), make_shift(mine)
    form = shown_form(client, page(shift, "edit/"))
    assert "all_sites" not in form
    wider = sending(form, sites=[mine.pk, other.pk], all_sites="on")
    assert client.post(page(shift, "edit/"), wider).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    sneaky = sending(form, all_sites="on")
    assert client.post(page(shift, "edit/"), sneaky).status_code == HTTPStatus.FOUND
    shift.refresh_from_db()
    assert (shift.all_sites, sites_of(shift)) == (False, [mine.code])


@pytest.mark.parametrize("what", ["switch/"])
def test_what_changes_is_not_done_by_looking(manager: Client, what: str) -> None:
    assert manager.get(page(make_shift(), what)).status_code == HTTPStatus.METHOD_NOT_ALLOWED


# The list


def test_an_empty_list_says_what_to_do(manager: Client) -> None:
    assert "There are no shifts yet." in text(manager.get("/shifts/"))
    assert "No shift is like that." in text(manager.get("/shifts/?q=nothing"))


def test_a_line_says_what_the_shift_is(manager: Client) -> None:
    site = SiteFactory.create(code="ROBINA")
    shift = make_shift(
        site, start_local=time(22), end_local=time(6), weekdays=[1, 2, 3, 4, 5], code="NIGHT"
    )
    ShiftWorkType.objects.create(shift=shift, modality="CT", body_part="HEAD", urgency="STAT")
    row = manager.get("/shifts/").context["page"].rows[0]
    assert (row.work, row.hours, row.days, row.sites) == (
        ["MR", "CT HEAD (STAT only)"],
        "22:00 to 06:00 next day",
        "Mon to Fri",
        "ROBINA",
    )
    assert (row.is_running, row.people, row.may_change) == (False, [], True)


def test_who_is_on_now_is_named_after_leave_and_swaps(manager: Client) -> None:
    shift = make_shift()
    for name in ("ANN", "BOB", "CEL", "OFF"):
        person = RadiologistFactory.create(id=name, given_name=name, is_active=name != "OFF")
        RosterAssignmentFactory.create(shift=shift, radiologist=person)
    dan = RadiologistFactory.create(id="DAN", given_name="DAN")
    days = {"start_date": date(2026, 2, 4), "end_date": date(2026, 2, 4)}
    RosterOverride.objects.create(kind="leave", radiologist_id="ANN", **days)
    RosterOverride.objects.create(
        kind="swap", radiologist_id="BOB", taker=dan, shift=shift, **days
    )
    row = manager.get("/shifts/").context["page"].rows[0]
    assert [person.id for person in row.people] == ["CEL", "DAN"]


def test_a_running_shift_without_anybody_says_so(manager: Client) -> None:
    bare, staffed = make_shift(), make_shift()
    RosterAssignmentFactory.create(shift=staffed)
    asleep = make_shift(start_local=time(1), end_local=time(2))
    off = make_shift(is_active=False)
    assert codes(manager, "?state=bare") == [bare.code]
    assert codes(manager, "?state=running") == [bare.code, staffed.code]
    assert codes(manager, "?state=off") == [off.code]
    assert asleep.code in codes(manager)
    assert text(manager.get("/shifts/?state=bare")).count("Nobody") == 1


def test_the_list_is_searched_filtered_and_sorted(manager: Client) -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    here = make_shift(site, code="B", name="Knees", priority_level=5)
    ShiftWorkType.objects.create(shift=here, modality="CT", body_part="KNEE")
    make_shift(other, code="A", name="Else")
    make_shift(code="C", name="All", priority_level=9)
    assert codes(manager) == ["A", "B", "C"]
    assert codes(manager, "?sort=-level") == ["C", "B", "A"]
    assert codes(manager, "?sort=nonsense") == ["A", "B", "C"]
    assert codes(manager, f"?site={site.pk}") == ["B", "C"]
    assert codes(manager, "?modality=CT") == ["B"]
    assert codes(manager, "?q=knee") == ["B"]


def test_many_shifts_cost_as_many_queries_as_one(manager: Client) -> None:
    RosterAssignmentFactory.create(shift=make_shift(SiteFactory.create()))
    few = _queries(manager, "/shifts/?state=running")
    site = SiteFactory.create()
    for _ in range(100):
        RosterAssignmentFactory.create(shift=make_shift(site))
    assert len(manager.get("/shifts/?state=running").context["page"].rows) == 50
    assert _queries(manager, "/shifts/?state=running") == few <= 15


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


# One shift


def test_the_page_says_who_is_on_now_and_next(manager: Client) -> None:
    shift = make_shift(start_local=time(8), end_local=time(16))
    RosterAssignmentFactory.create(shift=shift, radiologist__id="TODAY", end_date=date(2026, 2, 4))
    RosterAssignmentFactory.create(
        shift=shift, radiologist__id="LATER", start_date=date(2026, 2, 5)
    )
    staffing = manager.get(page(shift)).context["staffing"]
    assert staffing.now.people == ("TODAY",)
    assert staffing.now.words == "Wed 4 Feb 08:00 to 16:00"
    assert staffing.next.people == ("LATER",)
    assert len(staffing.ahead) == 8


def test_a_night_on_which_the_clocks_change_shows_its_real_length() -> None:
    shift = make_shift(
        start_local=time(22), end_local=time(6), time_zone="Europe/Berlin", weekdays=[6]
    )
    with time_machine.travel(datetime(2026, 3, 27, 12, tzinfo=UTC), tick=False):
        (run,) = signed_in(Role.MANAGER).get(page(shift)).context["staffing"].ahead
    assert (run.words, run.length, run.clock_change) == (
        "Sat 28 Mar 22:00 to Sun 06:00",
        "7 h",
        "1 h shorter",
    )


def test_a_weekly_shift_names_its_next_run_beyond_the_week(manager: Client) -> None:
    shift = make_shift(weekdays=[3])
    staffing = manager.get(page(shift)).context["staffing"]
    assert staffing.next.words == "Wed 11 Feb 00:00 to Thu 00:00"


def test_the_page_costs_the_same_with_many_people(manager: Client) -> None:
    shift = make_shift()
    RosterAssignmentFactory.create(shift=shift)
    few = _queries(manager, page(shift))
    for _ in range(50):
        AssignmentFactory.create(
            shift=shift, radiologist=RosterAssignmentFactory.create(shift=shift).radiologist
        )
    assert _queries(manager, page(shift)) == few <= 15


# New and edit


def test_a_shift_is_made_with_its_work_and_sites(manager: Client) -> None:
    site = SiteFactory.create(time_zone="Australia/Perth")
    form = sending(
        shown_form(manager, NEW),
        code="MRI_MSK",
        name="MRI MSK",
        start_local="22:00",
        end_local="06:00",
        all_sites=None,
        sites=[site.pk],
        weekdays=[6, 7],
        work_types__0__modality="MRI",
        work_types__0__body_part="msk",
        work_types__1__subspecialty="Neuroradiology",
        work_types__1__urgency="STAT",
    )
    response = manager.post(NEW, form)
    assert response.status_code == HTTPStatus.FOUND, response.context["form"].errors
    shift = Shift.objects.get()
    assert (shift.code, shift.time_zone, shift.weekdays, shift.all_sites) == (
        "MRI_MSK",
        "Australia/Perth",
        [6, 7],
        False,
    )
    assert work_of(shift) == [("MR", "MSK", "", ""), ("", "", "neuroradiology", "STAT")]
    assert sites_of(shift) == [site.code]


def test_a_shift_needs_work_and_a_site(manager: Client) -> None:
    form = sending(
        shown_form(manager, NEW),
        code="A",
        name="A",
        start_local="08:00",
        end_local="16:00",
        time_zone="Australia/Perth",
        all_sites=None,
    )
    response = manager.post(NEW, form)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert dict(response.context["form"].errors) == {
        "work_types": ["Name a kind of work, or tick all work."],
        "sites": ["Choose at least one site."],
    }


def test_an_unknown_modality_is_told_beside_its_row(manager: Client) -> None:
    shift = make_shift()
    form = sending(shown_form(manager, page(shift, "edit/")), work_types__0__modality="XYZ")
    response = manager.post(page(shift, "edit/"), form)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "“XYZ” is not a DICOM modality" in text(response)
    assert work_of(shift) == [("MR", "", "", "")]


def test_rows_are_edited_removed_and_added_and_the_rest_is_not_written(manager: Client) -> None:
    shift = make_shift()
    ShiftWorkType.objects.create(shift=shift, modality="CT")
    ShiftWorkType.objects.create(shift=shift, modality="US")
    form = sending(
        shown_form(manager, page(shift, "edit/")),
        work_types__0__body_part="KNEE",
        work_types__1__remove="on",
        work_types__3__modality="DX",
    )
    before = AuditEvent.objects.count()
    response = manager.post(page(shift, "edit/"), form)
    assert response.status_code == HTTPStatus.FOUND
    assert work_of(shift) == [("MR", "KNEE", "", ""), ("US", "", "", ""), ("DX", "", "", "")]
    written = AuditEvent.objects.order_by("pk")[before:]
    assert sorted((event.entity, event.action) for event in written) == [
        ("roster_shiftworktype", "delete"),
        ("roster_shiftworktype", "insert"),
        ("roster_shiftworktype", "update"),
    ]


def test_a_row_of_another_shift_is_not_taken_over(manager: Client) -> None:
    shift, other = make_shift(), make_shift(work="CT")
    foreign = other.work_types.get()
    form = sending(
        shown_form(manager, page(shift, "edit/")),
        work_types__0__row_id=foreign.pk,
        work_types__0__modality="US",
    )
    manager.post(page(shift, "edit/"), form)
    assert work_of(other) == [("CT", "", "", "")]
    assert work_of(shift) == [("US", "", "", "")]


def test_all_work_is_one_open_kind(manager: Client) -> None:
    shift = make_shift()
    form = sending(
        shown_form(manager, page(shift, "edit/")), everything="on", work_types__0__remove="on"
    )
    manager.post(page(shift, "edit/"), form)
    assert work_of(shift) == [("", "", "", "")]
    row = shift.work_types.get()
    same = shown_form(manager, page(shift, "edit/"))
    assert same["everything"] == ["on"]
    manager.post(page(shift, "edit/"), same)
    assert shift.work_types.get() == row


def test_nothing_changed_writes_nothing(manager: Client) -> None:
    shift = make_shift(SiteFactory.create())
    form = shown_form(manager, page(shift, "edit/"))
    before = AuditEvent.objects.count()
    response = manager.post(page(shift, "edit/"), sending(form, preview="1"))
    assert response.context["changes"] == []
    assert response.context["effects"] == []
    manager.post(page(shift, "edit/"), form)
    assert AuditEvent.objects.count() == before


def test_a_form_that_somebody_else_overtook_is_not_saved(manager: Client) -> None:
    shift = make_shift()
    form = shown_form(manager, page(shift, "edit/"))
    ShiftWorkType.objects.create(shift=shift, modality="US")
    response = manager.post(page(shift, "edit/"), sending(form, name="Mine"))
    assert response.status_code == HTTPStatus.CONFLICT
    assert Shift.objects.get(pk=shift.pk).name != "Mine"


def test_a_change_of_sites_is_taken_back_whole(manager: Client) -> None:
    one, two = SiteFactory.create(), SiteFactory.create()
    shift = make_shift(one, two)
    edit = page(shift, "edit/")
    form = shown_form(manager, edit)
    for changed in (
        sending(form, all_sites="on", work_types__0__body_part="KNEE"),
        sending(form, sites=[one.pk]),
    ):
        response = manager.post(edit, sending(changed, seen=shown_form(manager, edit)["seen"][0]))
        assert response.status_code == HTTPStatus.FOUND
        assert sites_of(shift) != [one.code, two.code]
        _undo(manager, response)
        shift.refresh_from_db()
        assert (shift.all_sites, sites_of(shift)) == (False, [one.code, two.code])
        assert work_of(shift) == [("MR", "", "", "")]


def _undo(client: Client, response: HttpResponse) -> None:
    message = list(get_messages(response.wsgi_request))[-1]
    undone = client.post(f"/undo/{message.extra_tags.removeprefix('undo:')}/", follow=True)
    assert "Taken back." in text(undone)


# What follows


def test_hours_that_nobody_else_covers_are_named(manager: Client) -> None:
    shift = make_shift(code="DAY", start_local=time(8), end_local=time(16))
    RosterAssignmentFactory.create(shift=shift)
    form = sending(shown_form(manager, page(shift, "edit/")), end_local="12:00")
    tone, words = effects(manager, page(shift, "edit/"), form)[0]
    runs = "Wed 4 Feb 12:00 to 16:00, Thu 5 Feb 12:00 to 16:00 and 5 more"
    assert tone == "alarm"
    assert words == f"In the next 7 days nobody takes MR for 28 h: {runs}."


def test_hours_that_another_shift_covers_are_no_loss(manager: Client) -> None:
    shift = make_shift(start_local=time(8), end_local=time(16))
    other = make_shift(work="")
    for one in (shift, other):
        RosterAssignmentFactory.create(shift=one)
    edit = page(shift, "edit/")
    form = sending(shown_form(manager, edit), end_local="12:00")
    assert effects(manager, edit, form)[0] == (
        "calm",
        "Other shifts take its work in the 28 h it loses in the next 7 days.",
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda other: other.work_types.update(modality="CT"),
        lambda other: other.work_types.update(urgency="STAT"),
        lambda other: Shift.objects.filter(pk=other.pk).update(priority_level=-1),
        lambda other: Shift.objects.filter(pk=other.pk).update(is_active=False),
        lambda other: RosterAssignment.objects.filter(shift=other).delete(),
        lambda other: ShiftSite.objects.create(shift=other, site=SiteFactory.create()),
        lambda other: RosterOverride.objects.create(
            kind="leave",
            radiologist=other.roster.get().radiologist,
            start_date=date(2026, 2, 1),
            end_date=date(2026, 3, 1),
        ),
    ],
    ids=["work", "urgency", "negative", "off", "nobody", "site", "leave"],
)
def test_a_shift_that_does_not_take_the_work_covers_nothing(
    manager: Client, spoil: object
) -> None:
    shift, other = make_shift(), make_shift(work="")
    for one in (shift, other):
        RosterAssignmentFactory.create(shift=one)
    spoil(other)  # type: ignore[operator] # the cases above
    form = sending(shown_form(manager, page(shift, "edit/")), is_active=None)
    assert effects(manager, page(shift, "edit/"), form)[0][0] == "alarm"


def test_a_new_code_names_the_rules_that_lose_it(manager: Client) -> None:
    shift = make_shift(code="MRI")
    target = {"action_type": "ASSIGN_TO_SHIFT"}
    AssignmentRuleFactory.create(name="Knees", action_target="MRI", **target)
    AssignmentRuleFactory.create(name="Other", action_target="MRI_NIGHT", **target)
    AssignmentRuleFactory.create(name="Asleep", action_target="MRI", enabled=False, **target)
    form = sending(shown_form(manager, page(shift, "edit/")), code="MR1")
    assert effects(manager, page(shift, "edit/"), form) == [
        ("alarm", "1 rule sends studies to MRI and no longer can: Knees."),
        ("warn", "ZRA-3 says MR1 from the next message on; what was assigned keeps MRI."),
        ("calm", "Counts from the next decision on, with nobody on its roster."),
    ]


def test_switching_off_says_who_and_what_stays(manager: Client) -> None:
    shift = make_shift()
    person = RosterAssignmentFactory.create(shift=shift).radiologist
    AssignmentFactory.create(shift=shift, radiologist=person)
    EndedAssignmentFactory.create(shift=shift, radiologist=person)
    form = sending(shown_form(manager, page(shift, "edit/")), is_active=None)
    assert effects(manager, page(shift, "edit/"), form)[1:] == [
        ("warn", "1 person on its roster gets nothing on it any more."),
        ("calm", "1 open study stays with its reader."),
    ]


def test_a_required_subspecialty_names_who_lacks_it(manager: Client) -> None:
    shift = make_shift()
    for name, specialties in (("Has", ["neuroradiology"]), ("Lacks", [])):
        RosterAssignmentFactory.create(
            shift=shift, radiologist__given_name=name, radiologist__specialties=specialties
        )
    form = sending(
        shown_form(manager, page(shift, "edit/")), required_subspecialty="Neuroradiology"
    )
    assert effects(manager, page(shift, "edit/"), form)[0] == (
        "warn",
        "Get nothing on it, without neuroradiology: DR Lacks Reader.",
    )


# Delete and switch off


def test_an_unused_shift_is_deleted_and_comes_back_with_its_parts(manager: Client) -> None:
    site = SiteFactory.create()
    shift = make_shift(site)
    RosterAssignmentFactory.create(shift=shift)
    shown = manager.get(page(shift, "delete/"))
    assert [effect.tone for effect in shown.context["effects"]] == ["alarm", "warn"]
    response = manager.post(page(shift, "delete/"))
    assert not Shift.objects.exists()
    _undo(manager, response)
    back = Shift.objects.get()
    assert (back.pk, sites_of(back), work_of(back)) == (
        shift.pk,
        [site.code],
        [("MR", "", "", "")],
    )
    assert back.roster.count() == 1


def test_a_used_shift_is_switched_off_instead(manager: Client) -> None:
    shift = make_shift()
    EndedAssignmentFactory.create(shift=shift)
    refused = manager.post(page(shift, "delete/"))
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Switch off" in text(refused)
    response = manager.post(page(shift, "switch/"))
    assert not Shift.objects.get(pk=shift.pk).is_active
    assert "It is switched off already" in text(manager.get(page(shift, "delete/")))
    _undo(manager, response)
    assert Shift.objects.get(pk=shift.pk).is_active
