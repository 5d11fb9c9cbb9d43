"""Take-overs at the same moment as other people and processes, each in its own transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
from django.db import OperationalError, connection
from time_machine import TimeMachineFixture

from apps.assignment.desk import Desk
from apps.assignment.desk.flush import Flushed
from apps.assignment.exceptions import ByHandError
from apps.assignment.queries.take_over import Asked, Places, TakeOver, look, scene_of
from apps.assignment.services.take_over import StaleTakeOverError, take_over
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import read_versions
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.access import EVERYWHERE
from apps.intake.processing.batch import process_waiting
from apps.roster.models import RosterOverride
from apps.roster.queries.take_over import Period, Until
from tests.assignment.hand import MANAGER, loads_are_exact, told
from tests.assignment.test_by_hand_races import race
from tests.support.department import (
    Department,
    forget_caches,
    order,
    readers,
    receive,
    result,
    send,
    settle,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 2, 4, 2, 30, tzinfo=UTC)
ALL = Places(EVERYWHERE, EVERYWHERE)


@pytest.fixture
def given(
    transactional_db: None,  # noqa: ARG001 -- a fixture for its effect
    time_machine: TimeMachineFixture,
) -> Iterator[Department]:
    """P1 and P2 are DR_ILL's on the day shift; DR_B and DR_C are on another."""
    time_machine.move_to(NOW, tick=False)
    department = Department()
    department.shift.delete()
    day = {"start_local": time(8), "end_local": time(18)}
    department.shift = department.add_shift("DAY", modality="MR", **day)
    department.add_reader("DR_ILL")
    for number in (1, 2):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
    other = department.add_shift("CT", modality="CT", **day)
    for name in ("DR_B", "DR_C"):
        department.add_reader(name, shift=other)
    yield department
    forget_caches()


def asked(department: Department, taker: str) -> Asked:
    period = Period(clock.now(), "Australia/Brisbane", Until.TURN)
    return Asked("DR_ILL", period, takers={department.shift.pk: [taker]}, reason="Taken ill")


def token(wish: Asked) -> str:
    base = current_view(read_versions())
    return look(wish, scene_of(wish, ALL), base, actor=MANAGER).token


@pytest.mark.parametrize("_", range(3))
def test_of_two_managers_one_takes_over_and_the_other_sees_how_it_is(
    given: Department, _: int
) -> None:
    wishes = [asked(given, "DR_B"), asked(given, "DR_C")]
    tokens = [token(wish) for wish in wishes]

    outcomes = race(
        lambda: take_over(wishes[0], ALL, token=tokens[0], actor="user:one"),
        lambda: take_over(wishes[1], ALL, token=tokens[1], actor="user:two"),
    )

    (won,) = (outcome for outcome in outcomes if isinstance(outcome, TakeOver))
    assert sum(isinstance(outcome, StaleTakeOverError) for outcome in outcomes) == 1
    (swap,) = RosterOverride.objects.filter(kind="swap")
    assert RosterOverride.objects.count() == 2
    assert set(readers().values()) == {swap.taker_id} == set(won.asked.takers[given.shift.pk])
    assert AuditEvent.objects.filter(action="take_over").count() == 1
    assert loads_are_exact()


@pytest.mark.parametrize("_", range(3))
def test_a_report_and_an_order_at_that_moment_lose_nothing(given: Department, _: int) -> None:
    wish = asked(given, "DR_B")
    seen = token(wish)
    receive(*result(status="F", placer="P1"))
    receive(*order(placer="P3", mrn="M3"))

    (outcome, _processed) = race(
        lambda: take_over(wish, ALL, token=seen, actor=MANAGER), process_waiting
    )
    settle()

    assert isinstance(outcome, TakeOver | StaleTakeOverError)
    taker = "DR_B" if isinstance(outcome, TakeOver) else "DR_ILL"
    assert (readers()["P2"], readers()["P3"]) == (taker, taker)
    assert loads_are_exact()


@pytest.mark.parametrize("_", range(3))
def test_the_taker_goes_on_leave_at_that_moment(given: Department, _: int) -> None:
    wish = asked(given, "DR_B")
    seen = token(wish)

    (outcome, _leave) = race(
        lambda: take_over(wish, ALL, token=seen, actor=MANAGER),
        lambda: RosterOverride.objects.create(
            kind="leave",
            radiologist_id="DR_B",
            start_date=date(2026, 2, 4),
            end_date=date(2026, 2, 4),
        ),
    )

    if isinstance(outcome, ByHandError):
        assert set(readers().values()) == {"DR_ILL"}
    else:
        # First the take-over, then the leave: the later edit counts from the next decision on.
        assert set(readers().values()) == {"DR_B"}
    send(*order(placer="P9", mrn="M9"))
    assert readers().get("P9") != "DR_B"


def test_a_process_that_is_killed_midway_leaves_nothing(
    given: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = asked(given, "DR_B")
    seen = token(wish)
    written = len(told())
    flush = Desk.flush

    def killed(desk: Desk) -> Flushed:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM roster_rosteroverride")
            assert cursor.fetchone() == (2,)
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return flush(desk)

    monkeypatch.setattr(Desk, "flush", killed)
    with pytest.raises(OperationalError):
        take_over(wish, ALL, token=seen, actor=MANAGER)
    connection.close()
    monkeypatch.setattr(Desk, "flush", flush)

    assert RosterOverride.objects.count() == 0
    assert set(readers().values()) == {"DR_ILL"}
    assert len(told()) == written
    take_over(asked(given, "DR_B"), ALL, token=seen, actor=MANAGER)
    assert set(readers().values()) == {"DR_B"}
