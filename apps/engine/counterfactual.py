"""The smallest change under which an order would find a reader, or a certain one.

Nothing here is guessed: each change that the trace suggests is made to a copy of the world, the
order is decided there by the same engine, and only what then comes to the wanted end is told. An
order that was given out together with others is decided there together with them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from apps.engine import changes
from apps.engine.batch import Batch
from apps.engine.changes import Change, World
from apps.engine.codes import ActionType, Outcome
from apps.engine.considered import causes_of, pool_key
from apps.engine.decision import begun, decide, ended
from apps.engine.facts import OrderFacts, RadiologistFacts
from apps.engine.refusals import Refusal
from apps.engine.remedies import remedies
from apps.engine.result import Decision, Snapshot
from apps.engine.ways import Way, changed, few, pairs_of
from apps.engine.ways_of_batch import SearchOfBatch
from apps.engine.why_not import excluding, standing_refusals

_PEOPLE = 60
_STAFFED = 8
_EDGES = 12
_PAIRS = 150
_AHEAD = timedelta(hours=24)
_NEVER_OFF = frozenset({ActionType.REQUIRE_CREDENTIAL})


def smallest_changes(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    *,
    wanted: str = "",
    widen: bool = False,
    relieve: str = "",
    planned: str = "",
    batch: Batch | None = None,
) -> list[Way]:
    """Return the smallest changes that would place an order, each tried on the engine itself.

    Args:
        order: the order's facts.
        at: the decision's moment.
        snapshot: what it was made on.
        wanted: the reader who should get it; empty for whoever is fit.
        widen: as for ``decide``.
        relieve: as for ``decide``.
        planned: as for ``begun``: to whom it went where many were given out together.
        batch: those that were decided together, this one among them, on loads before all of them.

    Returns:
        The smallest first, a few of each kind. Two changes together are told only where no
        single one helps; nothing where even those do not, or the order is placed as it is.
    """
    world = World(order, at, snapshot.compiled, snapshot.loads)
    search = Search(world, wanted, widen=widen, relieve=relieve, planned=planned)
    if batch is None:
        return search.ways()
    return SearchOfBatch(search, batch).ways()


class Search:
    """One order in its world, and what would bring it to the wanted end."""

    def __init__(
        self, world: World, wanted: str, *, widen: bool, relieve: str, planned: str
    ) -> None:
        self.world, self.wanted = world, wanted
        self.widen, self.relieve = widen, relieve
        snapshot = Snapshot(world.compiled, world.loads)
        run = begun(world.order, world.at, snapshot, widen=widen, relieve=relieve, planned=planned)
        self.decision = ended(run, world.order, snapshot)
        self.seen = run.seen

    def ways(self) -> list[Way]:
        """Return the smallest changes after which it comes there."""
        if self.is_wanted(self.decision):
            return []
        singles = list(dict.fromkeys(self.singles()))
        found = [way for change in singles if (way := self._tried((change,)))]
        if not found:
            pairs = islice(pairs_of(singles), _PAIRS)
            found = [way for pair in pairs if (way := self._tried(pair))]
        return few(found)

    # -- trying ---------------------------------------------------------------------------

    def _tried(self, made: tuple[Change, ...]) -> Way | None:
        world = changed(self.world, made)
        decision = decide(
            world.order,
            world.at,
            Snapshot(world.compiled, world.loads),
            widen=self.widen,
            relieve=self.relieve,
            with_trace=False,
        )
        return self.way(made, decision)

    def way(self, made: tuple[Change, ...], decision: Decision) -> Way | None:
        """Return the way that a decision after changes is; None where it is not as wanted."""
        if not self.is_wanted(decision) or decision.radiologist is None:
            return None
        return Way(made, decision.radiologist, decision.shift)

    def is_wanted(self, decision: Decision) -> bool:
        """Say whether a decision comes to the wanted end."""
        if decision.outcome is not Outcome.ASSIGNED:
            return False
        return not self.wanted or decision.radiologist == self.wanted

    # -- what might help ------------------------------------------------------------------

    def singles(self) -> Iterator[Change]:
        """Yield every single change that what stood in the way suggests."""
        yield from self._waits()
        for person in self.people():
            yield from self._of_person(person)
        yield from self._rules()
        yield from self._staffed()

    def people(self) -> list[RadiologistFacts]:
        """Return whom changes might be about: the wanted one, else all who fell out."""
        people = self.world.compiled.people
        if self.wanted:
            return [people[self.wanted]] if self.wanted in people else []
        out = [member.id for tried in self.seen.attempts for member, _ in tried.out]
        return [people[id_] for id_ in dict.fromkeys(out) if id_ in people][:_PEOPLE]

    def _of_person(self, person: RadiologistFacts) -> Iterator[Change]:
        for refusal in self.refusals(person):
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

    def refusals(self, person: RadiologistFacts) -> list[Refusal]:
        """Return every filter that somebody would not pass."""
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
            is_out = bool(excluding(self.seen, person.id) or self.refusals(person))
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
