"""Which waiting messages are next, and what may never go before what."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest

from apps.core import bulk
from apps.intake.models import InboundMessage
from apps.intake.processing import queue
from apps.orders.models import Order
from tests.support.department import Department, order, readers, receive, result, send, settle

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("department")]


def next_ids(limit: int = 100) -> list[str]:
    return [message.control_id for message in queue.next_batch(limit)]


def said(name: str, **values: str) -> None:
    receive(*order(control_id=name, **values))


def test_stat_goes_first_and_the_rest_by_arrival() -> None:
    said("R1", placer="P1")
    said("S1", placer="P2", priority="S")
    said("R2", placer="P3", priority="A")
    said("S2", placer="P4", priority="S")

    assert next_ids() == ["S1", "S2", "R1", "R2"]


def test_urgent_message_takes_the_earlier_ones_of_its_order_along_before_it() -> None:
    said("R1", placer="P1")
    said("R2", placer="P2")
    said("R3", control="XO", placer="P1")
    said("S1", control="XO", placer="P1", priority="S")
    said("R4", control="CA", placer="P1")

    assert next_ids() == ["R1", "R3", "S1", "R2", "R4"]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_messages_joined_by_a_third_keep_their_order_however_few_are_taken(
    limit: int,
) -> None:
    said("R1", placer="P1", accession="A1")
    said("R0", placer="P0")
    said("R2", control="XO", placer="P1")
    said("S1", control="XO", placer="", accession="A1", priority="S")

    taken = [name for name in next_ids(limit) if name != "R0"]

    assert taken == ["R1", "R2", "S1"]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_messages_joined_by_the_stored_order_keep_their_order(
    limit: int,
) -> None:
    send(*order(placer="P1", accession="A1"))
    said("R0", placer="P0")
    said("R1", control="XO", placer="P1")
    said("S1", control="XO", placer="", accession="A1", priority="S")

    taken = [name for name in next_ids(limit) if name != "R0"]

    assert taken == ["R1", "S1"]


def test_more_earlier_messages_than_a_batch_holds_all_come_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "BATCH_SIZE", 3)
    for number in range(8):
        said(f"R{number}", control="XO", placer="P1")
    said("S1", control="XO", placer="P1", priority="S")

    assert next_ids(3) == [*(f"R{number}" for number in range(8)), "S1"]


def test_last_word_of_an_order_stands_when_an_urgent_one_jumps_a_long_queue(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    monkeypatch.setattr(queue, "BATCH_SIZE", 2)
    for number in range(5):
        receive(*order(placer=f"Q{number}"))
    receive(*order(placer="P1", accession="A1"))
    receive(*order(control="XO", placer="P1", code="MRI HIP^MRI HIP"))
    receive(
        *order(control="XO", placer="", accession="A1", priority="S", code="MRI SPINE^MRI SPINE")
    )

    settle()

    assert Order.objects.get(accession="A1").procedure_code == "MRI SPINE"


def test_messages_of_one_order_in_many_batches_take_effect_in_turn(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    monkeypatch.setattr(queue, "BATCH_SIZE", 2)
    for control in ("NW", "XO", "HD", "XO", "RL", "XO", "CA", "NW", "XO"):
        receive(*order(control=control, placer="P1"))

    settle()

    assert Order.objects.values_list("status", "accession").get() == ("cancelled", "P1")


def test_freed_seat_goes_to_who_waits_and_not_to_a_later_order_of_the_same_batch(
    department: Department,
) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    send(*order(placer="P1"))
    send(*order(placer="P2", priority="A"))
    receive(*result(status="F", placer="P1"))
    receive(*order(placer="P3"))

    settle()

    assert readers() == {"P1": "DR_A", "P2": "DR_A"}


def test_resend_under_the_same_control_id_with_other_content_is_flagged(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    first = send(*order(placer="P1", control_id="C1"))
    second = send(*order(control="XO", placer="P1", priority="S", control_id="C1"))
    other = send(*order(placer="P9", control_id="C1", facility="Southport"))

    assert [message.flags for message in (first, second, other)] == [
        [],
        ["control_id_reused"],
        [],
    ]


@pytest.mark.parametrize("kind", ["new", "change", "cancel", "result", "patient", "merge"])
def test_batch_of_any_size_costs_the_same_number_of_statements(
    department: Department, count_statements: Callable[[], int], kind: str
) -> None:
    for name in "ABCD":
        department.add_reader(f"DR_{name}")
    send(*order(placer="warm"))
    for number in range(60):
        receive(*order(placer=f"P{number}", mrn=f"M{number}"))
    settle()

    spent = []
    # The first one warms up: what a process asks once in its life it asks here.
    for numbers in (range(1), range(1, 11), range(11, 60)):
        for number in numbers:
            receive(*_about(kind, number))
        # Numbers come in blocks; whether one runs out here is the earlier tests' doing.
        bulk._ids.clear()
        before = count_statements()
        settle()
        spent.append(count_statements() - before)

    assert spent[2] == spent[1]
    assert spent[2] <= 45


def _about(kind: str, number: int) -> tuple[str, ...]:
    head = rf"MSH|^~\&|HIS|Robina|RAD|RAD|20261122||ADT^{{}}|X{number}|P|2.5.1"
    return {
        "new": order(placer=f"N{number}", accession=f"A{number}"),
        "change": order(control="XO", placer=f"P{number}", filler=f"F{number}", priority="S"),
        "cancel": order(control="CA", placer=f"P{number}"),
        "result": result(status="F", placer=f"P{number}"),
        "patient": (head.format("A08"), f"PID|1||M{number}^^^Robina||Roe^Kim"),
        "merge": (
            head.format("A40"),
            f"PID|1||S{number}^^^Robina||Roe^Kim",
            f"MRG|M{number}^^^Robina",
        ),
    }[kind]


@pytest.fixture
def count_statements(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count what is sent over any psycopg cursor: Django's and our own."""
    import psycopg  # noqa: PLC0415 -- only here

    sent: list[object] = []
    real = psycopg.Cursor.execute

    def execute(self: psycopg.Cursor, query: object, *args: object, **kwargs: object) -> object:
        sent.append(query)
        return real(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    return lambda: len(sent)


def test_messages_are_taken_in_batches_of_the_size_that_was_asked() -> None:
    for number in range(5):
        said(f"R{number}", placer=f"P{number}")

    assert next_ids(3) == ["R0", "R1", "R2"]
    assert list(islice(next_ids(), 5)) == ["R0", "R1", "R2", "R3", "R4"]
    assert InboundMessage.objects.filter(state="waiting").count() == 5
