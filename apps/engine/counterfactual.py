"""The smallest change under which an order would find a reader, or a certain one.

Nothing here is guessed: each change that the trace suggests is made to a copy of the world, the
order is decided there by the same engine, and only what then comes to the wanted end is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, islice

from apps.engine import changes
from apps.engine.changes import Change, ChangeKind, World
from apps.engine.codes import ActionType, Outcome
from apps.engine.considered import causes_of, pool_key
from apps.engine.decision import begun, decide, ended
from apps.engine.facts import OrderFacts, RadiologistFacts
from apps.engine.refusals import Refusal
from apps.engine.remedies import remedies
from apps.engine.result import Decision, Snapshot
from apps.engine.why_not import excluding, standing_refusals

TOLD = 6
_OF_ONE_KIND = 2
_PEOPLE = 60
_STAFFED = 8
_EDGES = 12
_PAIRS = 150
_AHEAD = timedelta(hours=24)
_NEVER_OFF = frozenset({ActionType.REQUIRE_CREDENTIAL})


@dataclass(frozen=True, slots=True)
class Way:
    """One or two changes under which the engine decides as wanted, and whom it then chooses."""

    changes: tuple[Change, ...]
    radiologist: str
    shift: str | None

    @property
    def rank(self) -> tuple[int, list[tuple[int, int]]]:
        """Return how big it is: how many changes, then the biggest of them."""
        ranks = sorted((change.rank for change in self.changes), reverse=True)
        return len(self.changes), ranks


def smallest_changes(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    *,
    wanted: str = "",
    widen: bool = False,
) -> list[Way]:
    """Return the smallest changes that would place an order, each tried on the engine itself.

    Args:
        order: the order's facts.
        at: the decision's moment.
        snapshot: what it was made on.
        wanted: the reader who should get it; empty for whoever is fit.
        widen: as for ``decide``.

    Returns:
        The smallest first, a few of each kind. Two changes together are told only where no
        single one helps; nothing where even those do not, or the order is placed as it is.
    """
    search = _Search(World(order, at, snapshot.compiled, snapshot.loads), wanted, widen=widen)
    return search.ways()


class _Search:
    def __init__(self, world: World, wanted: str, *, widen: bool) -> None:
        self.world, self.wanted, self.widen = world, wanted, widen
        snapshot = Snapshot(world.compiled, world.loads)
        run = begun(world.order, world.at, snapshot, widen=widen)
        self.decision = ended(run, world.order, snapshot)
        self.seen = run.seen

    def ways(self) -> list[Way]:
        if self._is_wanted(self.decision):
            return []
        singles = list(self._singles())
        found = [way for change in singles if (way := self._tried((change,)))]
        if not found:
            found = list(self._pairs(singles))
        return _few(sorted(found, key=lambda way: way.rank))

    # -- trying ---------------------------------------------------------------------------

    def _tried(self, made: tuple[Change, ...]) -> Way | None:
        world = self.world
        for change in made:
            world = change.make(world)
        decision = decide(
            world.order,
            world.at,
            Snapshot(world.compiled, world.loads),
            widen=self.widen,
            with_trace=False,
        )
        if not self._is_wanted(decision) or decision.radiologist is None:
            return None
        return Way(made, decision.radiologist, decision.shift)

    def _is_wanted(self, decision: Decision) -> bool:
        if decision.outcome is not Outcome.ASSIGNED:
            return False
        return not self.wanted or decision.radiologist == self.wanted

    def _pairs(self, singles: list[Change]) -> Iterator[Way]:
        """Try two at once: two for one person, or a rule, a seat or time with any other."""
        by_size = sorted(combinations(singles, 2), key=_pair_rank)
        for pair in islice((pair for pair in by_size if _goes_together(*pair)), _PAIRS):
            way = self._tried(pair)
            if way:
                yield way

    # -- what might help ------------------------------------------------------------------

    def _singles(self) -> Iterator[Change]:
        yield from self._waits()
        for person in self._people():
            yield from self._of_person(person)
        yield from self._rules()
        yield from self._staffed()

    def _people(self) -> list[RadiologistFacts]:
        people = self.world.compiled.people
        if self.wanted:
            return [people[self.wanted]] if self.wanted in people else []
        out = [member.id for tried in self.seen.attempts for member, _ in tried.out]
        return [people[id_] for id_ in dict.fromkeys(out) if id_ in people][:_PEOPLE]

    def _of_person(self, person: RadiologistFacts) -> Iterator[Change]:
        for refusal in self._refusals(person):
            yield from remedies(self.world, person, refusal)
        if self.wanted:
            yield from self._less_load(person)

    def _less_load(self, person: RadiologistFacts) -> Iterator[Change]:
        """Yield the fewest studies of which the wanted reader must be free to win on load."""
        load = self.world.load_of(person.id)
        for studies in range(1, min(load.open_studies, 40) + 1):
            change = changes.finished(load, studies)
            if self._tried((change,)):
                yield change
                return

    def _refusals(self, person: RadiologistFacts) -> list[Refusal]:
        snapshot = Snapshot(self.world.compiled, self.world.loads)
        return list(
            standing_refusals(self.world.order, self.world.at, snapshot, self.seen, person)
        )

    def _rules(self) -> Iterator[Change]:
        for rule in self.seen.matched:
            if rule.facts.action not in _NEVER_OFF:
                yield changes.without_rule(rule.facts.id, rule.facts.name)

    def _waits(self) -> Iterator[Change]:
        """Yield the moments of the next day at which who is there changes, the nearest first."""
        at, end_at = self.world.at, self.world.at + _AHEAD
        moments = {edge for edge in self._edges() if at < edge <= end_at}
        for moment in sorted(moments)[:_EDGES]:
            change = changes.wait(moment)
            if self._tried((change,)):
                yield change
                return

    def _edges(self) -> Iterator[datetime]:
        edge = self.world.at
        for _ in range(_EDGES):
            edge = self.world.compiled.coverage_at(edge).end_at
            yield edge
        yield from self.world.compiled.rules.window_edges
        for load in self.world.loads.values():
            if load.busy_until is not None:
                yield load.busy_until

    def _staffed(self) -> Iterator[Change]:
        """Yield who, fit but not at work for it, could be put on a shift that reads it now."""
        shifts = self._reading()
        if not shifts:
            return
        seated = {member.id for tried in self.seen.attempts for member in tried.pool.members}
        for id_ in islice(self._spare(seated), _STAFFED):
            for shift in shifts[:2]:
                yield changes.staffed(shift, id_)

    def _spare(self, seated: set[str]) -> Iterator[str]:
        people = self.world.compiled.people
        asked = [people[self.wanted]] if self.wanted in people else list(people.values())
        asked.sort(key=lambda one: (self.world.load_of(one.id).open_rvu, one.id))
        for person in asked:
            is_out = bool(excluding(self.seen, person.id) or self._refusals(person))
            if person.id not in seated and (self.wanted or not is_out):
                yield person.id

    def _reading(self) -> list[str]:
        """Return the running shifts that read the order, the highest level first."""
        world, compiled = self.world, self.world.compiled
        site = compiled.sites.get(world.order.site)
        if site is None:
            return []
        urgency = self.seen.situation.urgency
        key = pool_key(
            world.order, world.at, compiled, site, urgency=urgency, more=self.seen.required
        )
        coverage = compiled.coverage_at(world.at)
        fitting = [
            one.shift
            for one in coverage.running.values()
            if not causes_of(one.shift, compiled, coverage, key)
        ]
        return [shift.code for shift in sorted(fitting, key=lambda s: (-s.priority_level, s.code))]


def _goes_together(one: Change, other: Change) -> bool:
    """Say whether two changes may help each other: for one person, or for everybody."""
    if one.person and other.person:
        return one.person == other.person
    return one.kind is not other.kind or one.kind is ChangeKind.RULE_OFF


def _pair_rank(pair: tuple[Change, Change]) -> list[tuple[int, int]]:
    return sorted((change.rank for change in pair), reverse=True)


def _few(ways: Iterable[Way]) -> list[Way]:
    """Return the first of each kind, so that one kind does not hide the others."""
    told: list[Way] = []
    counts: dict[tuple[ChangeKind, ...], int] = {}
    for way in ways:
        kinds = tuple(change.kind for change in way.changes)
        counts[kinds] = counts.get(kinds, 0) + 1
        if counts[kinds] <= _OF_ONE_KIND:
            told.append(way)
    return told[:TOLD]
