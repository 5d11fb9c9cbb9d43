"""ZRA, the segment that says who reads: ours, placed after ZRD. Source: spec 4.

ZRA|1|DR_SMITH_ID^Smith^John^DR|MRI_MSK^MRI MSK|LOAD_BALANCED^Assignment Strategy|20260204120531
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.hl7v2.escapes import escape
from apps.hl7v2.message import NULL, Message
from apps.hl7v2.separators import Separators

STRATEGY_TEXT = "Assignment Strategy"
REASON_TEXT = "Unassignment Reason"
DEFAULT_TITLE = "DR"


@dataclass(frozen=True, slots=True)
class Zra:
    """What one ZRA says.

    An empty ``radiologist_id`` means that nobody reads the study: ``code`` is then the reason,
    else the strategy. ``shift_code`` is empty for a reader who is not on a shift.
    ``decided`` is ZRA-5 as written, in the receiver's zone.
    """

    radiologist_id: str = ""
    family: str = ""
    given: str = ""
    title: str = DEFAULT_TITLE
    shift_code: str = ""
    shift_name: str = ""
    code: str = ""
    decided: str = ""

    @property
    def is_assigned(self) -> bool:
        """Return whether somebody reads the study."""
        return bool(self.radiologist_id)


def write_zra(zra: Zra, separators: Separators) -> str:
    """Return the segment without its end; every value is escaped."""

    def components(*values: str) -> str:
        return separators.component.join(escape(value, separators) for value in values)

    reader, shift, words = NULL, "", REASON_TEXT
    if zra.is_assigned:
        reader = components(zra.radiologist_id, zra.family, zra.given, zra.title)
        shift = components(zra.shift_code, zra.shift_name) if zra.shift_code else ""
        words = STRATEGY_TEXT
    fields = [
        "ZRA",
        "1",
        reader,
        shift,
        components(zra.code, words),
        escape(zra.decided, separators),
    ]
    return separators.field.join(fields)


def parse_zra(raw: bytes) -> Zra | None:
    """Return the message's ZRA, or None when it has none.

    Raises:
        FieldError: there is no usable MSH.
    """
    segment = Message(raw).first("ZRA")
    if segment is None:
        return None
    is_null = segment.get(2) == NULL
    return Zra(
        radiologist_id="" if is_null else segment.get(2, 1),
        family=segment.get(2, 2),
        given=segment.get(2, 3),
        title=segment.get(2, 4),
        shift_code=segment.get(3, 1),
        shift_name=segment.get(3, 2),
        code=segment.get(4, 1),
        decided=segment.get(5, 1),
    )
