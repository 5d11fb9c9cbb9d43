"""The sweep itself: every lane over a span of time, each different one worked out once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from apps.engine.codes import Urgency
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import SiteFacts
from apps.engine.rota import ShiftFacts
from apps.engine.timeline.facts import Asked, Cover, Intents, Skipped, Work
from apps.engine.timeline.grid import Grid, lowest
from apps.engine.timeline.judging import is_short
from apps.engine.timeline.lanes import Lanes, lanes_of
from apps.engine.timeline.regimes import Competencies, Need, Regime, competencies_of
from apps.engine.timeline.rows import Evidence, Row, Timed
from apps.engine.timeline.tracks import Piece, Tracks

EVERYTHING = Asked()


@dataclass(frozen=True, slots=True)
class Swept:
    """Who may be given which work between two moments: rows in order of work and sites."""

    start_at: datetime
    end_at: datetime
    rows: Sequence[Row]
    skipped: Sequence[Skipped]


def sweep(
    compiled: CompiledConfig,
    start_at: datetime,
    end_at: datetime,
    intents: Intents | None = None,
    asked: Asked = EVERYTHING,
    *,
    keep: bool = True,
) -> Swept:
    """Return how every kind of work is covered at every site, from a moment to before another.

    Presence, workloads and rules are left out: nobody knows them ahead. What a procedure itself
    asks for is left to each study.

    Args:
        compiled: the configuration.
        start_at: included.
        end_at: not included.
        intents: what the department means with its shifts.
        asked: which sites and work are looked at.
        keep: whether the same span may be asked for again, after an edit; False for a moment
            that never comes again.
    """
    meant = intents or Intents()
    tracks = Tracks(compiled, meant, start_at, end_at, keep=keep)
    competencies = competencies_of(compiled, start_at, end_at, keep=keep)
    found = _Sweep(compiled, meant, tracks, competencies, lanes_of(compiled, asked))
    return Swept(start_at, end_at, found.rows(), tracks.skipped(found.crews))


class _Answer(NamedTuple):
    """What the lanes of one row have in common; made once, and compared by identity."""

    shifts: tuple[str, ...]
    covers: Mapping[Cover, int]
    evidence: Evidence


class _Sweep:
    """What is remembered on the way from lane to lane."""

    def __init__(
        self,
        compiled: CompiledConfig,
        intents: Intents,
        tracks: Tracks,
        competencies: Competencies,
        lanes: Sequence[Lanes],
    ) -> None:
        self.compiled, self.wanted = compiled, intents.readers_wanted
        self.competencies, self.lanes = competencies, lanes
        shifts = {shift.code: shift for lane in lanes for shift in lane.shifts}
        found = {code: tracks.of(shift) for code, shift in shifts.items()}
        edges = {edge for track in found.values() for piece in track for edge in piece[:2]}
        self.grid = Grid({tracks.start_at, tracks.end_at, *edges, *competencies.edges()})
        self.crews = {code: self._timed(track) for code, track in found.items()}
        self._needs: dict[tuple[str, ...], frozenset[Need]] = {}
        self._answers: dict[tuple[tuple[str, ...], int], _Answer] = {}

    def rows(self) -> list[Row]:
        """Return lanes with one answer as one row: over their urgencies, then over their sites."""
        answers: dict[int, _Answer] = {}
        urgencies: dict[tuple[Work, str, int], list[Urgency]] = defaultdict(list)
        for lanes in self.lanes:
            for site, answer in self._answered(lanes):
                answers[id(answer)] = answer
                urgencies[lanes.work, site.code, id(answer)].append(lanes.urgency)
        sites: dict[tuple[Work, tuple[Urgency, ...], int], list[str]] = defaultdict(list)
        for (work, code, number), urgent in urgencies.items():
            sites[work, tuple(urgent), number].append(code)
        rows = (
            Row(work, urgent, tuple(sorted(codes)), *answers[number])
            for (work, urgent, number), codes in sites.items()
        )
        return sorted(rows, key=lambda row: (row.work, row.sites, row.urgencies))

    def _timed(self, track: Sequence[Piece]) -> list[Timed]:
        times: dict[int, int] = defaultdict(int)
        for piece in track:
            times[id(piece.crew)] |= self.grid.between(piece.start_at, piece.end_at)
        crews = {id(piece.crew): piece.crew for piece in track}
        return [Timed(crew, times[number]) for number, crew in crews.items()]

    def _answered(self, lanes: Lanes) -> Iterator[tuple[SiteFacts, _Answer]]:
        """Yield the sites of some lanes with their answers; those that ask the same share one."""
        codes = tuple(shift.code for shift in lanes.shifts)
        if codes not in self._needs:
            self._needs[codes] = frozenset(self._needs_of(lanes.shifts))
        needs = self._needs[codes]
        answers: dict[int, _Answer] = {}
        for site in lanes.sites:
            asking = self.competencies.asking(site)
            if id(asking) not in answers:
                regimes = self.competencies.regimes(asking, lanes.work, needs)
                answers[id(asking)] = self._answer(codes, lanes.shifts, regimes)
            yield site, answers[id(asking)]

    def _answer(
        self, codes: tuple[str, ...], shifts: Sequence[ShiftFacts], regimes: tuple[Regime, ...]
    ) -> _Answer:
        key = (codes, id(regimes))
        if key not in self._answers:
            evidence = self._evidence(codes, regimes)
            covers = _covers(evidence) if _is_plain(shifts) else _covers_by_piece(evidence)
            self._answers[key] = _Answer(codes, covers, evidence)
        return self._answers[key]

    def _needs_of(self, shifts: Sequence[ShiftFacts]) -> Iterator[Need]:
        for shift in shifts:
            for crew, _pieces in self.crews[shift.code]:
                for person in crew.people:
                    yield person, shift.required_subspecialty

    def _evidence(self, codes: Sequence[str], regimes: Sequence[Regime]) -> Evidence:
        return Evidence(
            grid=self.grid,
            crews=[timed for code in codes for timed in self.crews[code]],
            regimes=[
                (self.grid.between(regime.start_at, regime.end_at), regime.unfit)
                for regime in regimes
            ],
            shifts=self.compiled.shifts,
            wanted=self.wanted,
        )


def _is_plain(shifts: Sequence[ShiftFacts]) -> bool:
    """Return whether people are judged alike on all the shifts of a level.

    Where one shift requires a subspecialty and another does not, it matters on which of them
    somebody who is on both is taken to be.
    """
    return all(
        len({shift.required_subspecialty for shift in group}) == 1
        for _level, group in groupby(shifts, lambda shift: shift.priority_level)
    )


def _covers(evidence: Evidence) -> Mapping[Cover, int]:
    """Return when it is covered how, shift by shift."""
    there = short = 0
    for among, unfit in evidence.regimes:
        out = {need for need, _refusal in unfit}
        for crew, pieces in evidence.crews:
            shift, time = evidence.shifts[crew.shift], pieces & among
            if not time or crew.rests or shift.priority_level < 0:
                continue
            readers = sum(
                (person, shift.required_subspecialty) not in out for person in crew.people
            )
            if readers:
                there |= time
            if is_short(crew, readers, evidence.wanted.get(crew.shift, 1)):
                short |= time
    return {
        Cover.COVERED: there & ~short,
        Cover.THIN: there & short,
        Cover.OPEN: short & ~there,
        Cover.MEANT: evidence.grid.all & ~(there | short),
    }


def _covers_by_piece(evidence: Evidence) -> Mapping[Cover, int]:
    """Return when it is covered how, each different situation judged as a decision would."""
    covers = dict.fromkeys(Cover, 0)
    for part in evidence.alike(evidence.grid.all):
        covers[evidence.verdict(lowest(part)).cover] |= part
    return covers
