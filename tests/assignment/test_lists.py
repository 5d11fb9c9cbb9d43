from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.assignment.models import Assignment, Unassigned
from apps.core.paging import PER_PAGE
from tests import factories
from tests.assignment.pages import studies, text
from tests.factories.times import NOON
from tests.support.people import signed_in

pytestmark = pytest.mark.db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager(db: None) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.MANAGER)


def study(accession: str, *, due: timedelta | None = None, **order: object) -> Assignment:
    """Make a study that has a reader, received an hour ago, due ``due`` from now."""
    values = {
        "status": "assigned",
        "received_at": NOON - HOUR,
        "report_due_at": None if due is None else NOON + due,
    }
    return factories.AssignmentFactory(
        order=factories.OrderFactory(accession=accession, **(values | order)),
        assigned_at=NOON - HOUR,
    )


def waiting(accession: str, **values: object) -> Unassigned:
    order = {key[7:]: values.pop(key) for key in list(values) if key.startswith("order__")}
    made = factories.OrderFactory(accession=accession, status="unassigned", **order)
    return factories.UnassignedFactory(order=made, **values)


class TestAssignments:
    def test_what_is_open_soonest_due_first_unless_asked_otherwise(self, manager: Client) -> None:
        study("LATER", due=2 * HOUR)
        study("SOONER", due=HOUR)
        study("HELD", status="held", held_reason="scanner down", due=3 * HOUR)
        waiting("NOBODYS")
        study("READ", status="final", reported_at=NOON, due=HOUR)
        study("GONE", status="cancelled", due=HOUR)

        assert studies(manager.get("/assignments/")) == ["SOONER", "LATER", "HELD", "NOBODYS"]

    @pytest.mark.parametrize(
        ("state", "found"),
        [
            ("overdue", ["LATE"]),
            ("due_soon", ["SOON"]),
            ("unacknowledged", ["ASKED"]),
            ("held", ["HELD"]),
            ("reported", ["READ", "READ_LATE"]),
            ("cancelled", ["GONE"]),
            ("late_today", ["READ_LATE", "LATE"]),
        ],
    )
    def test_each_state(self, manager: Client, state: str, found: list[str]) -> None:
        study("FINE", due=5 * HOUR)
        study("LATE", due=-MINUTE)
        study("SOON", due=29 * MINUTE)
        study("HELD", status="held", held_reason="scanner down", due=-MINUTE, held_at=NOON)
        study("READ", status="final", reported_at=NOON, due=HOUR)
        study("READ_LATE", status="final", reported_at=NOON - MINUTE, due=-HOUR)
        study("GONE", status="cancelled", due=-HOUR)
        asked = study("ASKED", due=4 * HOUR)
        asked.acknowledge_due_at = NOON + MINUTE
        asked.save()

        shown = studies(manager.get(f"/assignments/?state={state}"))

        # A held study's clock stands still, so it is never late by itself.
        assert [one for one in shown if one != "HELD" or state == "held"] == found

    def test_looking_back_lists_every_assignment_of_the_period(self, manager: Client) -> None:
        order = study("MOVED").order
        factories.EndedAssignmentFactory(order=order, assigned_at=NOON - 2 * HOUR)
        old = study("OLD")
        old.assigned_at = NOON - 2 * DAY
        old.save()

        today = manager.get("/assignments/?period=today")

        assert studies(today) == ["MOVED", "MOVED"]
        assert "Reassigned" in text(today)
        assert studies(manager.get("/assignments/?period=7d")) == ["MOVED", "MOVED", "OLD"]

    def test_all_time_is_cut_and_says_so_unless_a_reader_is_named(self, manager: Client) -> None:
        old = study("OLD", status="final", reported_at=NOON)
        old.assigned_at = NOON - 90 * DAY
        old.save()

        cut = manager.get("/assignments/?state=any&period=all")
        whole = manager.get(f"/assignments/?state=any&period=all&radiologist={old.radiologist_id}")

        assert (studies(cut), studies(whole)) == ([], ["OLD"])
        assert "Further back only for one study, patient or radiologist." not in text(whole)
        assert "in the last 30 days" in text(cut)

    @pytest.mark.parametrize(
        "asked",
        [
            "modality=CT",
            "urgency=STAT",
            "site={site}",
            "cluster={cluster}",
            "radiologist=DR_ONE",
            "shift=SHIFT_ONE",
            "strategy=SCORED",
            "escalated=on",
        ],
    )
    @pytest.mark.parametrize("state", ["open", "any"])
    def test_each_filter_in_both_kinds_of_list(
        self, manager: Client, asked: str, state: str
    ) -> None:
        one = study("ONE", modality="CT", urgency="STAT")
        one.radiologist = factories.RadiologistFactory(id="DR_ONE")
        one.shift = factories.ShiftFactory(code="SHIFT_ONE")
        one.shift_code, one.strategy, one.escalated = "SHIFT_ONE", "SCORED", True
        one.save()
        factories.ProcedureFactory(modality="CT")
        study("OTHER")
        site = one.order.site
        query = asked.format(site=site.pk, cluster=site.cluster_id)

        assert studies(manager.get(f"/assignments/?state={state}&{query}")) == ["ONE"]

    @pytest.mark.parametrize("state", ["reported", "cancelled"])
    def test_what_one_reader_had_before(self, manager: Client, state: str) -> None:
        values = {"end_reason": "cancelled"}
        read = {"is_current": True, "state": "completed", "ended_at": None, "end_reason": ""}
        if state == "reported":
            values = {**read, "completed_at": NOON, "turnaround_seconds": 60}
        status = "final" if state == "reported" else "cancelled"
        for accession, reader in (("ONE", "DR_ONE"), ("OTHER", "DR_OTHER")):
            factories.EndedAssignmentFactory(
                order__accession=accession,
                order__status=status,
                order__reported_at=NOON if state == "reported" else None,
                radiologist=factories.RadiologistFactory(id=reader),
                **values,
            )
        factories.OrderFactory(accession="NOBODYS", status=status, reported_at=NOON)

        assert studies(manager.get(f"/assignments/?state={state}&radiologist=DR_ONE")) == ["ONE"]
        assert len(studies(manager.get(f"/assignments/?state={state}"))) == 3

    @pytest.mark.parametrize("asked", ["state=nonsense", "site=999999", "modality=%00", "page=x"])
    def test_filters_that_do_not_exist_narrow_nothing(self, manager: Client, asked: str) -> None:
        study("ONE")

        assert studies(manager.get(f"/assignments/?{asked}")) == ["ONE"]

    def test_columns_sort_where_the_list_is_short_and_are_plain_where_it_is_not(
        self, manager: Client
    ) -> None:
        study("B", urgency="ROUTINE")
        study("A", urgency="STAT")

        by_study = manager.get("/assignments/?sort=study")
        by_urgency = manager.get("/assignments/?sort=-urgency")
        far_back = manager.get("/assignments/?state=any&period=30d&sort=study").content.decode()

        assert studies(by_study) == ["A", "B"]
        assert studies(by_urgency) == ["B", "A"]
        assert 'class="sort"' in by_study.content.decode()
        assert far_back.count('class="sort"') == 1

    def test_due_time_shows_its_arithmetic(self, manager: Client) -> None:
        study(
            "ONE",
            due=HOUR,
            clock_start="received",
            clock_started_at=NOON - HOUR,
            report_minutes=120,
        )

        page = manager.get("/assignments/").content.decode()

        assert "due in 1 h" in page
        assert "received 11:00 + 120 min (ROUTINE) = due 13:00" in page

    def test_no_patient_in_any_list(self, manager: Client) -> None:
        study("ONE", indication="SECRETREASON")
        waiting("TWO", order__indication="SECRETREASON")

        for path in ("/assignments/", "/assignments/?state=any", "/unassigned/"):
            page = manager.get(path).content.decode()
            assert ("Hidden" in page, "SECRET" in page) == (False, False)

    def test_a_page_holds_so_many_and_the_next_the_rest(self, manager: Client) -> None:
        site = factories.SiteFactory()
        for number in range(PER_PAGE + 1):
            study(f"S{number:03}", site=site)

        first = studies(manager.get("/assignments/?sort=study"))
        second = studies(manager.get("/assignments/?sort=study&page=2"))

        assert (len(first), second) == (PER_PAGE, [f"S{PER_PAGE:03}"])

    @pytest.mark.parametrize("path", ["/assignments/", "/assignments/?state=any", "/unassigned/"])
    def test_queries_do_not_grow_with_the_rows(self, path: str) -> None:
        site = factories.SiteFactory()
        client = signed_in(Role.MANAGER, site=site)
        study("A1", site=site, due=HOUR)
        waiting("W1", order__site=site)
        client.get(path)

        at_one = _queries(client, path)
        for number in range(100):
            study(f"A{number + 2}", site=site, due=HOUR)
            waiting(f"W{number + 2}", order__site=site)

        assert (at_one <= 15, _queries(client, path) - at_one) == (True, 0)

    def test_a_part_is_asked_for_by_htmx(self, manager: Client) -> None:
        study("ONE")

        part = manager.get("/assignments/", headers={"HX-Request": "true"}).content.decode()

        assert part.lstrip().startswith('<div id="assignments"')

    def test_empty_says_what_to_do(self, manager: Client) -> None:
        assert "No study is open." in text(manager.get("/assignments/"))
        assert "Take a filter away" in text(manager.get("/assignments/?state=overdue"))


class TestScope:
    @pytest.mark.parametrize("path", ["/assignments/", "/assignments/?state=any", "/unassigned/"])
    def test_only_studies_of_ones_own_sites(self, path: str) -> None:
        mine = study("MINE")
        study("FOREIGN")
        waiting("MINE_TOO", order__site=mine.order.site)
        waiting("FOREIGN_TOO")
        waiting("NO_SITE", order__site=None)
        client = signed_in(Role.MANAGER, site=mine.order.site)

        shown = studies(client.get(path))

        assert {one for one in shown if not one.startswith("MINE")} == set()
        assert shown != []

    def test_a_search_finds_nothing_of_other_sites(self) -> None:
        foreign = study("FOREIGN", patient__mrn="MRN_FOREIGN")
        client = signed_in(Role.MANAGER, site=factories.SiteFactory())

        by_number = client.get("/assignments/?q=FOREIGN")
        by_patient = client.get(f"/assignments/?patient={foreign.order.patient_id}")
        posted = client.post("/studies/find/", {"q": "MRN_FOREIGN"})

        assert studies(by_number) == []
        assert studies(by_patient) == []
        assert posted["Location"] == "/assignments/"

    @pytest.mark.parametrize("path", ["/assignments/", "/unassigned/"])
    @pytest.mark.parametrize(
        ("role", "status"),
        [
            (Role.MANAGER, 200),
            (Role.ADMINISTRATOR, 200),
            (Role.TECHNICIAN, 200),
            (Role.AUDITOR, 200),
            (Role.RADIOLOGIST, 403),
            (Role.REFERRING_PROVIDER, 403),
            (None, 403),
        ],
    )
    def test_who_may_look(self, path: str, role: Role | None, status: int) -> None:
        assert signed_in(*filter(None, [role])).get(path).status_code == status

    @pytest.mark.parametrize("path", ["/assignments/", "/unassigned/"])
    def test_who_is_not_signed_in_signs_in_first(self, client: Client, path: str) -> None:
        answer = client.get(path)

        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")

    @pytest.mark.parametrize("path", ["/assignments/", "/unassigned/"])
    def test_lists_are_only_read(self, manager: Client, path: str) -> None:
        assert manager.post(path).status_code == 405

    def test_who_may_not_assign_is_offered_nothing_to_do(self) -> None:
        study("ONE")
        waiting("TWO")
        client = signed_in(Role.TECHNICIAN)

        for path in ("/assignments/", "/unassigned/"):
            page = client.get(path).content.decode()
            assert ("assign/" in page, 'name="study"' in page) == (False, False)


class TestSearch:
    @pytest.mark.parametrize("words", ["ACC_ONE", " ACC_ONE ", "ACC_", "PLACER7"])
    def test_by_number_whole_or_its_beginning_whatever_the_state(
        self, manager: Client, words: str
    ) -> None:
        one = study("ACC_ONE", status="final", reported_at=NOON)
        one.assigned_at = NOON - 400 * DAY
        one.save()
        factories.OrderIdentifierFactory(order=one.order, kind="placer", value="PLACER7")
        study("OTHER")

        assert studies(manager.get("/assignments/", {"q": words})) == ["ACC_ONE"]

    @pytest.mark.parametrize("words", ["DR_FERREIRA", "dr_ferreira", "Ferr", "Beatriz Ferreira"])
    def test_by_reader(self, manager: Client, words: str) -> None:
        one = study("ONE")
        one.radiologist = factories.RadiologistFactory(
            id="DR_FERREIRA", family_name="Ferreira", given_name="Beatriz"
        )
        one.save()
        study("OTHER")

        assert studies(manager.get("/assignments/", {"q": words})) == ["ONE"]

    def test_of_nothing_says_so(self, manager: Client) -> None:
        study("ONE")

        answer = manager.get("/assignments/?q=NOSUCHTHING")

        assert studies(answer) == []
        assert "No study is known like that." in text(answer)

    def test_a_medical_record_number_never_stands_in_an_address(self, manager: Client) -> None:
        one = study("ONE", patient__mrn="MRN777")
        study("OTHER")

        answer = manager.post("/studies/find/", {"q": "MRN777"})

        assert answer["Location"] == f"/assignments/?patient={one.order.patient_id}"
        assert studies(manager.get(answer["Location"])) == ["ONE"]

    def test_who_may_not_see_patients_finds_none_by_their_number(self) -> None:
        one = study("ONE", patient__mrn="MRN777")
        technician = signed_in(Role.TECHNICIAN)

        answer = technician.post("/studies/find/", {"q": "MRN777"})

        # What might be a patient's number is kept out of the address, found or not.
        assert answer["Location"] == "/assignments/"
        said = text(technician.get(answer["Location"]))
        assert "Nothing that you may see is known under what you typed." in said
        assert studies(technician.get(f"/assignments/?patient={one.order.patient_id}")) == []

    @pytest.mark.parametrize(
        "patient",
        ["0", "-1", "x", "9" * 30, "%00"],
        ids=["none", "negative", "word", "huge", "nul"],
    )
    def test_patient_that_is_none(self, manager: Client, patient: str) -> None:
        assert manager.get(f"/assignments/?patient={patient}").status_code == 200

    def test_nul_and_wildcards_are_only_letters(self, manager: Client) -> None:
        study("ONE")

        assert studies(manager.get("/assignments/", {"q": "%%%"})) == []
        assert manager.get("/assignments/", {"q": "O\x00NE"}).status_code == 200


class TestUnassigned:
    def test_soonest_urgency_then_longest_wait_with_reason_and_what_helps(
        self, manager: Client
    ) -> None:
        waiting("ROUTINE", since=NOON - 3 * HOUR, urgency_rank=2)
        waiting("STAT", since=NOON, urgency_rank=0, order__urgency="STAT")
        waiting(
            "FULL",
            since=NOON - HOUR,
            urgency_rank=2,
            reason="at_capacity",
            reason_text="3 of 3 are full",
            attempts=4,
        )

        answer = manager.get("/unassigned/")
        page = text(answer)

        assert studies(answer) == ["STAT", "ROUTINE", "FULL"]
        expected = (
            "Everybody qualified is at capacity",
            "3 of 3 are full",
            "Goes to the next free seat",
            "tried 4 times",
            "Give a shift this work or these hours",
        )
        assert [words for words in expected if words not in page] == []

    @pytest.mark.parametrize(
        "asked", ["reason=held", "modality=CT", "urgency=STAT", "site={site}"]
    )
    def test_each_filter(self, manager: Client, asked: str) -> None:
        one = waiting("ONE", reason="held", order__modality="CT", order__urgency="STAT")
        waiting("OTHER")
        factories.ProcedureFactory(modality="CT")

        answer = manager.get(f"/unassigned/?{asked.format(site=one.order.site_id)}")

        assert studies(answer) == ["ONE"]

    def test_empty_says_so(self, manager: Client) -> None:
        assert "Every study has a reader." in text(manager.get("/unassigned/"))

    def test_held_is_released_and_others_are_assigned_from_their_line(
        self, manager: Client
    ) -> None:
        held = waiting("HELD", reason="held", order__held_reason="")
        held.order.status = "held"
        held.order.save()
        other = waiting("OTHER")

        page = manager.get("/unassigned/").content.decode()

        assert f'hx-get="/studies/{held.pk}/release/"' in page
        assert f'hx-get="/studies/{other.pk}/assign/"' in page


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as taken:
        client.get(path)
    return len(taken)
