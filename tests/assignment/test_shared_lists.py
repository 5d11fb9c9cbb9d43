"""Studies that a rule puts on a list which several readers share."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.assignment.desk import Case, Desk
from apps.assignment.exceptions import ByHandError
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.services import by_hand, reading
from apps.assignment.services.replay import replay_stored
from apps.core.models import DueTime
from apps.engine.decision import Decision
from apps.roster.models import Radiologist, RosterAssignment, Workload
from apps.rules.choices import ActionChoices
from apps.rules.models import AssignmentRule
from tests.assignment.hand import act, history, loads_are_exact, state
from tests.assignment.reader_pages import PART, do, next_of, rows, said, sign_in, waiting
from tests.factories import AssignmentRuleFactory, SiteFactory, SlaPolicyFactory
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    result,
    send,
    settle,
)

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=True) as travelled:
        yield travelled


def rule(*names: str, **values: object) -> AssignmentRule:
    given = {"name": "MR for two", "action_type": ActionChoices.ASSIGN_TO_WORKLIST}
    return AssignmentRuleFactory.create(**{**given, **values}, action_target=json.dumps(names))


@pytest.fixture
def listed(department: Department) -> Department:
    """DR_A and DR_B share the list of a rule, DR_C has the same shift and does not."""
    for name in ("DR_A", "DR_B", "DR_C"):
        department.add_reader(name)
    rule("DR_A", "DR_B")
    return department


def reader(name: str) -> Client:
    return sign_in(Radiologist.objects.get(pk=name))


def shared(response: HttpResponse) -> list[str]:
    """Return the accessions of what the reader may take from shared lists."""
    found = re.search(r'<table class="rows cards work-shared".*?</table>', _page(response), re.S)
    return re.findall(r'<td class="study">([^<]*?)\s*<', found.group()) if found else []


def _page(response: HttpResponse) -> str:
    return response.content.decode()


def test_who_shares_the_list_sees_it_and_nobody_else_does(listed: Department) -> None:
    outsider = listed.add_reader("DR_D", shift=listed.add_shift("CT", modality="CT"))
    send(*order(placer="P1"))

    pages = {name: reader(name).get("/my-list/") for name in ("DR_A", "DR_B", "DR_C")}
    pages["DR_D"] = sign_in(outsider).get("/my-list/")

    assert reasons() == {"P1": "worklist"}
    assert {name: shared(page) for name, page in pages.items()} == {
        "DR_A": ["P1"],
        "DR_B": ["P1"],
        "DR_C": [],
        "DR_D": [],
    }
    assert [name for name, page in pages.items() if "P1" in _page(page)] == ["DR_A", "DR_B"]
    assert [name for name, page in pages.items() if "Doe" in _page(page)] == []


@pytest.mark.usefixtures("listed")
def test_who_does_not_share_it_cannot_take_it_though_their_shift_does_such_work() -> None:
    send(*order(placer="P1"))
    outsider = reader("DR_C")

    assert waiting(outsider.get("/my-list/")) == []
    answer = do(outsider, "take")

    assert answer.status_code == 404
    assert "P1" not in _page(answer)
    assert reasons() == {"P1": "worklist"}


@pytest.mark.usefixtures("listed")
def test_the_first_who_takes_it_has_it_and_the_other_gets_a_fresh_list() -> None:
    send(*order(placer="P1"))
    first, second, token = reader("DR_B"), reader("DR_A"), state().token

    taken = do(first, "take", token=token)
    late = do(second, "take", token=token)

    assert (taken.status_code, rows(taken), shared(taken)) == (200, ["P1"], [])
    assert (late.status_code, shared(late)) == (409, [])
    assert history() == [("DR_B", "MANUAL", "")]
    assert state().status == "acknowledged"
    assert Assignment.objects.get().shift_code == "MRI_MSK"
    assert loads_are_exact()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_once_one_has_it() -> None:
    department = Department()
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    rule("DR_A", "DR_B")
    send(*order(placer="P1"))
    seen, outcomes, ready = state(), [], threading.Barrier(2)

    def try_it(name: str) -> None:
        try:
            ready.wait(10)
            act(reading.take_next, seen, radiologist_id=name, actor=f"user:{name}")
            outcomes.append("taken")
        except ByHandError as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(name,)) for name in ("DR_A", "DR_B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(outcomes) == ["StaleStudyError", "taken"]
    assert len(history()) == 1
    assert loads_are_exact()


def test_a_shift_shares_it_with_whoever_is_on_it_now(department: Department) -> None:
    night = department.add_shift("NIGHT", modality="CT")
    for name, shift in (("DR_A", night), ("DR_B", department.shift)):
        department.add_reader(name, shift=shift)
    rule("NIGHT")
    send(*order(placer="P1"))
    on_it, other = reader("DR_A"), reader("DR_B")

    assert (shared(on_it.get("/my-list/")), shared(other.get("/my-list/"))) == (["P1"], [])
    assert do(other, "take").status_code == 404
    assert do(on_it, "take").status_code == 200


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("lacks", ["credential", "seat", "presence", "site"])
def test_only_who_is_fit_sees_what_is_on_it(lacks: str) -> None:
    send(*order(placer="P1"))
    place = SiteFactory(code="ELSEWHERE") if lacks == "site" else None
    listed_reader = RosterAssignment.objects.get(radiologist="DR_A").radiologist
    if lacks == "credential":
        AssignmentRuleFactory(
            action_type=ActionChoices.REQUIRE_CREDENTIAL, action_target="PET", priority_order=1
        )
        RosterAssignment.objects.get(radiologist="DR_B").radiologist.credentials.create(name="PET")
    elif lacks == "seat":
        type(listed_reader).objects.filter(pk="DR_A").update(max_concurrent_studies=0)
    elif lacks == "presence":
        Workload.objects.filter(pk="DR_A").update(presence="offline")
    settle()
    listed_reader.refresh_from_db()
    client = sign_in(listed_reader, site=place)

    assert reasons() == {"P1": "worklist"}
    assert shared(client.get("/my-list/")) == []
    assert do(client, "take").status_code in (404, 422)
    assert shared(reader("DR_B").get("/my-list/")) == ["P1"]


def test_it_goes_most_urgent_first_then_soonest_due(listed: Department) -> None:  # noqa: ARG001
    SlaPolicyFactory(urgency="URGENT", report_minutes=240)
    SlaPolicyFactory(urgency="ROUTINE", report_minutes=1440)
    SlaPolicyFactory(urgency="ROUTINE", modality="CT", report_minutes=60)
    AssignmentRule.objects.update(condition_filters={})
    for placer, priority, modality in (
        ("MR1", "R", "MR"),
        ("CT1", "R", "CT"),
        ("UR1", "A", "MR"),
    ):
        send(*order(placer=placer, priority=priority, modality=modality, code=f"{modality} HEAD"))

    assert shared(reader("DR_A").get("/my-list/")) == ["UR1", "CT1", "MR1"]


@pytest.mark.usefixtures("listed")
def test_next_goes_on_to_the_shared_list_only_after_what_the_reader_owns() -> None:
    send(*order(placer="P1"))
    client = reader("DR_A")
    shown = client.get("/my-list/")
    assert next_of(shown)["order"] == str(state().order_id)

    answer = client.post("/my-list/next/", next_of(shown) | {"shared": "on"}, headers=PART)

    assert (answer.status_code, state().status) == (200, "in_progress")
    assert history() == [("DR_A", "MANUAL", "")]
    AssignmentRule.objects.update(enabled=False)
    Workload.objects.exclude(pk="DR_A").update(presence="offline")
    send(*order(placer="P2"))
    AssignmentRule.objects.update(enabled=True)
    Workload.objects.exclude(pk="DR_A").update(presence="online")
    send(*order(placer="P3"))
    page = client.get("/my-list/")
    assert (rows(page), shared(page)) == (["P1", "P2"], ["P3"])
    assert next_of(page)["order"] == str(state("P2").order_id)
    assert 'name="shared"' not in _page(page)


@pytest.mark.usefixtures("listed")
def test_next_that_somebody_else_took_answers_with_the_list_as_it_is() -> None:
    send(*order(placer="P1"))
    client = reader("DR_A")
    asked = next_of(client.get("/my-list/")) | {"shared": "on"}
    do(reader("DR_B"), "take")

    answer = client.post("/my-list/next/", asked, headers=PART)

    assert (answer.status_code, rows(answer)) == (409, [])
    assert said(answer) == ["The study has changed since you looked. This is how it is now."]


# -- going on ----------------------------------------------------------------------------


@pytest.mark.usefixtures("listed")
def test_a_list_whose_last_reader_leaves_goes_on_by_itself() -> None:
    send(*order(placer="P1"))
    Workload.objects.filter(pk="DR_A").update(presence="offline")
    settle()
    assert reasons() == {"P1": "worklist"}

    Workload.objects.filter(pk="DR_B").update(presence="offline")
    settle()

    assert (readers(), reasons()) == ({"P1": "DR_C"}, {})


@pytest.mark.usefixtures("listed")
def test_stat_that_nobody_takes_in_time_is_given_to_one_of_those_who_share_it(
    noon: time_machine.Traveller,
) -> None:
    AssignmentRuleFactory(
        name="then", action_type=ActionChoices.ASSIGN_TO_RADIOLOGIST, action_target="DR_C"
    )
    send(*order(placer="P1", priority="S"))
    assert reasons() == {"P1": "worklist"}
    assert DueTime.objects.filter(kind="list_over").count() == 1
    noon.shift(timedelta(minutes=4, seconds=50))
    settle()
    assert reasons() == {"P1": "worklist"}

    noon.shift(timedelta(seconds=11))
    settle()

    assert readers() == {"P1": "DR_A"}
    made = Assignment.objects.get()
    shared_by = AssignmentRule.objects.get(name="MR for two")
    assert (made.rule_id, made.strategy, made.escalated) == (
        shared_by.pk,
        "LOAD_BALANCED",
        False,
    )
    assert replay_stored(made.trace).trace == made.trace


@pytest.mark.usefixtures("listed")
def test_stat_for_which_nobody_is_left_does_not_come_and_go(noon: time_machine.Traveller) -> None:
    send(*order(placer="P1", priority="S"))
    Workload.objects.update(presence="offline")
    noon.shift(timedelta(minutes=5, seconds=1))
    settle()
    after = Unassigned.objects.get()
    for _ in range(3):
        noon.shift(timedelta(minutes=1, seconds=1))
        settle()

    assert (after.reason, reasons()) == ("no_roster", {"P1": "no_roster"})


@pytest.mark.usefixtures("listed")
def test_freed_seats_and_passing_minutes_decide_nothing_on_a_list_anew(
    noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(*order(placer="P1"))
    send(*order(placer="P2"))
    settle()
    decided: list[str] = []
    real = Desk.decide

    def decide(self: Desk, case: Case, **asked: Any) -> Decision:
        decided.append(case.order.accession)
        return real(self, case, **asked)

    monkeypatch.setattr(Desk, "decide", decide)
    act(reading.take_next, state("P2"), radiologist_id="DR_A", actor="user:DR_A")
    send(*result(status="F", placer="P2"))
    for _ in range(3):
        noon.shift(timedelta(minutes=1, seconds=1))
        settle()

    assert (decided, reasons()) == ([], {"P1": "worklist"})
    assert Unassigned.objects.get().attempts == 1
    noon.shift(timedelta(minutes=15))
    settle()
    assert (decided, Unassigned.objects.get().attempts) == (["P1"], 1)


@pytest.mark.usefixtures("listed")
def test_a_list_whose_readers_are_all_full_goes_on_within_a_minute(
    noon: time_machine.Traveller,
) -> None:
    send(*order(placer="P1"))
    settle()
    Radiologist.objects.exclude(pk="DR_C").update(max_concurrent_studies=0)
    noon.shift(timedelta(minutes=1, seconds=1))
    settle()

    assert readers() == {"P1": "DR_C"}


@pytest.mark.usefixtures("listed")
def test_what_is_not_stat_waits_on_its_list_until_the_breach(noon: time_machine.Traveller) -> None:
    SlaPolicyFactory(urgency="ROUTINE", acknowledge_minutes=5, report_minutes=30)
    send(*order(placer="P1"))
    noon.shift(timedelta(minutes=29))
    settle()
    assert reasons() == {"P1": "worklist"}

    noon.shift(timedelta(minutes=1, seconds=1))
    settle()

    assert list(readers()) == ["P1"]


@pytest.mark.usefixtures("listed")
def test_a_manager_may_assign_it_to_anybody() -> None:
    send(*order(placer="P1"))

    act(by_hand.assign, radiologist_id="DR_C")

    assert readers() == {"P1": "DR_C"}


# -- told apart --------------------------------------------------------------------------


@pytest.mark.usefixtures("listed")
def test_it_is_counted_apart_from_what_nobody_can_read(admin_client: Client) -> None:
    AssignmentRule.objects.update(
        condition_filters={"all": [{"field": "modality", "op": "=", "value": "MR"}]}
    )
    send(*order(placer="P1"))
    send(*order(placer="U1", modality="US", code="US PELVIS^ULTRASOUND"))
    assert reasons() == {"P1": "worklist", "U1": "no_shift"}

    board = " ".join(_page(admin_client.get("/")).split())
    queue = _page(admin_client.get("/unassigned/?reason=worklist"))
    why = " ".join(_page(admin_client.get(f"/unassigned/{state().order_id}/why/")).split())
    study = _page(admin_client.get(f"/studies/{state().order_id}/"))

    assert "Unassigned <small>1</small>" in board
    assert ">1 on a shared list</a>" in board
    assert f'unassigned-study-{state().order_id}"' not in board
    assert ("P1" in queue, "U1" in queue) == (True, False)
    assert "One of the list&#x27;s readers takes it; or assign it" in queue
    assert "until one of them takes it" in why
    assert "Put on a shared list: one of its readers takes it" in study


@pytest.mark.usefixtures("listed")
def test_a_list_costs_the_same_at_1_and_100_studies() -> None:
    client = reader("DR_A")
    send(*order(placer="P0"))
    client.get("/my-list/")  # a first look notes a sign of life
    with CaptureQueriesContext(connection) as one:
        assert shared(client.get("/my-list/")) == ["P0"]
    for number in range(1, 30):
        send(*order(placer=f"P{number}"))
    with CaptureQueriesContext(connection) as many:
        page = client.get("/my-list/")

    assert len(shared(page)) == 25
    assert "5 more, less urgent or due later." in _page(page)
    assert len(many) == len(one) <= 15


# -- flowing over ------------------------------------------------------------------------


def test_an_order_at_capacity_flows_over_to_the_named_shift_and_the_page_says_so(
    department: Department, admin_client: Client
) -> None:
    department.add_reader("DR_A", max_concurrent_studies=0)
    department.add_reader("DR_B", shift=department.add_shift("SPARE", modality="CT"))
    AssignmentRuleFactory(
        name="to the spare ones",
        action_type=ActionChoices.OVERFLOW,
        action_target="SPARE",
        is_terminal=False,
    )
    send(*order(placer="P1"))

    made = Assignment.objects.get()
    why = " ".join(_page(admin_client.get(f"/assignments/{made.pk}/why/")).split())

    assert (made.radiologist_id, made.shift_code) == ("DR_B", "SPARE")
    assert "let it flow over to Spare" in why
    assert "full, 0 of 0 studies open." in why
    assert replay_stored(made.trace).trace == made.trace
