"""Every control code, on an order in every status, and on one that nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from apps.assignment.models import Assignment
from apps.intake.models import InboundMessage
from apps.intake.processing.changes import CONTROL_CODES, Action
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import TRANSITIONS
from apps.orders.models import Order
from apps.roster.models import Radiologist
from tests.intake.processing.checks import broken_promises
from tests.support.department import Department, order, receive, result, settle, statuses

pytestmark = pytest.mark.db

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


def _all(placers: Sequence[str], *say: Callable[[str], tuple[str, ...]]) -> None:
    for what in say:
        for placer in placers:
            receive(*what(placer))
        settle()


def _new(placer: str) -> tuple[str, ...]:
    return order(placer=placer)


def _unassigned(placers: Sequence[str]) -> None:
    Radiologist.objects.update(max_concurrent_studies=0)
    _all(placers, _new)


def _acknowledged(placers: Sequence[str]) -> None:
    _all(placers, _new)
    Order.objects.update(status="acknowledged")
    Assignment.objects.update(state="acknowledged")


def _after(*then: Callable[[str], tuple[str, ...]]) -> Callable[[Sequence[str]], None]:
    return lambda placers: _all(placers, _new, *then)


def _says(control: str, status: str = "") -> Callable[[str], tuple[str, ...]]:
    return lambda placer: order(control=control, status=status, placer=placer)


def _reports(status: str) -> Callable[[str], tuple[str, ...]]:
    return lambda placer: result(status=status, placer=placer)


REACH: dict[str, Callable[[Sequence[str]], None]] = {
    "unassigned": _unassigned,
    "assigned": _after(),
    "acknowledged": _acknowledged,
    "in_progress": _after(_says("SC", "IP")),
    "preliminary": _after(_reports("P")),
    "final": _after(_reports("F")),
    "amended": _after(_reports("F"), _reports("C")),
    "held": _after(_says("HD")),
    "cancelled": _after(_says("CA")),
}

CANCELLED_FROM = {
    "unassigned": "cancelled",
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
    "assigned": "held",
    "acknowledged": "held",
    "in_progress": "held",
    "preliminary": "preliminary",
    "final": "final",
    "amended": "amended",
    "held": "held",
    "cancelled": "cancelled",
}
SAME = {status: status for status in REACH}
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
    assert {*REACH, "received"} == set(OrderStatus.values)


@pytest.mark.parametrize("status", REACH)
def test_known_order_goes_only_where_the_code_and_the_table_of_transitions_say(
    department: Department, status: str
) -> None:
    reached = walk(department, status, {code: _says(code) for code in TABLE_0119})

    assert reached == {code: EXPECTED[CONTROL_CODES[code]][status] for code in TABLE_0119}


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
    reached = walk(department, status, {said: _says("SC", said) for said in EVENTS})

    assert reached == {said: expected[status] for said, expected in EVENTS.items()}


@pytest.mark.parametrize("status", REACH)
def test_result_moves_an_order_by_its_status(department: Department, status: str) -> None:
    reached = walk(department, status, {said: _reports(said) for said in RESULTS})

    assert reached == {said: expected[status] for said, expected in RESULTS.items()}


def walk(
    department: Department, status: str, what: Mapping[str, Callable[[str], tuple[str, ...]]]
) -> dict[str, str]:
    """Say each thing to an order of its own in the status; return where each one came to."""
    department.add_reader("DR_A")
    placers = {said: f"P{said}" for said in what}
    REACH[status](list(placers.values()))
    assert set(statuses().values()) == {status}

    for said, say in what.items():
        receive(*say(placers[said]))
    settle()

    reached = statuses()
    assert {OrderStatus(after) for after in reached.values()} <= {
        OrderStatus(status),
        *TRANSITIONS[OrderStatus(status)],
    }
    assert set(InboundMessage.objects.values_list("state", flat=True)) == {"processed"}
    assert broken_promises() == []
    return {said: reached[placer] for said, placer in placers.items()}
