"""Whatever is said about three orders, in whatever order and batches, the promises hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.assignment.models import Assignment, Unassigned
from apps.intake.models import InboundMessage
from apps.orders.models import Order
from apps.roster.models import Workload
from tests import factories
from tests.intake.processing.checks import broken_promises
from tests.support.department import Department, order, receive, result, settle

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
Segments = tuple[str, ...]
SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)

KINDS = st.sampled_from(
    ["NW", "NW", "NW", "XO", "XO", "CT", "CA", "HD", "RL", "SC IP", "SC CM", "P", "F", "C", "X"]
)
NUMBERS = st.sampled_from(["both", "both", "placer", "accession"])


@st.composite
def messages(draw: st.DrawFn, urgencies: str) -> Segments:
    kind, numbers = draw(KINDS), draw(NUMBERS)
    which = draw(st.integers(0, 2))
    placer = "" if numbers == "accession" else f"P{which}"
    accession = "" if numbers == "placer" else f"A{which}"
    if kind in "PFCX":
        return result(status=kind, placer=placer, accession=accession)
    control, _, status = kind.partition(" ")
    is_ct = kind == "CT"
    return order(
        control="XO" if is_ct else control,
        status=status,
        placer=placer,
        accession=accession,
        priority=draw(st.sampled_from(urgencies)),
        modality="CT" if is_ct else "MR",
        code="CT HEAD^CT HEAD" if is_ct else "MRI KNEE^MRI KNEE",
        mrn=f"MRN{which % 2}",
    )


def merges() -> st.SearchStrategy[Segments]:
    numbers = st.sampled_from(["MRN0", "MRN1", "MRN2"])
    return st.tuples(numbers, numbers).map(lambda pair: merge(*pair))


def merge(survivor: str, prior: str) -> Segments:
    return (
        r"MSH|^~\&|HIS|Robina|RAD|RAD|20261122100000||ADT^A40|M1|P|2.5.1",
        f"PID|1||{survivor}^^^Robina||Doe^Jane",
        f"MRG|{prior}^^^Robina",
    )


def sequences(urgencies: str) -> st.SearchStrategy[list[Segments]]:
    one = messages(urgencies)
    return st.lists(st.one_of(one, one, one, one, merges()), min_size=1, max_size=14)


@contextmanager
def department() -> Iterator[None]:
    """Two readers, three seats; CT is read by one of them alone. Nothing is left behind."""
    with time_machine.travel(NOON, tick=False), transaction.atomic():
        here = Department()
        here.add_reader("DR_A", max_concurrent_studies=1)
        other = here.add_reader("DR_B", max_concurrent_studies=2)
        ct = here.add_shift("CT_ALL", modality="CT")
        factories.RosterAssignmentFactory(shift=ct, radiologist=other)
        yield
        transaction.set_rollback(True)


def take(said: Sequence[Segments], sizes: Sequence[int]) -> None:
    """Receive and settle the messages in batches of these sizes, the last size for the rest."""
    left = list(said)
    for size in (*sizes, len(left)):
        for segments in left[:size]:
            receive(*segments)
        del left[:size]
        settle()
        assert broken_promises() == []
    # A merge may go in a circle, or ask for a number that is another patient's by now.
    states = {"ADT^A40": {"processed", "refused", "quarantined"}}
    for kind, state in InboundMessage.objects.values_list("message_type", "state"):
        assert state in states.get(kind, {"processed", "ignored"})


def outcome() -> dict[str, Any]:
    return {
        "orders": sorted(
            Order.objects.values_list(
                "accession",
                "status",
                "urgency",
                "modality",
                "patient__mrn",
                "rvu",
                "flags",
            )
        ),
        "numbers": sorted(
            Order.objects.values_list("accession", "identifiers__kind", "identifiers__value")
        ),
        "readers": sorted(
            Assignment.objects.filter(is_current=True).values_list(
                "order__accession", "radiologist_id", "state", "urgency"
            )
        ),
        "history": sorted(
            Assignment.objects.filter(is_current=False).values_list(
                "order__accession", "radiologist_id", "end_reason"
            )
        ),
        "queue": sorted(Unassigned.objects.values_list("order__accession", "reason")),
        "loads": sorted(
            Workload.objects.values_list(
                "radiologist_id", "open_stat", "open_urgent", "open_routine"
            )
        ),
    }


def check_promises(said: list[Segments], sizes: list[int]) -> None:
    with department():
        take(said, sizes)


def check_batches(said: list[Segments], sizes: list[int]) -> None:
    with department():
        take(said, [1] * len(said))
        one_by_one = outcome()
    with department():
        take(said, sizes)
        assert outcome() == one_by_one


SIZES = st.lists(st.integers(1, 6), max_size=4)
short = settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
whole = settings(max_examples=600, deadline=None, suppress_health_check=SLOW)


@short
@given(said=sequences("RAS"), sizes=SIZES)
def test_promises_hold_after_any_messages_in_any_batches(
    said: list[Segments], sizes: list[int]
) -> None:
    check_promises(said, sizes)


# Without STAT, which in a batch goes before what one by one came earlier.
@short
@given(said=sequences("RA"), sizes=SIZES)
def test_batches_end_where_one_by_one_would(said: list[Segments], sizes: list[int]) -> None:
    check_batches(said, sizes)


@pytest.mark.long
@whole
@given(said=sequences("RAS"), sizes=SIZES)
def test_promises_hold_after_very_many_sequences(said: list[Segments], sizes: list[int]) -> None:
    check_promises(said, sizes)


@pytest.mark.long
@whole
@given(said=sequences("RA"), sizes=SIZES)
def test_very_many_batches_end_where_one_by_one_would(
    said: list[Segments], sizes: list[int]
) -> None:
    check_batches(said, sizes)
