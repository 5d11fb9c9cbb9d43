"""Every control code on an order in every state, and on one that nobody knows.

For each: the state it comes to, whether its reader keeps it, what destinations are told, and
whether its clock runs or stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import time_machine

from apps.assignment.models import Assignment
from apps.intake.models import InboundMessage
from apps.intake.processing.changes import CONTROL_CODES, Action
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import TRANSITIONS
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from apps.roster.models import Radiologist
from tests.intake.processing.checks import broken_promises
from tests.support.department import Department, order, receive, result, settle, statuses

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

TABLE_0119 = [
    "AF",
    "CA",
    "CH",
    "CN",
    "CP",
    "CR",
    "DC",
    "DE",
    "DF",
    "DR",
    "FU",
    "HD",
    "HR",
    "LI",
    "MC",
    "NA",
    "NW",
    "OC",
    "OD",
    "OE",
    "OF",
    "OH",
    "OK",
    "OP",
    "OR",
    "PA",
    "PC",
    "PY",
    "RC",
    "RE",
    "RF",
    "RL",
    "RO",
    "RP",
    "RQ",
    "RR",
    "RU",
    "SC",
    "SN",
    "SR",
    "SS",
    "UA",
    "UC",
    "UD",
    "UF",
    "UH",
    "UM",
    "UN",
    "UR",
    "UX",
    "XO",
    "XR",
    "XX",
]


NOWHERE = {"facility": "Nowhere", "site": "Nowhere"}
"""A sender whose site nobody knows; its orders are parked."""


class Say:
    """A message about one order, said of whichever is wanted."""

    def __init__(self, control: str = "NW", status: str = "", **values: str) -> None:
        self.values = {"control": control, "status": status, **values}

    def __call__(self, placer: str, **where: str) -> tuple[str, ...]:
        return order(placer=placer, **self.values, **where)


def _all(placers: Sequence[str], *say: Callable[[str], tuple[str, ...]]) -> None:
    for what in say:
        for placer in placers:
            receive(*what(placer))
        settle()


_new = Say()


def _parked(placers: Sequence[str]) -> None:
    _all(placers, Say(**NOWHERE))


def _unassigned(placers: Sequence[str]) -> None:
    Radiologist.objects.update(max_concurrent_studies=0)
    _all(placers, _new)


def _acknowledged(placers: Sequence[str]) -> None:
    _all(placers, _new)
    Order.objects.update(status="acknowledged")
    Assignment.objects.update(state="acknowledged")


def _after(*then: Callable[[str], tuple[str, ...]]) -> Callable[[Sequence[str]], None]:
    return lambda placers: _all(placers, _new, *then)


def _reports(status: str) -> Callable[..., tuple[str, ...]]:
    def say(placer: str, facility: str = "Robina", **_: str) -> tuple[str, ...]:
        msh, *others = result(status=status, placer=placer)
        return msh.replace("|Robina|", f"|{facility}|"), *others

    return say


REACH: dict[str, Callable[[Sequence[str]], None]] = {
    "unassigned": _unassigned,
    "parked": _parked,
    "assigned": _after(),
    "acknowledged": _acknowledged,
    "in_progress": _after(Say("SC", "IP")),
    "preliminary": _after(_reports("P")),
    "final": _after(_reports("F")),
    "amended": _after(_reports("F"), _reports("C")),
    "held": _after(Say("HD")),
    "cancelled": _after(Say("CA")),
}

CANCELLED_FROM = {
    "unassigned": "cancelled",
    "parked": "cancelled",
    "assigned": "cancelled",
    "acknowledged": "cancelled",
    "in_progress": "cancelled",
    "preliminary": "cancelled",
    "final": "final",
    "amended": "amended",
    "held": "cancelled",
    "cancelled": "cancelled",
}
HELD_FROM = {
    "unassigned": "held",
    "parked": "held",
    "assigned": "held",
    "acknowledged": "held",
    "in_progress": "held",
    "preliminary": "preliminary",
    "final": "final",
    "amended": "amended",
    "held": "held",
    "cancelled": "cancelled",
}
SAME = {status: status for status in REACH} | {"parked": "unassigned"}
EXPECTED: dict[Action, dict[str, str]] = {
    Action.NEW: SAME,
    Action.CHANGE: SAME,
    Action.CANCEL: CANCELLED_FROM,
    Action.REPLACE: CANCELLED_FROM,
    Action.HOLD: HELD_FROM,
    Action.RELEASE: SAME | {"held": "assigned"},
    # With neither ORC-5 nor OBR-25 a status event says nothing.
    Action.STATUS: SAME,
    Action.NOTE: SAME,
}
READER = {
    "assigned": "assigned",
    "acknowledged": "acknowledged",
    "in_progress": "in_progress",
    "preliminary": "completed",
    "final": "completed",
    "amended": "completed",
    "held": "held",
}
"""The state of the reader's assignment in each state of the order; none elsewhere."""


class After(NamedTuple):
    """What a code has come to: the order, its reader's assignment, what was told, its clock."""

    status: str
    reader: str
    told: tuple[str, ...]
    is_paused: bool


def expected(action: Action, state: str) -> After:
    """Return what a code makes of an order in a state."""
    status = EXPECTED[action][state]
    reader = READER.get(state, "")
    if action in (Action.CANCEL, Action.REPLACE) and status != state == "preliminary":
        return After(status, reader, (), is_paused=False)
    if action in (Action.CANCEL, Action.REPLACE) and status != state:
        return After(status, "", ("cancelled",) if reader else (), is_paused=False)
    if action is Action.HOLD and status == "held":
        return After(status, "held" if reader else "", (), is_paused=True)
    if action is Action.RELEASE and state == "held":
        return After(status, "assigned", (), is_paused=False)
    return After(status, reader, (), is_paused=state == "held")


MADE = {
    Action.NEW: "assigned",
    Action.CHANGE: "assigned",
    Action.HOLD: "held",
    Action.RELEASE: "assigned",
}
FINAL = dict.fromkeys(REACH, "final") | {"amended": "amended", "cancelled": "cancelled"}
EVENTS: dict[str, dict[str, str]] = {
    "IP": SAME | {"assigned": "in_progress", "acknowledged": "in_progress"},
    "CM": FINAL,
    "CA": CANCELLED_FROM,
    "XX": SAME,
}
RESULTS: dict[str, dict[str, str]] = {
    "P": dict.fromkeys(REACH, "preliminary")
    | {"final": "final", "amended": "amended", "cancelled": "cancelled"},
    "F": FINAL,
    "C": FINAL | {"final": "amended"},
    "X": CANCELLED_FROM,
    "": SAME,
    "I": SAME,
}


def test_every_code_of_table_0119_has_a_meaning() -> None:
    assert sorted({*TABLE_0119, "PR"}) == sorted(CONTROL_CODES)


def test_every_status_is_walked() -> None:
    assert {*REACH, "received"} == {*OrderStatus.values, "parked"}


@pytest.mark.parametrize("state", REACH)
def test_code_does_to_a_known_order_what_the_table_says(
    department: Department, state: str
) -> None:
    reached = walk(department, state, {code: Say(code) for code in TABLE_0119})

    assert reached == {code: expected(CONTROL_CODES[code], state) for code in TABLE_0119}


@pytest.mark.parametrize("state", REACH)
def test_code_that_nobody_knows_is_a_new_order_and_flagged(
    department: Department, state: str
) -> None:
    reached = walk(department, state, {"ZZ": Say("ZZ")})

    assert reached == {"ZZ": expected(Action.NEW, state)}
    last = InboundMessage.objects.order_by("id").last()
    assert last is not None
    flags = Order.objects.values_list("flags", flat=True).get()
    assert ("unknown_control_code" in flags) is True


@pytest.mark.parametrize("control", ["HD", "OH", "HR"])
def test_held_clock_stands_still_and_keeps_its_history(
    department: Department, control: str
) -> None:
    department.add_reader("DR_A")
    with time_machine.travel(NOON, tick=False) as moment:
        _all(["P1"], _new, Say(control))
        moment.shift(timedelta(minutes=30))
        _all(["P1"], Say("XO", priority="A"), Say("RL"))
        moment.shift(timedelta(minutes=5))
        _all(["P1"], Say("HD"))
        moment.shift(timedelta(minutes=10))
        _all(["P1"], Say("RL"))

    placed = Order.objects.get()
    assert (placed.status, placed.held_seconds, placed.held_at) == ("assigned", 2400, None)
    assert placed.received_at < NOON
    assert Assignment.objects.count() == 1


def test_unknown_order_is_made_by_what_speaks_of_work_and_by_nothing_else(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    codes = [*TABLE_0119, "", "ZZ"]

    for code in codes:
        receive(*order(control=code, placer=f"P{code}"))
    settle()

    made = {code: MADE.get(CONTROL_CODES.get(code, Action.NEW)) for code in codes}
    assert statuses() == {f"P{code}": status for code, status in made.items() if status}
    assert set(InboundMessage.objects.values_list("state", flat=True)) == {"processed"}
    flagged = Order.objects.filter(flags__contains=["unknown_control_code"])
    assert [row.accession for row in flagged] == ["PZZ"]
    assert broken_promises() == []


@pytest.mark.parametrize("status", REACH)
def test_status_event_moves_an_order_by_what_it_says(department: Department, status: str) -> None:
    reached = walk(department, status, {said: Say("SC", said) for said in EVENTS})

    assert {said: after.status for said, after in reached.items()} == {
        said: after[status] for said, after in EVENTS.items()
    }


@pytest.mark.parametrize("status", REACH)
def test_result_moves_an_order_by_its_status(department: Department, status: str) -> None:
    reached = walk(department, status, {said: _reports(said) for said in RESULTS})

    assert {said: after.status for said, after in reached.items()} == {
        said: after[status] for said, after in RESULTS.items()
    }


def walk(
    department: Department, state: str, what: Mapping[str, Callable[..., tuple[str, ...]]]
) -> dict[str, After]:
    """Say each thing to an order of its own in the state; return what each one came to."""
    department.add_reader("DR_A")
    placers = {said: f"P{said}" for said in what}
    REACH[state](list(placers.values()))
    status, where = ("unassigned", NOWHERE) if state == "parked" else (state, {})
    assert set(statuses().values()) == {status}
    before = OutboundMessage.objects.count()

    for said, say in what.items():
        receive(*say(placers[said], **where))
    settle()

    assert {OrderStatus(after) for after in statuses().values()} <= {
        OrderStatus(status),
        *TRANSITIONS[OrderStatus(status)],
    }
    assert set(InboundMessage.objects.values_list("state", flat=True)) == {"processed"}
    assert broken_promises() == []
    return {said: _came_to(placer, before) for said, placer in placers.items()}


def _came_to(placer: str, told_before: int) -> After:
    placed = Order.objects.get(accession=placer)
    current = Assignment.objects.filter(order=placed, is_current=True).first()
    told = list(OutboundMessage.objects.order_by("id").values_list("order_id", "kind"))
    return After(
        placed.status,
        current.state if current else "",
        tuple(kind for order_id, kind in told[told_before:] if order_id == placed.pk),
        is_paused=placed.held_at is not None,
    )
