"""Messages that cannot be processed: the others go on, and nothing of a patient is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError

from apps.core import bulk
from apps.intake.models import BatchMarker, InboundMessage
from apps.intake.processing import batch, filling, queue, reading
from apps.intake.processing.batch import process_waiting
from apps.intake.processing.changes import Reading
from apps.intake.services.by_hand import run_again
from apps.orders.models import Order, Patient
from tests.support.department import Department, order, readers, receive, settle, statuses

pytestmark = pytest.mark.db

SECRETS = ("Zappa", "Moon", "MRN777", "19401221", "PID|")


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make reading a message fail while its control id is in the list."""
    deadly: list[str] = []
    real = reading.read_message

    def read(raw: bytes, **known: Any) -> Reading:
        for control_id in deadly:
            if f"|{control_id}|".encode() in raw:
                raise ValueError(f"cannot read {raw!r}")
        return real(raw, **known)

    monkeypatch.setattr(batch, "read_message", read)
    return deadly


def states() -> dict[str, str]:
    return dict(InboundMessage.objects.order_by("id").values_list("control_id", "state"))


def test_message_that_raises_is_set_aside_after_its_tries_and_the_others_take_effect(
    department: Department, poison: list[str]
) -> None:
    department.add_reader("DR_A")
    poison.append("C2")
    for number in (1, 2, 3):
        receive(*order(placer=f"P{number}", control_id=f"C{number}"))

    settle()

    assert states() == {"C1": "processed", "C2": "quarantined", "C3": "processed"}
    assert readers() == {"P1": "DR_A", "P3": "DR_A"}
    tried = dict(InboundMessage.objects.values_list("control_id", "attempts"))
    assert tried["C2"] == queue.MAX_ATTEMPTS


def test_later_messages_of_the_same_order_wait_for_the_one_that_is_tried_again(
    department: Department, poison: list[str]
) -> None:
    department.add_reader("DR_A")
    poison.append("C1")
    receive(*order(placer="P1", control_id="C1"))
    receive(*order(control="CA", placer="P1", control_id="C2"))
    receive(*order(placer="P9", control_id="C3"))

    process_waiting()
    assert states() == {"C1": "waiting", "C2": "waiting", "C3": "processed"}
    poison.clear()
    settle()

    assert set(states().values()) == {"processed"}
    assert statuses() == {"P1": "cancelled", "P9": "assigned"}


def test_later_messages_of_the_same_order_go_on_once_it_is_set_aside(
    department: Department, poison: list[str]
) -> None:
    department.add_reader("DR_A")
    poison.append("C1")
    receive(*order(placer="P1", control_id="C1"))
    receive(*order(control="XO", placer="P1", control_id="C2"))

    settle()

    assert states() == {"C1": "quarantined", "C2": "processed"}
    assert readers() == {"P1": "DR_A"}


def test_message_set_aside_takes_effect_when_it_is_run_again_after_the_mending(
    department: Department, poison: list[str]
) -> None:
    department.add_reader("DR_A")
    poison.append("C1")
    message = receive(*order(placer="P1", control_id="C1"))
    settle()
    poison.clear()

    run_again(message_ids=[message.pk], at=message.received_at)
    settle()

    assert (states(), readers()) == ({"C1": "processed"}, {"P1": "DR_A"})


def test_what_a_dead_worker_left_in_hand_is_tried_alone_until_the_deadly_one_is_known(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    for number in (1, 2, 3):
        receive(*order(placer=f"P{number}", control_id=f"C{number}"))
    deadly = InboundMessage.objects.get(control_id="C2").pk
    real = batch.process

    def process(messages: list[queue.Waiting]) -> int:
        if deadly in [message.id for message in messages]:
            raise SystemExit  # as good as kill -9: no handler of ours sees it
        return real(messages)

    monkeypatch.setattr(batch, "process", process)
    deaths = 0
    while "waiting" in states().values():
        try:
            settle()
        except SystemExit:
            deaths += 1

    assert states() == {"C1": "processed", "C2": "quarantined", "C3": "processed"}
    assert InboundMessage.objects.get(pk=deadly).error == "its worker died on each try"
    assert deaths == 1 + queue.MAX_ATTEMPTS
    assert BatchMarker.objects.get().message_ids == []


def test_database_that_is_away_costs_no_message_and_no_quarantine(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    receive(*order(placer="P1", control_id="C1"))
    away = OperationalError("the connection is lost")
    away.__cause__ = psycopg.errors.AdminShutdown("terminating connection")
    monkeypatch.setattr(batch, "process", _raising(away))

    for _ in range(queue.MAX_ATTEMPTS):
        with pytest.raises(OperationalError):
            process_waiting()
    monkeypatch.undo()
    settle()

    assert (states(), readers()) == ({"C1": "processed"}, {"P1": "DR_A"})


def test_more_groups_than_any_order_has_wait_for_a_person(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    monkeypatch.setattr(reading, "MAX_GROUPS", 2)

    message = receive(*order(placer="P1"), "OBR|2|P2", "OBR|3|P3")
    settle()
    message.refresh_from_db()

    assert (message.state, message.error) == (
        "quarantined",
        "3 order groups in one message; at most 2 are taken",
    )
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    "failure",
    [
        lambda: _raising(ValueError(f"bad value {SECRETS}")),
        lambda: _raising(KeyError(("Robina", "MRN777"))),
        lambda: _sql("INSERT INTO orders_patient (authority, mrn) VALUES ('Zappa', NULL)"),
        lambda: _sql("SELECT 'Zappa'::int"),
        lambda: _sql("SELECT '{\"name\": Moon}'::json"),
    ],
    ids=["value", "key", "not null", "cast", "json"],
)
def test_failures_name_no_patient_in_logs_or_in_the_error_column(
    department: Department,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Callable[[], Callable[..., Any]],
) -> None:
    department.add_reader("DR_A")
    caplog.set_level(logging.DEBUG)
    head, _, *rest = order(placer="P1")
    message = receive(head, "PID|1||MRN777^^^Robina||Zappa^Moon||19401221|M", *rest)
    monkeypatch.setattr(filling, "_subspecialty", failure())

    settle()

    message.refresh_from_db()
    assert message.state == "quarantined"
    assert "filling.py" in message.error or "test_poison.py" in message.error
    told = caplog.text + message.error + "".join(_exceptions(caplog))
    assert [secret for secret in SECRETS if secret in told] == []
    assert str(message.pk) in caplog.text


def _exceptions(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(record.exc_info[1]) for record in caplog.records if record.exc_info]


def test_clash_of_numbers_in_the_database_names_the_constraint_and_not_the_number(
    department: Department, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    Patient.objects.create(authority="Robina", mrn="MRN777")
    monkeypatch.setattr("apps.orders.patients.PatientBook._take", lambda *_: None)
    head, _, *rest = order(placer="P1")
    message = receive(head, "PID|1||MRN777^^^Robina||Zappa^Moon", *rest)

    settle()

    message.refresh_from_db()
    assert message.state == "quarantined"
    assert message.error.startswith(
        "IntegrityError SQLSTATE 23505 table orders_patient constraint one_patient_per_mrn at "
    )
    assert [secret for secret in SECRETS if secret in message.error + caplog.text] == []


def _raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def _sql(statement: str) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        with pytest.raises((DataError, IntegrityError)) as raised:
            bulk.select(statement, [])
        raise raised.value

    return fail
