from __future__ import annotations

import pytest

from apps.hl7v2.message import Message
from apps.hl7v2.numbers import unnumbered_group
from tests.hl7v2.samples import order


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        (("ORC|NW", "OBR|1"), ("ORC", 1, "an order needs")),
        (("OBR|1",), ("OBR", 1, "an order needs")),
        (("ORC|NW|1", "ORC|NW", "OBR|1"), ("ORC", 2, "order group 2 of 2: an order needs")),
        (("ORC|NW", "OBR|1|1", "OBR|2"), ("OBR", 2, "order group 2 of 2: an order needs")),
    ],
    ids=["one", "one without ORC", "several", "shared ORC"],
)
def test_group_without_a_number_is_named_by_its_own_segment(
    segments: tuple[str, ...], place: tuple[str, int, str]
) -> None:
    error = unnumbered_group(Message(order(*segments)))

    assert error is not None
    assert (error.segment, error.sequence) == place[:2]
    assert error.reason.startswith(place[2])
    assert error.field == 2


@pytest.mark.parametrize("segments", [("ORC|NW|1", "ORC|NW|2"), ("PV1|1",)])
def test_nothing_is_refused_where_every_group_has_a_number(segments: tuple[str, ...]) -> None:
    assert unnumbered_group(Message(order(*segments))) is None


def test_number_counts_wherever_its_sender_keeps_it() -> None:
    message = Message(order("ORC|NW", "ZAO|1||A1", "ORC|NW", "ZAO|1"))

    error = unnumbered_group(
        message, lambda group: any(part.get(3) for part in group.segments if part.name == "ZAO")
    )

    assert error is not None
    assert (error.segment, error.sequence) == ("ORC", 2)
