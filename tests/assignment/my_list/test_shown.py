"""A reader's list: what it shows, in which order, and how it stays up to date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.assignment.models import Assignment
from apps.assignment.services import by_hand
from apps.orders.models import Order, Patient
from apps.roster.models import Radiologist, Workload
from tests.assignment.hand import act, state
from tests.assignment.reader_pages import (
    NOON,
    PART,
    do,
    offers,
    order_id,
    pinned,
    rows,
    sign_in,
    waiting,
)
from tests.factories import AssignmentFactory
from tests.support.department import Department, order, result, send

pytestmark = pytest.mark.db


@time_machine.travel(NOON, tick=False)
def test_reader_sees_the_patient_and_why_the_exam_was_asked_for(mine: Client) -> None:
    Patient.objects.update(sex="F", birth_on="1980-11-24")
    Order.objects.update(indication="Knee pain\nafter a fall")

    page = " ".join(mine.get("/my-list/").content.decode().split())

    assert "Doe, Jane" in page
    assert "<span>MRN1</span> · 45 y · F" in page
    assert "Knee pain after a fall" in page


def test_patient_is_not_shown_any_more_once_the_study_is_somebody_elses(
    mine: Client, department: Department
) -> None:
    shown = mine.get("/my-list/")
    department.add_reader("DR_B")
    act(by_hand.assign, radiologist_id="DR_B")

    after = mine.get("/my-list/", pinned(shown) | {"seen": ""}, headers=PART)
    page = after.content.decode()

    assert rows(after) == ["P1"]
    assert "no longer yours" in page
    assert "Reassigned" in page
    assert ("Doe" in page, "MRN1" in page) == (False, False)
    assert rows(mine.get("/my-list/")) == []


def test_empty_list_says_what_happens_next(reader: Radiologist) -> None:
    client = sign_in(reader)

    page = client.get("/my-list/").content.decode()

    assert "Nothing is open." in page
    assert "No STAT study waits" in page


@time_machine.travel(NOON, tick=False)
def test_figures_count_the_readers_own_day(department: Department) -> None:
    reader = department.add_reader("DR_A", max_concurrent_studies=4, max_studies_per_hour=9)
    send(*order(placer="P1"))
    send(*order(placer="P2"))
    client = sign_in(reader)
    Assignment.objects.filter(order__accession="P2").update(
        assigned_at=NOON - timedelta(minutes=20)
    )
    AssignmentFactory(  # yesterday's
        radiologist=reader,
        state="completed",
        completed_at=NOON - timedelta(days=1),
        turnaround_seconds=60,
        assigned_at=NOON - timedelta(days=1),
    )
    do(client, "done", "P2")

    page = " ".join(client.get("/my-list/").content.decode().split())

    assert '<dd class="value">1<span class="unit">of 4</span></dd>' in page
    assert "2 of 9 in the last hour" in page
    assert '<dt>Done today</dt> <dd class="value">1</dd>' in page
    assert '<dt>Turnaround today</dt> <dd class="value">20 min</dd>' in page
    assert 'value="25"' in page


@time_machine.travel(NOON, tick=False)
def test_shifts_now_say_until_when(department: Department) -> None:
    late = department.add_shift("LATE", start_local="08:00", end_local="16:30")
    reader = department.add_reader("DR_A", shift=late)

    page = sign_in(reader).get("/my-list/").content.decode()

    assert ">until 16:30<" in page


@time_machine.travel(NOON, tick=False)
def test_stat_stands_on_top_with_the_time_left_to_acknowledge(mine: Client) -> None:
    send(*order(placer="S1", priority="S"))
    Assignment.objects.filter(order__accession="S1").update(
        acknowledge_due_at=NOON + timedelta(minutes=4, seconds=12)
    )

    page = mine.get("/my-list/")

    assert (offers(page), rows(page)) == (["S1"], ["P1"])
    assert 'data-left="252">4:12<' in page.content.decode()
    assert 'data-offers="1"' in page.content.decode()


@time_machine.travel(NOON, tick=False)
def test_stat_that_is_acknowledged_goes_to_the_head_of_the_list(mine: Client) -> None:
    send(*order(placer="S1", priority="S"))
    shown = mine.get("/my-list/")

    after = do(mine, "acknowledge", "S1", **pinned(shown))

    assert (offers(after), rows(after)) == ([], ["S1", "P1"])


@time_machine.travel(NOON, tick=False)
def test_stat_is_offered_whatever_the_filters_leave_out(mine: Client) -> None:
    send(*order(placer="S1", priority="S"))

    page = mine.get("/my-list/?urgency=ROUTINE&modality=US")

    assert (offers(page), rows(page)) == (["S1"], [])
    assert "1 not shown by the filters" in page.content.decode()


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", ["B", "C", "A"]),
        ("sort=study", ["A", "B", "C"]),
        ("sort=-study", ["C", "B", "A"]),
        ("sort=assigned", ["C", "A", "B"]),
        ("sort=-assigned", ["B", "A", "C"]),
        ("sort=-urgency", ["C", "A", "B"]),
        ("sort=nonsense", ["B", "C", "A"]),
        ("urgency=ROUTINE", ["C", "A"]),
        ("urgency=ROUTINE&sort=study", ["A", "C"]),
        ("modality=US", []),
        ("site=999999999999999999999", []),
    ],
)
def test_list_is_sorted_and_filtered_by_its_address(
    three: Client, asked: str, shown: list[str]
) -> None:
    assert rows(three.get(f"/my-list/?{asked}")) == shown


@pytest.mark.parametrize(
    "key", ["modality", "procedure", "patient", "indication", "site", "due", "status"]
)
def test_every_column_sorts_both_ways(three: Client, key: str) -> None:
    Patient.objects.update(family_name="Zeta")
    Order.objects.filter(accession="A").update(
        modality="AA", indication="a", report_due_at=NOON, status="acknowledged"
    )
    Order.objects.filter(accession="A").update(
        patient=Patient.objects.create(authority="X", mrn="1", family_name="Alpha")
    )

    up, down = (rows(three.get(f"/my-list/?sort={sign}{key}")) for sign in ("", "-"))

    assert sorted(up) == sorted(down) == ["A", "B", "C"]


def test_sorting_and_filters_survive_an_action(three: Client) -> None:
    answer = three.post(
        f"/my-list/{order_id('A')}/start/?sort=-study&urgency=ROUTINE",
        {"token": state("A").token},
        headers=PART,
    )
    plain = three.post(
        f"/my-list/{order_id('A')}/done/?sort=-study&urgency=ROUTINE", {"token": state("A").token}
    )

    assert rows(answer) == ["C", "A"]
    assert 'hx-get="/my-list/?urgency=ROUTINE&amp;sort=-study"' in answer.content.decode()
    assert plain["Location"] == f"/my-list/?urgency=ROUTINE&sort=-study#row-{order_id('A')}"


def test_nothing_moves_until_the_reader_asks(three: Client) -> None:
    shown = three.get("/my-list/?sort=study")
    send(*order(placer="AA"))

    polled = three.get("/my-list/?sort=study", pinned(shown), headers=PART)
    again = three.get("/my-list/?sort=study", pinned(polled) | {"seen": ""}, headers=PART)

    assert rows(polled) == rows(again) == ["A", "B", "C", "AA"]
    for page in (polled, again):
        assert "<b>1 new</b>" in page.content.decode()
        assert page.content.decode().count('class="new-mark"') == 1
    assert rows(three.get("/my-list/?sort=study")) == ["A", "AA", "B", "C"]


def test_what_is_done_keeps_its_place_until_the_reader_asks(three: Client) -> None:
    shown = three.get("/my-list/?sort=study")

    after = do(three, "done", "B", **pinned(shown))

    assert rows(after) == ["A", "B", "C"]
    assert rows(three.get("/my-list/?sort=study")) == ["B", "A", "C"][1:]


def test_a_page_cannot_ask_for_studies_that_never_were_the_readers(three: Client) -> None:
    theirs = AssignmentFactory(order__accession="THEIRS", radiologist__id="DR_C")

    page = three.get(
        "/my-list/", {"shown": f"{theirs.order_id},x,,9999999999999999", "seen": ""}, headers=PART
    )

    assert "THEIRS" not in page.content.decode()
    assert sorted(rows(page)) == ["A", "B", "C"]


@time_machine.travel(NOON, tick=False)
def test_poll_gets_204_until_something_changes(mine: Client) -> None:
    shown = pinned(mine.get("/my-list/"))

    quiet = mine.get("/my-list/", shown, headers=PART)
    send(*order(placer="P2"))
    told = mine.get("/my-list/", shown, headers=PART)

    assert (quiet.status_code, quiet.content) == (204, b"")
    assert rows(told) == ["P1", "P2"]


@pytest.mark.parametrize(
    "change",
    [
        lambda: act(by_hand.hold, reason="images are missing"),
        lambda: send(*result(status="F", placer="P1")),
        lambda: send(*order(control="XO", placer="P1", priority="A")),
        lambda: Workload.objects.update(presence="away"),
        lambda: send(*order(control="CA", placer="P1")),
    ],
    ids=["held", "reported", "more urgent", "presence", "cancelled"],
)
@time_machine.travel(NOON, tick=False)
def test_poll_tells_of_every_change(mine: Client, change: Callable[[], object]) -> None:
    shown = pinned(mine.get("/my-list/"))

    change()

    assert mine.get("/my-list/", shown, headers=PART).status_code == 200


def test_a_quiet_poll_is_cheap(mine: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        shown = pinned(mine.get("/my-list/"))
        with CaptureQueriesContext(connection) as seen:
            assert mine.get("/my-list/", shown, headers=PART).status_code == 204

    assert len(seen) <= 6


@pytest.mark.parametrize("waits", [False, True], ids=["nothing waits", "much waits"])
def test_list_costs_the_same_at_1_and_100_rows(department: Department, *, waits: bool) -> None:
    reader = department.add_reader("DR_A")
    send(*order(placer="P1"))
    client = sign_in(reader)
    client.get("/my-list/")
    if waits:
        Workload.objects.update(presence="offline")
        send(*order(placer="W0"))
    counts = []
    for more in (0, 99):
        for number in range(more):
            AssignmentFactory(
                radiologist=reader,
                shift=department.shift,
                order__accession=f"N{number}",
                order__site=department.site,
            )
            if waits:
                send(*order(placer=f"W{number + 1}", mrn=f"M{number}"))
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/my-list/")
        counts.append((len(seen), len(rows(page)), len(waiting(page))))

    assert counts[0][1:] == (1, 1 if waits else 0)
    assert counts[1][1:] == (100, 25 if waits else 0)
    assert counts[0][0] == counts[1][0] <= 15
