"""NW, XO and CA of one order, however they overtake one another, end in the same state."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction

from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from apps.roster.models import Workload
from tests import factories
from tests.intake.processing.checks import broken_promises
from tests.support.department import Department, order, receive, send, settle

pytestmark = pytest.mark.db

Values = dict[str, str]
ORDERS = [" ".join(names) for names in itertools.permutations(("NW", "XO", "CA"))]

KNEE, HIP = {"code": "MRI KNEE^MRI KNEE"}, {"code": "MRI HIP^MRI HIP"}
CHANGES: dict[str, tuple[Values, Values]] = {
    "nothing": ({}, {}),
    "urgency": ({"priority": "R"}, {"priority": "S"}),
    "urgency only said first": ({"priority": "S"}, {"priority": ""}),
    "urgency never said": ({"priority": ""}, {"priority": ""}),
    "urgency of the procedure": ({"priority": "", **HIP}, {"priority": "", "code": ""}),
    "modality": ({"modality": "MR", **KNEE}, {"modality": "CT", "code": "CT HEAD^CT HEAD"}),
    "procedure": (KNEE, HIP),
    "procedure only said first": (HIP, {"code": "", "modality": ""}),
    "procedure by its text": ({"code": "^KNEE MRI"}, {"code": "MRI HIP"}),
    "text of the procedure": ({"code": "MRI HIP^THE HIP"}, {"code": "MRI HIP"}),
    "accession comes later": ({}, {"accession": "A1"}),
    "accession only said first": ({"accession": "A1"}, {}),
    "accession changes": ({"accession": "A1"}, {"accession": "A2"}),
    "filler comes later": ({}, {"filler": "F1"}),
    "filler changes": ({"filler": "F1"}, {"filler": "F2"}),
    "patient only said first": ({"mrn": "M1"}, {"mrn": ""}),
    "patient changes": ({"mrn": "M1"}, {"mrn": "M2"}),
    "study": ({"uid": "1.2.3"}, {}),
}


def said(control: str, values: Values, extra: Sequence[str] = ()) -> tuple[str, ...]:
    return (*order(control=control, placer="P1", **values), *extra)


def end() -> dict[str, Any]:
    """Return the whole order, who has it, and what the destination believes."""
    [row] = Order.objects.values(
        "status", "urgency", "sent_urgency", "modality", "body_part", "subspecialty", "rvu",
        "procedure__code", "procedure_code", "procedure_text", "accession", "accession_rank",
        "study_uid", "indication", "site__code", "issuer", "ordering_provider",
        "patient__authority", "patient__mrn", "patient__family_name", "patient__given_name",
        "patient__birth_on", "patient__sex", "unassigned__reason",
    )  # fmt: skip
    loads = Workload.objects.values_list("open_stat", "open_urgent", "open_routine", "open_rvu")
    return row | {"loads": {tuple(map(str, load)) for load in loads}, "believes": believes()}


def believes() -> str:
    """Return the reader that the destination heard of last; none for nobody."""
    last = OutboundMessage.objects.order_by("id").last()
    if last is None:
        return ""
    zra = next(part for part in bytes(last.payload).split(b"\r") if part.startswith(b"ZRA"))
    return zra.split(b"|")[2].decode().strip('"')


def played(messages: Sequence[tuple[str, ...]], *, at_once: bool) -> dict[str, Any]:
    """Return the end state of messages in an order, in a department of their own."""
    with transaction.atomic():
        department = Department()
        department.add_reader("DR_A")
        department.add_reader("DR_CT", shift=department.add_shift("CT", modality="CT"))
        factories.ProcedureFactory(
            code="MRI HIP", description="Hip", rvu=2, body_part="HIP", default_urgency="URGENT"
        )
        for segments in messages:
            receive(*segments)
            if not at_once:
                settle()
        settle()
        assert broken_promises() == []
        state = end()
        transaction.set_rollback(True)
    return state


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize("change", CHANGES)
def test_all_six_arrival_orders_end_in_the_same_state(change: str, at_once: bool) -> None:
    new, changed = CHANGES[change]
    messages = {
        "NW": said("NW", new, ["OBX|1|TX|I||told first"]),
        "XO": said("XO", changed),
        "CA": said("CA", {"code": "", "modality": "", "priority": "", "mrn": ""}),
    }

    ends = {
        names: played([messages[name] for name in names.split()], at_once=at_once)
        for names in ORDERS
    }

    expected = ends["NW XO CA"]
    assert ends == dict.fromkeys(ORDERS, expected)
    assert (expected["status"], expected["believes"], expected["loads"]) == (
        "cancelled",
        "",
        {("0", "0", "0", "0.00")},
    )


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("change", CHANGES)
def test_change_that_overtakes_the_new_order_ends_where_it_would_behind_it(change: str) -> None:
    new, changed = CHANGES[change]
    nw, xo = said("NW", new, ["OBX|1|TX|I||told first"]), said("XO", changed)

    behind, overtaken = played([nw, xo], at_once=False), played([xo, nw], at_once=False)

    assert overtaken == behind
    assert behind["status"] == "assigned"


def test_order_that_a_change_made_says_so_until_its_new_order_comes(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    marks = []
    for control, values in (
        ("XO", {"priority": "", "code": ""}),
        ("XO", {"priority": "A", "code": ""}),
        ("NW", {"priority": "S", "code": "MRI HIP^MRI HIP"}),
        ("NW", {"priority": "S", "code": "MRI KNEE^MRI KNEE"}),
    ):
        send(*order(control=control, **values))
        placed = Order.objects.get()
        flags = sorted({"made_by_change", "urgency_not_said"} & set(placed.flags))
        marks.append((flags, placed.urgency, placed.procedure_code))

    assert marks == [
        (["made_by_change", "urgency_not_said"], "ROUTINE", ""),
        (["made_by_change"], "URGENT", ""),
        # It comes late, so it only adds; what the sender says after it is news again.
        ([], "URGENT", "MRI HIP"),
        ([], "STAT", "MRI KNEE"),
    ]


def test_late_new_order_with_another_accession_is_not_taken_for_a_reused_number(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(control="XO", placer="P1", accession="A2"))

    message = send(*order(placer="P1", accession="A1"))

    assert message.flags == []
    assert list(Order.objects.values_list("accession", flat=True)) == ["A2"]


def test_late_new_order_does_not_overrule_what_goes_out(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(control="XO", placer="P1", accession="A2"), "NTE|1||of the change")
    send(*order(placer="P1", accession="A1"))

    segments = bytes(Order.objects.get().segments.group)

    assert b"of the change" in segments


def test_change_after_the_cancel_is_taken_over_and_told_to_nobody(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    send(*order(control="CA", placer="P1"))
    before = OutboundMessage.objects.count()

    send(*order(control="XO", placer="P1", priority="S", code="MRI HIP^MRI HIP"))

    placed = Order.objects.get()
    assert (placed.status, placed.urgency, placed.procedure_code) == (
        "cancelled",
        "STAT",
        "MRI HIP",
    )
    assert "changed_after_cancel" in placed.flags
    assert OutboundMessage.objects.count() == before
    assert broken_promises() == []
