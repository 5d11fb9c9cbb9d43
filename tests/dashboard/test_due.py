from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.dashboard.lens import Lens
from apps.dashboard.queries.due import due_next, nobody_left, overdue
from tests.factories import AssignmentFactory, OrderFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

EVERYTHING = Lens(ZoneInfo("Australia/Brisbane"))
MINUTE = timedelta(minutes=1)


def test_reports_and_acknowledgements_stand_in_one_list_soonest_first() -> None:
    AssignmentFactory(
        order__accession="BOTH",
        order__report_due_at=NOON + 60 * MINUTE,
        acknowledge_due_at=NOON + 5 * MINUTE,
    )
    OrderFactory(accession="ALONE", status="unassigned", report_due_at=NOON + 30 * MINUTE)

    rows = due_next(EVERYTHING, at=NOON)

    assert [(row.study, row.what, row.span, row.is_close, row.reader_name) for row in rows] == [
        ("BOTH", "Acknowledge", "5 min", True, "DR Rae Reader"),
        ("ALONE", "Report", "30 min", False, ""),
        ("BOTH", "Report", "1 h", False, "DR Rae Reader"),
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {"order__status": "final", "state": "completed"},
        {"order__status": "cancelled", "state": "acknowledged"},
        {"order__status": "held", "state": "held"},
        {"acknowledge_missed_at": NOON, "order__breached_at": NOON},
        {"state": "acknowledged", "order__report_due_at": None},
    ],
    ids=["reported", "cancelled", "held", "missed already", "acknowledged, no policy"],
)
def test_what_waits_for_nothing_is_not_due(facts: dict[str, object]) -> None:
    due = {"order__report_due_at": NOON + MINUTE, "acknowledge_due_at": NOON + MINUTE}
    AssignmentFactory(**(due | facts))

    assert due_next(EVERYTHING, at=NOON) == []


def test_a_due_time_shows_how_it_came_about() -> None:
    OrderFactory(
        status="assigned",
        urgency="STAT",
        clock_start="received",
        clock_started_at=NOON,
        report_minutes=60,
        held_seconds=720,
        report_due_at=NOON + 72 * MINUTE,
    )

    (row,) = due_next(EVERYTHING, at=NOON)

    assert row.arithmetic == "received 12:00 + 60 min (STAT) + 12 min held = due 13:12"


def test_the_most_urgent_and_then_the_longest_overdue_stands_first() -> None:
    for name, urgency, minutes in (
        ("ROUTINE", "ROUTINE", 300),
        ("STAT-SHORT", "STAT", 1),
        ("STAT-LONG", "STAT", 2),
        ("URGENT", "URGENT", 200),
    ):
        late = NOON - minutes * MINUTE
        OrderFactory(
            accession=name,
            urgency=urgency,
            status="assigned",
            report_due_at=late,
            breached_at=late,
        )

    rows = overdue(EVERYTHING, at=NOON, limit=3)

    assert [row.study for row in rows] == ["STAT-LONG", "STAT-SHORT", "URGENT"]


@pytest.mark.parametrize(
    ("flags", "next_step", "said"),
    [
        ([], None, ("no further step",)),
        (["sla_breached"], NOON + 15 * MINUTE, ("next step in 15 min",)),
        (
            ["sla_supervisor", "sla_alert", "sla_no_better_reader"],
            None,
            ("alert given", "no reader with less load", "supervisor called"),
        ),
    ],
)
def test_overdue_says_what_was_done_about_it(
    flags: list[str], next_step: object, said: tuple[str, ...]
) -> None:
    OrderFactory(
        status="assigned",
        flags=flags,
        report_due_at=NOON - 90 * MINUTE,
        breached_at=NOON - 90 * MINUTE,
        next_step_at=next_step,
    )

    (row,) = overdue(EVERYTHING, at=NOON)

    assert (row.span, row.steps) == ("1 h 30 min", said)


def test_nobody_left_names_the_study_and_who_did_not_acknowledge() -> None:
    left = {"order__flags": ["nobody_left_to_offer"], "order__urgency": "STAT"}
    AssignmentFactory(order__accession="LEFT", order__received_at=NOON - 11 * MINUTE, **left)
    AssignmentFactory(order__accession="DONE", order__status="final", **left)

    rows = nobody_left(EVERYTHING, at=NOON)

    assert [(row.study, row.reader_name, row.steps) for row in rows] == [
        ("LEFT", "DR Rae Reader", ("11 min",))
    ]
