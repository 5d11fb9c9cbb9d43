"""What a run came to, in figures."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from apps.engine.codes import Urgency
from apps.trials.simulation.run import Done, World

_LEAST_HOURS = 4


@dataclass(frozen=True, slots=True)
class Share:
    """What one reader did in one pool."""

    reader: str
    rvu: float
    hours: float
    par: float

    @property
    def rate(self) -> float:
        """Return RVU per hour worked."""
        return self.rvu / self.hours

    @property
    def index(self) -> float:
        """Return the work done over that of the pool in the same hours; 1 is the share."""
        return self.rvu / self.par if self.par else 1.0


@dataclass(frozen=True, slots=True)
class Measures:
    """One run's figures; minutes for turnaround, by urgency where that matters.

    ``breaches`` counts reports that were due within the days and late or missing. ``spread`` is
    the coefficient of variation of RVU per hour worked within each pool, ``within`` their mean
    weighed by hours.
    """

    decided_by: str
    studies: int
    reported: int
    due: Mapping[str, int]
    breaches: Mapping[str, int]
    turnaround: Mapping[str, Mapping[str, float]]
    spread: Mapping[str, float]
    within: float
    within_par: float
    overall: float
    shares: Mapping[str, Sequence[Share]]
    moved: int
    never_assigned: int
    waited: int
    seconds: float = 0.0

    @property
    def total_breaches(self) -> int:
        """Return the breaches of all urgencies."""
        return sum(self.breaches.values())


def measure(world: World, decided_by: str, until: int, seconds: float = 0.0) -> Measures:
    """Return the figures of a run that has ended."""
    every = list(world.done.values())
    shares = _shares(world, until)
    spread = {pool: _variation([share.rate for share in held]) for pool, held in shares.items()}
    index = {pool: _variation([share.index for share in held]) for pool, held in shares.items()}
    hours = {pool: sum(share.hours for share in held) for pool, held in shares.items()}
    rates = [share.rate for held in shares.values() for share in held]
    return Measures(
        decided_by=decided_by,
        studies=len(every),
        reported=sum(done.reported_at is not None for done in every),
        due={u.value: _count(every, u, lambda done: done.study.due <= until) for u in Urgency},
        breaches={u.value: _count(every, u, lambda done: _is_late(done, until)) for u in Urgency},
        turnaround=_turnarounds(every),
        spread=spread,
        within=_weighed(spread, hours),
        within_par=_weighed(index, hours),
        overall=_variation(rates),
        shares=shares,
        moved=sum(done.moves for done in every),
        never_assigned=sum(done.first_reader_at is None for done in every),
        waited=sum(
            done.first_reader_at is None or done.first_reader_at > done.study.at for done in every
        ),
        seconds=seconds,
    )


def _weighed(values: Mapping[str, float], by: Mapping[str, float]) -> float:
    return sum(values[key] * by[key] for key in values) / max(sum(by.values()), 1e-9)


def _is_late(done: Done, until: int) -> bool:
    due = done.study.due
    return due <= until and (done.reported_at is None or done.reported_at > due)


def _count(every: Iterable[Done], urgency: Urgency, holds: object) -> int:
    assert callable(holds)  # noqa: S101 -- a plain predicate
    return sum(done.study.urgency is urgency and bool(holds(done)) for done in every)


def _turnarounds(every: Sequence[Done]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[float]] = defaultdict(list)
    for done in every:
        if done.reported_at is not None:
            minutes = (done.reported_at - done.study.at) / 60
            groups["all"].append(minutes)
            groups[done.study.urgency.value].append(minutes)
    return {
        name: {f"p{share}": _quantile(sorted(minutes), share) for share in (50, 90, 99)}
        for name, minutes in sorted(groups.items())
    }


def _quantile(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _shares(world: World, until: int) -> dict[str, list[Share]]:
    """Return what each reader did in each pool, measured by the pool's pace while they were there.

    ``par`` is what they would have done had everybody on the same run of a shift read as much an
    hour: who worked on quiet days did no less than their share.
    """
    pool_of = {code: pool for pool, codes in world.department.pools.items() for code in codes}
    runs = _runs(world, pool_of, until)
    _count_rvu(world, runs)
    shares: dict[tuple[str, str], Share] = {}
    for (code, _start), readers in sorted(runs.items()):
        pace = sum(rvu for rvu, _ in readers.values()) / sum(h for _, h in readers.values())
        for reader, (rvu, hours) in sorted(readers.items()):
            held = shares.setdefault((pool_of[code], reader), Share(reader, 0.0, 0.0, 0.0))
            shares[pool_of[code], reader] = Share(
                reader, held.rvu + rvu, held.hours + hours, held.par + pace * hours
            )
    pools: dict[str, list[Share]] = defaultdict(list)
    for (pool, _reader), share in sorted(shares.items()):
        if share.hours >= _LEAST_HOURS:
            pools[pool].append(share)
    return dict(pools)


_Runs = dict[tuple[str, int], dict[str, list[float]]]
"""RVU and hours worked by reader, for each run of a shift, by its code and start."""


def _runs(world: World, pool_of: Mapping[str, str], until: int) -> _Runs:
    runs: _Runs = defaultdict(dict)
    for (reader, code), spans in world.duties.on_shift.items():
        for start, end in spans:
            worked = world.duties.worked(reader, [(start, end)], until) if start < until else 0
            if code in pool_of and worked > 0:
                runs[code, start][reader] = [0.0, worked / 3_600]
    return runs


def _count_rvu(world: World, runs: _Runs) -> None:
    """Count each report for the run under way or, read to its end, the last one."""
    starts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (code, start), readers in sorted(runs.items(), key=lambda item: item[0][1]):
        for reader in readers:
            starts[reader, code].append(start)
    for done in world.done.values():
        known = starts.get((done.reader, done.shift), [])
        begun = bisect_right(known, done.reported_at or 0)
        if done.reported_at is not None and begun:
            runs[done.shift, known[begun - 1]][done.reader][0] += float(done.study.rvu)


def _variation(rates: Sequence[float]) -> float:
    mean = fmean(rates) if rates else 0.0
    return pstdev(rates) / mean if mean else 0.0
