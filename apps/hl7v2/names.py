"""What segments, fields and components are called, for people who read a message.

The words are ours; numbers and data types are those of HL7 v2.5.1, with a few segments and fields
of later versions and our own ZRD, ZRA and ZDS. What is not listed has no name and is shown by its place.
Source: HL7 v2.5.1 chapters 2 to 15 and appendix A.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("data") / "names.tsv"


class Named(NamedTuple):
    """A field or component: its data type and its name; both empty for one that nobody lists."""

    data_type: str = ""
    name: str = ""


_NOBODY = Named()


def segment_name(segment: str) -> str:
    """Return what a segment is called; empty for an unknown one."""
    return _names().get(f"{segment}-0", _NOBODY).name


def field_named(segment: str, number: int) -> Named:
    """Return the data type and name of a field."""
    return _names().get(f"{segment}-{number}", _NOBODY)


def part_named(data_type: str, number: int) -> Named:
    """Return the data type and name of a component; of a component's type, of a sub-component."""
    return _names().get(f"{data_type}.{number}", _NOBODY)


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Named]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {place: Named(data_type, name) for place, data_type, name in rows}
