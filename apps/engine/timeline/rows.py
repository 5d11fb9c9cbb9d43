"""What the sweep finds of one kind of work: when it is covered, by whom, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from apps.engine.codes import Urgency
from apps.engine.refusals import Refusal
from apps.engine.rota import ShiftFacts
from apps.engine.timeline.facts import Cause, Cover, Segment, Verdict, Work
from apps.engine.timeline.grid import Grid, lowest
from apps.engine.timeline.judging import judge
from apps.engine.timeline.regimes import Unfit
from apps.engine.timeline.tracks import Crew


class Timed(NamedTuple):
    """A crew and the set of time during which it is there."""

    crew: Crew
    pieces: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a row is judged by.

    ``crews`` are in the order in which they are asked; ``regimes`` say who may not read it when.
    """

    grid: Grid
    crews: Sequence[Timed]
    regimes: Sequence[tuple[int, Unfit]]
    shifts: Mapping[str, ShiftFacts]
    wanted: Mapping[str, int]

    def verdict(self, piece: int) -> Verdict:
        """Return who may be given the work in one piece of time, a set of one."""
        unfit = next(dict(unfit) for pieces, unfit in self.regimes if pieces & piece)
        crews = [crew for crew, pieces in self.crews if pieces & piece]
        return judge(
            crews, self.shifts, self.wanted, lambda person, needs: unfit.get((person, needs))
        )

    def crews_at(self, piece: int) -> Iterator[tuple[Crew, Mapping[str, Refusal]]]:
        """Yield the crews that are on in one piece of time, and why whom of them may not read."""
        unfit = next(dict(unfit) for pieces, unfit in self.regimes if pieces & piece)
        for crew, pieces in self.crews:
            if pieces & piece and not crew.rests:
                needs = self.shifts[crew.shift].required_subspecialty
                people = (person for person in crew.people if (person, needs) in unfit)
                yield crew, {person: unfit[person, needs] for person in people}

    def alike(self, among: int) -> Iterator[int]:
        """Yield sets, of the time asked for, in each of which nobody comes or goes."""
        parts = [pieces & among for pieces, _unfit in self.regimes]
        for _crew, pieces in self.crews:
            parts = [part for whole in parts for part in (whole & pieces, whole & ~pieces) if part]
        yield from (part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Row:
    """Lanes with one answer: a kind of work, its urgencies, and the sites in order.

    ``shifts`` are the codes of those that read it, in the order in which they are asked; none
    where no shift reads it there. ``covers`` are the sets of time by how it is covered, which
    together are all of it.
    """

    work: Work
    urgencies: tuple[Urgency, ...]
    sites: tuple[str, ...]
    shifts: tuple[str, ...]
    covers: Mapping[Cover, int]
    evidence: Evidence = field(repr=False, compare=False)

    def spans(
        self, cover: Cover, within: tuple[datetime, datetime] | None = None
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield when it is covered so, in order of time.

        Args:
            cover: how.
            within: only this time; None is all of it.
        """
        grid = self.evidence.grid
        if within is None:
            yield from grid.spans(self.covers[cover])
            return
        for start_at, end_at in grid.spans(self.covers[cover] & grid.touching(*within)):
            yield max(start_at, within[0]), min(end_at, within[1])

    def segments(
        self, *covers: Cover, within: tuple[datetime, datetime] | None = None
    ) -> list[Segment]:
        """Return who may be given the work when, and why not more of them, in order of time.

        Args:
            covers: only where it is covered so; none is always, without a gap between.
            within: only pieces of time that share a moment with this; None is all.
        """
        evidence, found = self.evidence, list[Segment]()
        asked = 0
        for cover in covers or tuple(Cover):
            asked |= self.covers[cover]
        if within is not None:
            asked &= evidence.grid.touching(*within)
        together: dict[Verdict, int] = {}
        for part in evidence.alike(asked):
            verdict = evidence.verdict(lowest(part))
            together[verdict] = together.get(verdict, 0) | part
        for verdict, pieces in together.items():
            found += (Segment(*span, verdict) for span in evidence.grid.spans(pieces))
        return sorted(found)

    def meant(self) -> Iterator[tuple[Cause, int]]:
        """Yield why shifts are meant to be empty and nobody is there, with the sets of time."""
        for crew, pieces in self.evidence.crews:
            empty = pieces & self.covers[Cover.MEANT]
            if crew.meant is not None and empty:
                yield crew.meant, empty

    def cover_between(self, start_at: datetime, end_at: datetime) -> set[Cover]:
        """Return how it is covered at any moment of a span."""
        pieces = self.evidence.grid.touching(start_at, end_at)
        return {cover for cover, there in self.covers.items() if there & pieces}
