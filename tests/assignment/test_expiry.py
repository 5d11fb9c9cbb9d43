"""What ends soon and what it costs: from stored orders to the sentence on the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.assignment.queries.expiry_rows import ExpiryRow
from apps.catalog.models import Site
from apps.roster.models import (
    Licence,
    Privilege,
    Radiologist,
    RadiologistCredential,
    RadiologistSite,
    ShiftSite,
)
from tests.factories import (
    OrderFactory,
    ProcedureFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    SiteFactory,
)
from tests.factories.times import NOON
from tests.support.department import forget_caches
from tests.support.people import signed_in

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("noon")]

TODAY = date(2026, 2, 4)
IN_30 = TODAY + timedelta(days=30)
PAGE = "/radiologists/expiring/"


@pytest.fixture
def noon() -> Iterator[None]:
    forget_caches()
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def qld(**fields: object) -> Site:
    return SiteFactory.create(jurisdiction="QLD", requires_licence=True, **fields)


def licensed(end_on: date | None, *sites: Site, **fields: object) -> Radiologist:
    who: Radiologist = RadiologistFactory.create(**fields)
    Licence.objects.create(radiologist=who, jurisdiction="QLD", end_date=end_on)
    for site in sites:
        RadiologistSite.objects.create(radiologist=who, site=site)
    return who


def came(site: Site, number: int, *, days_ago: float = 1, **fields: object) -> None:
    at = NOON - timedelta(days=days_ago)
    OrderFactory.create_batch(number, site=site, received_at=at, **fields)


def rows(response: HttpResponse) -> list[tuple[str, str, str, str]]:
    return [told(row) for row in response.context["expiry"].page.rows]


def told(row: ExpiryRow) -> tuple[str, str, str, str]:
    return (row.ending.person.id, row.ending.what, row.when, row.follows)


def test_the_sentence_says_who_loses_what_when(manager: Client) -> None:
    robina = qld(code="ROBINA")
    licensed(IN_30, id="LEE", given_name="Ann", family_name="Lee")
    came(robina, 12, days_ago=3.5, modality="MR", body_part="MSK")
    came(robina, 8, days_ago=0.5, modality="CT", body_part="")
    came(robina, 5, days_ago=30)
    came(robina, 5, status="cancelled")
    came(SiteFactory.create(), 50)
    shown = manager.get(PAGE)
    assert rows(shown) == [
        ("LEE", "QLD", "ends in 30 days", "5 studies a day lose their only reader")
    ]
    (row,) = shown.context["expiry"].page.rows
    assert row.where == "MR MSK at ROBINA (3 a day), CT at ROBINA (2 a day)"
    assert "5 studies a day lose their only reader" in shown.content.decode()


def test_others_who_may_read_it_are_counted(manager: Client) -> None:
    robina = qld(requires_privilege=True)
    lee = licensed(IN_30, id="LEE")
    kim, off = licensed(None, id="KIM"), licensed(None, id="OFF", is_active=False)
    lapsed = licensed(IN_30 - timedelta(days=1), id="LAPSED")
    for who in (lee, kim, off, lapsed):
        Privilege.objects.create(radiologist=who, site=robina, modality="MR")
    Privilege.objects.create(radiologist=lee, site=robina, modality="CT")
    came(robina, 10, modality="MR")
    came(robina, 4, modality="CT")
    found = {row[0]: row[3] for row in rows(manager.get(PAGE))}
    assert found == {
        "LAPSED": "10 studies a day keep 2 other readers",
        "LEE": "4 studies a day lose their only reader, 10 studies a day keep 1 other reader",
    }


def test_who_lapses_together_is_told_together(manager: Client) -> None:
    robina = qld(requires_privilege=True)
    lee, kim, ann = (licensed(IN_30, id=name) for name in ("LEE", "KIM", "ANN"))
    # Theirs ends that day by another paper: the work loses them all the same.
    max_ = licensed(None, id="MAX")
    Privilege.objects.create(radiologist=max_, site=robina, modality="MR", end_date=IN_30)
    for who in (lee, kim):
        Privilege.objects.create(radiologist=who, site=robina, modality="MR")
    Privilege.objects.create(radiologist=ann, site=robina, modality="CT")
    came(robina, 6, modality="MR")
    came(robina, 1, modality="CT")
    together = "6 studies a day lose their last readers, with 2 others whose right to read ends"
    found = {(row[0], row[3]) for row in rows(manager.get(PAGE))}
    assert found == {
        ("ANN", "1 study a day loses its only reader"),
        *((name, f"{together} that day") for name in ("KIM", "LEE", "MAX")),
    }


def test_who_lapsed_together_is_told_together(manager: Client) -> None:
    robina = qld()
    for name, days in (("LEE", 5), ("KIM", 5), ("OLD", 6)):
        who = licensed(TODAY - timedelta(days=days), id=name)
        RosterAssignmentFactory.create(radiologist=who)
    came(robina, 6)
    shown = {
        row.ending.person.id: row.follows for row in manager.get(PAGE).context["expiry"].ended
    }
    together = "6 studies a day lose their last readers, with 1 other whose right to read ended"
    assert shown == {
        "LEE": f"{together} that day",
        "KIM": f"{together} that day",
        "OLD": "6 studies a day lose their only reader",
    }


def test_what_a_procedure_asks_for_counts(manager: Client) -> None:
    site = SiteFactory.create()
    who = RadiologistFactory.create(id="LEE")
    RadiologistCredential.objects.create(radiologist=who, name="MAMMO", end_date=IN_30)
    RadiologistCredential.objects.create(radiologist=who, name="UNUSED", end_date=IN_30)
    came(site, 3, procedure=ProcedureFactory.create(required_credentials=["MAMMO"]))
    came(site, 9, procedure=ProcedureFactory.create())
    assert rows(manager.get(PAGE)) == [
        ("LEE", "MAMMO", "ends in 30 days", "3 studies a day lose their only reader"),
        ("LEE", "UNUSED", "ends in 30 days", "nothing that came lately depends on it"),
    ]


def test_soonest_first_and_on_one_day_the_worst(manager: Client) -> None:
    robina, remote = qld(), SiteFactory.create(jurisdiction="WA", requires_licence=True)
    for name, jurisdiction, days in (
        *(("A", "QLD", 20), ("B", "WA", 20), ("C", "QLD", 0), ("D", "QLD", 91)),
        ("E", "QLD", -1),
    ):
        who = RadiologistFactory.create(id=name)
        Licence.objects.create(
            radiologist=who, jurisdiction=jurisdiction, end_date=TODAY + timedelta(days=days)
        )
    came(robina, 2)
    came(remote, 7)
    assert [row[:3] for row in rows(manager.get(PAGE))] == [
        ("C", "QLD", "ends today"),
        ("B", "WA", "ends in 20 days"),
        ("A", "QLD", "ends in 20 days"),
    ]
    assert [row[0] for row in rows(manager.get(f"{PAGE}?days=180"))] == ["C", "B", "A", "D"]
    assert [row[0] for row in rows(manager.get(f"{PAGE}?days=30&kind=privilege"))] == []
    assert len(rows(manager.get(f"{PAGE}?days=nonsense"))) == 3


def test_what_is_renewed_by_another_row_is_left_out(manager: Client) -> None:
    robina = qld()
    who = licensed(IN_30)
    Licence.objects.create(
        radiologist=who, jurisdiction="QLD", start_date=IN_30 + timedelta(days=1)
    )
    came(robina, 3)
    assert rows(manager.get(PAGE)) == []
    assert "Nothing ends in this time." in manager.get(PAGE).content.decode()


def test_what_has_ended_is_told_of_who_is_still_rostered(manager: Client) -> None:
    robina = qld()
    for name, days, rostered in (("LEE", 5, True), ("AWAY", 5, False), ("OLD", 400, True)):
        who = licensed(TODAY - timedelta(days=days), id=name)
        if rostered:
            RosterAssignmentFactory.create(radiologist=who, shift__code=f"SHIFT_{name}")
    came(robina, 6)
    shown = manager.get(PAGE).context["expiry"].ended
    follows = "6 studies a day lose their last readers, with 1 other whose right to read ended"
    assert [(*told(row), row.shifts) for row in shown] == [
        ("LEE", "QLD", "ended 5 days ago", f"{follows} that day", ["SHIFT_LEE"])
    ]


def test_people_studies_and_shifts_of_other_sites_are_not_told() -> None:
    mine, other = qld(), qld()
    licensed(IN_30, mine, id="MINE")
    licensed(IN_30, other, id="OTHER")
    ended = licensed(TODAY - timedelta(days=1), mine, id="ENDED")
    row = RosterAssignmentFactory.create(radiologist=ended, shift__code="FOREIGN")
    ShiftSite.objects.create(shift=row.shift, site=other)
    came(mine, 2)
    came(other, 40)
    client = signed_in(Role.MANAGER, site=mine)
    shown = client.get(PAGE)
    assert [row[0] for row in rows(shown)] == ["MINE"]
    # The reader of the other site is counted, and not named.
    assert rows(shown)[0][3] == (
        "2 studies a day lose their last readers, with 1 other whose right to read ends that day"
    )
    assert "FOREIGN" not in shown.content.decode()
    assert "OTHER" not in shown.content.decode()
    assert shown.context["expiry"].looked_at == 2
    assert client.get("/radiologists/OTHER/expiring/").status_code == HTTPStatus.NOT_FOUND


def test_one_persons_page_tells_of_theirs_alone(manager: Client) -> None:
    robina = qld()
    licensed(TODAY + timedelta(days=170), id="LEE")
    licensed(IN_30, id="KIM")
    came(robina, 2)
    page = manager.get("/radiologists/LEE/expiring/")
    assert [row[0] for row in rows(page)] == ["LEE"]
    part = manager.get("/radiologists/LEE/expiring/", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="expiring-of">')
    assert "/radiologists/LEE/expiring/" in manager.get("/radiologists/LEE/").content.decode()


@pytest.mark.parametrize("role", [Role.RADIOLOGIST, Role.TECHNICIAN, Role.REFERRING_PROVIDER])
def test_roles_without_the_permission_get_403(role: Role) -> None:
    assert signed_in(role).get(PAGE).status_code == HTTPStatus.FORBIDDEN


def test_who_only_looks_is_offered_no_edit() -> None:
    licensed(IN_30, id="LEE")
    page = signed_in(Role.AUDITOR).get(PAGE).content.decode()
    assert ("LEE" in page, "/edit/" in page) == (True, False)


def test_many_endings_cost_as_many_queries_as_one(manager: Client) -> None:
    robina = qld()
    came(robina, 1)

    def cost() -> int:
        manager.get(PAGE)  # the process reads the configuration once
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(PAGE).status_code == HTTPStatus.OK
        return len(captured)

    licensed(IN_30)
    few = cost()
    for number in range(100):
        who = licensed(TODAY + timedelta(days=number % 80 - 20))
        RosterAssignmentFactory.create(radiologist=who)
    assert cost() == few <= 15
    first, second = (manager.get(f"{PAGE}?page={page}") for page in (1, 2))
    assert len(rows(first)) == 50
    assert not {row[0] for row in rows(first)} & {row[0] for row in rows(second)}
