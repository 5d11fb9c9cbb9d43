"""The steps of a study that is read as one: which a message speaks of, and which still stand.

Three ORC/OBR under one study UID are three steps on the scanner and one reading task. What
stands of them is told by the order's own segments, in which each step has the group that last
spoke of it: a cancelled one the group that cancelled it. So one step can be cancelled without
the reading, a late change of it revives nothing, and what goes out tells of all steps as they
came. Two groups are the same step unless a number that both have differs. Source: spec 1,
identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from apps.hl7v2.errors import FieldError
from apps.hl7v2.groups import Group, split_groups
from apps.hl7v2.message import Message, is_filled
from apps.intake.processing.changes import CONTROL_CODES, Action

MAX_STEPS = 50
"""An order with more is no order: then only its last message is kept, as of any other order."""
_HEADS = (b"\rORC", b"\rOBR")
_ENDS = frozenset({Action.CANCEL, Action.REPLACE})
_CANCELLED = frozenset({"CA", "DC", "X"})
_PLACES = (
    (("ORC", 2), ("OBR", 2)),
    (("ORC", 3), ("OBR", 3)),
    (("OBR", 20), ("IPC", 4)),
    (("OBR", 2),),
)
"""Where the numbers of a step are: placer's, filler's, scheduled procedure step's, its own.

Several OBR may share an ORC, whose placer number then tells none of them apart.
"""
_SURE = slice(0, 3, 2)


class Step(NamedTuple):
    """One step: its numbers by kind, whether it is cancelled, and its segments as they came."""

    numbers: tuple[frozenset[str], ...]
    is_cancelled: bool
    raw: bytes

    def may_be(self, other: Step) -> bool:
        """Return whether no number that both have differs."""
        pairs = zip(self.numbers, other.numbers, strict=True)
        return all(not mine or not theirs or mine & theirs for mine, theirs in pairs)

    def is_another_than(self, other: Step) -> bool:
        """Return whether it is a further step for sure: a filler number may also be corrected."""
        pairs = zip(self.numbers[_SURE], other.numbers[_SURE], strict=True)
        return any(mine and theirs and not mine & theirs for mine, theirs in pairs)


def has_steps(group: bytes) -> bool:
    """Return whether segments as they came may hold several groups, few enough to be steps."""
    counts = [(b"\r" + group).count(head) for head in _HEADS]
    return 1 < max(counts) <= MAX_STEPS


def steps_of(header: bytes, group: bytes) -> list[Step]:
    """Return the steps that segments as they came tell of, in order; none if unreadable."""
    try:
        message = Message(header + group)
    except FieldError:
        return []
    return [_step(found) for found in split_groups(message)]


def placed(steps: Sequence[Step], step: Step, *, fresh: Sequence[bytes] = ()) -> list[Step]:
    """Return the steps with this one in the place of what it speaks of, else at the end.

    Args:
        steps: as they stood.
        step: as it came now.
        fresh: the segments of steps that came in the same message; those stay.
    """
    named = [place for place in which(steps, step) if steps[place].raw not in fresh]
    if not named:
        return [*steps, step]
    kept = [(place, known) for place, known in enumerate(steps) if place not in named]
    return [known for _, known in sorted([*kept, (named[0], step)], key=lambda row: row[0])]


def which(steps: Sequence[Step], step: Step) -> list[int]:
    """Return the places of the steps that this one may be."""
    return [place for place, known in enumerate(steps) if step.may_be(known)]


def joined(steps: Sequence[Step]) -> bytes:
    """Return the segments of all steps; one that stood for all of them (ZDS) once, last."""
    return reduce(join, (step.raw for step in steps))


def join(before: bytes, group: bytes) -> bytes:
    """Return both groups' segments; one that stood for all groups (ZDS) stands once, last."""
    own = group.split(b"\r")
    kept = [
        segment
        for segment in before.split(b"\r")
        if segment and not (segment.startswith(b"Z") and segment in own)
    ]
    return b"".join(segment + b"\r" for segment in (*kept, *filter(None, own)))


def _step(group: Group) -> Step:
    raw = b"".join(segment + b"\r" for segment in group.raw_segments)
    numbers = tuple(
        frozenset(
            value
            for name, field in places
            for segment in group.segments
            if segment.name == name and is_filled(value := segment.get(field).strip())
        )
        for places in _PLACES
    )
    return Step(numbers, _is_cancelled(group), raw)


def _is_cancelled(group: Group) -> bool:
    orc, obr = group.first("ORC"), group.first("OBR")
    control = orc.get(1).strip().upper() if orc else "SC"
    if control != "SC":
        return CONTROL_CODES.get(control) in _ENDS
    statuses = (orc.get(5) if orc else "", obr.get(25) if obr else "")
    return any(status.strip().upper() in _CANCELLED for status in statuses)
