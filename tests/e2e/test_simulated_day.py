"""A day of a department at 300 times real speed: every time of the SLA clock comes once.

Orders come over MLLP to a real stack with two workers; some are opened or reported in time, some
late, some never. On the way one decider is killed with -9, later a whole worker. At the end each
due time that lies in the day is looked for in the audit trail: there once, and nothing beside.
"""

from __future__ import annotations

import heapq
import http.client
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pytest_django import Settings

from apps.core import clock
from radassign.postgres.record import APP_ROLE, connection_settings
from tests.e2e.test_faults_under_load import kill_in_cluster
from tests.support.stack import RunningStack, eventually, running_stack
from tests.wire.client import Sender, codes

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

RATE = 300
START = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # 8:00 in Brisbane, a Monday
MINUTE = timedelta(minutes=1)
AT_THE_END = timedelta(seconds=30)
"""What falls due so short before the end may or may not have been noted."""
CHUNK = 50
KINDS = ("report_due", "step_due", "acknowledge_due")


@dataclass(frozen=True)
class Pace:
    """How a simulated department works; minutes are those of its clock.

    ``policies`` are urgency, minutes to acknowledge and to report; ``steps`` minutes and actions.
    """

    hours: float
    orders_per_hour: int
    policies: tuple[tuple[str, int | None, int], ...]
    steps: tuple[tuple[int, str], ...]


HOUR = Pace(
    hours=1,
    orders_per_hour=90,
    policies=(("STAT", 5, 12), ("URGENT", 8, 20), ("ROUTINE", None, 30)),
    steps=((0, "flag"), (3, "alert"), (6, "reassign"), (9, "supervisor")),
)
DAY = Pace(
    hours=24,
    orders_per_hour=40,
    policies=(("STAT", 5, 60), ("URGENT", 15, 240), ("ROUTINE", None, 1080)),
    steps=((0, "flag"), (15, "alert"), (30, "reassign"), (60, "supervisor")),
)


def test_an_hour_loses_and_doubles_no_due_time(settings: Settings) -> None:
    run(HOUR, settings)


@pytest.mark.long
def test_a_day_loses_and_doubles_no_due_time(settings: Settings) -> None:
    run(DAY, settings)


def run(pace: Pace, settings: Settings) -> None:
    with running_stack(settings={"RADASSIGN_TEST_CLOCK": "1"}) as stack:
        set_up(stack, pace)
        settings.RADASSIGN_DATA_DIR = stack.data_dir
        settings.RADASSIGN_TEST_CLOCK = True
        with second_worker(stack) as second:
            clock.run_at(RATE, START)
            day = Day(stack.ports["HL7_PORT"], pace)
            day.go_on_until(START + timedelta(hours=pace.hours / 3))
            kill_in_cluster(stack, "decide", "busy")
            day.go_on_until(START + timedelta(hours=pace.hours / 1.5))
            second.kill()
            day.go_on_until(START + timedelta(hours=pace.hours))
            end = clock.now()
            clock.travel_to(end, freeze=True)
            assert eventually(lambda: is_at_rest(stack, end)), stack.log()[-6000:]
            check(stack, pace, end)


@contextmanager
def second_worker(stack: RunningStack) -> Iterator[Any]:
    process = stack.start_command("worker")
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


def database(stack: RunningStack) -> psycopg.Connection[dict[str, Any]]:
    where = connection_settings(stack.data_dir, role=APP_ROLE)
    return psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        dbname=where["NAME"],
        user=where["USER"],
        password=where["PASSWORD"],
        autocommit=True,
        row_factory=dict_row,
    )


def set_up(stack: RunningStack, pace: Pace) -> None:
    loaded = stack.manage("loaddata", "demo")
    assert loaded.returncode == 0, loaded.stderr
    steps = [{"after_minutes": minutes, "action": action} for minutes, action in pace.steps]
    with database(stack) as rows:
        rows.execute("UPDATE outbound_destination SET is_enabled = false")
        rows.execute("UPDATE roster_radiologist SET max_concurrent_studies = 100000")
        for urgency, acknowledge, report in pace.policies:
            rows.execute(
                "UPDATE rules_slapolicy SET acknowledge_minutes = %s, report_minutes = %s, "
                "escalation_steps = %s WHERE urgency = %s",
                [acknowledge, report, json.dumps(steps), urgency],
            )


# -- the department's day ---------------------------------------------------------------------


@dataclass
class Day:
    """Sends orders and what becomes of them, at the moments of the department's clock."""

    port: int
    pace: Pace
    random: Random = field(default_factory=lambda: Random(3))  # noqa: S311 -- made-up studies
    plan: list[tuple[datetime, int, bytes]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    next_at: datetime = START

    def go_on_until(self, end: datetime) -> None:
        with Sender(self.port) as sender:
            while (now := clock.now()) < end:
                self._plan_orders(now)
                while self.plan and self.plan[0][0] <= now:
                    _, number, raw = heapq.heappop(self.plan)
                    assert codes([sender.exchange(raw)]) == [("AA", f"M{number}")]
                time.sleep(0.01)

    def _plan_orders(self, now: datetime) -> None:
        while self.next_at <= now:
            accession = f"DAY{next(self.number)}"
            urgency = self.random.choice(("STAT", "URGENT", "ROUTINE"))
            self._send(
                self.next_at, lambda number, who=accession, how=urgency: new(number, who, how)
            )
            self._plan_reading(accession, urgency)
            self.next_at += timedelta(hours=1 / self.pace.orders_per_hour)

    def _plan_reading(self, accession: str, urgency: str) -> None:
        """Let it be opened in time or late or never, and be reported in time or late or never."""
        minutes = next(policy[2] for policy in self.pace.policies if policy[0] == urgency)
        opened = self.next_at + self.random.uniform(0, 0.5) * minutes * MINUTE
        reported = self.next_at + self.random.uniform(0.3, 2.5) * minutes * MINUTE
        if self.random.random() < 0.6:
            self._send(min(opened, reported), lambda number: began(number, accession))
        if self.random.random() < 0.7:
            self._send(reported, lambda number: final(number, accession))

    def _send(self, at: datetime, write: Callable[[int], bytes]) -> None:
        number = next(self.number)
        heapq.heappush(self.plan, (at, number, write(number)))


def message(kind: str, number: int, *segments: str) -> bytes:
    header = rf"MSH|^~\&|HIS|Robina|RAD|RAD|20261122220000||{kind}|M{number}|P|2.5.1"
    patient = "PID|1||MRN1^^^Robina||Doe^Jane||19800115|F"
    return "".join(f"{segment}\r" for segment in (header, patient, *segments)).encode()


def new(number: int, accession: str, urgency: str) -> bytes:
    return message(
        "ORM^O01",
        number,
        f"ORC|NW|P-{accession}|{accession}",
        f"OBR|1|P-{accession}|{accession}|MRI MSK^MRI MUSCULOSKELETAL",
        f"ZRD|1|Robina^Site Code|MRI^Modality|{urgency}^Urgency",
    )


def began(number: int, accession: str) -> bytes:
    return message(
        "ORM^O01",
        number,
        f"ORC|SC|P-{accession}|{accession}||IP",
        f"OBR|1|P-{accession}|{accession}|MRI MSK^MRI MUSCULOSKELETAL",
    )


def final(number: int, accession: str) -> bytes:
    obr = ["OBR", "1", f"P-{accession}", accession, "MRI MSK^MRI MUSCULOSKELETAL", *[""] * 20, "F"]
    return message("ORU^R01", number, "|".join(obr), "OBX|1|TX|REPORT||normal||||||F")


def is_at_rest(stack: RunningStack, end: datetime) -> bool:
    with database(stack) as rows:
        found = rows.execute(
            "SELECT (SELECT count(*) FROM intake_inboundmessage WHERE state = 'waiting') "
            "+ (SELECT count(*) FROM core_duetime WHERE kind = ANY(%s) AND due_at <= %s) AS left",
            [list(KINDS), end],
        ).fetchone()
    assert found is not None
    return bool(found["left"] == 0)


# -- what must have happened ------------------------------------------------------------------

_Times = Counter[tuple[str, int, str]]
"""What was due, of which order or assignment, and when."""


def check(stack: RunningStack, pace: Pace, end: datetime) -> None:
    with database(stack) as rows:
        orders = rows.execute("SELECT * FROM orders_order").fetchall()
        offers = rows.execute("SELECT * FROM assignment_assignment").fetchall()
        lines = rows.execute(
            "SELECT * FROM audit_auditevent "
            "WHERE action IN ('sla_breach', 'sla_step', 'not_acknowledged')"
        ).fetchall()
    assert len(orders) > 0.8 * pace.hours * pace.orders_per_hour, stack.log()[-6000:]
    steps = expected_steps(orders, pace, end)
    wanted = expected_breaches(orders, end) + steps + expected_misses(offers, end)
    noted = Counter(map(_noted, lines))

    sure = end - AT_THE_END
    assert {key: count for key, count in noted.items() if count != 1} == {}
    assert sorted(key for key in wanted - noted if key[2] < sure.isoformat()) == []
    assert sorted(key for key in noted - wanted if key[2] < sure.isoformat()) == []
    kinds = Counter(what for what, _, _ in noted)
    worth_looking = pace.hours * pace.orders_per_hour / 20
    assert min(kinds[what] for what in ("breach", "step 4", "miss")) > worth_looking, kinds
    check_counters(stack, kinds)


def _noted(line: dict[str, Any]) -> tuple[str, int, str]:
    new_values, entity_id = line["new_values"], int(line["entity_id"])
    match line["action"]:
        case "sla_breach":
            return "breach", entity_id, new_values["report_due_at"]
        case "sla_step":
            return f"step {new_values['step']}", entity_id, new_values["due_at"]
        case _:
            return "miss", entity_id, new_values["acknowledge_due_at"]


def overdue_until(row: dict[str, Any], end: datetime) -> datetime:
    return min(row["reported_at"] or end, end)


def expected_breaches(orders: list[dict[str, Any]], end: datetime) -> _Times:
    return Counter(
        ("breach", row["id"], row["report_due_at"].astimezone(UTC).isoformat())
        for row in orders
        if row["report_due_at"] <= overdue_until(row, end)
    )


def expected_steps(orders: list[dict[str, Any]], pace: Pace, end: datetime) -> _Times:
    return Counter(
        (f"step {number}", row["id"], due_at.astimezone(UTC).isoformat())
        for row in orders
        for number, (minutes, _) in enumerate(pace.steps, start=1)
        if (due_at := row["report_due_at"] + minutes * MINUTE) <= overdue_until(row, end)
    )


def expected_misses(offers: list[dict[str, Any]], end: datetime) -> _Times:
    ends = ("acknowledged_at", "completed_at", "ended_at")
    return Counter(
        ("miss", row["id"], row["acknowledge_due_at"].astimezone(UTC).isoformat())
        for row in offers
        if row["acknowledge_due_at"] is not None
        and row["acknowledge_due_at"] <= min([end, *(row[name] for name in ends if row[name])])
    )


def check_counters(stack: RunningStack, kinds: Counter[str]) -> None:
    """The counters say the same, but for what a killed process had committed and not yet counted."""
    breaches = counted(stack, "assignment_engine_sla_breaches_total")
    misses = counted(stack, "assignment_engine_missed_acknowledgements_total")
    assert kinds["breach"] - CHUNK <= breaches <= kinds["breach"]
    assert kinds["miss"] - CHUNK <= misses <= kinds["miss"]


def counted(stack: RunningStack, name: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["HTTP_PORT"], timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    lines = (line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} ")))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
