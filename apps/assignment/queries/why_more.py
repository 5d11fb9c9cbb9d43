"""What is asked of a stored decision beyond its trace: all shifts and rules, why not, what if.

Worked out on demand from the configuration and the loads that were stored with it, so that it
answers for that moment. Source: ADR 22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from apps.assignment.models import Assignment, Unassigned
from apps.assignment.naming import naming_of_config
from apps.assignment.queries.loads import whole_loads
from apps.assignment.queries.seen import AllSeen, all_seen
from apps.assignment.snapshot.basis import BasisMissingError
from apps.assignment.snapshot.stored import StoredWorld, world_of
from apps.core.access import Access, Permission, Scope
from apps.engine.batch import Batch
from apps.engine.changes import Change, ChangeKind, change_words
from apps.engine.counterfactual import smallest_changes
from apps.engine.decision import Decision, begun, ended
from apps.engine.naming import Naming
from apps.engine.obstacles import Hurdle, Obstacle, Stage, obstacle_words
from apps.engine.ways import Way
from apps.engine.why_not import why_not
from apps.orders.models import Order
from apps.roster.models import Radiologist
from apps.roster.queries.places import seen_people
from apps.rules.models import RuleVersion

SOMEBODY = "a reader of other sites"
_STAGES: Mapping[Stage, str] = {
    Stage.SHIFT: "1 Shifts",
    Stage.ROSTER: "2 Roster",
    Stage.RULE: "3 Rules",
    Stage.COMPETENCY: "4 Competency",
    Stage.CAPACITY: "5 Capacity",
    Stage.SLA: "6 SLA",
    Stage.CHOICE: "7 Choice",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One obstacle: the step at which it stands, in words."""

    step: str
    words: str


@dataclass(frozen=True, slots=True)
class WayRow:
    """One way to place an order: what would change, and who would then get it."""

    words: str
    reader: str
    shift: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer about one reader; ``is_load_known`` says whether their load was stored.

    There is no obstacle for whoever the decision chose, and for nobody else.
    """

    radiologist: str
    name: str
    obstacles: Sequence[Said]
    ways: Sequence[WayRow]
    is_load_known: bool


@dataclass(frozen=True, slots=True)
class More:
    """Everything beyond the trace; ``problem`` says why there is nothing.

    ``ways`` would place an order that has nobody; ``no_ways`` says what it means that there are
    none; ``people`` are those who can be asked about. ``others`` were decided together with it.
    """

    order: Order
    assignment: Assignment | None
    problem: str
    people: Sequence[tuple[str, str]] = ()
    seen: AllSeen | None = None
    asked: Asked | None = None
    ways: Sequence[WayRow] = ()
    no_ways: str = ""
    others: int = 0


NO_BASIS = "The configuration that it was decided from was not kept, so nothing more can be said."
NO_DECISION = "No decision was made by the engine here, so there is nothing to ask."
NO_WAYS = "No one or two changes would."
NO_WAYS_TOGETHER = "No change that was tried would, with all that were given out together."
NO_BATCH = "The orders that it was given out with were not kept, so no change can be tried."


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: what they may see, and by which clock they read."""

    scope: Scope
    access: Access
    zone: tzinfo


def more_of_assignment(assignment_id: int, *, viewer: Viewer, reader: str = "") -> More | None:
    """Return more on an assignment, None when the scope holds none of that id.

    Args:
        assignment_id: the assignment.
        viewer: who asks.
        reader: the radiologist who is asked about, empty for none.
    """
    rows = Assignment.objects.select_related("order__site").filter(pk=assignment_id)
    found = viewer.scope.limit(rows, "order__site").first()
    if found is None:
        return None
    return _More(found.order, found.trace, viewer, {}).answer(reader, assignment=found)


def more_of_unassigned(
    order_id: int, *, viewer: Viewer, at: datetime, reader: str = ""
) -> More | None:
    """Return more on an order without a reader, None when the scope's queue does not hold it.

    Args:
        order_id: the order.
        viewer: who asks.
        at: now; the loads of those whom the decision did not look at are those of now.
        reader: the radiologist who is asked about, empty for none.
    """
    rows = Unassigned.objects.select_related("order__site").filter(pk=order_id)
    found = viewer.scope.limit(rows, "order__site").first()
    if found is None:
        return None
    return _More(found.order, found.trace, viewer, whole_loads(at)).answer(reader)


class _More:
    def __init__(
        self, order: Order, trace: Mapping[str, Any], viewer: Viewer, others: Mapping[str, Any]
    ) -> None:
        self.order, self.trace, self.viewer, self.others = order, trace, viewer, others
        self.names: dict[str, str] = {}
        self.batch: Batch | None = None

    def answer(self, reader: str, assignment: Assignment | None = None) -> More:
        if "result" not in self.trace or "order" not in self.trace:
            return More(self.order, assignment, NO_DECISION)
        try:
            world = world_of(self.trace, self.others)
        except BasisMissingError:
            return More(self.order, assignment, NO_BASIS)
        people = self._people(world)
        is_known = any(reader == id_ for id_, _ in people)
        is_placed = bool(self._chosen)
        if is_known or not is_placed:
            self.batch = world.batch()
        decision = _made_again(world)
        return More(
            order=self.order,
            assignment=assignment,
            problem="",
            people=people,
            seen=self._seen(world, decision),
            asked=self._asked(world, decision, reader) if is_known else None,
            ways=() if is_placed or is_known else self._ways(world, ""),
            no_ways=self._no_ways(world),
            others=self._others,
        )

    @property
    def _chosen(self) -> str:
        """Return who got it, as it is stored; nobody else did, whatever is decided again."""
        return str(self.trace["result"].get("radiologist", ""))

    @property
    def _others(self) -> int:
        return len(self.batch.asked) - 1 if self.batch else 0

    def _no_ways(self, world: StoredWorld) -> str:
        if not world.burst:
            return NO_WAYS
        return NO_WAYS_TOGETHER if self.batch else NO_BATCH

    def _people(self, world: StoredWorld) -> list[tuple[str, str]]:
        """Return who can be asked about: those looked at, and those whom the viewer sees."""
        visible = set(seen_people(self.viewer.scope).values_list("pk", flat=True))
        rows = Radiologist.objects.only("pk", "title", "given_name", "family_name")
        known = world.snapshot.compiled.people
        self.names = {
            person.pk: person.full_name
            for person in rows.order_by("family_name", "given_name", "pk")
            if person.pk in visible or person.pk in world.seen
        }
        return [(id_, name) for id_, name in self.names.items() if id_ in known]

    def _name(self, id_: str) -> str:
        return self.names.get(id_) or SOMEBODY

    def _naming(self, world: StoredWorld) -> Naming:
        return naming_of_config(world.snapshot.compiled.config, self._name)

    def _seen(self, world: StoredWorld, decision: Decision) -> AllSeen:
        may_see = self.viewer.access.scope(Permission.PATIENT_VIEW)
        return all_seen(
            world.order,
            world.at,
            world.snapshot,
            decision,
            naming=self._naming(world),
            may_see_patient=may_see.covers(self.order.site_id),
            known_rules=self._versions(world),
        )

    def _versions(self, world: StoredWorld) -> set[int]:
        """Return the rules whose version of that time has a page."""
        if not self.viewer.access.may(Permission.RULE_VIEW):
            return set()
        wanted = {rule.id: rule.version for rule in world.snapshot.compiled.config.rules}
        rows = RuleVersion.objects.filter(rule_id__in=wanted).values_list("rule_id", "version")
        return {rule for rule, version in rows if wanted[rule] == version}

    def _asked(self, world: StoredWorld, decision: Decision, reader: str) -> Asked:
        obstacles = self._obstacles(world, decision, reader)
        is_otherwise = any(one.hurdle is Hurdle.OTHERWISE for one in obstacles)
        naming = self._naming(world)
        return Asked(
            radiologist=reader,
            name=self._name(reader),
            obstacles=[Said(_STAGES[one.stage], obstacle_words(one, naming)) for one in obstacles],
            ways=self._ways(world, reader) if obstacles and not is_otherwise else (),
            is_load_known=reader in world.seen or reader in self.others,
        )

    def _obstacles(
        self, world: StoredWorld, decision: Decision, reader: str
    ) -> Sequence[Obstacle]:
        """Return what stood in the way of somebody; of whoever has it nothing did."""
        if reader == self._chosen:
            return ()
        is_by_hand = "by_hand" in self.trace
        if not is_by_hand and (decision.radiologist or "") != self._chosen:
            return (Obstacle(Stage.CHOICE, Hurdle.OTHERWISE),)
        by_hand = Obstacle(Stage.SHIFT, Hurdle.BY_HAND, person=self._chosen)
        found = why_not(
            world.order,
            world.at,
            world.snapshot,
            reader,
            widen=world.widen,
            relieve=world.relieve,
            planned=world.planned,
            others=self._others,
        )
        return (by_hand, *found) if is_by_hand else found

    def _ways(self, world: StoredWorld, wanted: str) -> list[WayRow]:
        if world.burst and self.batch is None:
            return []
        found = smallest_changes(
            world.order,
            world.at,
            world.snapshot,
            wanted=wanted,
            widen=world.widen,
            relieve=world.relieve,
            planned=world.planned,
            batch=self.batch,
        )
        return [self._way(way, wanted) for way in found]

    def _way(self, way: Way, wanted: str) -> WayRow:
        said = " and ".join(self._change(change) for change in way.changes)
        reader = "" if wanted else self._name(way.radiologist)
        return WayRow(said[:1].upper() + said[1:], reader, way.shift or "")

    def _change(self, change: Change) -> str:
        if change.kind is ChangeKind.WAIT:
            until = datetime.fromisoformat(str(change.params[0])).astimezone(self.viewer.zone)
            return f"it waits until {until:%H:%M on %d %b}"
        return change_words(change, self._name)


def _made_again(world: StoredWorld) -> Decision:
    run = begun(
        world.order,
        world.at,
        world.snapshot,
        widen=world.widen,
        relieve=world.relieve,
        planned=world.planned,
    )
    return ended(run, world.order, world.snapshot)
