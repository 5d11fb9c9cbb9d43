"""NW, XO and CA of one order over three connections, to a real listener and a real decider."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.client import Sender, codes
from tests.wire.decider import deciding
from tests.wire.stack import ListenerProcess, Stack

pytestmark = pytest.mark.wire

ARRIVALS = list(itertools.permutations(("NW", "XO", "CA")))
ROUNDS = 12


@pytest.fixture(scope="module")
def department() -> Iterator[Stack]:
    """The demo's department in a database of its own: shifts around the clock, and readers."""
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-six-"))
    data_dir.chmod(0o711)  # the server, demoted where we are root, passes through
    made = Stack(data_dir)
    try:
        made.start()
        made.manage("loaddata", "demo", "-v", "0")
        yield made
    finally:
        made.destroy()
        shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def listener(department: Stack) -> Iterator[ListenerProcess]:
    with department.listener() as process, deciding(department):
        yield process


def said(control: str, number: str) -> bytes:
    """Return one of the three messages; each says something that another one does not."""
    segments = {
        "NW": ("ORC|NW|P{n}||||||||||D1^House", "OBR|1|P{n}||MRI KNEE^MRI KNEE|||||||||||||||||||||MR|||^^^^^R", "OBX|1|TX|I||told by the new order"),
        "XO": ("ORC|XO|P{n}|F{n}", "OBR|1|P{n}|F{n}|MRI HIP^MRI HIP||||||||||||||A{n}||||||MR|||^^^^^S"),
        "CA": ("ORC|CA|P{n}", "OBR|1|P{n}"),
    }[control]  # fmt: skip
    head = (
        rf"MSH|^~\&|HIS|Robina|RAD|RAD|20261122100000||ORM^O01|{control}{number}|P|2.5.1",
        f"PID|1||M{number}^^^Robina||Doe^Jane||19800115|F",
    )
    return "\r".join((*head, *segments, "")).replace("{n}", number).encode()


def end(stack: Stack, number: str) -> dict[str, object]:
    """Return the whole order, who has it, and the last word to the destination."""
    rows = stack.rows(
        "SELECT o.status, o.urgency, o.sent_urgency, o.modality, o.body_part, o.subspecialty,"
        " o.rvu, o.procedure_id, o.procedure_code, o.procedure_text, o.accession, o.indication,"
        " o.ordering_provider, o.site_id, p.mrn, p.family_name,"
        " (SELECT count(*) FROM assignment_assignment a WHERE a.order_id = o.id AND a.is_current),"
        " (SELECT count(*) FROM assignment_unassigned u WHERE u.order_id = o.id),"
        " (SELECT payload FROM outbound_outboundmessage m WHERE m.order_id = o.id"
        "  ORDER BY m.id DESC LIMIT 1)"
        " FROM orders_order o JOIN orders_patient p ON p.id = o.patient_id"
        " JOIN orders_orderidentifier i ON i.order_id = o.id AND i.kind = 'placer'"
        " WHERE i.value = %s",
        [f"P{number}"],
    )
    assert len(rows) == 1, rows
    *values, last = rows[0]
    names = [str(value).replace(number, "#") for value in values]
    return {"order": names, "believes": _reader(bytes(last)) if last else ""}


def _reader(payload: bytes) -> str:
    zra = next(line for line in payload.split(b"\r") if line.startswith(b"ZRA"))
    return zra.split(b"|")[2].decode().strip('"')


def seats(stack: Stack) -> int:
    return int(
        stack.rows("SELECT sum(open_stat + open_urgent + open_routine) FROM roster_workload")[0][0]
    )


def wait_until_all_took_effect(stack: Stack) -> None:
    deadline = time.monotonic() + 30
    while stack.rows("SELECT 1 FROM intake_inboundmessage WHERE state = 'waiting' LIMIT 1"):
        assert time.monotonic() < deadline, "messages still wait"
        time.sleep(0.02)
    assert {row[0] for row in stack.rows("SELECT state FROM intake_inboundmessage")} == {
        "processed"
    }


def expected(stack: Stack) -> dict[str, object]:
    """Return the end of the order of which each message came when it should."""
    return end(stack, "700000")


@pytest.fixture(scope="module", autouse=True)
def in_turn(department: Stack, listener: ListenerProcess) -> None:
    """Play the usual order of things once; what the others must come to."""
    with Sender(listener.port) as sender:
        for control in ("NW", "XO", "CA"):
            assert codes([sender.exchange(said(control, "700000"))])[0][0] == "AA"
            wait_until_all_took_effect(department)
    known = expected(department)
    assert isinstance(known["order"], list)
    assert known["order"][:4] == ["cancelled", "STAT", "STAT", "MR"]
    assert known["order"][8:12] == ["MRI HIP", "MRI HIP", "A#", "told by the new order"]
    assert known["order"][-2:] == ["0", "0"]
    assert known["believes"] == ""


@pytest.mark.parametrize("is_settled", [True, False], ids=["one by one", "at once"])
@pytest.mark.parametrize("arrival", ARRIVALS, ids=" ".join)
def test_arrival_over_three_connections_ends_in_the_same_state(
    department: Stack, listener: ListenerProcess, arrival: tuple[str, ...], is_settled: bool
) -> None:
    number = f"{800_000 + ARRIVALS.index(arrival) * 10 + is_settled}"
    for control in arrival:
        with Sender(listener.port) as sender:
            assert codes([sender.exchange(said(control, number))])[0][0] == "AA"
        if is_settled:
            wait_until_all_took_effect(department)
    wait_until_all_took_effect(department)

    assert end(department, number) == expected(department)
    assert seats(department) == 0


def test_three_connections_in_the_same_moment_end_in_the_same_state(
    department: Stack, listener: ListenerProcess
) -> None:
    numbers = [f"{900_000 + number}" for number in range(ROUNDS)]
    barrier = threading.Barrier(3)
    heard: list[str] = []

    def talk(control: str) -> None:
        with Sender(listener.port) as sender:
            for number in numbers:
                barrier.wait(timeout=20)
                sender.send(said(control, number))
                heard.append(codes([sender.answer()])[0][0])

    threads = [threading.Thread(target=talk, args=[control]) for control in ("NW", "XO", "CA")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    wait_until_all_took_effect(department)

    assert heard == ["AA"] * 3 * ROUNDS
    ends = {number: end(department, number) for number in numbers}
    assert ends == dict.fromkeys(numbers, expected(department))
    assert seats(department) == 0
