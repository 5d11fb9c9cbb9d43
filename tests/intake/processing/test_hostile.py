"""Whatever stands in the fields: stored, understood as far as possible, never in quarantine."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.intake.models import InboundMessage
from apps.intake.processing import queue
from apps.orders.models import Order
from tests.intake.processing.checks import broken_promises
from tests.intake.processing.door import post
from tests.support.department import Department, order, readers, receive, send, settle

pytestmark = pytest.mark.db

NASTY = [
    b"\x00",
    b"\\X00\\",
    b"\\X0D0A1C0B\\",
    b"\\XD800\\",
    b"\\E\\\\F\\\\S\\",
    b"\\",
    b"'; DROP TABLE orders_order; --",
    b"<script>alert(1)</script>",
    b"=HYPERLINK(1)",
    b"\xed\xa0\x80",
    b"\xff\xfe\xfd",
    b"\x1b[31m",
    "\u202e\u2066".encode(),
    b"9" * 60,
    b"99991231235959.9999+1400",
    b"00000101",
    b"20261399",
    b'""',
    b"~" * 40,
    b"^" * 40,
    b"&" * 40,
    b"x" * 5000,
    "é".encode() * 3000,
    b"|".join([b"y"] * 90),
    b"\n\n\nPID|2",
    b" \t ",
    b"-1",
    b"NaN",
    b"null",
]
BASE = b"\r".join(
    line.encode()
    for line in (
        *order(placer="P1", filler="F1", accession="A1", uid="1.2.3", control_id="C1"),
        "OBX|1|TX|I||pain",
        "NTE|1||note",
        "ZRD|1|Robina|MR|STAT|KNEE",
    )
)
PLACES = st.tuples(st.integers(0, 8), st.integers(0, 45), st.sampled_from(NASTY))


def bent(places: list[tuple[int, int, bytes]]) -> bytes:
    lines = [line.split(b"|") for line in BASE.split(b"\r")]
    for segment, field, value in places:
        fields = lines[segment % len(lines)]
        first = 3 if fields[0] == b"MSH" else 1
        place = first + field % 44
        fields.extend([b""] * (place + 1 - len(fields)))
        fields[place] = value
    return b"\r".join(b"|".join(fields) for fields in lines) + b"\r"


def check(raw: bytes) -> None:
    with transaction.atomic():
        Department().add_reader("DR_A")
        rows = post(raw)
        settle()
        for row in rows:
            row.refresh_from_db()
            assert row.state in ("processed", "ignored", "refused"), row.error
        assert broken_promises() == []
        transaction.set_rollback(True)


SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(places=st.lists(PLACES, min_size=1, max_size=6))
@example(places=[(1, 2, b"\x00"), (4, 3, b"\\X00\\"), (4, 2, b"x" * 5000)])
@example(places=[(4, 6, b"99991231235959.9999+1400"), (1, 6, b"00000101")])
def test_bent_orders_are_processed(places: list[tuple[int, int, bytes]]) -> None:
    check(bent(places))


@pytest.mark.long
@settings(max_examples=3000, deadline=None, suppress_health_check=SLOW)
@given(places=st.lists(PLACES, min_size=1, max_size=6))
def test_very_many_bent_orders_are_processed(places: list[tuple[int, int, bytes]]) -> None:
    check(bent(places))


@pytest.mark.parametrize("value", NASTY, ids=[repr(value)[:24] for value in NASTY])
def test_nasty_value_in_every_field_of_every_segment(value: bytes) -> None:
    for segment in (1, 2, 3, 4, 5, 7):
        check(bent([(segment, field, value) for field in range(44) if segment != 3 or field]))


def test_segment_that_hides_in_a_value_is_no_segment(department: Department) -> None:
    department.add_reader("DR_A")
    head, _, *rest = order(placer="P1")

    send(head, r"PID|1||M1^^^Robina||X\X0D\ORC|CA|P1||Doe", *rest)

    assert readers() == {"P1": "DR_A"}


def test_hundred_thousand_lines_of_text_are_one_order(department: Department) -> None:
    department.add_reader("DR_A")
    lines = [f"OBX|{number}|TX|I||line {number}" for number in range(20_000)]

    post("\r".join((*order(placer="P1"), *lines, "")).encode())
    settle()

    assert readers() == {"P1": "DR_A"}
    assert len(Order.objects.get().indication.encode()) <= 4096
    assert InboundMessage.objects.get().state == "processed"


def test_flood_for_one_order_before_its_stat_message_is_taken_in_pieces(
    department: Department,  # noqa: ARG001 -- for its effect
) -> None:
    for number in range(1500):
        receive(*order(placer=f"P{number}", accession="A1"))
    receive(*order(placer="P1", accession="A1", priority="S"))

    first = queue.next_batch()

    assert len(first) == queue.BATCH_SIZE
    assert not any(message.is_urgent for message in first)
    settle()
    assert not InboundMessage.objects.exclude(state="processed").exists()
    assert Order.objects.get().urgency == "STAT"


def test_batch_of_huge_messages_is_bounded_in_bytes(
    department: Department,  # noqa: ARG001 -- for its effect
) -> None:
    for number in range(20):
        receive(*order(placer=f"P{number}"), "NTE|1||" + "x" * 4_000_000)

    assert sum(len(message.raw) for message in queue.next_batch()) <= queue.MOST_BYTES
