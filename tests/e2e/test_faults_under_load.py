"""The main promise, with real processes killed under load: never lost, never twice, never alone.

Orders go in over several connections while parts of the stack are killed with -9 and one of two
destinations is away, silent or wrong. After each fault: what got AA is assigned or unassigned
with a reason, once; what was assigned reached its destination, repeats only with the same MSH-10;
all of it within 30 seconds and without a hand.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from apps.hl7v2.zra import parse_zra
from radassign.postgres.record import APP_ROLE, connection_settings
from tests.fakes.peer import SILENCE, FakePeer, Reply
from tests.support.senders import OrderSender, run_senders
from tests.support.stack import RunningStack, eventually, running_stack

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

WELL_AGAIN_SECONDS = 30.0
LOAD_SECONDS = 4.0


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with running_stack() as running:
        loaded = running.manage("loaddata", "demo")
        assert loaded.returncode == 0, loaded.stderr
        with database(running) as rows:
            rows.execute(
                "UPDATE roster_radiologist SET max_concurrent_studies = 1000000, "
                "max_studies_per_hour = 1000000"
            )
            rows.execute("UPDATE outbound_destination SET is_enabled = false")
        yield running


@pytest.fixture(scope="module")
def healthy(stack: RunningStack) -> Iterator[FakePeer]:
    with FakePeer() as peer:
        add_destination(stack, "healthy", peer.port)
        yield peer


@pytest.fixture(scope="module")
def troubled(stack: RunningStack) -> Iterator[FakePeer]:
    with FakePeer() as peer:
        add_destination(stack, "troubled", peer.port)
        yield peer


def database(stack: RunningStack) -> psycopg.Connection[tuple[object, ...]]:
    where = connection_settings(stack.data_dir, role=APP_ROLE)
    return psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        dbname=where["NAME"],
        user=where["USER"],
        password=where["PASSWORD"],
        autocommit=True,
    )


def add_destination(stack: RunningStack, name: str, port: int) -> None:
    with database(stack) as rows:
        rows.execute(
            "INSERT INTO outbound_destination (name, host, port, is_enabled, senders, "
            "receiving_application, receiving_facility, time_zone, with_offset, on_dead_letter, "
            "answer_timeout_seconds, quick_retries, longest_wait_seconds, give_up_hours) VALUES "
            "(%s, '127.0.0.1', %s, true, '{}', '', '', 'UTC', false, 'hold', 2, 3, 5, 24)",
            [name, port],
        )


def under_load(
    stack: RunningStack, name: str, strike: Callable[[], None], seconds: float = LOAD_SECONDS
) -> list[str]:
    """Send orders, strike in the middle, go on; return the accessions that got AA."""
    senders = [OrderSender(stack.ports["HL7_PORT"], f"{name}{number}") for number in range(8)]
    with run_senders(senders):
        time.sleep(seconds / 2)
        strike()
        time.sleep(seconds / 2)
    accepted = [accession for sender in senders for accession in sender.accepted]
    assert len(accepted) > 50, f"hardly any load: {len(accepted)}\n{stack.log()[-4000:]}"
    return accepted


def check_promises(stack: RunningStack, accepted: list[str], *peers: FakePeer) -> None:
    began = time.monotonic()
    assert eventually(lambda: at_rest(stack, len(peers)), seconds=WELL_AGAIN_SECONDS), (
        f"not at rest: {unrest(stack)}\n{stack.log()[-6000:]}"
    )
    stack.wait_until_healthy(seconds=max(1.0, WELL_AGAIN_SECONDS - time.monotonic() + began))
    with database(stack) as rows:
        placed = placements(rows)
        sent = outbound(rows)
    assert {name: placed.get(name, 0) for name in accepted} == dict.fromkeys(accepted, 1)
    for peer in peers:
        check_delivery(peer, sent[peer.port], set(accepted))


def at_rest(stack: RunningStack, peers: int) -> bool:
    try:
        return set(unrest(stack).values()) == {0} or (peers == 1 and _only_outbound(stack))
    except psycopg.Error:
        return False


def _only_outbound(stack: RunningStack) -> bool:
    found = unrest(stack)
    return found["waiting"] == 0 and found["queued healthy"] == 0


def unrest(stack: RunningStack) -> dict[str, int]:
    with database(stack) as rows:
        return {
            "waiting": _count(
                rows, "SELECT count(*) FROM intake_inboundmessage WHERE state = 'waiting'"
            ),
            **{f"queued {name}": _count(rows, _QUEUED, name) for name in ("healthy", "troubled")},
        }


_QUEUED = (
    "SELECT count(*) FROM outbound_outboundmessage m JOIN outbound_destination d "
    "ON d.id = m.destination_id WHERE m.state = 'queued' AND d.name = %s"
)
_READERS = (
    "SELECT o.accession FROM assignment_assignment a JOIN orders_order o ON o.id = a.order_id "
    "WHERE a.is_current"
)
_ALONE = "SELECT o.accession FROM assignment_unassigned u JOIN orders_order o ON o.id = u.order_id"


def _count(rows: psycopg.Connection[tuple[object, ...]], sql: LiteralString, *names: str) -> int:
    found = rows.execute(sql, names).fetchone()
    assert found is not None
    return int(str(found[0]))


def placements(rows: psycopg.Connection[tuple[object, ...]]) -> Counter[str]:
    """Return how often each accession has a current reader or a place in the queue."""
    found: Counter[str] = Counter()
    for sql in (_READERS, _ALONE):
        found.update(str(row[0]) for row in rows.execute(sql))
    return found


def outbound(rows: psycopg.Connection[tuple[object, ...]]) -> dict[int, dict[str, str]]:
    """Return by port: control id to accession of every message queued for a destination."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for port, control_id, accession in rows.execute(
        "SELECT d.port, m.control_id, o.accession FROM outbound_outboundmessage m "
        "JOIN outbound_destination d ON d.id = m.destination_id "
        "JOIN orders_order o ON o.id = m.order_id"
    ):
        found[int(str(port))][str(control_id)] = str(accession)
    return found


def check_delivery(peer: FakePeer, queued: dict[str, str], accepted: set[str]) -> None:
    """Every queued message arrived; nothing arrived that was not queued; one each per order."""
    arrived = set(peer.control_ids)
    assert arrived - set(queued) == set(), "a message with an unknown MSH-10"
    wanted = {control_id for control_id, name in queued.items() if name in accepted}
    assert wanted - arrived == set(), "assigned, but never told"
    told = Counter(queued[control_id] for control_id in wanted)
    assert told == dict.fromkeys(told, 1), "an order was decided twice"
    assert all(parse_zra(message.payload) is not None for message in peer.received[-50:])


# -- the faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["listener", "worker", "postgres"])
def test_killed_part_loses_and_doubles_nothing(
    stack: RunningStack, healthy: FakePeer, part: str
) -> None:
    accepted = under_load(stack, f"K{part[0]}", lambda: void(stack.kill(part)))

    check_promises(stack, accepted, healthy)


@pytest.mark.parametrize("cluster", ["decide", "deliver"])
@pytest.mark.parametrize("which", ["busy", "idle", "sentinel"])
def test_killed_worker_process_loses_and_doubles_nothing(
    stack: RunningStack, healthy: FakePeer, cluster: str, which: str
) -> None:
    accepted = under_load(
        stack, f"W{cluster[2]}{which[0]}", lambda: kill_in_cluster(stack, cluster, which)
    )

    check_promises(stack, accepted, healthy)


def test_destination_away_silent_and_wrong_gets_everything_in_the_end(
    stack: RunningStack, healthy: FakePeer, troubled: FakePeer
) -> None:
    troubled.go_away()
    accepted = under_load(stack, "DA", lambda: None)
    check_promises(stack, accepted, healthy)

    troubled.script = lambda _message: SILENCE
    troubled.come_back()
    accepted += under_load(stack, "DS", lambda: None, seconds=3)
    troubled.script = lambda _message: Reply(control_id="SOMEBODY-ELSE")
    accepted += under_load(stack, "DW", lambda: None, seconds=3)
    check_promises(stack, accepted, healthy)

    troubled.script = lambda _message: Reply()
    troubled.hang_up()
    check_promises(stack, accepted, healthy, troubled)


def kill_in_cluster(stack: RunningStack, cluster: str, which: str) -> None:
    """Kill -9 one process of a cluster: its sentinel, or the busiest or idlest of its workers."""
    leader = next(
        pid for pid in descendants(stack.process("worker")) if f"{cluster}" in words(pid)
    )
    family = descendants(leader)
    if which == "sentinel":
        victim = family[0]
    else:
        workers = sorted(family[1:], key=cpu_seconds)
        victim = workers[-1] if which == "busy" else workers[0]
    os.kill(victim, signal.SIGKILL)


def descendants(pid: int | None) -> list[int]:
    """Return the process ids below one, parents before their children."""
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    below = [descendants(int(child)) for child in children]
    return [int(child) for child in children] + [one for family in below for one in family]


def words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")


def cpu_seconds(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def void(_value: object) -> None:
    """Drop a value where a callback returns nothing."""
