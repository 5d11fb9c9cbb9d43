"""Order groups: which segments belong to which requested procedure.

An ORC begins a group, the OBR after it belongs to it; a further OBR without an ORC begins its
own group and shares the ORC (and what stood between that ORC and its first OBR, such as TQ1). An
OBR without any ORC before it is a group by itself, together with an ORC that comes after it with
its numbers and has no other OBR. ZDS and ZRD that stand once, at the end of a
message with several groups, speak for all of them: IHE sends three ORC/OBR pairs and one ZDS for
one study. A PID between groups begins another patient (ORU) or prior results (OMG, OMI), which
are no orders. Source: HL7 v2.5.1 4.4; IHE RAD-4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.hl7v2.message import Message, Segment, is_filled

_PRIOR_RESULTS = "PR"
_SHARED_AT_END = ("ZDS", "ZRD")
MAX_GROUPS = 1000
"""A message with more is no order but an accident or an attack; it waits for a person."""
_MAX_SHARED = 16
"""How many segments an ORC hands to its further OBR; more would multiply without end."""
_MAX_FROM_HEADER = 200
"""How many header segments of a name a group reads; each of its groups and facts reads them."""
_BEFORE_PATIENT = frozenset({"MSH", "SFT", "UAC"})
_HAS_PRIOR_RESULTS = frozenset({"OMG", "OMI", "OML"})
_ENDS_ORC = frozenset({"ORC", "OBR", "PID"})


class Header:
    """MSH and the segments of one patient, in force for every group that follows them.

    Shared by its groups and indexed once: a message may hold many of both.
    """

    __slots__ = ("_by_name", "segments")

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        self.segments = segments
        self._by_name: dict[str, list[Segment]] = {}
        for segment in segments:
            self._by_name.setdefault(segment.name, []).append(segment)

    def all(self, name: str) -> list[Segment]:
        """Return the segments of a name, in order."""
        return self._by_name.get(name, [])


@dataclass(frozen=True, slots=True)
class Group:
    """One requested procedure: its own segments in message order, shared ones included.

    ``shares_orc`` says that several OBR stand under its ORC, whose numbers name them all.
    """

    shared_header: Header
    segments: tuple[Segment, ...]
    shares_orc: bool = False

    @property
    def header(self) -> tuple[Segment, ...]:
        """Return MSH and the patient's segments that are in force for this group."""
        return self.shared_header.segments

    def first(self, name: str) -> Segment | None:
        """Return the group's first segment of a name, else the header's."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        return next(iter(self.shared_header.all(name)), None)

    def all(self, name: str) -> Iterator[Segment]:
        """Return the group's segments of a name, in order; the header's first where it has none."""
        own = [segment for segment in self.segments if segment.name == name]
        return iter(own or self.shared_header.all(name)[:_MAX_FROM_HEADER])

    @property
    def study_uid(self) -> str:
        """Return the study instance UID: IPC-3, else ZDS-1."""
        for name, field in (("IPC", 3), ("ZDS", 1)):
            for segment in self.all(name):
                if is_filled(value := segment.get(field).strip()):
                    return value
        return ""

    @property
    def raw_segments(self) -> tuple[bytes, ...]:
        """Return the group's segments byte for byte as they came."""
        return tuple(segment.raw for segment in self.segments)


@dataclass(slots=True)
class _Found:
    """A group while it grows."""

    header: Header
    segments: list[Segment]
    is_prior: bool
    shares_orc: bool = False


class _Splitter:
    """Walks over a message once."""

    def __init__(self, message: Message) -> None:
        self.header: list[Segment] = []
        self.in_force: Header | None = None
        self.groups: list[_Found] = []
        self.shared: list[Segment] = []
        self.current: list[Segment] | None = None
        self.has_obr = False
        self.is_prior = False
        self.keeps_prior_results = message.header.get(9) in _HAS_PRIOR_RESULTS
        for place, segment in enumerate(message.segments):
            if segment.name == "ORC" and self.is_of_current(message.segments, place):
                self.groups[-1].segments.append(segment)
            else:
                self.take(segment)

    def is_of_current(self, segments: Sequence[Segment], place: int) -> bool:
        """Return whether an ORC belongs to the OBR before it rather than to the one after it."""
        if self.current is None or self.current[0].name != "OBR":
            return False
        if any(segment.name == "ORC" for segment in self.current):
            return False
        orc = segments[place]
        later = (segments[number] for number in range(place + 1, len(segments)))
        mine = next((part for part in later if part.name in _ENDS_ORC), None)
        has_own = mine is not None and mine.name == "OBR" and not _differ(orc, mine)
        return not has_own and not _differ(orc, self.current[0])

    def take(self, segment: Segment) -> None:
        if segment.name == "ORC":
            self.shared = []
            self.begin([segment], has_obr=False)
        elif segment.name == "OBR" and (self.current is None or self.has_obr):
            self.begin_further(segment)
        elif segment.name == "PID" and self.current is not None:
            self.begin_patient(segment)
        elif self.current is None:
            self.header.append(segment)
        else:
            self.extend(self.current, segment)

    def begin(self, segments: list[Segment], *, has_obr: bool) -> None:
        is_prior = self.is_prior and segments[0].name != "ORC"
        if segments[0].name == "ORC":
            is_prior = segments[0].get(1).strip().upper() == _PRIOR_RESULTS
        self.current = segments
        self.has_obr = has_obr
        if self.in_force is None:
            self.in_force = Header(tuple(self.header))
        self.groups.append(_Found(self.in_force, segments, is_prior))

    def begin_further(self, obr: Segment) -> None:
        if self.shared:
            self.groups[-1].shares_orc = True
        self.begin([*self.shared, obr], has_obr=True)
        self.groups[-1].shares_orc = bool(self.shared)

    def extend(self, current: list[Segment], segment: Segment) -> None:
        if segment.name == "OBR":
            # What stood between ORC and its first OBR holds for the next OBR too.
            self.shared = current[:_MAX_SHARED] if current[0].name == "ORC" else []
            self.has_obr = True
        current.append(segment)

    def begin_patient(self, segment: Segment) -> None:
        self.header = [part for part in self.header if part.name in _BEFORE_PATIENT] + [segment]
        self.in_force = None
        self.current = None
        self.shared = []
        self.is_prior = self.keeps_prior_results


def split_groups(message: Message) -> list[Group]:
    """Return the message's order groups in order; prior results are left out."""
    found = [group for group in _Splitter(message).groups if not group.is_prior]
    if len(found) > 1:
        _share_end(found)
    return [Group(group.header, tuple(group.segments), group.shares_orc) for group in found]


def _differ(orc: Segment, obr: Segment) -> bool:
    """Return whether placer or filler number of two segments differ, or no number is in both."""
    pairs = [(orc.get(field).strip(), obr.get(field).strip()) for field in (2, 3)]
    both = [one == other for one, other in pairs if is_filled(one) and is_filled(other)]
    return not both or not all(both)


def _share_end(found: list[_Found]) -> None:
    for name in _SHARED_AT_END:
        holders = [
            (index, segment)
            for index, group in enumerate(found)
            for segment in group.segments
            if segment.name == name
        ]
        if len(holders) == 1 and holders[0][0] == len(found) - 1:
            for group in found[:-1]:
                group.segments.append(holders[0][1])
