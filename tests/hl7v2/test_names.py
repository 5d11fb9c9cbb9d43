"""The names of segments and fields: complete, and true to HL7 v2.5.1."""

from __future__ import annotations

from typing import Any

import pytest
from hl7apy.v2_5_1 import datatypes, segments  # type: ignore[import-untyped] # ships without

from apps.hl7v2 import names
from apps.hl7v2.names import Named, field_named, part_named, segment_name

SEGMENTS: dict[str, Any] = {
    name: row[1] for name, row in segments.SEGMENTS.items() if name != "ANYHL7SEGMENT"
}
DATA_TYPES: dict[str, Any] = {
    name: row for name, row in datatypes.DATATYPES_STRUCTS.items() if name != "MA"
}
OTHER_TYPES = {("OBX", 20), ("OBX", 21), ("OBX", 22)}
"""Reserved in 2.5.1; the library puts fields 23 to 25 there a second time."""


@pytest.mark.parametrize("name", sorted(SEGMENTS))
def test_every_field_of_2_5_1_has_a_name_and_the_standards_data_type(name: str) -> None:
    fields = SEGMENTS[name]
    assert segment_name(name) != ""
    ours = [field_named(name, number) for number in range(1, len(fields) + 1)]
    assert [named.name == "" for named in ours] == [False] * len(fields)
    assert [
        named.data_type
        for number, named in enumerate(ours, 1)
        if (name, number) not in OTHER_TYPES
    ] == [
        field[1][2] or ""
        for number, field in enumerate(fields, 1)
        if (name, number) not in OTHER_TYPES
    ]


@pytest.mark.parametrize("name", sorted(DATA_TYPES))
def test_every_component_has_a_name_and_the_standards_data_type(name: str) -> None:
    parts = DATA_TYPES[name]
    ours = [part_named(name, number) for number in range(1, len(parts) + 1)]
    assert [named.data_type for named in ours] == [part[1][2] for part in parts]
    assert all(named.name for named in ours)


def test_our_own_segments_and_a_few_later_ones_stand_along() -> None:
    assert [field_named("ZRD", number).name for number in range(2, 6)] == [
        *("Site", "Modality", "Urgency", "Body part")
    ]
    assert part_named(field_named("ZRA", 2).data_type, 4) == Named("ST", "Title")
    assert field_named("ZDS", 1) == Named("RP", "Study instance UID")
    assert field_named("OBX", 29) == Named("ID", "Kind of observation")
    assert field_named("PRT", 5) == Named("XCN", "Person")


def test_what_nobody_lists_has_no_name() -> None:
    assert (segment_name("ZZZ"), field_named("PID", 99), part_named("CX", 99)) == (
        "",
        Named(),
        Named(),
    )


def test_the_file_is_read_once() -> None:
    names._names.cache_clear()
    field_named("PID", 5)
    segment_name("OBX")
    assert names._names.cache_info().misses == 1
