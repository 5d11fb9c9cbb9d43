"""Rotations, parts of runs and holidays bind the very next decision, and replay to the byte."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest
from time_machine import TimeMachineFixture

from apps.assignment.models import Assignment, DecisionBasis, Unassigned
from apps.assignment.queries.shift_work import shifts_now
from apps.assignment.services import replay
from apps.assignment.services.replay import replay_stored
from apps.assignment.snapshot import basis, cache
from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    Rotation,
    RotationTurn,
    Shift,
)
from tests import factories
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db

# A Wednesday, 12:00 in Brisbane.
NOON = datetime(2026, 2, 4, 2, tzinfo=UTC)
TODAY = date(2026, 2, 4)
ZONE = "Australia/Brisbane"
Edit = Callable[[Shift, Radiologist, Radiologist], None]


@pytest.fixture(autouse=True)
def _noon(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def rota(department: Department) -> tuple[Shift, Radiologist, Radiologist]:
    """A shift on which DR_A takes turns alone; DR_B is there to be put in."""
    shift = department.shift
    assert isinstance(shift, Shift)
    people = [
        factories.RadiologistFactory.create(
            id=name, max_concurrent_studies=100, max_studies_per_hour=1000
        )
        for name in ("DR_A", "DR_B")
    ]
    rotation = Rotation.objects.create(shift=shift, start_date=date(2026, 2, 2), unit="days")
    RotationTurn.objects.create(rotation=rotation, position=0, radiologist=people[0])
    closures = HolidayCalendar.objects.create(code="OURS", name="Ours")
    Shift.objects.filter(pk=shift.pk).update(calendar=closures, holiday_mode="rests")
    shift.refresh_from_db()
    return shift, people[0], people[1]


def reader_of(placer: str) -> str | None:
    """Send a study and return who got it."""
    send(*order(placer=placer))
    found = Assignment.objects.filter(order__accession=placer).first()
    return found.radiologist_id if found else None


def a_turn_more(_: Shift, __: Radiologist, other: Radiologist) -> None:
    # Of A and B by days from the 2nd on, the 4th is A's; B stands first.
    turn = RotationTurn.objects.get()
    turn.position = 1
    turn.save()
    RotationTurn.objects.create(rotation=turn.rotation, position=0, radiologist=other)


def another_start(_: Shift, reader: Radiologist, other: Radiologist) -> None:
    a_turn_more(_, reader, other)
    Rotation.objects.update(start_date=date(2026, 2, 4))


def a_rotation_more(shift: Shift, _: Radiologist, other: Radiologist) -> None:
    RotationTurn.objects.all().delete()
    rotation = Rotation.objects.create(shift=shift, start_date=TODAY)
    RotationTurn.objects.create(rotation=rotation, position=0, radiologist=other)


def a_part_given_away(shift: Shift, reader: Radiologist, other: Radiologist) -> None:
    RosterOverride.objects.create(
        kind="swap",
        shift=shift,
        radiologist=reader,
        taker=other,
        start_date=TODAY,
        end_date=TODAY,
        start_local=time(11),
        end_local=time(13),
    )


def an_other_weekday(shift: Shift, reader: Radiologist, other: Radiologist) -> None:
    RotationTurn.objects.all().delete()
    RosterAssignment.objects.create(
        shift=shift, radiologist=reader, start_date=TODAY, weekdays=[1, 2]
    )
    RosterAssignment.objects.create(
        shift=shift, radiologist=other, start_date=TODAY, weekdays=[3], every_weeks=2
    )


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (a_turn_more, "DR_B"),
        (another_start, "DR_B"),
        (a_rotation_more, "DR_B"),
        (a_part_given_away, "DR_B"),
        (an_other_weekday, "DR_B"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_who_takes_turns_binds_the_very_next_decision(
    rota: tuple[Shift, Radiologist, Radiologist], edit: Edit, expected: str
) -> None:
    assert reader_of("P1") == "DR_A"

    edit(*rota)

    assert reader_of("P2") == expected


def test_a_closure_a_calendar_and_other_work_bind_the_very_next_decision(
    rota: tuple[Shift, Radiologist, Radiologist],
) -> None:
    shift, reader, _ = rota
    ours = HolidayCalendar.objects.get()
    answers = [reader_of("P1")]

    closure = CalendarDay.objects.create(calendar=ours, on=TODAY, name="Works in the building")
    answers.append(reader_of("P2"))
    Shift.objects.filter(pk=shift.pk).update(calendar=None, holiday_mode="runs")
    answers.append(reader_of("P3"))
    Shift.objects.filter(pk=shift.pk).update(calendar=ours, holiday_mode="rests")
    answers.append(reader_of("P4"))
    closure.delete()
    answers.append(reader_of("P5"))
    # Waitangi Day is the 6th; the 26th of January 2026 was a Monday: neither is today.
    HolidayCalendar.objects.update(country="AU", subdivision="QLD")
    answers.append(reader_of("P6"))
    Shift.objects.filter(pk=shift.pk).update(holiday_mode="only")
    answers.append(reader_of("P7"))
    Shift.objects.filter(pk=shift.pk).update(holiday_mode="runs")
    RosterOverride.objects.create(
        kind="other_work",
        radiologist=reader,
        start_date=TODAY,
        end_date=TODAY,
        start_local=time(12),
        end_local=time(13),
        time_zone=ZONE,
    )
    answers.append(reader_of("P8"))

    assert answers == ["DR_A", None, "DR_A", None, "DR_A", "DR_A", None, None]


@pytest.mark.usefixtures("rota")
@pytest.mark.parametrize(
    ("country", "today", "expected"),
    [("AU", "2026-01-26T02:00", None), ("AU", "2026-01-27T02:00", "DR_A")],
    ids=["Australia Day", "the day after"],
)
def test_a_country_s_holidays_rest_the_shift(
    country: str,
    today: str,
    expected: str | None,
    time_machine: TimeMachineFixture,
) -> None:
    Rotation.objects.update(start_date=date(2026, 1, 1))
    assert reader_of("P1") == "DR_A"
    time_machine.move_to(datetime.fromisoformat(today).replace(tzinfo=UTC), tick=False)

    HolidayCalendar.objects.update(country=country)

    assert reader_of("P2") == expected


def test_who_is_there_for_a_part_is_told_until_when(
    rota: tuple[Shift, Radiologist, Radiologist],
) -> None:
    a_part_given_away(*rota)
    cache.forget()
    view = cache.current_view()

    ends = {
        person: [shift.until for shift in shifts_now(person, view, at)]
        for person, at in (("DR_B", NOON), ("DR_A", NOON))
    }
    before = shifts_now("DR_A", view, NOON.replace(hour=0))

    assert ends == {"DR_B": [NOON.replace(hour=3)], "DR_A": []}
    assert [shift.until for shift in before] == [NOON.replace(hour=1)]


def traces() -> list[str]:
    found = [row.trace for row in Assignment.objects.order_by("pk")]
    found += [row.trace for row in Unassigned.objects.order_by("pk")]
    return [json.dumps(trace, sort_keys=True) for trace in found]


def replayed() -> list[str]:
    return [json.dumps(replay_stored(json.loads(text)).trace, sort_keys=True) for text in traces()]


def test_what_was_decided_by_rotations_parts_and_calendars_replays_to_the_byte(
    rota: tuple[Shift, Radiologist, Radiologist], time_machine: TimeMachineFixture
) -> None:
    CalendarDay.objects.create(
        calendar=HolidayCalendar.objects.get(), on=date(2026, 2, 5), name="Closed"
    )
    a_turn_more(*rota)
    a_part_given_away(*rota)
    for number, hour in enumerate((2, 4, 16, 22)):
        time_machine.move_to(NOON.replace(hour=hour), tick=False)
        send(*order(placer=f"P{number}"))
    for model in (RosterOverride, RotationTurn, Rotation, CalendarDay, RosterAssignment):
        model.objects.all().delete()
    Shift.objects.all().delete()
    replay.forget()
    cache.forget()

    assert len(traces()) == 4
    assert replayed() == traces()


def test_a_basis_of_before_rotations_and_calendars_still_replays(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    for row in DecisionBasis.objects.all():
        parts = json.loads(zlib.decompress(bytes(row.payload)))
        for new in ("rotations", "calendars"):
            parts.pop(new, None)
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        DecisionBasis.objects.filter(pk=row.pk).update(payload=zlib.compress(text.encode()))
    replay.forget()
    basis.forget()

    assert len(traces()) == 1
    assert replayed() == traces()
