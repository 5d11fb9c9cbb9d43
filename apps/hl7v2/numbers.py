"""Which order group of a message has no number at all; then the message is refused as a whole.

The door reads the numbers of all groups in one go. Only a message with several groups is looked
at again here, group by group, by the same rules by which it is understood later: a shared ORC, a
ZDS at the end for all of them, prior results left out. Source: spec 1, ACK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from apps.hl7v2.accession import is_accession
from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.groups import Group, split_groups
from apps.hl7v2.message import Message, Segment, is_filled

NUMBER_FIELDS: Mapping[str, tuple[int, ...]] = {
    "ORC": (2, 3, 4),
    "OBR": (2, 3, 18),
    "IPC": (1, 3),
    "ZDS": (1,),
}
"""Where an order has its numbers, by segment."""
GROUPING = frozenset({b"MSH", b"PID", *(name.encode() for name in NUMBER_FIELDS)})
"""The segments that say which groups there are and what numbers they have."""
_OBR_18 = 18
_HEADS = frozenset({"ORC", "OBR"})
_REASON = "an order needs a placer, filler or accession number or a study UID"


def unnumbered(segment: str = "ORC") -> FieldError:
    """Return the refusal of a message whose only order has no number."""
    return FieldError(segment, 2, _REASON, ErrorCode.REQUIRED_FIELD_MISSING)


def has_number(group: Group) -> bool:
    """Return whether a group has any number at one of the usual places."""
    return any(
        _is_number(segment, field)
        for name, fields in NUMBER_FIELDS.items()
        for segment in group.all(name)
        for field in fields
    )


def _is_number(segment: Segment, field: int) -> bool:
    value = segment.get(field).strip()
    if not is_filled(value) or field != _OBR_18:
        return is_filled(value)
    beside = segment.get(field, 2).strip()
    return is_accession(value) or (" " not in beside and any(map(str.isdigit, beside)))


def unnumbered_group(
    message: Message, is_numbered: Callable[[Group], bool] = has_number
) -> FieldError | None:
    """Return the refusal that names the first group without a number, None when all have one.

    It names the group's ORC, or its OBR where the group has no ORC of its own.

    Args:
        message: an order message; nothing but the segments of ``GROUPING`` is looked at.
        is_numbered: whether a group has a number, by the usual places unless told.
    """
    groups = split_groups(message)
    for place, group in enumerate(groups):
        if not is_numbered(group):
            return _refusal(message, groups, place)
    return None


def _refusal(message: Message, groups: Sequence[Group], place: int) -> FieldError:
    head = _own_head(groups, place)
    if len(groups) == 1:
        return unnumbered(head.name)
    reason = f"order group {place + 1} of {len(groups)}: {_REASON}"
    return FieldError(
        head.name,
        2,
        reason,
        ErrorCode.REQUIRED_FIELD_MISSING,
        sequence=_occurrence(message, head),
    )


def _own_head(groups: Sequence[Group], place: int) -> Segment:
    """Return the group's ORC, else its OBR; an ORC that an earlier group had is not its own."""
    earlier = {id(part) for group in groups[max(0, place - 1) : place] for part in group.segments}
    heads = (part for part in groups[place].segments if part.name in _HEADS)
    return next(part for part in heads if id(part) not in earlier)


def _occurrence(message: Message, wanted: Segment) -> int:
    """Return which segment of its name it is in the message, counted from 1."""
    alike = (part for part in message.segments if part.name == wanted.name)
    return next(number for number, part in enumerate(alike, 1) if part is wanted)
