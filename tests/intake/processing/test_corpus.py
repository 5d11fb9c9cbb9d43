"""Real messages of many senders through the whole of intake, where a collection is at hand."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from apps.assignment.choices import PARKED
from apps.assignment.models import Assignment, Unassigned
from apps.hl7v2.segments import split_batch
from apps.intake.models import InboundMessage
from apps.orders.models import Order, Patient
from tests.hl7v2.test_corpus import CORPUS, FOLDER
from tests.intake.processing.checks import broken_promises
from tests.intake.processing.door import post
from tests.support.department import Department, settle

pytestmark = [
    pytest.mark.db,
    pytest.mark.usefixtures("everywhere"),
    pytest.mark.skipif(not FOLDER, reason="RADASSIGN_HL7_CORPUS names no folder of real messages"),
]


def of(*categories: str) -> list[tuple[str, bytes]]:
    return [(name, raw) for name, category, raw in CORPUS if category in categories]


@pytest.fixture
def everywhere(department: Department) -> Department:
    """A department that reads anything of anywhere."""
    shift = department.add_shift("ALL")
    department.add_reader("DR_A", shift=shift, max_concurrent_studies=100_000)
    return department


def take(messages: Iterable[tuple[str, bytes]]) -> dict[str, list[InboundMessage]]:
    """Store and settle the messages; return the rows of each by name."""
    stored = {name: post(raw) for name, raw in messages}
    settle()
    for rows in stored.values():
        for row in rows:
            row.refresh_from_db()
    assert not InboundMessage.objects.filter(state="waiting").exists()
    assert not InboundMessage.objects.filter(state="quarantined").exists()
    assert broken_promises() == []
    return stored


def test_every_order_is_assigned_or_parked_with_a_reason_that_a_person_can_act_on() -> None:
    stored = take(of("order"))

    silent = [
        name
        for name, rows in stored.items()
        for row in rows
        if row.state != "processed" or not (row.order_ids or row.flags)
    ]
    assert silent == []
    reasons = set(Unassigned.objects.values_list("reason", flat=True))
    assert reasons <= {*PARKED}
    assert Order.objects.filter(status__in=["received"]).count() == 0


def test_orders_are_read_again_once_their_sites_are_known(everywhere: Department) -> None:
    take(of("order"))
    assert "unknown_site" in set(Unassigned.objects.values_list("reason", flat=True))

    for facility in {order.sender.partition("^")[2].upper() for order in Order.objects.all()}:
        if facility:
            everywhere.site.aliases.create(value=facility)
    settle()

    nowhere = Unassigned.objects.filter(reason="unknown_site")
    assert {row.order.sender.partition("^")[2] for row in nowhere} <= {""}
    assert Assignment.objects.exists()
    assert broken_promises() == []


def test_order_without_order_segments_is_never_assigned() -> None:
    stored = take(of("order-partial"))

    assert {row.state for rows in stored.values() for row in rows} == {"refused"}
    assert Order.objects.count() == 0


def test_patients_are_updated_and_merged_and_nothing_is_assigned() -> None:
    stored = take(of("adt", "a40"))

    assert {row.state for rows in stored.values() for row in rows} <= {"processed", "ignored"}
    assert Patient.objects.exists()
    assert Patient.objects.filter(merged_into__isnull=False).exists()
    assert Order.objects.count() == 0


def test_results_without_their_orders_make_none() -> None:
    stored = take(of("oru"))

    assert {row.state for rows in stored.values() for row in rows} <= {"processed", "ignored"}
    assert Order.objects.count() == 0


def test_lab_orders_and_unasked_answers_are_stored_and_not_used() -> None:
    stored = take(of("oml", "ack", "orr"))

    assert {row.state for rows in stored.values() for row in rows} <= {"ignored", "refused"}
    assert Order.objects.count() == 0


def test_every_message_of_a_batch_takes_effect() -> None:
    messages = of("batch")
    # An envelope without a message is one row too.
    expected = {name: len({*split_batch(raw)}) or 1 for name, raw in messages}

    stored = take(messages)

    assert {name: len(rows) for name, rows in stored.items()} == expected


def test_odd_and_broken_messages_leave_nothing_waiting() -> None:
    take(of("edge", "fuzz"))


def test_all_of_them_together_twice_end_as_once() -> None:
    everything = [(name, raw) for name, _, raw in CORPUS]
    take(everything)
    once = sorted(Order.objects.values_list("issuer", "accession", "status"))

    again = take(everything)

    assert sorted(Order.objects.values_list("issuer", "accession", "status")) == once
    tried_anew = [row for rows in again.values() for row in rows if row.state != "refused"]
    assert tried_anew == []
