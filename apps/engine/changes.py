"""Single changes to the world of one decision: what each does, how big it is, how it is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from apps.engine.codes import Presence
from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.facts import (
    Credential,
    Dated,
    OrderFacts,
    RadiologistFacts,
    SiteFacts,
    Workload,
)
from apps.engine.variant import FewerRules, Variant

Name = Callable[[str], str]


class ChangeKind(StrEnum):
    """What would have to change, the smallest kind first."""

    WAIT = "wait"
    ONLINE = "online"
    BY_HAND = "by_hand"
    SEAT = "seat"
    LIMIT = "limit"
    STAFF = "staff"
    BACK = "back"
    ACTIVE = "active"
    RULE_OFF = "rule_off"
    SPECIALTY = "specialty"
    CREDENTIAL = "credential"
    PRIVILEGE = "privilege"
    LICENCE = "licence"


@dataclass(frozen=True, slots=True)
class World:
    """What one decision is made on."""

    order: OrderFacts
    at: datetime
    compiled: CompiledConfig
    loads: Mapping[str, Workload]

    def load_of(self, id_: str) -> Workload:
        """Return what somebody has on hand."""
        return self.loads.get(id_) or Workload(id_)

    def with_load(self, load: Workload) -> World:
        """Return the world in which somebody has that on hand."""
        return replace(self, loads={**self.loads, load.radiologist: load})

    def with_person(self, id_: str, **changes: Any) -> World:
        """Return the world in which somebody is otherwise."""
        person = replace(self.compiled.people[id_], **changes)
        return replace(self, compiled=Variant(self.compiled, person=person))

    def person(self, id_: str) -> RadiologistFacts:
        """Return somebody's facts."""
        return self.compiled.people[id_]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be otherwise; ``size`` compares changes of one kind, less is smaller.

    ``params`` are the figures and names of the words, ``person`` the reader whom it is about.
    """

    kind: ChangeKind
    params: tuple[int | str, ...]
    make: Callable[[World], World] = field(compare=False, repr=False)
    person: str = ""
    size: int = 1

    @property
    def rank(self) -> tuple[int, int]:
        """Return how big it is: by its kind, then its size."""
        return list(ChangeKind).index(self.kind), self.size


def change_words(change: Change, name: Name = str) -> str:
    """Return a change as a clause: "Dr A comes online".

    Args:
        change: what would be otherwise.
        name: how somebody is named, by their id.
    """
    return _WORDS[change.kind].format(*change.params, who=name(change.person))


_WORDS: Mapping[ChangeKind, str] = {
    ChangeKind.WAIT: "it waits until {0}",
    ChangeKind.ONLINE: "{who} comes online",
    ChangeKind.BY_HAND: "a person gives it to {who} again, who had it and did not take it",
    ChangeKind.SEAT: "{who} finishes {0} of their open studies",
    ChangeKind.LIMIT: "the limit of {who} is raised: {0} to {1}",
    ChangeKind.STAFF: "{who} is put on shift {0}",
    ChangeKind.BACK: "{who}, who is away, takes work again",
    ChangeKind.ACTIVE: "{who} is switched on",
    ChangeKind.RULE_OFF: "rule {0} “{1}” is switched off",
    ChangeKind.SPECIALTY: "{who} becomes a reader of {0}, which it needs",
    ChangeKind.CREDENTIAL: "{who} gets the credential that it needs: {0}",
    ChangeKind.PRIVILEGE: "{who} gets the privilege that it needs: {0}",
    ChangeKind.LICENCE: "{who} gets the licence that it needs: {0}",
}


def wait(until: datetime) -> Change:
    """Return that it is decided later; who is busy until then is there again."""

    def make(world: World) -> World:
        loads = {id_: _later(load, until) for id_, load in world.loads.items()}
        return replace(world, at=until, loads=loads)

    return Change(ChangeKind.WAIT, (until.isoformat(),), make, size=int(until.timestamp()))


def _later(load: Workload, at: datetime) -> Workload:
    if load.busy_until is None or load.busy_until > at:
        return load
    return replace(load, presence=Presence.ONLINE, busy_until=None)


def online(id_: str) -> Change:
    """Return that somebody is there."""

    def make(world: World) -> World:
        load = replace(world.load_of(id_), presence=Presence.ONLINE, busy_until=None)
        return world.with_load(load)

    return Change(ChangeKind.ONLINE, (), make, id_)


def given_again(id_: str) -> Change:
    """Return that it may go to somebody who did not take it, because a person gives it."""

    def make(world: World) -> World:
        left = world.order.passed_over - {id_}
        return replace(world, order=replace(world.order, passed_over=left))

    return Change(ChangeKind.BY_HAND, (), make, id_)


def finished(load: Workload, studies: int) -> Change:
    """Return that somebody has so many open studies less; those of the mean RVU, routine first."""

    def make(world: World) -> World:
        return world.with_load(without_studies(world.load_of(load.radiologist), studies))

    return Change(ChangeKind.SEAT, (studies,), make, load.radiologist, studies)


def without_studies(load: Workload, studies: int) -> Workload:
    """Return a load with so many studies less; those of the mean RVU, routine ones first."""
    counts = list(load.open_by_urgency)
    left = studies
    for place in (2, 1, 0):
        gone = min(counts[place], left)
        counts[place], left = counts[place] - gone, left - gone
    still, before = sum(counts), max(load.open_studies, 1)
    return replace(
        load,
        open_by_urgency=(counts[0], counts[1], counts[2]),
        open_rvu=load.open_rvu * Decimal(still) / Decimal(before),
    )


def raised(
    person: RadiologistFacts, column: str, value: int | Decimal, size: int, words: str
) -> Change:
    """Return that one of somebody's limits is higher.

    Args:
        person: whose.
        column: the limit's name in their facts.
        value: what it would be.
        size: by how much it is raised.
        words: what the limit is called.
    """

    def make(world: World) -> World:
        return world.with_person(person.id, **{column: value})

    return Change(ChangeKind.LIMIT, (words, str(value)), make, person.id, size)


def staffed(shift: str, id_: str) -> Change:
    """Return that somebody is on a running shift."""

    def make(world: World) -> World:
        return replace(world, compiled=Variant(world.compiled, seat=(shift, id_)))

    return Change(ChangeKind.STAFF, (shift,), make, id_)


def back(id_: str) -> Change:
    """Return that somebody's leave, or their other work, is not."""

    def make(world: World) -> World:
        config = world.compiled.config
        kept = tuple(leave for leave in config.leaves if leave.radiologist != id_)
        return replace(world, compiled=compile_config(replace(config, leaves=kept)))

    return Change(ChangeKind.BACK, (), make, id_)


def active(id_: str) -> Change:
    """Return that somebody is switched on."""
    return Change(ChangeKind.ACTIVE, (), lambda w: w.with_person(id_, is_active=True), id_)


def without_rule(id_: int, name: str) -> Change:
    """Return that a rule is switched off."""

    def make(world: World) -> World:
        rules = FewerRules(world.compiled.rules, frozenset({id_}))
        return replace(world, compiled=Variant(world.compiled, rules=rules))

    return Change(ChangeKind.RULE_OFF, (id_, name), make)


def with_credentials(person: RadiologistFacts, names: tuple[str, ...]) -> Change:
    """Return that somebody has credentials."""
    held = (*person.credentials, *(Credential(name) for name in names))
    return Change(
        ChangeKind.CREDENTIAL,
        (", ".join(names),),
        lambda world: world.with_person(person.id, credentials=held),
        person.id,
        len(names),
    )


def with_specialty(person: RadiologistFacts, name: str) -> Change:
    """Return that somebody reads a subspecialty."""
    read = person.specialties | {name}
    return Change(
        ChangeKind.SPECIALTY,
        (name,),
        lambda world: world.with_person(person.id, specialties=read),
        person.id,
    )


def with_licence(person: RadiologistFacts, jurisdiction: str) -> Change:
    """Return that somebody has a licence."""
    held = (*person.licences, Dated(jurisdiction=jurisdiction))
    return Change(
        ChangeKind.LICENCE,
        (jurisdiction,),
        lambda world: world.with_person(person.id, licences=held),
        person.id,
    )


def with_privilege(person: RadiologistFacts, site: SiteFacts, order: OrderFacts) -> Change:
    """Return that somebody has the privilege for an order."""
    found = Dated(site=site.code, modality=order.modality, body_part=order.body_part)
    said = " ".join(part for part in (site.code, order.modality, order.body_part) if part)
    return Change(
        ChangeKind.PRIVILEGE,
        (said,),
        lambda world: world.with_person(person.id, privileges=(*person.privileges, found)),
        person.id,
    )
