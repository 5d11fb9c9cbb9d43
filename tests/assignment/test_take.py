from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client

from apps.assignment.exceptions import ByHandError
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.services import by_hand, reading
from apps.assignment.study import StudyState
from apps.roster.models import Radiologist, ShiftSite, Workload
from apps.rules.choices import ActionChoices
from tests.assignment.hand import act, history, lines, loads_are_exact, state, told
from tests.assignment.reader_pages import do, said, sign_in, waiting
from tests.factories import AssignmentRuleFactory, SiteFactory
from tests.support.department import Department, order, reasons, send

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def reader(department: Department) -> Radiologist:
    """DR_A is on the shift; P1 came while nobody was there, and waits."""
    reader = department.add_reader("DR_A")
    Workload.objects.update(presence="offline")
    send(*order(placer="P1"))
    assert reasons() == {"P1": "no_roster"}
    return reader


@pytest.fixture
def waits(reader: Radiologist) -> Client:
    """DR_A has come, and the engine has not looked yet."""
    client = sign_in(reader)
    Workload.objects.update(presence="online")
    return client


def take(seen: StudyState, reader: str = "DR_A") -> StudyState:
    return act(reading.take, seen, radiologist_id=reader, actor=f"user:{reader.lower()}")


def test_reader_takes_what_waits_on_their_shift(waits: Client) -> None:
    assert waiting(waits.get("/my-list/")) == ["P1"]

    answer = do(waits, "take")

    assert (answer.status_code, waiting(answer)) == (200, [])
    assert state().status == "acknowledged"
    assert history() == [("DR_A", "MANUAL", "")]
    made = Assignment.objects.get()
    assert (made.shift_code, made.made_by) == ("MRI_MSK", "user:dr_a")
    assert made.acknowledged_at == made.assigned_at
    assert [row.actor for row in lines("take_by_hand")] == ["user:dr_a"]
    assert told() == [("assigned", "DR_A", "MANUAL")]
    assert loads_are_exact()
    assert not Unassigned.objects.exists()
    assert Workload.objects.get().last_activity_at is not None


def test_patient_of_a_waiting_study_is_not_shown(waits: Client) -> None:
    page = waits.get("/my-list/").content.decode()

    assert "P1" in page
    assert ("Doe" in page, "MRN1" in page) == (False, False)


def test_double_click_takes_once(waits: Client) -> None:
    token = state().token

    answers = [do(waits, "take", token=token).status_code for _ in range(2)]

    assert answers == [200, 409]
    assert len(history()) == 1


def test_what_somebody_else_took_is_not_taken_again(waits: Client, department: Department) -> None:
    second = sign_in(department.add_reader("DR_B"))
    token = state().token
    do(second, "take", token=token)

    answer = do(waits, "take", token=token)

    assert (answer.status_code, waiting(answer)) == (409, [])
    assert history() == [("DR_B", "MANUAL", "")]
    assert do(waits, "take").status_code == 422


def test_offline_reader_takes_nothing(waits: Client) -> None:
    Workload.objects.update(presence="offline")

    page = waits.get("/my-list/").content.decode()

    assert "You are offline." in page
    assert 'id="take-' not in page
    assert do(waits, "take").status_code == 422


def test_full_reader_takes_nothing_and_no_reason_helps(reader: Radiologist) -> None:
    reader.max_concurrent_studies = 0
    reader.save()
    client = sign_in(reader)
    Workload.objects.update(presence="online")

    page = client.get("/my-list/").content.decode()
    answer = do(client, "take", reason="I want it very much")

    assert "You: full, 0 of 0 studies open." in page
    assert (answer.status_code, state().radiologist_id) == (422, "")


def test_hourly_limit_holds_back_all_but_stat(reader: Radiologist) -> None:
    reader.max_studies_per_hour = 0
    reader.save()
    send(*order(placer="S1", priority="S"))
    client = sign_in(reader)
    Workload.objects.update(presence="online")

    assert do(client, "take", "P1").status_code == 422
    assert do(client, "take", "S1").status_code == 200


def test_reader_without_the_licence_takes_nothing(waits: Client, department: Department) -> None:
    department.site.jurisdiction = "QLD"
    department.site.requires_licence = True
    department.site.save()

    answer = do(waits, "take")

    assert answer.status_code == 422
    assert said(answer)[0].startswith("You: ")
    assert state().radiologist_id == ""


@pytest.mark.usefixtures("reader")
def test_what_a_rule_keeps_from_a_reader_they_do_not_take() -> None:
    AssignmentRuleFactory(
        action_type=ActionChoices.EXCLUDE, action_target="DR_A", is_terminal=False
    )
    Workload.objects.update(presence="online")
    send(*order(placer="X1"))
    assert reasons()["X1"] == "excluded"

    with pytest.raises(ByHandError, match="A rule keeps it from you"):
        take(state("X1"))


def test_work_of_another_shift_does_not_exist(waits: Client) -> None:
    Workload.objects.update(presence="offline")
    send(*order(placer="U1", modality="US", code="US PELVIS^ULTRASOUND"))
    Workload.objects.update(presence="online")

    assert waiting(waits.get("/my-list/")) == ["P1"]
    answer = do(waits, "take", "U1")

    assert answer.status_code == 404
    assert "U1" not in answer.content.decode()


def test_work_of_a_site_that_the_shift_does_not_serve_does_not_exist(
    waits: Client, department: Department
) -> None:
    ShiftSite.objects.create(shift=department.shift, site=SiteFactory(code="ELSEWHERE"))

    assert waiting(waits.get("/my-list/")) == []
    assert do(waits, "take").status_code == 404


def test_work_of_a_site_that_the_role_does_not_hold_does_not_exist(reader: Radiologist) -> None:
    client = sign_in(reader, site=SiteFactory(code="ELSEWHERE"))
    Workload.objects.update(presence="online")

    assert waiting(client.get("/my-list/")) == []
    assert do(client, "take").status_code == 404
    assert state().radiologist_id == ""


def test_shift_that_is_never_assigned_automatically_is_for_its_readers_to_take(
    department: Department,
) -> None:
    department.shift.priority_level = -1
    department.shift.save()
    client = sign_in(department.add_reader("DR_A"))
    send(*order(placer="P1"))
    assert list(reasons()) == ["P1"]

    assert waiting(client.get("/my-list/")) == ["P1"]
    assert do(client, "take").status_code == 200


def test_off_shift_nothing_waits_for_a_reader(waits: Client, department: Department) -> None:
    department.shift.is_active = False
    department.shift.save()

    page = waits.get("/my-list/")

    assert waiting(page) == []
    assert "off shift" in page.content.decode()


def test_what_a_manager_put_aside_is_not_offered(waits: Client) -> None:
    do(waits, "take")
    act(by_hand.unassign, reason="wait for the priors")

    assert waiting(waits.get("/my-list/")) == []
    assert do(waits, "take").status_code == 422


def test_held_and_parked_studies_are_not_offered(waits: Client) -> None:
    act(by_hand.hold, reason="images are missing")
    send(*order(placer="L1", site="Atlantis", facility="Atlantis"))

    assert waiting(waits.get("/my-list/")) == []
    assert do(waits, "take").status_code == 422
    assert do(waits, "take", "L1").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_readers_one_takes_it() -> None:
    department = Department()
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    Workload.objects.update(presence="offline")
    send(*order(placer="P1"))
    Workload.objects.update(presence="online")
    seen, outcomes = state(), []

    def try_it(reader: str) -> None:
        try:
            outcomes.append(take(seen, reader))
        except ByHandError as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(name,)) for name in ("DR_A", "DR_B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(outcomes) == 2
    assert "StaleStudyError" in outcomes
    assert len(history()) == 1
    assert loads_are_exact()
