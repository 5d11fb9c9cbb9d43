"""People at the same study at the same moment, each in a transaction of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from apps.assignment.exceptions import ByHandError, OverrideNeededError, StaleStudyError
from apps.assignment.models import Assignment
from apps.assignment.services import by_hand, reading, retry
from apps.assignment.snapshot.versions import read_versions
from apps.assignment.study import StudyState
from apps.intake.processing.batch import process_waiting
from tests import factories
from tests.assignment.hand import act, history, lines, loads_are_exact, open_studies, state, told
from tests.support.department import (
    Department,
    forget_caches,
    order,
    readers,
    receive,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.django_db(transaction=True)

Outcome = StudyState | ByHandError


@pytest.fixture
def given(transactional_db: None) -> Iterator[Department]:  # noqa: ARG001 -- for its effect
    """P1 is DR_A's; DR_B and DR_C are on the same shift."""
    department = Department()
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    for name in ("DR_B", "DR_C"):
        department.add_reader(name)
    yield department
    forget_caches()


@pytest.mark.parametrize("_", range(5))
@pytest.mark.usefixtures("given")
def test_of_two_managers_one_wins_and_the_other_sees_the_fresh_state(_: int) -> None:
    seen = state()

    outcomes = race(
        lambda: act(by_hand.assign, seen, radiologist_id="DR_B"),
        lambda: act(by_hand.assign, seen, radiologist_id="DR_C"),
    )

    (won,) = (outcome for outcome in outcomes if isinstance(outcome, StudyState))
    (lost,) = (outcome for outcome in outcomes if isinstance(outcome, StaleStudyError))
    assert lost.fresh == won == state()
    assert Assignment.objects.filter(is_current=True).count() == 1
    assert len(history()) == 2
    assert len(told()) == len(lines("assign_by_hand")) + 1 == 2
    assert loads_are_exact()


@pytest.mark.parametrize("_", range(3))
@pytest.mark.usefixtures("given")
def test_manager_and_reader_at_once_leave_one_of_both(_: int) -> None:
    seen = state()

    outcomes = race(
        lambda: act(by_hand.assign, seen, radiologist_id="DR_B"),
        lambda: act(reading.start, seen, radiologist_id="DR_A", actor="user:a"),
    )

    assert sum(isinstance(outcome, StudyState) for outcome in outcomes) == 1
    now = state()
    assert (now.radiologist_id, now.status) in {("DR_A", "in_progress"), ("DR_B", "assigned")}
    assert loads_are_exact()


@pytest.mark.parametrize("_", range(3))
@pytest.mark.usefixtures("given")
def test_cancel_that_arrives_meanwhile_has_the_last_word(_: int) -> None:
    seen = state()
    receive(*order(control="CA", placer="P1"))

    race(lambda: act(by_hand.assign, seen, radiologist_id="DR_B"), process_waiting)
    settle()

    assert statuses() == {"P1": "cancelled"}
    assert Assignment.objects.filter(is_current=True).count() == 0
    assert open_studies() == {"DR_A": 0, "DR_B": 0, "DR_C": 0}
    assert told()[-1][:2] == ("cancelled", '""')


@pytest.mark.parametrize("_", range(3))
def test_retry_and_manager_at_once_give_one_reader(given: Department, _: int) -> None:
    ct = given.add_shift("CT", modality="CT")
    send(*order(placer="P2", modality="CT", code="CT HEAD^CT HEAD"))
    seen = state("P2")
    factories.RosterAssignmentFactory(shift=ct, radiologist_id="DR_C")

    (by_person, _) = race(
        lambda: act(by_hand.assign, seen, radiologist_id="DR_B"),
        lambda: retry.retry_if_helped(read_versions()),
    )

    if isinstance(by_person, StaleStudyError):
        assert by_person.fresh.radiologist_id == "DR_C"
    assert readers()["P2"] == ("DR_B" if isinstance(by_person, StudyState) else "DR_C")
    assert Assignment.objects.filter(order__accession="P2").count() == 1
    assert loads_are_exact()


@pytest.mark.parametrize("_", range(3))
def test_last_seat_is_given_once_by_two_people(given: Department, _: int) -> None:
    send(*order(placer="P2"))
    given.add_reader("DR_ONE", max_concurrent_studies=1)
    seen = [state("P1"), state("P2")]

    outcomes = race(
        *(lambda one=one: act(by_hand.assign, one, radiologist_id="DR_ONE") for one in seen)
    )

    assert [type(outcome) for outcome in outcomes].count(OverrideNeededError) == 1
    assert list(readers().values()).count("DR_ONE") == 1
    assert open_studies()["DR_ONE"] == 1
    assert loads_are_exact()


def race(*jobs: Callable[[], object]) -> list[object]:
    """Begin all jobs at once; return what each gave or which refusal it met."""
    start = threading.Barrier(len(jobs))
    outcomes: list[object] = [None] * len(jobs)
    failures: list[BaseException] = []

    def run(place: int, job: Callable[[], object]) -> None:
        try:
            start.wait(timeout=10)
            outcomes[place] = job()
        except ByHandError as refusal:
            outcomes[place] = refusal
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    return outcomes
