"""Processes that die while a draft is worked out: it is worked out all the same."""

from __future__ import annotations

import time

import psutil
import pytest

from apps.roster import planning_tasks
from apps.roster.models import DraftProgress, RosterDraft
from tests.fakes.peer import wait_until
from tests.roster.planning.conftest import MONDAY, asked, readers, shift_of
from tests.roster.planning.planning_process import PlanningProcess

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]


def long_draft() -> RosterDraft:
    """Return one that takes the solver many seconds: more is wanted than the people can give."""
    shifts = [
        shift_of(f"S{start}", start, (start + 7) % 24) for start in (0, 5, 9, 13, 16, 19, 22)
    ]
    people = readers(40)
    for place, person in enumerate(people):
        person.min_rest_hours = 9 + place % 5
        person.target_hours_per_week = 20 + 3 * (place % 7)
        person.save()
    return asked(shifts, people, days=42, readers={shift.pk: 4 for shift in shifts}, seconds=90)


def state(draft: RosterDraft) -> str:
    return RosterDraft.objects.values_list("state", flat=True).get(pk=draft.pk)


def is_searching(draft: RosterDraft) -> bool:
    rows = DraftProgress.objects.filter(draft=draft, draft__state="solving")
    return any(said for said in rows.values_list("said", flat=True))


def held_solver(draft: RosterDraft, worker: PlanningProcess) -> psutil.Process:
    """Return the solver at work, held so that it does not end by itself."""
    wait_until(lambda: bool(_solvers(worker)), 40)
    [solver] = _solvers(worker)
    wait_until(lambda: is_searching(draft), 40)
    solver.suspend()
    return solver


def _solvers(worker: PlanningProcess) -> list[psutil.Process]:
    below = psutil.Process(worker.process.pid).children(recursive=True)
    return [child for child in below if "apps.roster.planning.solve" in child.cmdline()]


def test_a_killed_worker_takes_its_solver_along_and_the_next_one_works_it_out() -> None:
    draft = long_draft()
    worker = PlanningProcess()
    solver = held_solver(draft, worker)

    worker.kill()
    solver.resume()

    assert psutil.wait_procs([solver], timeout=5)[1] == []
    assert state(draft) == "solving"
    RosterDraft.objects.update(wishes={**draft.wishes, "seconds": 5})
    assert planning_tasks.plan_once() == 1
    draft.refresh_from_db()
    assert (draft.state, draft.progress_row.attempt) == ("ready", 2)
    assert draft.turns.filter(on=MONDAY).exists()


def test_a_killed_solver_is_started_again() -> None:
    draft = long_draft()
    worker = PlanningProcess()
    try:
        solver = held_solver(draft, worker)
        RosterDraft.objects.update(wishes={**draft.wishes, "seconds": 5})
        solver.kill()
        wait_until(lambda: state(draft) == "ready", 40)
    finally:
        worker.kill()

    draft.refresh_from_db()
    assert draft.progress_row.attempt == 2


def test_a_stopped_search_ends_within_seconds() -> None:
    draft = long_draft()
    worker = PlanningProcess()
    try:
        held_solver(draft, worker)
        began = time.monotonic()
        RosterDraft.objects.update(state="cancelled")
        wait_until(lambda: state(draft) == "ready", 20)
        seconds = time.monotonic() - began
    finally:
        worker.kill()

    draft.refresh_from_db()
    assert draft.report["ending"] == "cancelled"
    assert seconds < 10
