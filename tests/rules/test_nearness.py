"""How near an order comes to conditions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.codes import Urgency
from apps.engine.conditions import Subject, compile_conditions
from apps.engine.facts import OrderFacts
from apps.engine.vocabulary import REGIONS
from apps.rules.nearness import compile_misses

AT = datetime(2026, 2, 4, tzinfo=UTC)
ORDER = OrderFacts(
    order_id=1,
    issuer="",
    accession="A",
    site="S",
    modality="MR",
    body_part="KNEE",
    subspecialty="",
    urgency=Urgency.ROUTINE,
    received_at=AT,
)


def leaf(field: str, value: object, op: str = "=") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


MR, CT, KNEE, STAT = (
    leaf("modality", "MR"),
    leaf("modality", "CT"),
    leaf("body_part", "KNEE"),
    leaf("urgency", "STAT"),
)


@pytest.mark.parametrize(
    ("conditions", "failed"),
    [
        ({}, ()),
        ({"all": [MR, KNEE]}, ()),
        ({"all": [CT, KNEE, STAT]}, ("modality is CT", "urgency is STAT")),
        ({"any": [{"all": [CT, STAT]}, STAT]}, ("urgency is STAT",)),
        ({"any": [CT, KNEE]}, ()),
        ({"none": [MR, CT]}, ("not (modality is MR)",)),
        ({"all": [STAT], "none": [KNEE]}, ("urgency is STAT", "not (body part is KNEE)")),
        (STAT, ("urgency is STAT",)),
    ],
)
def test_what_failed_is_told_by_the_shortest_way(
    conditions: dict[str, Any], failed: tuple[str, ...]
) -> None:
    assert compile_misses(conditions, REGIONS)(Subject(ORDER, AT)) == failed


LEAVES = st.sampled_from([MR, CT, KNEE, STAT, leaf("body_part", "MSK"), leaf("rvu", 2, "<")])
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.dictionaries(
        st.sampled_from(["all", "any", "none"]), st.lists(inner, max_size=3), max_size=2
    ),
    max_leaves=8,
)


@given(CONDITIONS, st.sampled_from(["MR", "CT", ""]), st.sampled_from(["KNEE", "HEAD", ""]))
def test_nothing_failed_exactly_where_the_conditions_hold(
    conditions: dict[str, Any], modality: str, part: str
) -> None:
    subject = Subject(replace(ORDER, modality=modality, body_part=part), AT)

    failed = compile_misses(conditions, REGIONS)(subject)

    assert (failed == ()) is compile_conditions(conditions)(subject)
