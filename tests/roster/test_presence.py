from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from apps.assignment.models import Assignment
from apps.assignment.services.replay import replay_stored
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.actor import Actor, acting_as
from apps.core.due import run_due
from apps.core.models import ConfigVersion
from apps.engine.story import explain
from apps.roster.choices import PresenceChoices
from apps.roster.models import RosterOverride, Workload
from apps.roster.services.presence import note_activity, note_sign_of_life, set_presence
from tests import factories
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    receive,
    send,
    settle,
    take_effect,
)

pytestmark = pytest.mark.db

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def workload(name: str = "DR_A") -> tuple[str, datetime | None]:
    return Workload.objects.values_list("presence", "last_activity_at").get(pk=name)


def test_presence_and_activity_are_the_readers_own() -> None:
    for name in ("DR_A", "DR_B"):
        factories.RadiologistFactory(id=name)

    set_presence(radiologist_id="DR_A", presence=PresenceChoices.AWAY, at=AT)

    assert (workload("DR_A"), workload("DR_B")) == (("away", AT), ("unknown", None))


def test_activity_never_goes_back_in_time() -> None:
    factories.RadiologistFactory(id="DR_A")
    for minutes in (5, 0, 7, 6):
        note_activity(radiologist_id="DR_A", at=AT + timedelta(minutes=minutes))

    assert workload() == ("unknown", AT + timedelta(minutes=7))


def test_only_another_presence_wakes_the_deciders() -> None:
    factories.RadiologistFactory(id="DR_A")
    seen = []
    for presence in (PresenceChoices.ONLINE, PresenceChoices.ONLINE, PresenceChoices.OFFLINE):
        set_presence(radiologist_id="DR_A", presence=presence, at=AT)
        note_activity(radiologist_id="DR_A", at=AT)
        seen.append(ConfigVersion.objects.get(area="presence").version)

    assert [later - seen[0] for later in seen] == [0, 0, 1]


@pytest.mark.parametrize("service", [set_presence, note_activity])
def test_nobody_is_no_radiologist(service: object) -> None:
    extra = {"presence": PresenceChoices.ONLINE} if service is set_presence else {}

    with pytest.raises(Workload.DoesNotExist):
        service(radiologist_id="DR_NOBODY", at=AT, **extra)


def test_offline_reader_keeps_studies_and_gets_no_new_ones_until_back() -> None:
    department = Department()
    department.add_reader("DR_A")
    send(*order(placer="P1"))

    set_presence(radiologist_id="DR_A", presence=PresenceChoices.OFFLINE, at=clock.now())
    send(*order(placer="P2"))
    assert (readers(), reasons()) == ({"P1": "DR_A"}, {"P2": "no_roster"})

    set_presence(radiologist_id="DR_A", presence=PresenceChoices.ONLINE, at=clock.now())
    settle()
    assert readers() == {"P1": "DR_A", "P2": "DR_A"}


# -- busy, and signs of life ----------------------------------------------------------------


def state(name: str = "DR_A") -> tuple[str, datetime | None]:
    return Workload.objects.values_list("presence", "busy_until").get(pk=name)


def minutes(number: float) -> datetime:
    return AT + timedelta(minutes=number)


def test_busy_ends_by_itself_and_wakes_what_waits() -> None:
    department = Department()
    department.add_reader("DR_A")
    with time_machine.travel(AT, tick=False):
        set_presence(radiologist_id="DR_A", presence=PresenceChoices.BUSY, at=AT, busy_minutes=20)
        send(*order(placer="P1"))
        assert (state(), reasons()) == (("busy", minutes(20)), {"P1": "no_roster"})
    with time_machine.travel(minutes(19.9), tick=False):
        run_due(clock.now())
        settle()
        assert (state()[0], readers()) == ("busy", {})
    with time_machine.travel(minutes(20), tick=False):
        run_due(clock.now())
        settle()
        assert (state(), readers()) == (("away", None), {"P1": "DR_A"})


def test_a_decision_takes_busy_by_its_end_and_not_by_who_noted_it() -> None:
    department = Department()
    department.add_reader("DR_A")
    set_presence(radiologist_id="DR_A", presence=PresenceChoices.BUSY, at=AT, busy_minutes=5)
    with time_machine.travel(minutes(5), tick=False):
        receive(*order(placer="P1"))
        take_effect()
    assert (state()[0], readers()) == ("busy", {"P1": "DR_A"})


def test_a_decision_made_while_somebody_was_busy_replays_the_same() -> None:
    department = Department()
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    with time_machine.travel(AT, tick=False):
        set_presence(radiologist_id="DR_A", presence=PresenceChoices.BUSY, at=minutes(-3))
        send(*order(placer="P1"))
    set_presence(radiologist_id="DR_A", presence=PresenceChoices.ONLINE, at=minutes(1))
    assignment = Assignment.objects.get()
    assert assignment.radiologist_id == "DR_B"
    assert replay_stored(assignment.trace).trace == assignment.trace
    assert any("DR_A" in said and "busy for another 17 min" in said for said in told(assignment))


def told(assignment: Assignment) -> list[str]:
    return explain(assignment.trace)


def test_other_work_of_some_hours_keeps_new_studies_away() -> None:
    department = Department()
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    RosterOverride.objects.create(
        kind="other_work",
        radiologist_id="DR_A",
        start_date=date(2026, 11, 23),
        end_date=date(2026, 11, 23),
        start_local=time(12),
        end_local=time(13),
        time_zone="Australia/Brisbane",
    )
    with time_machine.travel(AT + timedelta(minutes=30), tick=False):
        send(*order(placer="P1"))
    with time_machine.travel(AT + timedelta(minutes=60), tick=False):
        Workload.objects.filter(pk="DR_B").update(presence="offline")
        send(*order(placer="P2"))
    assert readers() == {"P1": "DR_B", "P2": "DR_A"}
    first = Assignment.objects.get(order__accession="P1")
    assert any("at work that is not reading" in said for said in told(first))


@pytest.mark.parametrize(
    ("before", "is_found", "after"),
    [
        ("unknown", False, "online"),
        ("away", True, "online"),
        ("away", False, "away"),
        ("offline", False, "offline"),
        ("online", False, "online"),
    ],
)
def test_a_sign_of_life_changes_only_what_nobody_said(
    before: str, is_found: bool, after: str
) -> None:
    factories.RadiologistFactory(id="DR_A")
    Workload.objects.update(presence=before, is_presence_found=is_found)

    note_sign_of_life(radiologist_id="DR_A", at=AT)

    assert (state(), workload()[1]) == ((after, None), None)


def test_a_sign_of_life_does_not_end_busy() -> None:
    factories.RadiologistFactory(id="DR_A")
    set_presence(radiologist_id="DR_A", presence=PresenceChoices.BUSY, at=AT)
    note_sign_of_life(radiologist_id="DR_A", at=minutes(15))
    assert state() == ("busy", minutes(20))
    run_due(minutes(20))
    assert state() == ("online", None)


def test_ten_minutes_without_a_sign_of_life_are_away_and_never_offline() -> None:
    factories.RadiologistFactory(id="DR_A")
    note_sign_of_life(radiologist_id="DR_A", at=AT)
    note_sign_of_life(radiologist_id="DR_A", at=minutes(4))
    seen = []
    for minute in (9.9, 10, 13.9, 14, 60, 600):
        run_due(minutes(minute))
        seen.append(state()[0])
    assert seen == ["online", "online", "online", "away", "away", "away"]
    note_sign_of_life(radiologist_id="DR_A", at=minutes(601))
    assert state()[0] == "online"


def test_whoever_says_something_else_is_no_longer_busy() -> None:
    factories.RadiologistFactory(id="DR_A")
    set_presence(radiologist_id="DR_A", presence=PresenceChoices.BUSY, at=AT)
    set_presence(radiologist_id="DR_A", presence=PresenceChoices.OFFLINE, at=minutes(1))
    run_due(minutes(60))
    assert state() == ("offline", None)


def test_busy_again_is_busy_until_the_later_end() -> None:
    factories.RadiologistFactory(id="DR_A")
    for start, length in ((0, 5), (3, 40)):
        set_presence(
            radiologist_id="DR_A",
            presence=PresenceChoices.BUSY,
            at=minutes(start),
            busy_minutes=length,
        )
    run_due(minutes(10))
    assert state() == ("busy", minutes(43))


def test_what_is_said_on_behalf_is_no_activity_and_is_kept() -> None:
    factories.RadiologistFactory(id="DR_A")
    with acting_as(Actor("user", "ann")):
        set_presence(
            radiologist_id="DR_A", presence=PresenceChoices.BUSY, at=AT, by_themselves=False
        )
    event = AuditEvent.objects.get(entity="roster_workload")
    assert (workload(), event.actor, event.old_values, event.new_values) == (
        ("busy", None),
        "user:ann",
        {"presence": "unknown"},
        {"presence": "busy", "busy_until": minutes(20).isoformat()},
    )


def test_the_database_refuses_busy_without_an_end() -> None:
    factories.RadiologistFactory(id="DR_A")
    with pytest.raises(IntegrityError), transaction.atomic():
        Workload.objects.update(presence="busy")
    with pytest.raises(IntegrityError), transaction.atomic():
        Workload.objects.update(presence="online", busy_until=AT)
