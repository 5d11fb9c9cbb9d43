"""Who sent a message: the application (MSH-3) and the facility (MSH-4).

What a connection may send is checked by these names at the door, and what a message does goes by
them inside. Both read them here: two readings would let a message pass as somebody else's.
"""

from __future__ import annotations

from apps.hl7v2.message import Segment

NAME_COMPONENTS = 3
"""A name is the first that is filled of so many components: namespace, universal id, its type."""


def names_of(header: Segment) -> tuple[str, str]:
    """Return application and facility, each empty where the MSH does not tell."""
    return _name(header, 3), _name(header, 4)


def _name(header: Segment, field: int) -> str:
    values = (header.get(field, number).strip() for number in range(1, NAME_COMPONENTS + 1))
    return next((value for value in values if value), "")
