"""Turns assigned, moved, stretched and taken off on the roster's page, and what is refused."""

from __future__ import annotations

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
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    Rotation,
    RotationTurn,
    Shift,
    ShiftSite,
)
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory, UserFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 2, day) for day in (3, 4, 5, 6))
NEW_YEAR = date(2026, 1, 1)
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/roster/?view=day"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


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


def shift(code: str, *sites: Site, start: int = 8, end: int = 16, **values: object) -> Shift:
    made = ShiftFactory.create(code=code, start_local=time(start), end_local=time(end), **values)
    for site in sites:
        ShiftSite.objects.create(shift=made, site=site)
    return made


def person(name: str, *homes: Site, **values: object) -> Radiologist:
    made = RadiologistFactory.create(
        id=name, family_name=name.title(), given_name="", title="", **values
    )
    for home in homes:
        made.home_sites.create(site=home)
    return made


def put_on(on: Shift, name: str, **values: object) -> RosterAssignment:
    who = Radiologist.objects.filter(pk=name).first() or person(name)
    return RosterAssignmentFactory.create(shift=on, radiologist=who, **values)


def by_turns(on: Shift, *names: str, unit: str = "days") -> Rotation:
    rotation = Rotation.objects.create(shift=on, name="Nights", start_date=NEW_YEAR, unit=unit)
    for position, name in enumerate(names):
        RotationTurn.objects.create(
            rotation=rotation,
            position=position,
            radiologist=Radiologist.objects.filter(pk=name).first() or person(name),
        )
    return rotation


def override(
    kind: str, on: Shift | None, name: str, first: date, last: date, **values: object
) -> None:
    RosterOverride.objects.create(
        kind=kind, shift=on, radiologist_id=name, start_date=first, end_date=last, **values
    )


def sheet(on: Shift, day: date, act: str) -> str:
    return reverse("roster-arrange", args=[on.pk, day, act])


def send(client: Client, on: Shift, day: date, act: str, **data: object) -> HttpResponse:
    """Ask for the sheet and save it as it comes, with some fields said otherwise."""
    url = sheet(on, day, act)
    query = {name: value for name, value in data.items() if value is not None}
    asked = client.get(url, query)
    assert asked.status_code == 200
    said = {
        name: value
        for name, value in asked.context["form"].data.items()
        if name in asked.context["form"].fields
    }
    return client.post(url, {**said, **query, "seen": asked.context["seen"]})


def rows() -> list[tuple[str, str, date, date | None, str]]:
    found = RosterAssignment.objects.select_related("shift").order_by("radiologist", "start_date")
    return [
        (row.radiologist_id, row.shift.code, row.start_date, row.end_date, row.status)
        for row in found
    ]


def overrides() -> list[tuple[object, ...]]:
    """Return kind, who, taker, shift, dates and hours of those that count."""
    found = RosterOverride.objects.select_related("shift").filter(status="active").order_by("pk")
    return [
        (
            *(one.kind, one.radiologist_id, one.taker_id, one.shift.code if one.shift else ""),
            *(one.start_date, one.end_date, one.start_local, one.end_local),
        )
        for one in found
    ]


def undo(client: Client) -> None:
    request = AuditEvent.objects.exclude(request_id="").latest("id").request_id
    client.post(reverse("undo", args=[request]))


def refusal(response: HttpResponse) -> str:
    assert response.status_code == 422
    return "; ".join(response.context["form"].non_field_errors())


def effects(response: HttpResponse) -> list[tuple[str, str]]:
    return [(effect.tone, effect.words) for effect in response.context["effects"]]


# --- assigning -------------------------------------------------------------------------------


def test_somebody_is_put_on_a_turn_for_the_day(manager: Client) -> None:
    work = shift("CT")
    person("ANN")
    before = ConfigVersion.objects.get(area="roster").version
    done = send(manager, work, THURSDAY, "assign", person="ANN")
    assert (done.status_code, done.headers["Location"]) == (302, "/roster/")
    assert overrides() == [("extra", "ANN", None, "CT", THURSDAY, THURSDAY, None, None)]
    assert ConfigVersion.objects.get(area="roster").version > before
    undo(manager)
    assert overrides() == []


def test_the_sheet_says_what_follows_and_saves_nothing(manager: Client) -> None:
    work = shift("CT")
    person("ANN")
    asked = manager.get(sheet(work, THURSDAY, "assign"), {"person": "ANN"})
    assert effects(asked) == [
        ("calm", "Ann is on CT on Thu 5 Feb."),
        ("calm", "CT had nobody on Thu 5 Feb, and has somebody then."),
    ]
    assert asked.context["done"] == "Ann is on CT on Thu 5 Feb."
    data = {"person": "ANN", "until": "2026-02-06", "preview": "1"}
    part = manager.post(sheet(work, THURSDAY, "assign"), data, **HTMX).content.decode()
    assert part.lstrip().startswith('<section class="preview" id="arrange-preview"')
    assert "from Thu 5 Feb to Fri 6 Feb" in part
    assert overrides() == []


def test_who_fits_best_is_chosen_already(manager: Client) -> None:
    work = shift("CT")
    put_on(shift("MR", is_exclusive=True), "BUSY")
    person("ANN")
    asked = manager.get(sheet(work, THURSDAY, "assign"))
    assert [filler.person.pk for filler in asked.context["fillers"]] == ["ANN", "BUSY"]
    assert asked.context["form"].cleaned_data["person"].pk == "ANN"


def test_days_on_which_somebody_is_on_already_are_left_alone(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN", start_date=WEDNESDAY, end_date=WEDNESDAY)
    send(manager, work, TUESDAY, "assign", person="ANN", until="2026-02-05")
    assert overrides() == [
        ("extra", "ANN", None, "CT", TUESDAY, TUESDAY, None, None),
        ("extra", "ANN", None, "CT", THURSDAY, THURSDAY, None, None),
    ]
    again = send(manager, work, TUESDAY, "assign", person="ANN", until="2026-02-05")
    assert refusal(again) == "Ann is on CT then already."


def test_a_part_of_a_turn_is_assigned(manager: Client) -> None:
    work = shift("CT")
    person("ANN")
    hours = {"start_local": "08:00", "end_local": "10:30"}
    send(manager, work, THURSDAY, "assign", person="ANN", **hours)
    assert overrides() == [("extra", "ANN", None, "CT", THURSDAY, THURSDAY, time(8), time(10, 30))]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (("07:00", "10:00"), "These hours reach beyond the turn, 08:00 to 16:00"),
        (("15:00", "17:00"), "These hours reach beyond the turn, 08:00 to 16:00"),
        (("12:00", "12:00"), "These hours reach beyond the turn, 08:00 to 16:00"),
    ],
)
def test_hours_beyond_the_turn_are_refused(
    manager: Client, hours: tuple[str, str], words: str
) -> None:
    work = shift("CT")
    person("ANN")
    start, end = hours
    done = send(manager, work, THURSDAY, "assign", person="ANN", start_local=start, end_local=end)
    assert refusal(done).startswith(words)
    assert overrides() == []


def test_who_is_on_leave_or_switched_off_is_refused(manager: Client) -> None:
    work = shift("CT")
    person("ANN")
    person("OFF", is_active=False)
    override("leave", None, "ANN", THURSDAY, THURSDAY)
    away = send(manager, work, THURSDAY, "assign", person="ANN")
    assert refusal(away) == "Ann is away on 5 Feb 2026."
    off = send(manager, work, THURSDAY, "assign", person="OFF")
    assert refusal(off) == "Off is switched off and gets no work."


def test_one_stands_in_for_another_and_gives_it_back(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN")
    person("BEN")
    send(manager, work, WEDNESDAY, "assign", person="BEN", other="ANN", until="2026-02-06")
    assert overrides() == [("swap", "ANN", "BEN", "CT", WEDNESDAY, FRIDAY, None, None)]
    send(manager, work, THURSDAY, "assign", person="ANN", other="BEN")
    assert overrides() == [
        ("swap", "ANN", "BEN", "CT", WEDNESDAY, WEDNESDAY, None, None),
        ("swap", "ANN", "BEN", "CT", FRIDAY, FRIDAY, None, None),
    ]


def test_nobody_stands_in_for_who_is_not_there_or_where_they_are_already(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN")
    put_on(work, "BEN")
    both = send(manager, work, THURSDAY, "assign", person="BEN", other="ANN")
    assert refusal(both) == "Ben is on CT then already: take Ann off instead."


# --- taking off ------------------------------------------------------------------------------


def test_a_row_is_cut_and_goes_on_around_the_day(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN")
    asked = manager.get(sheet(work, THURSDAY, "take-off"), {"person": "ANN"})
    assert effects(asked) == [
        ("alarm", "Nobody is left on CT on Thu 5 Feb."),
        ("calm", "Ann is no longer on CT on Thu 5 Feb."),
        ("calm", "The roster row of Ann is cut and goes on around it."),
    ]
    send(manager, work, THURSDAY, "take-off", person="ANN")
    assert rows() == [
        ("ANN", "CT", NEW_YEAR, WEDNESDAY, "active"),
        ("ANN", "CT", FRIDAY, None, "active"),
    ]
    undo(manager)
    assert rows() == [("ANN", "CT", NEW_YEAR, None, "active")]


def test_every_other_week_stays_every_other_week_when_a_day_is_cut_out(manager: Client) -> None:
    work = shift("CT")
    # The weeks of 26 January, 9 February and so on.
    put_on(work, "ANN", start_date=date(2026, 1, 26), every_weeks=2)
    send(manager, work, date(2026, 2, 15), "take-off", person="ANN")
    assert rows() == [
        ("ANN", "CT", date(2026, 1, 26), date(2026, 2, 14), "active"),
        ("ANN", "CT", date(2026, 2, 23), None, "active"),
    ]


def test_all_that_puts_somebody_on_goes(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN")
    person("BEN")
    override("extra", work, "BEN", WEDNESDAY, FRIDAY)
    override("swap", work, "ANN", THURSDAY, THURSDAY, taker_id="BEN")
    send(manager, work, THURSDAY, "take-off", person="BEN")
    assert overrides() == [
        ("extra", "BEN", None, "CT", WEDNESDAY, WEDNESDAY, None, None),
        ("extra", "BEN", None, "CT", FRIDAY, FRIDAY, None, None),
    ]


def test_a_turn_by_rotation_is_taken_off_as_hours_away_and_the_rotation_goes_on(
    manager: Client,
) -> None:
    work = shift("NIGHT", start=22, end=6)
    by_turns(work, "ANN", "BEN")
    # Wednesday 4 February is the 34th day after New Year, so the first one's.
    send(manager, work, WEDNESDAY, "take-off", person="ANN")
    assert overrides() == [("leave", "ANN", None, "", WEDNESDAY, WEDNESDAY, time(22), time(6))]
    assert RosterOverride.objects.get().time_zone == "Australia/Brisbane"
    gone = send(manager, work, WEDNESDAY, "assign", person="BEN", other="ANN")
    assert gone.status_code == 302


def test_who_is_not_on_cannot_be_taken_off(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN", end_date=TUESDAY)
    done = send(manager, work, THURSDAY, "take-off", person="ANN")
    assert refusal(done) == "Ann is not on CT then."


# --- moving ----------------------------------------------------------------------------------


def test_a_turn_is_moved_to_another_shift_and_day(manager: Client) -> None:
    ct, mr = shift("CT"), shift("MR")
    put_on(ct, "ANN")
    send(manager, ct, THURSDAY, "move", person="ANN", to_shift=mr.pk, to_on="2026-02-06")
    assert overrides() == [("extra", "ANN", None, "MR", FRIDAY, FRIDAY, None, None)]
    assert [row[2:4] for row in rows()] == [(NEW_YEAR, WEDNESDAY), (FRIDAY, None)]
    undo(manager)
    assert (overrides(), rows()) == ([], [("ANN", "CT", NEW_YEAR, None, "active")])


def test_two_change_places(manager: Client) -> None:
    ct, mr = shift("CT"), shift("MR")
    put_on(ct, "ANN")
    put_on(mr, "BEN")
    there = {"to_shift": mr.pk, "to_on": "2026-02-06", "other": "BEN"}
    send(manager, ct, THURSDAY, "move", person="ANN", **there)
    assert overrides() == [
        ("swap", "ANN", "BEN", "CT", THURSDAY, THURSDAY, None, None),
        ("swap", "BEN", "ANN", "MR", FRIDAY, FRIDAY, None, None),
    ]


def test_a_turn_is_not_moved_to_where_it_is_or_to_a_foreign_shift() -> None:
    here, there = SiteFactory.create(code="HERE"), SiteFactory.create(code="THERE")
    ct, theirs = shift("CT", here), shift("THEIRS", there)
    put_on(ct, "ANN")
    client = signed_in(Role.MANAGER, here)
    same = send(client, ct, THURSDAY, "move", person="ANN", to_shift=ct.pk, to_on="2026-02-05")
    assert refusal(same) == "Ann is there already."
    away = send(client, ct, THURSDAY, "move", person="ANN", to_shift=theirs.pk, to_on="2026-02-05")
    assert away.status_code == 422
    assert rows() == [("ANN", "CT", NEW_YEAR, None, "active")]


# --- stretching ------------------------------------------------------------------------------


def test_an_extra_turn_is_made_longer_not_doubled(manager: Client) -> None:
    work = shift("CT", weekdays=[1, 2, 3, 5])
    person("ANN")
    override("extra", work, "ANN", WEDNESDAY, WEDNESDAY)
    # No run starts on Thursday, so Friday's is the next.
    send(manager, work, WEDNESDAY, "stretch", person="ANN", until="2026-02-06")
    assert overrides() == [("extra", "ANN", None, "CT", WEDNESDAY, FRIDAY, None, None)]


@pytest.mark.parametrize("by", ["row", "extra", "swap", "rotation"])
def test_a_turn_is_cut_to_some_of_its_hours_in_the_way_it_came(manager: Client, by: str) -> None:
    work = shift("CT")
    if by == "row":
        put_on(work, "ANN", start_date=THURSDAY, end_date=THURSDAY)
    elif by == "extra":
        person("ANN")
        override("extra", work, "ANN", THURSDAY, THURSDAY)
    elif by == "swap":
        put_on(work, "GIVER")
        person("ANN")
        override("swap", work, "GIVER", THURSDAY, THURSDAY, taker_id="ANN")
    else:
        by_turns(work, "ANN")
    hours = {"start_local": "10:00", "end_local": "12:00"}
    send(manager, work, THURSDAY, "stretch", person="ANN", **hours)
    kept = (THURSDAY, THURSDAY, time(10), time(12))
    assert (
        overrides()
        == {
            "row": [("extra", "ANN", None, "CT", *kept)],
            "extra": [("extra", "ANN", None, "CT", *kept)],
            "swap": [("swap", "GIVER", "ANN", "CT", *kept)],
            "rotation": [
                ("leave", "ANN", None, "", THURSDAY, THURSDAY, time(8), time(10)),
                ("leave", "ANN", None, "", THURSDAY, THURSDAY, time(12), time(16)),
            ],
        }[by]
    )


def test_moments_of_the_address_become_hours_of_the_shifts_clock(manager: Client) -> None:
    work = shift("PERTH", time_zone="Australia/Perth")
    put_on(work, "ANN")
    # 08:00 to 10:15 in Perth.
    query = {"person": "ANN", "from_at": "1770249600", "until_at": "1770257700"}
    asked = manager.get(sheet(work, THURSDAY, "stretch"), query)
    said = asked.context["form"].cleaned_data
    assert (said["start_local"], said["end_local"]) == (time(8), time(10, 15))


# --- who may, and what is refused ------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.MANAGER, 200), (Role.AUDITOR, 403), (Role.RADIOLOGIST, 403), (None, 403)],
)
def test_roles(role: Role | None, status: int) -> None:
    site = SiteFactory.create(code="HERE")
    work = shift("CT", site)
    put_on(work, "ANN")
    client = signed_in(role, site if role else None)
    assert client.get(sheet(work, THURSDAY, "take-off"), {"person": "ANN"}).status_code == status
    assert client.post(sheet(work, THURSDAY, "take-off"), {"person": "ANN"}).status_code in (
        {422, 409} if status == 200 else {403}
    )


def test_a_foreign_shift_does_not_exist_and_strangers_are_not_offered() -> None:
    here, there = SiteFactory.create(code="HERE"), SiteFactory.create(code="THERE")
    mine, theirs = shift("MINE", here), shift("THEIRS", there)
    person("STRANGER", there)
    client = signed_in(Role.MANAGER, here)
    for act in ("assign", "take-off", "move", "stretch"):
        assert client.get(sheet(theirs, THURSDAY, act)).status_code == 404
        assert client.post(sheet(theirs, THURSDAY, act), {"person": "STRANGER"}).status_code == 404
    put_on_stranger = client.post(sheet(mine, THURSDAY, "assign"), {"person": "STRANGER"})
    assert (put_on_stranger.status_code, overrides()) == (422, [])
    assert client.get(reverse("roster-choose", args=[THURSDAY, "STRANGER"])).status_code == 404


def test_leave_is_given_only_by_who_has_all_their_sites() -> None:
    here, there = SiteFactory.create(code="HERE"), SiteFactory.create(code="THERE")
    work = shift("CT", here)
    person("BOTH", here, there)
    by_turns(work, "BOTH")
    done = send(signed_in(Role.MANAGER, here), work, THURSDAY, "take-off", person="BOTH")
    assert (done.status_code, overrides()) == (422, [])
    assert "works elsewhere too" in done.content.decode()


def test_there_is_no_other_act_and_no_turn_on_a_day_without(manager: Client) -> None:
    work = shift("CT", weekdays=[4])
    assert manager.get(sheet(work, THURSDAY, "juggle")).status_code == 404
    assert manager.get(sheet(work, FRIDAY, "assign")).status_code == 404
    assert manager.put(sheet(work, THURSDAY, "assign")).status_code == 405


def test_a_sheet_that_was_overtaken_is_refused_and_shows_the_turn_as_it_is(
    manager: Client,
) -> None:
    work = shift("CT")
    put_on(work, "ANN")
    person("BEN")
    asked = manager.get(sheet(work, THURSDAY, "take-off"), {"person": "ANN"})
    override("extra", work, "BEN", THURSDAY, THURSDAY)
    data = {"person": "ANN", "until": "2026-02-05", "seen": asked.context["seen"]}
    late = manager.post(sheet(work, THURSDAY, "take-off"), data, **HTMX)
    assert (late.status_code, rows()) == (409, [("ANN", "CT", NEW_YEAR, None, "active")])
    assert "Somebody was quicker" in late.content.decode()
    done = manager.post(
        sheet(work, THURSDAY, "take-off"), data | {"seen": late.context["seen"]}, **HTMX
    )
    assert (done.status_code, done.headers["HX-Trigger-After-Settle"]) == (
        200,
        '{"roster-changed": {}}',
    )
    assert len(rows()) == 2


def test_the_past_is_warned_about(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN")
    asked = manager.get(sheet(work, TUESDAY, "take-off"), {"person": "ANN"})
    assert effects(asked)[0] == (
        "warn",
        "This turn is over: what was decided then stays, only the roster is written anew.",
    )


def test_a_turn_over_more_than_a_quarter_is_a_row(manager: Client) -> None:
    work = shift("CT")
    person("ANN")
    done = send(manager, work, THURSDAY, "assign", person="ANN", until="2100-12-31")
    assert done.status_code == 422
    assert dict(done.context["form"].errors) == {
        "until": ["More than 92 days: put them on by a row or a rotation."]
    }


def test_the_turns_of_a_day_are_offered_to_a_free_person_gaps_first(manager: Client) -> None:
    put_on(shift("A_FULL"), "BEN")
    shift("B_BARE")
    put_on(shift("C_OWN"), "ANN")
    asked = manager.get(reverse("roster-choose", args=[THURSDAY, "ANN"]), **HTMX)
    found = [(one.run.shift.code, one.is_gap) for one in asked.context["turns"]]
    assert found == [("B_BARE", True), ("A_FULL", False)]
    assert asked.context["back"] == "/roster/?view=day"


def test_the_sheet_costs_the_same_at_one_and_a_hundred_people(manager: Client) -> None:
    work = shift("CT")
    put_on(work, "ANN")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert (
                manager.get(sheet(work, THURSDAY, "take-off"), {"person": "ANN"}).status_code
                == 200
            )
        return len(queries)

    first = cost()
    for number in range(100):
        put_on(work, f"P{number}")
    assert cost() == first


# -- swaps that meet each other ----------------------------------------------------------


@pytest.mark.parametrize("names", [("zed", "bob"), ("bob", "zed")], ids="-".join)
def test_hours_given_away_are_not_given_away_again(
    manager: Client, names: tuple[str, str]
) -> None:
    first, second = names
    ct = shift("CT", all_sites=True)
    put_on(ct, "lee")
    person(first)
    person(second)
    hours = {"start_local": time(10), "end_local": time(12)}
    override("swap", ct, "lee", WEDNESDAY, WEDNESDAY, taker_id=first, **hours)
    before = overrides()
    refused = send(manager, ct, WEDNESDAY, "assign", person=second, other="lee")
    assert refusal(refused) == (
        f"Lee gave 10:00 to 12:00 of it to {first.title()} already: "
        "change that swap first, or choose other hours."
    )
    assert overrides() == before
    data = {"person": second, "other": "lee", "start_local": "12:00", "end_local": "16:00"}
    assert send(manager, ct, WEDNESDAY, "assign", **data).status_code == 302
    assert [one[2] for one in overrides()] == [first, second]


def test_a_day_given_away_between_others_stays_with_its_taker(manager: Client) -> None:
    ct = shift("CT", all_sites=True)
    put_on(ct, "lee")
    person("bob")
    person("cat")
    override("swap", ct, "lee", THURSDAY, THURSDAY, taker_id="cat")
    data = {"person": "bob", "other": "lee", "until": FRIDAY.isoformat()}
    assert send(manager, ct, WEDNESDAY, "assign", **data).status_code == 302
    assert overrides() == [
        ("swap", "lee", "cat", "CT", THURSDAY, THURSDAY, None, None),
        ("swap", "lee", "bob", "CT", WEDNESDAY, WEDNESDAY, None, None),
        ("swap", "lee", "bob", "CT", FRIDAY, FRIDAY, None, None),
    ]


@pytest.mark.parametrize("act", ["assign", "move"])
def test_nobody_is_swapped_in_who_may_not_read_the_work(manager: Client, act: str) -> None:
    ct = shift("CT", SiteFactory.create(), required_subspecialty="NEURO")
    mr = shift("MR", SiteFactory.create())
    put_on(ct, "lee")
    put_on(mr, "bob")
    data: dict[str, object] = {"person": "bob", "other": "lee"}
    if act == "move":
        data = {"person": "lee", "other": "bob", "to_shift": mr.pk, "to_on": THURSDAY.isoformat()}
    refused = send(manager, ct, WEDNESDAY, act, **data)
    assert refusal(refused) == "Bob may not take CT: is not a reader of NEURO."
    assert overrides() == []


def test_a_change_of_a_later_day_of_the_sheet_is_noticed(manager: Client) -> None:
    ct = shift("CT", all_sites=True)
    put_on(ct, "lee")
    person("bob")
    url = sheet(ct, WEDNESDAY, "take-off")
    said = {"person": "lee", "until": FRIDAY.isoformat()}
    seen = manager.get(url, said).context["seen"]
    override("extra", ct, "bob", THURSDAY, THURSDAY)
    assert manager.post(url, {**said, "seen": seen}).status_code == 409
    assert [row[-1] for row in rows()] == ["active"]


def test_a_change_of_where_somebody_moves_to_is_noticed(manager: Client) -> None:
    ct, mr = shift("CT", all_sites=True), shift("MR", all_sites=True)
    put_on(ct, "lee")
    person("bob")
    url = sheet(ct, WEDNESDAY, "move")
    said = {"person": "lee", "to_shift": mr.pk, "to_on": THURSDAY.isoformat()}
    seen = manager.get(url, said).context["seen"]
    override("extra", mr, "bob", THURSDAY, THURSDAY)
    assert manager.post(url, {**said, "seen": seen}).status_code == 409


def test_the_preview_renews_what_was_seen_when_more_days_are_asked_for(manager: Client) -> None:
    ct = shift("CT", all_sites=True)
    put_on(ct, "lee")
    person("bob")
    url = sheet(ct, WEDNESDAY, "take-off")
    said = {"person": "lee", "until": FRIDAY.isoformat()}
    one_day = manager.get(url, {"person": "lee"}).context["seen"]
    preview = manager.post(url, {**said, "seen": one_day, "preview": "1"}, **HTMX)
    seen = preview.context["seen"]
    assert f'name="seen" value="{seen}"' in preview.content.decode()
    assert len(seen.split()) == 3
    override("extra", ct, "bob", FRIDAY, FRIDAY)
    assert manager.post(url, {**said, "seen": seen}).status_code == 409
    # Who has no JavaScript saw one day only; that one has not changed.
    assert manager.post(url, {**said, "seen": one_day}).status_code == 302


def test_whoever_is_taken_off_a_rotation_is_said_to_be_away_from_everything(
    manager: Client,
) -> None:
    by_turns(shift("NIGHT", all_sites=True), "lee")
    night = Shift.objects.get()
    shown = manager.get(sheet(night, WEDNESDAY, "take-off"), {"person": "lee"})
    words = (
        "The turn comes by rotation, which goes on: Lee is away for its hours, "
        "from every other shift then too."
    )
    assert ("warn", words) in effects(shown)
