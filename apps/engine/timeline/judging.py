"""Who of the crews at one moment may be given the work, and why not more of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from apps.engine.refusals import Refusal
from apps.engine.rota import ShiftFacts
from apps.engine.timeline.facts import Cause, Cover, Lack, Verdict
from apps.engine.timeline.tracks import Crew

# Why a person may not read the work on a shift that requires a subspecialty, if any.
Refusals = Callable[[str, str], Refusal | None]

_NOTHING_PLANNED = Verdict(Cover.MEANT, (), (Cause(Lack.NO_SHIFT),))


def judge(
    crews: Sequence[Crew],
    shifts: Mapping[str, ShiftFacts],
    wanted: Mapping[str, int],
    refusals: Refusals,
) -> Verdict:
    """Return who may be given the work, with what is lacking.

    Args:
        crews: of the shifts that read it and run or rest, in the order in which they are asked.
        shifts: by code.
        wanted: how many readers, by shift; one where nothing is said.
        refusals: of step 4, or of who is not active or not known.
    """
    running = [crew for crew in crews if not crew.rests]
    automatic = [crew for crew in running if shifts[crew.shift].priority_level >= 0]
    eligible: set[str] = set()
    causes: list[Cause] = []
    for _level, group in groupby(automatic, lambda crew: shifts[crew.shift].priority_level):
        pool = list(group)
        refused = _refused(pool, shifts, refusals)
        eligible |= {person for person, refusal in refused.items() if refusal is None}
        for crew in pool:
            causes += _causes(crew, refused, wanted.get(crew.shift, 1))
    unmeant = [cause for cause in causes if not cause.lack.is_meant]
    if eligible:
        cover = Cover.THIN if unmeant else Cover.COVERED
        return Verdict(cover, tuple(sorted(eligible)), tuple(unmeant))
    if unmeant:
        return Verdict(Cover.OPEN, (), tuple(unmeant))
    return _meant(causes, crews, running)


def _meant(causes: list[Cause], crews: Sequence[Crew], running: Sequence[Crew]) -> Verdict:
    """Return the verdict where nobody shall be there: by plan, by the day, or as none is planned."""
    if causes:
        return Verdict(Cover.MEANT, (), tuple(causes))
    rests = tuple(crew.meant for crew in crews if crew.rests and crew.meant)
    by_hand = tuple(Cause(Lack.BY_HAND, crew.shift) for crew in running)
    if rests or by_hand:
        return Verdict(Cover.MEANT, (), (*rests, *by_hand))
    return _NOTHING_PLANNED


def _refused(
    pool: Iterable[Crew], shifts: Mapping[str, ShiftFacts], refusals: Refusals
) -> dict[str, Refusal | None]:
    """Return why each who is there is refused; on several shifts they are on the first."""
    found: dict[str, Refusal | None] = {}
    for crew in pool:
        for person in crew.people:
            if person not in found:
                found[person] = refusals(person, shifts[crew.shift].required_subspecialty)
    return found


def _causes(crew: Crew, refused: Mapping[str, Refusal | None], wanted: int) -> Iterable[Cause]:
    """Return what a running shift lacks, nothing where it has enough."""
    readers = sum(refused[person] is None for person in crew.people)
    if crew.meant is not None:
        return () if readers else (crew.meant,)
    return _lacks(crew, refused, readers, wanted) if is_short(crew, readers, wanted) else ()


def is_short(crew: Crew, readers: int, wanted: int) -> bool:
    """Return whether a running shift has fewer readers than are wanted, and is not meant to."""
    return crew.meant is None and readers < wanted


def _lacks(
    crew: Crew, refused: Mapping[str, Refusal | None], readers: int, wanted: int
) -> Iterator[Cause]:
    if readers:
        yield Cause(Lack.THIN, crew.shift, (readers, wanted))
    elif not any((crew.people, crew.on_leave, crew.on_other_work)):
        yield Cause(Lack.NOBODY, crew.shift)
    if crew.on_leave:
        yield Cause(Lack.ON_LEAVE, crew.shift, crew.on_leave)
    if crew.on_other_work:
        yield Cause(Lack.OTHER_WORK, crew.shift, crew.on_other_work)
    for person in crew.people:
        refusal = refused[person]
        if refusal is not None:
            yield Cause(Lack.UNFIT, crew.shift, (person, refusal.code.value, *refusal.params))
