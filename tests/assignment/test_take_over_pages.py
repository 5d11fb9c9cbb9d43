from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from apps.accounts.choices import Role
from apps.assignment.services import by_hand, reading
from apps.audit.models import AuditEvent
from apps.core.actor import Actor, acting_as
from apps.roster.models import Radiologist, RadiologistSite, RosterOverride, Shift, ShiftSite
from tests import factories
from tests.assignment.hand import act, history, loads_are_exact, state
from tests.assignment.pages import text
from tests.support.department import Department, order, readers, send
from tests.support.people import signed_in

pytestmark = pytest.mark.db

NOW = datetime(2026, 2, 4, 2, 30, tzinfo=UTC)
"""Wednesday 12:30 in Brisbane."""
PAGE = "/take-over/?radiologist=DR_ILL"
HTMX = {"HX-Request": "true"}
MOST_QUERIES = 60
"""Few for each shift that is left; the number of studies and people does not matter."""


@pytest.fixture(autouse=True)
def _now(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def given(department: Department) -> Department:
    """P1 and P2 are DR_ILL's on the day shift; DR_WELL is on another one."""
    department.shift.delete()
    day = {"start_local": time(8), "end_local": time(18)}
    department.shift = department.add_shift("DAY", modality="MR", name="Day", **day)
    department.add_reader("DR_ILL", family_name="Ill")
    for number in (1, 2):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
    other = department.add_shift("CT", modality="CT", **day)
    department.add_reader("DR_WELL", shift=other, family_name="Well")
    return department


@pytest.fixture
def manager(given: Department) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.MANAGER, username="mandy")


def form_of(answer: HttpResponse) -> dict[str, str]:
    """Return what a browser would send for the page as it is."""
    page = answer.content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    said = {"token": token[1], "begins": "now", "until": "turn", "rest": "decide"}
    reason = re.search(r'name="reason"[^>]* value="([^"]*)"', page)
    return said | {"reason": reason[1] if reason else ""}


def chosen(answer: HttpResponse) -> list[str]:
    """Return who is selected, select by select."""
    return re.findall(r'<option value="([^"]+)" selected>', answer.content.decode())


def hand_over(client: Client, seen: HttpResponse, **values: str) -> HttpResponse:
    said = form_of(seen) | {"confirm": "1", **values}
    return client.post(PAGE, said)


class TestTheCommonCase:
    def test_two_clicks_hand_over_turn_and_studies(
        self, manager: Client, given: Department
    ) -> None:
        seen = manager.get(PAGE)

        assert chosen(seen) == ["DR_WELL"]
        page = text(seen)
        assert "DR Rae Ill is on leave from now until 18:00." in page
        assert "DR Rae Well stands in on Day: Wed 4 Feb 12:30 to 18:00." in page
        assert "2 studies go to DR Rae Well." in page

        answer = hand_over(manager, seen, **{f"taker-{given.shift.pk}": "DR_WELL"})

        (line,) = AuditEvent.objects.filter(action="take_over")
        assert (answer.status_code, answer["Location"]) == (302, f"/take-over/{line.pk}/")
        assert readers() == {"P1": "DR_WELL", "P2": "DR_WELL"}
        done = text(manager.get(f"/take-over/{line.pk}/"))
        assert "Taken over." in done
        assert "P1" in done
        assert "DR Rae Well" in done

    def test_without_javascript_the_preview_is_a_button(
        self, manager: Client, given: Department
    ) -> None:
        said = form_of(manager.get(PAGE)) | {"preview": "1", f"taker-{given.shift.pk}": ""}

        page = text(manager.post(PAGE, said))

        assert "Nobody is left on Day: Wed 4 Feb 12:30 to 18:00." in page
        assert "2 studies find nobody and wait among the unassigned." in page
        assert set(readers().values()) == {"DR_ILL"}

    def test_htmx_gets_the_form_alone(self, manager: Client) -> None:
        answer = manager.get(PAGE, headers=HTMX)

        assert answer.content.decode().lstrip().startswith('<form class="editor take-over"')

    def test_a_colleague_on_the_turn_comes_before_who_is_at_work_elsewhere(
        self, manager: Client, given: Department
    ) -> None:
        given.add_reader("DR_BESIDE", family_name="Beside")

        seen = manager.get(PAGE)

        assert chosen(seen) == ["DR_BESIDE"]
        assert "DR Rae Beside is on Day already and stays." in text(seen)

    def test_one_is_chosen_from_a_list_who_is_at_work_first(self, manager: Client) -> None:
        factories.RadiologistFactory(id="DR_ABSENT", family_name="Absent")

        page = manager.get("/take-over/").content.decode()

        assert re.findall(r'<option value="([^"]+)">', page) == ["DR_ILL", "DR_WELL", "DR_ABSENT"]
        assert "DR Rae Ill: at work on DAY, 2 open" in page


class TestTwoPeople:
    def test_the_slower_gets_409_with_the_page_as_it_is_now(
        self, manager: Client, given: Department
    ) -> None:
        seen = manager.get(PAGE)
        act(by_hand.assign, state("P1"), radiologist_id="DR_WELL")

        taker = {f"taker-{given.shift.pk}": "DR_WELL"}
        answer = hand_over(manager, seen, **taker)

        assert answer.status_code == 409
        page = text(answer)
        assert "Something changed since you looked. This is how it is now. Nothing was" in page
        assert "1 study goes to DR Rae Well." in page
        assert RosterOverride.objects.count() == 0

        assert hand_over(manager, answer, **taker).status_code == 302
        assert readers() == {"P1": "DR_WELL", "P2": "DR_WELL"}

    def test_a_missing_reason_is_asked_for(self, manager: Client, given: Department) -> None:
        answer = hand_over(
            manager, manager.get(PAGE), reason="ill", **{f"taker-{given.shift.pk}": "DR_WELL"}
        )

        assert "at least 5 characters" in text(answer)
        assert RosterOverride.objects.count() == 0

    def test_dates_that_make_no_sense_are_said(self, manager: Client) -> None:
        said = form_of(manager.get(PAGE)) | {"confirm": "1", "until": "date"}

        for until_on in ("", "2026-02-01", "2030-01-01", "soon"):
            answer = manager.post(PAGE, said | {"until_on": until_on})
            assert 'class="wrong" role="alert"' in answer.content.decode(), until_on
        assert RosterOverride.objects.count() == 0


class TestTakingBack:
    @pytest.fixture
    def done(self, manager: Client, given: Department) -> int:
        taker = {f"taker-{given.shift.pk}": "DR_WELL"}
        answer = hand_over(manager, manager.get(PAGE), **taker)
        return int(answer["Location"].split("/")[2])

    def test_roster_and_studies_become_as_they_were(self, manager: Client, done: int) -> None:
        answer = manager.post(f"/take-over/{done}/back/", follow=True)

        assert "Taken back: 2 studies are with DR Rae Ill again." in text(answer)
        assert RosterOverride.objects.count() == 0
        assert readers() == {"P1": "DR_ILL", "P2": "DR_ILL"}
        assert [row[0] for row in history("P1")] == ["DR_ILL", "DR_WELL", "DR_ILL"]
        assert loads_are_exact()
        send(*order(placer="P9", mrn="M9"))
        assert readers()["P9"] == "DR_ILL"

    def test_what_was_opened_since_stays_and_is_named(self, manager: Client, done: int) -> None:
        act(reading.start, state("P1"), radiologist_id="DR_WELL")

        answer = manager.post(f"/take-over/{done}/back/", follow=True)

        said = "1 study is with DR Rae Ill again. These stay where they are: P1: in progress."
        assert said in text(answer)
        assert readers() == {"P1": "DR_WELL", "P2": "DR_ILL"}

    def test_twice_changes_nothing(self, manager: Client, done: int) -> None:
        manager.post(f"/take-over/{done}/back/")
        before = history("P1")

        answer = manager.post(f"/take-over/{done}/back/", follow=True)

        page = text(answer)
        assert "Not taken back. It was taken back already." in page
        assert "It was taken back at" in page
        assert "Take it all back" not in page
        assert history("P1") == before

    def test_a_roster_record_changed_since_stops_it_all(self, manager: Client, done: int) -> None:
        with acting_as(Actor("user", "else"), request_id="later"):
            RosterOverride.objects.filter(kind="swap").update(note="changed since")

        answer = manager.post(f"/take-over/{done}/back/", follow=True)

        assert "Not taken back." in text(answer)
        assert readers() == {"P1": "DR_WELL", "P2": "DR_WELL"}

    @pytest.mark.usefixtures("given")
    def test_it_is_only_for_who_did_it(self, done: int) -> None:
        other = signed_in(Role.MANAGER, username="other")

        assert "Take it all back" not in text(other.get(f"/take-over/{done}/"))
        assert "Not taken back" in text(other.post(f"/take-over/{done}/back/", follow=True))
        assert readers() == {"P1": "DR_WELL", "P2": "DR_WELL"}


class TestWhoMay:
    def test_somebody_of_another_site_is_unknown(self, given: Department) -> None:
        RadiologistSite.objects.create(radiologist_id="DR_ILL", site=given.site)
        ShiftSite.objects.create(shift=given.shift, site=given.site)
        Shift.objects.update(all_sites=False)
        away = signed_in(Role.MANAGER, site=factories.SiteFactory(code="AWAY"))

        assert away.get(PAGE).status_code == 404
        assert "DR_ILL" not in away.get("/take-over/").content.decode()

    def test_a_taker_out_of_sight_is_neither_named_nor_chosen(self, given: Department) -> None:
        away = factories.SiteFactory(code="AWAY")
        Shift.objects.update(all_sites=False)
        for name, shift, site in (
            ("DR_ILL", given.shift, given.site),
            ("DR_WELL", Shift.objects.get(code="CT"), away),
        ):
            RadiologistSite.objects.create(radiologist_id=name, site=site)
            ShiftSite.objects.create(shift=shift, site=site)
        here = signed_in(Role.MANAGER, site=given.site)
        taker = {f"taker-{given.shift.pk}": "DR_WELL"}

        seen = here.post(PAGE, form_of(here.get(PAGE)) | taker | {"preview": "1"})
        hand_over(here, seen, **taker)

        assert "Rae Well" not in seen.content.decode()
        assert chosen(seen) == []
        assert "Nobody is left on Day: Wed 4 Feb 12:30 to 18:00." in text(seen)
        assert not RosterOverride.objects.filter(taker="DR_WELL").exists()
        assert "DR_WELL" not in readers().values()

    @pytest.mark.usefixtures("given")
    def test_who_hands_out_no_work_or_changes_no_roster_may_not(self) -> None:
        for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.RADIOLOGIST, Role.TECHNICIAN):
            assert signed_in(role).get(PAGE).status_code == 403, role

    def test_without_the_right_to_enter_leave_the_turn_is_swapped_alone(
        self, given: Department
    ) -> None:
        other = factories.SiteFactory(code="OTHER")
        for site in (given.site, other):
            RadiologistSite.objects.create(radiologist_id="DR_ILL", site=site)
        RadiologistSite.objects.create(radiologist_id="DR_WELL", site=given.site)
        Shift.objects.update(all_sites=False)
        for shift in Shift.objects.all():
            ShiftSite.objects.create(shift=shift, site=given.site)
        here = signed_in(Role.MANAGER, site=given.site)

        seen = here.get(PAGE)
        hand_over(here, seen, **{f"taker-{given.shift.pk}": "DR_WELL"})

        assert "Leave for DR Rae Ill is not yours to enter" in text(seen)
        assert [row.kind for row in RosterOverride.objects.all()] == ["swap"]
        assert readers() == {"P1": "DR_WELL", "P2": "DR_WELL"}


def test_the_number_of_studies_and_people_costs_no_queries(
    manager: Client, given: Department
) -> None:
    manager.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as few:
        manager.get(PAGE)
    for number in range(3, 40):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
        given.add_reader(f"DR_{number}", family_name=f"N{number}")
    manager.get(PAGE)
    with CaptureQueriesContext(connection) as many:
        manager.get(PAGE)

    assert len(many) == len(few)
    assert len(few) <= MOST_QUERIES


def test_with_nobody_to_choose_it_says_what_can_be_done(manager: Client) -> None:
    Radiologist.objects.exclude(pk="DR_ILL").update(is_active=False)
    seen = manager.get(PAGE)
    page = text(seen)
    assert "Nobody whom you may choose can take it." in page
    assert "the turn then stays empty" in page
    assert "Best fit first" not in page
    assert "<select" not in seen.content.decode()
    assert hand_over(manager, seen).status_code == 302
    assert readers() == {}


def test_nothing_left_is_said(manager: Client, time_machine: TimeMachineFixture) -> None:
    for name in ("P1", "P2"):
        act(by_hand.assign, state(name), radiologist_id="DR_WELL")
    time_machine.move_to(NOW + timedelta(hours=9), tick=False)
    RosterOverride.objects.create(
        kind="leave", radiologist_id="DR_ILL", start_date=NOW.date(), end_date=NOW.date()
    )

    page = text(manager.get(PAGE))

    assert "nothing has to be taken over" in page
    assert "Hand over" not in page
