"""Who may be given which work: asked of a moment, of a line now, and of a cell."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.assignment.queries.coverage_who import Sheet
from apps.roster.models import RadiologistSite, RosterOverride
from tests.assignment.coverage.scene import WEDNESDAY, day_shift, on, place
from tests.factories import ProcedureFactory
from tests.factories.times import NOON
from tests.support.people import signed_in

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("noon")]

THEN = "/coverage/then/"
BRISBANE = "zone=Australia/Brisbane"
DAY_PAGE = f"/coverage/?days=1&show=all&{BRISBANE}"


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def sheet(client: Client, query: str) -> Any:  # noqa: ANN401 -- as the context has it
    return client.get(f"{THEN}?{query}&{BRISBANE}").context["sheet"]


def told(found: Sheet) -> list[tuple[list[str], list[tuple[str, str]], list[tuple[str, str]]]]:
    return [
        (
            list(answer.works),
            [(person.name, person.words) for person in one.eligible],
            [(person.name, person.words) for person in one.refused],
        )
        for answer in found.answers
        for one in answer.stretches
    ]


def test_a_foreign_site_is_none_and_a_foreign_person_a_number() -> None:
    own, foreign = place("OWN"), place("FOREIGN")
    both = on(day_shift(own, foreign), "AWAY")
    RadiologistSite.objects.create(radiologist=both, site=foreign)
    local = signed_in(Role.MANAGER, site=own)
    assert local.get(f"{THEN}?site=FOREIGN").status_code == HTTPStatus.NOT_FOUND
    [answer] = sheet(local, "at=2026-02-04T09:00").answers
    [one] = answer.stretches
    assert (list(answer.sites), list(one.eligible), one.others) == (["OWN"], [], 1)
    text = local.get(f"{THEN}?at=2026-02-04T09:00&{BRISBANE}").content.decode()
    assert "1 person whom you do not look after" in text
    assert "Away" not in text


@pytest.mark.parametrize(
    "asked",
    ["of=MR,,,STAT,FOREIGN&column=9", "of=nonsense&column=9", "of=MR,,,STAT,OWN&column=99"],
    ids=["foreign", "nonsense", "no column"],
)
def test_a_line_that_is_none_is_not_found(asked: str) -> None:
    own, foreign = place("OWN"), place("FOREIGN")
    day_shift(own, foreign)
    local = signed_in(Role.MANAGER, site=own)
    answer = local.get(f"{THEN}?days=1&{BRISBANE}&{asked}")
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_moment_names_who_on_which_shift_until_when_and_who_is_not(manager: Client) -> None:
    place("ROBINA")
    shift = day_shift()
    on(shift, "SMITH", given_name="Jo")
    away = on(shift, "GREY", given_name="Al")
    RosterOverride.objects.create(
        kind="leave", radiologist=away, start_date=WEDNESDAY, end_date=WEDNESDAY
    )
    found = sheet(manager, "at=2026-02-04T09:00")
    assert told(found) == [(["MR"], [("DR Jo Smith", "Day")], [("DR Al Grey", "Day: on leave")])]
    text = manager.get(f"{THEN}?at=2026-02-04T09:00&{BRISBANE}").content.decode()
    assert "Wed 4 Feb 09:00 to 16:00" in text
    assert 'href="/radiologists/SMITH/"' in text


def test_a_body_part_is_asked_for_as_an_order_names_it(manager: Client) -> None:
    place("ROBINA")
    on(day_shift(work="CT"), "SMITH", given_name="Jo")
    asked = "at=2026-02-04T09:00&modality=CT&body_part=HEAD"
    ProcedureFactory.create(modality="CT", body_part="HEAD")
    assert told(sheet(manager, asked)) == [(["CT HEAD"], [("DR Jo Smith", "Day")], [])]


def test_the_page_is_narrowed_by_body_part(manager: Client) -> None:
    place("ROBINA")
    day_shift(work="CT")
    ProcedureFactory.create(modality="CT", body_part="HEAD")
    found = manager.get(f"{DAY_PAGE}&body_part=HEAD").context["coverage"]
    assert [line.works for line in found.lines.rows] == [["CT HEAD"]]


def test_a_cell_and_the_line_now_lead_to_their_people(manager: Client) -> None:
    place("ROBINA")
    on(day_shift(), "SMITH", given_name="Jo")
    text = manager.get(DAY_PAGE).content.decode()
    [line] = manager.get(DAY_PAGE).context["coverage"].lines.rows
    assert text.count("hx-get") >= 24
    assert ">Who now</a>" in text
    query = f"days=1&on=2026-02-04&of={line.key}"
    for asked in (query, f"{query}&column=9"):
        assert told(sheet(manager, asked)) == [(["MR"], [("DR Jo Smith", "Day")], [])]
    [empty] = sheet(manager, f"{query}&column=2").answers[0].stretches
    assert (list(empty.eligible), list(empty.causes)) == ([], ["no shift is planned then"])


def test_what_is_no_moment_is_said_at_its_field(manager: Client) -> None:
    place("ROBINA")
    day_shift()
    answer = manager.get(f"{THEN}?at=tomorrow")
    assert "This is no moment" in answer.content.decode()


def test_htmx_gets_the_sheet_alone_and_others_are_refused(manager: Client) -> None:
    place("ROBINA")
    part = manager.get(THEN, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "<html" in manager.get(THEN).content.decode()
    assert manager.post(THEN).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert signed_in(Role.TECHNICIAN).get(THEN).status_code == HTTPStatus.FORBIDDEN


def test_many_kinds_of_work_that_are_alike_are_called_all_work(manager: Client) -> None:
    place("ROBINA")
    for number, work in enumerate(("CT", "MR", "US", "")):
        day_shift(code=f"S{number}", work=work)
    text = manager.get(DAY_PAGE).content.decode()
    assert "All work (4 kinds)" in text
    assert "and 1 more" not in text


def test_it_costs_the_same_with_one_person_and_a_hundred() -> None:
    site = place("ROBINA")
    on(day_shift(site), "SMITH")
    local = signed_in(Role.MANAGER, site=site)
    local.get(f"{THEN}?at=2026-02-04T09:00")
    with CaptureQueriesContext(connection) as one:
        local.get(f"{THEN}?at=2026-02-04T09:00")
    for number in range(100):
        on(day_shift(site, code=f"S{number}"), f"P{number}")
    local.get(f"{THEN}?at=2026-02-04T09:00")
    with CaptureQueriesContext(connection) as many:
        local.get(f"{THEN}?at=2026-02-04T09:00")
    assert len(one) == len(many) <= 15
