"""The radiologists' pages: who sees and changes whom, what a change does and says before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
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
    Licence,
    Privilege,
    Radiologist,
    RadiologistCredential,
    RadiologistSite,
    RosterAssignment,
    RosterOverride,
    Shift,
    ShiftSite,
    Workload,
)
from tests.factories import (
    AssignmentRuleFactory,
    EndedAssignmentFactory,
    ProcedureFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    ShiftWorkTypeFactory,
    SiteFactory,
)
from tests.factories.times import NOON
from tests.roster.shown_form import Sent, sending, shown_form
from tests.support.people import person, signed_in

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("noon")]

NEW = "/radiologists/new/"
ALLOWED = (Role.MANAGER, Role.ADMINISTRATOR)
NEITHER = (Role.RADIOLOGIST, Role.TECHNICIAN, Role.REFERRING_PROVIDER)


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def reader(*sites: Site, **fields: object) -> Radiologist:
    made: Radiologist = RadiologistFactory.create(**fields)
    for site in sites:
        RadiologistSite.objects.create(radiologist=made, site=site)
    return made


def loaded(who: Radiologist, **load: object) -> Radiologist:
    Workload.objects.filter(radiologist=who).update(**load)
    return Radiologist.objects.get(pk=who.pk)


def page(who: Radiologist, what: str = "") -> str:
    return f"/radiologists/{who.pk}/{what}"


def text(response: HttpResponse) -> str:
    return response.content.decode()


def ids(client: Client, query: str = "") -> list[str]:
    return [row.person.pk for row in client.get(f"/radiologists/{query}").context["page"].rows]


def effects(client: Client, who: Radiologist, form: Sent) -> list[tuple[str, str]]:
    response = client.post(page(who, "edit/"), sending(form, preview="1"))
    assert response.context["form"].errors == {}
    return [(effect.tone, effect.words) for effect in response.context["effects"]]


def homes_of(who: Radiologist) -> list[str]:
    return sorted(who.home_sites.values_list("site__code", flat=True))


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == HTTPStatus.OK
    return len(captured)


def undo(client: Client, response: HttpResponse) -> None:
    message = list(get_messages(response.wsgi_request))[-1]
    undone = client.post(f"/undo/{message.extra_tags.removeprefix('undo:')}/", follow=True)
    assert "Taken back." in text(undone)


# Who may


@pytest.mark.parametrize("what", ["", "edit/", "delete/"])
def test_somebody_unknown_is_sent_to_sign_in(what: str) -> None:
    address = page(reader(), what)
    assert Client().get(address)["Location"] == f"/login/?next={address}"


@pytest.mark.parametrize("role", NEITHER)
@pytest.mark.parametrize("what", ["", "edit/", "delete/"])
def test_roles_without_the_permission_get_403(role: Role, what: str) -> None:
    assert signed_in(role).get(page(reader(), what)).status_code == HTTPStatus.FORBIDDEN


def test_who_only_looks_changes_nothing() -> None:
    client, who = signed_in(Role.AUDITOR), reader()
    assert "/edit/" not in text(client.get("/radiologists/"))
    assert "/edit/" not in text(client.get(page(who)))
    for address in (NEW, page(who, "edit/"), page(who, "delete/"), page(who, "switch/")):
        assert client.post(address).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("role", ALLOWED)
def test_who_may_change_opens_every_page(role: Role) -> None:
    client, who = signed_in(role), reader()
    addresses = ("/radiologists/", NEW, page(who), page(who, "edit/"), page(who, "delete/"))
    assert {client.get(address).status_code for address in addresses} == {HTTPStatus.OK}
    assert client.get(page(who, "switch/")).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_a_foreign_radiologist_is_not_there() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    client, foreign = signed_in(Role.MANAGER, site=mine), reader(other)
    assert ids(client) == []
    for what in ("", "edit/", "delete/"):
        assert client.get(page(foreign, what)).status_code == HTTPStatus.NOT_FOUND
    for what in ("edit/", "delete/", "switch/"):
        assert client.post(page(foreign, what)).status_code == HTTPStatus.NOT_FOUND
    assert Radiologist.objects.get(pk=foreign.pk).is_active


def test_somebody_of_several_sites_is_seen_and_not_changed() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    client = signed_in(Role.MANAGER, site=mine)
    shared, every = reader(mine, other), reader()
    assert sorted(ids(client)) == sorted([shared.pk, every.pk])
    for who in (shared, every):
        assert client.get(page(who)).status_code == HTTPStatus.OK
        for what in ("edit/", "delete/", "switch/"):
            assert client.post(page(who, what)).status_code == HTTPStatus.NOT_FOUND


def test_a_manager_of_one_site_gives_nothing_at_another() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    client, who = signed_in(Role.MANAGER, site=mine), reader(mine)
    elsewhere = Privilege.objects.create(radiologist=who, site=other, modality="CT")
    form = shown_form(client, page(who, "edit/"))
    assert "user" not in form
    for changes in (
        {"home_sites": [mine.pk, other.pk]},
        {"home_sites": None},
        {"privileges__0__site": other.pk},
        {"privileges__0__site": "every"},
    ):
        response = client.post(page(who, "edit/"), sending(form, **changes))
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, changes
    stolen = sending(form, privileges__0__row_id=elsewhere.pk, privileges__0__site=mine.pk)
    assert client.post(page(who, "edit/"), stolen).status_code == HTTPStatus.FOUND
    rows = who.privileges.order_by("pk").values_list("site__code", "modality")
    assert list(rows) == [(other.code, "CT"), (mine.code, "")]


def test_a_sign_in_is_tied_by_who_may_change_sign_ins() -> None:
    who, user = reader(), person(Role.RADIOLOGIST, username="ann")
    person(Role.TECHNICIAN, username="bob")
    sneaky = sending(shown_form(signed_in(Role.MANAGER), page(who, "edit/")), user=user.pk)
    signed_in(Role.MANAGER).post(page(who, "edit/"), sneaky)
    assert Radiologist.objects.get(pk=who.pk).user is None
    admin = signed_in(Role.ADMINISTRATOR)
    offered = admin.get(page(who, "edit/")).context["form"].fields["user"].queryset
    assert [one.username for one in offered] == ["ann"]
    admin.post(page(who, "edit/"), sending(shown_form(admin, page(who, "edit/")), user=user.pk))
    assert Radiologist.objects.get(pk=who.pk).user == user


# The list


def test_an_empty_list_says_what_to_do(manager: Client) -> None:
    assert "There are no radiologists yet." in text(manager.get("/radiologists/"))
    assert "No radiologist is like that." in text(manager.get("/radiologists/?q=nobody"))


def test_a_line_says_what_somebody_has_on_hand(manager: Client) -> None:
    busy = loaded(
        reader(max_concurrent_studies=4, max_concurrent_rvu=Decimal(10)),
        open_stat=1,
        open_routine=2,
        open_rvu=Decimal("9.5"),
        presence="online",
    )
    shift = ShiftFactory.create(code="DAY")
    RosterAssignmentFactory.create(shift=shift, radiologist=busy)
    RosterAssignmentFactory.create(
        shift__start_local=time(1), shift__end_local=time(2), radiologist=busy
    )
    (row,) = manager.get("/radiologists/").context["page"].rows
    assert (row.open_studies, row.used_percent, row.is_full, row.may_change) == (
        *(3, 95, False),
        True,
    )
    assert [one.code for one in row.shifts] == ["DAY"]


@pytest.mark.parametrize(
    ("load", "limits"),
    [
        ({"open_stat": 4}, {}),
        ({"open_rvu": Decimal(10)}, {"max_concurrent_rvu": Decimal(10)}),
        ({}, {"max_concurrent_studies": 0}),
    ],
    ids=["studies", "rvu", "nothing allowed"],
)
def test_a_limit_reached_is_said(
    manager: Client, load: dict[str, object], limits: dict[str, object]
) -> None:
    loaded(reader(id="FULL", **{"max_concurrent_studies": 4, **limits}), **load)
    reader(id="FREE")
    assert ids(manager, "?state=full") == ["FULL"]
    assert text(manager.get("/radiologists/")).count("At capacity") == 1


def test_the_list_is_searched_filtered_and_sorted(manager: Client) -> None:
    site = SiteFactory.create()
    ann = reader(site, id="ANN", family_name="Zed", specialties=["neuroradiology"])
    bob = loaded(reader(id="BOB", family_name="Able", max_concurrent_studies=10), open_stat=5)
    loaded(reader(SiteFactory.create(), id="CEL", family_name="Mid"), presence="away", open_stat=6)
    RosterAssignmentFactory.create(radiologist=ann)
    RosterAssignmentFactory.create(radiologist=bob)
    RosterOverride.objects.create(
        kind="leave", radiologist=bob, start_date=date(2026, 2, 4), end_date=date(2026, 2, 4)
    )
    assert ids(manager) == ["BOB", "CEL", "ANN"]
    assert ids(manager, "?sort=-used") == ["BOB", "CEL", "ANN"]
    assert ids(manager, "?sort=-open") == ["CEL", "BOB", "ANN"]
    assert ids(manager, "?q=ze an") == ["ANN"]
    assert ids(manager, f"?site={site.pk}") == ["BOB", "ANN"]
    assert ids(manager, "?specialty=neuroradiology") == ["ANN"]
    assert ids(manager, "?presence=away") == ["CEL"]
    assert ids(manager, "?state=on_shift") == ["ANN"]
    assert ids(manager, "?state=nonsense&sort=nonsense") == ["BOB", "CEL", "ANN"]


def test_shifts_of_other_sites_are_not_told() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    client, who = signed_in(Role.MANAGER, site=mine), reader(mine)
    shift = RosterAssignmentFactory.create(radiologist=who).shift
    ShiftSite.objects.create(shift=shift, site=other)
    (row,) = client.get("/radiologists/").context["page"].rows
    assert row.shifts == ()
    shown = client.get(page(who))
    assert (list(shown.context["ahead"].days), shown.context["ahead"].hidden) == ([], 15)
    assert shift.code not in text(shown)


def test_many_people_cost_as_many_queries_as_one(manager: Client) -> None:
    def one_more() -> None:
        who = reader(SiteFactory.create())
        RosterAssignmentFactory.create(radiologist=who)

    one_more()
    address = "/radiologists/?state=on_shift"
    few = queries(manager, address)
    for _ in range(100):
        one_more()
    assert len(manager.get(address).context["page"].rows) == 50
    assert queries(manager, address) == few <= 15


# One radiologist


def test_the_page_says_how_competencies_stand(manager: Client) -> None:
    who = reader()
    site = SiteFactory.create(code="ROBINA")
    RadiologistCredential.objects.create(radiologist=who, name="MAMMO", end_date=date(2026, 2, 3))
    Licence.objects.create(radiologist=who, jurisdiction="QLD", end_date=date(2026, 2, 4))
    Licence.objects.create(radiologist=who, jurisdiction="WA", end_date=date(2026, 2, 16))
    Privilege.objects.create(
        radiologist=who, site=site, modality="MR", start_date=date(2026, 3, 1)
    )
    Privilege.objects.create(radiologist=who, end_date=date(2027, 1, 1))
    found = manager.get(page(who)).context["competencies"]
    assert [(one.words, one.standing.words, one.standing.tone) for one in found] == [
        ("MAMMO", "ended 3 Feb 2026", "alarm"),
        ("QLD", "ends today, 4 Feb 2026", "warn"),
        ("WA", "ends in 12 days, 16 Feb 2026", "warn"),
        ("MR at ROBINA", "from 1 Mar 2026", "warn"),
        ("all work at every site", "valid until 1 Jan 2027", "good"),
    ]


def test_the_page_lists_turns_and_leave_of_the_next_days(manager: Client) -> None:
    who = reader()
    shift = ShiftFactory.create(start_local=time(22), end_local=time(6), code="NIGHT")
    RosterAssignmentFactory.create(shift=shift, radiologist=who, end_date=date(2026, 2, 6))
    RosterOverride.objects.create(
        kind="leave", radiologist=who, start_date=date(2026, 2, 5), end_date=date(2026, 2, 5)
    )
    RosterOverride.objects.create(
        kind="leave", radiologist=who, start_date=date(2026, 1, 5), end_date=date(2026, 1, 9)
    )
    shown = manager.get(page(who)).context
    assert [
        (str(day.start_on), [(turn.clock_words, turn.length) for turn in day.turns])
        for day in shown["ahead"].days
    ] == [
        ("2026-02-04", [("22:00 to Thu 06:00", "8 h")]),
        ("2026-02-06", [("22:00 to Sat 06:00", "8 h")]),
    ]
    assert [(one.kind, one.days) for one in shown["away"]] == [("Leave", "5 Feb 2026")]


def test_the_page_costs_the_same_with_many_parts(manager: Client) -> None:
    who = reader(SiteFactory.create())
    RosterAssignmentFactory.create(radiologist=who)
    Licence.objects.create(radiologist=who, jurisdiction="QLD")
    few = queries(manager, page(who))
    for number in range(30):
        RosterAssignmentFactory.create(radiologist=who)
        Licence.objects.create(radiologist=who, jurisdiction=f"J{number}")
        Privilege.objects.create(radiologist=who, site=SiteFactory.create())
    assert queries(manager, page(who)) == few <= 15


def test_an_odd_id_from_elsewhere_has_its_pages(manager: Client) -> None:
    who = reader(id="A/B C&D")
    (row,) = manager.get("/radiologists/").context["page"].rows
    assert row.person == who
    address = "/radiologists/A/B%20C&D/"
    assert manager.get(address).status_code == HTTPStatus.OK
    assert manager.get(f"{address}edit/").status_code == HTTPStatus.OK


# New and edit


def test_a_radiologist_is_made_with_homes_and_competencies(manager: Client) -> None:
    site = SiteFactory.create(code="ROBINA")
    form = sending(
        shown_form(manager, NEW),
        id="DR_NEW_ID",
        family_name="New",
        specialties="Neuroradiology, own word",
        home_sites=[site.pk],
        credentials__0__name="MAMMO",
        licences__0__jurisdiction="QLD",
        licences__0__end_date="2027-01-01",
        privileges__0__site=site.pk,
        privileges__0__modality="MRI",
        privileges__1__site="every",
        privileges__1__modality="CT",
    )
    response = manager.post(NEW, form)
    assert response.status_code == HTTPStatus.FOUND, response.context["form"].errors
    who = Radiologist.objects.get(pk="DR_NEW_ID")
    assert (who.specialties, homes_of(who)) == (["neuroradiology", "own word"], ["ROBINA"])
    assert who.credentials.get().name == "MAMMO"
    assert who.licences.get().end_date == date(2027, 1, 1)
    rows = who.privileges.order_by("pk").values_list("site__code", "modality")
    assert list(rows) == [("ROBINA", "MR"), (None, "CT")]
    assert Workload.objects.get(pk=who.pk).open_studies == 0


@pytest.mark.parametrize("bad", ["", "new", "A/B", "../x", "A B", "DR_OLD"])
def test_an_id_must_be_plain_and_free(manager: Client, bad: str) -> None:
    reader(id="DR_OLD", family_name="Old")
    form = sending(shown_form(manager, NEW), id=bad, family_name="New")
    response = manager.post(NEW, form)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert list(response.context["form"].errors) == ["id"]
    assert Radiologist.objects.get().family_name == "Old"


def test_wrong_days_and_limits_are_told(manager: Client) -> None:
    who = reader()
    form = sending(
        shown_form(manager, page(who, "edit/")),
        max_concurrent_rvu="-1",
        licences__0__jurisdiction="QLD",
        licences__0__start_date="2026-03-01",
        licences__0__end_date="2026-02-01",
    )
    response = manager.post(page(who, "edit/"), form)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sorted(response.context["form"].errors) == ["licences", "max_concurrent_rvu"]
    assert "It ends before it starts." in text(response)
    assert not Licence.objects.exists()


def test_nothing_changed_writes_nothing(manager: Client) -> None:
    who = reader(SiteFactory.create(), specialties=["neuroradiology"])
    Licence.objects.create(radiologist=who, jurisdiction="QLD", end_date=date(2026, 9, 1))
    Privilege.objects.create(radiologist=who, modality="CT")
    form = shown_form(manager, page(who, "edit/"))
    before = AuditEvent.objects.count()
    response = manager.post(page(who, "edit/"), sending(form, preview="1"))
    assert (response.context["changes"], response.context["effects"]) == ([], [])
    manager.post(page(who, "edit/"), form)
    assert AuditEvent.objects.count() == before


def test_a_form_that_somebody_else_overtook_is_not_saved(manager: Client) -> None:
    who = reader()
    form = shown_form(manager, page(who, "edit/"))
    Licence.objects.create(radiologist=who, jurisdiction="QLD")
    response = manager.post(page(who, "edit/"), sending(form, family_name="Mine"))
    assert response.status_code == HTTPStatus.CONFLICT
    assert Radiologist.objects.get().family_name == "Reader"


def test_an_edit_is_taken_back_whole(manager: Client) -> None:
    site = SiteFactory.create()
    who = reader(site)
    Licence.objects.create(radiologist=who, jurisdiction="QLD")
    form = sending(
        shown_form(manager, page(who, "edit/")),
        family_name="Else",
        home_sites=None,
        licences__0__remove="on",
        credentials__0__name="MAMMO",
    )
    response = manager.post(page(who, "edit/"), form)
    assert (homes_of(who), who.licences.count(), who.credentials.count()) == ([], 0, 1)
    undo(manager, response)
    assert (homes_of(who), who.licences.count(), who.credentials.count()) == ([site.code], 1, 0)
    assert Radiologist.objects.get().family_name == "Reader"


# What follows


def _edited(client: Client, who: Radiologist, **changes: object) -> list[tuple[str, str]]:
    return effects(client, who, sending(shown_form(client, page(who, "edit/")), **changes))


def test_switching_off_says_what_stays_and_who_is_missing(manager: Client) -> None:
    who = loaded(reader(id="ANN"), open_stat=5, open_routine=7)
    alone: Shift = ShiftWorkTypeFactory.create(shift__code="ALONE").shift
    Shift.objects.filter(pk=alone.pk).update(start_local=time(8), end_local=time(16), weekdays=[4])
    shared: Shift = ShiftWorkTypeFactory.create().shift
    for shift in (alone, shared):
        RosterAssignment.objects.create(shift=shift, radiologist=who, start_date=date(2026, 1, 1))
    RosterAssignmentFactory.create(shift=shared)
    rule = {"action_type": "EXCLUDE", "action_target": '["ANN", "BOB"]'}
    AssignmentRuleFactory.create(name="Not Ann", is_terminal=False, **rule)
    runs = "ALONE Thu 5 Feb 08:00 to 16:00, ALONE Thu 12 Feb 08:00 to 16:00"
    assert _edited(manager, who, is_active=None) == [
        ("alarm", f"In the next 14 days 2 turns have nobody else: {runs}."),
        ("warn", "1 rule names them: Not Ann."),
        ("warn", "12 open studies stay with them until moved."),
        ("calm", "Nothing new comes to them from the next decision on."),
    ]


def test_limits_below_what_is_open_are_said(manager: Client) -> None:
    who = loaded(reader(), open_stat=10, open_rvu=Decimal(20))
    said = _edited(manager, who, max_concurrent_studies=10, max_concurrent_rvu="15")
    assert said[:2] == [
        ("warn", "10 studies are open: nothing new until fewer than 10 are."),
        ("warn", "20.00 RVU are open: nothing new until less than 15 are."),
    ]
    assert _edited(manager, who, max_concurrent_studies=11) == [
        ("calm", "Counts from the next decision on; studies they have stay theirs.")
    ]


def test_a_licence_that_ends_names_the_sites_that_ask_for_it(manager: Client) -> None:
    who = reader()
    Licence.objects.create(radiologist=who, jurisdiction="QLD")
    SiteFactory.create(code="ROBINA", jurisdiction="QLD", requires_licence=True)
    SiteFactory.create(code="NOT_ASKING", jurisdiction="QLD")
    assert _edited(manager, who, licences__0__end_date="2026-03-01")[0] == (
        "warn",
        "Licence for QLD ends 1 Mar 2026: then nothing from ROBINA.",
    )
    assert _edited(manager, who, licences__0__end_date="2026-02-03")[0] == (
        "alarm",
        "No licence for QLD from now on: nothing from ROBINA.",
    )


def test_a_credential_that_goes_names_the_procedures(manager: Client) -> None:
    who = reader()
    RadiologistCredential.objects.create(radiologist=who, name="MAMMO")
    ProcedureFactory.create(code="MAMMOGRAM", required_credentials=["MAMMO"])
    assert _edited(manager, who, credentials__0__remove="on")[0] == (
        "alarm",
        "Without MAMMO nothing with procedure MAMMOGRAM.",
    )


# Delete and switch off


def test_somebody_who_never_had_a_study_is_deleted_and_comes_back(manager: Client) -> None:
    site = SiteFactory.create()
    who = reader(site)
    Licence.objects.create(radiologist=who, jurisdiction="QLD")
    RosterAssignmentFactory.create(radiologist=who)
    response = manager.post(page(who, "delete/"))
    assert not Radiologist.objects.exists()
    undo(manager, response)
    assert (homes_of(who), who.licences.count(), who.roster.count()) == ([site.code], 1, 1)
    assert Workload.objects.get(pk=who.pk).open_studies == 0


def test_somebody_who_had_studies_is_switched_off_instead(manager: Client) -> None:
    who = reader()
    EndedAssignmentFactory.create(radiologist=who)
    refused = manager.post(page(who, "delete/"))
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Switch off" in text(refused)
    response = manager.post(page(who, "switch/"))
    assert not Radiologist.objects.get().is_active
    assert "They are switched off already" in text(manager.get(page(who, "delete/")))
    undo(manager, response)
    assert Radiologist.objects.get().is_active
