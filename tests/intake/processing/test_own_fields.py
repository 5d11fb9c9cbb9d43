"""A sender's own fields, from its messages into the order, and from there to the rules."""

from __future__ import annotations

from typing import Any

import pytest

from apps.assignment.models import Assignment
from apps.engine.conditions import OWN, OWN_NAME
from apps.hl7v2 import places
from apps.orders.models import Order
from apps.rules.models import AssignmentRule
from tests.factories.intake import SenderProfileFactory
from tests.support.department import Department, send, settle

pytestmark = pytest.mark.db

PLACES = {"own.room": ["ZRD-6.1"], "own.side": ["ZRD-6.2"]}


def said(control: str, number: str, room: str, code: str = "NW", **changes: str) -> None:
    send(
        rf"MSH|^~\&|RIS|Robina|RAD|RAD|20261122100000||ORM^O01|{control}|P|2.5.1",
        "PID|1||M1^^^Robina||Doe^Jane||19800115|F",
        f"ORC|{code}|{number}",
        f"OBR|1|{number}||MRI KNEE^MRI knee",
        f"ZRD|1|Robina|MR|{changes.get('urgency', 'R')}||{room}",
    )


@pytest.fixture
def mapped(department: Department) -> Department:
    SenderProfileFactory.create(application="RIS", facility="Robina", places=PLACES)
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    return department


def own(number: str = "P1") -> dict[str, Any]:
    found: dict[str, Any] = Order.objects.get(accession=number).own_fields
    return found


def test_engine_and_mapping_call_them_by_the_same_names() -> None:
    assert places.OWN == OWN
    assert places._OWN_FACT.pattern == rf"own\.{OWN_NAME}"


@pytest.mark.usefixtures("mapped")
def test_they_are_read_with_the_order_and_cut_at_two_hundred_characters() -> None:
    said("1", "P1", "Bay 3^left")
    said("2", "P2", "x" * 5_000)
    said("3", "P3", "")

    assert own() == {"room": "Bay 3", "side": "left"}
    assert own("P2") == {"room": "x" * 200}
    assert own("P3") == {}


@pytest.mark.usefixtures("mapped")
def test_a_later_message_changes_what_it_fills_and_leaves_the_rest() -> None:
    said("1", "P1", "Bay 3^left")
    said("2", "P1", "Bay 4", code="XO")

    assert own() == {"room": "Bay 4", "side": "left"}


@pytest.mark.usefixtures("mapped")
def test_an_order_that_comes_late_fills_only_what_is_missing() -> None:
    said("2", "P1", "Bay 4", code="XO")
    said("1", "P1", "Bay 3^left")

    assert own() == {"room": "Bay 4", "side": "left"}


@pytest.mark.usefixtures("department")
def test_a_sender_without_such_fields_has_none() -> None:
    said("1", "P1", "Bay 3")

    assert own() == {}


@pytest.mark.usefixtures("mapped")
def test_a_rule_reads_them_and_only_then_the_trace_keeps_them() -> None:
    said("1", "P1", "Bay 3^left")
    settle()
    before = Assignment.objects.get(order__accession="P1")
    AssignmentRule.objects.create(
        name="bay 3",
        priority_order=1,
        condition_filters={"all": [{"field": "own.room", "op": "=", "value": "bay 3"}]},
        action_type="ASSIGN_TO_RADIOLOGIST",
        action_target="DR_B",
    )
    for control, number, room in (
        ("2", "P2", "Bay 3^left"),
        ("3", "P3", "Bay 2"),
        ("4", "P4", "Bay 3"),
    ):
        said(control, number, room)
    settle()
    given = {
        row.order.accession: (row.radiologist_id, row.trace["order"].get("own.room"))
        for row in Assignment.objects.select_related("order")
    }

    assert not any(name.startswith("own") for name in before.trace["order"])
    assert given["P2"] == ("DR_B", "Bay 3")
    assert given["P3"][1] == "Bay 2"
    assert given["P4"] == ("DR_B", "Bay 3")
    # No rule asks for the side, so no trace keeps it.
    sides = [row.trace["order"].get("own.side") for row in Assignment.objects.all()]
    assert sides == [None] * 4
