"""Who could take over from somebody who falls ill, best fit first.

From now on, who is at work comes before who would have to be called in: somebody on the same
turn, then on another one. Among those it is as for any gap in the roster: who may read all of
it, is free, rested and has worked the fewest hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from apps.assignment.queries.loads import live_loads
from apps.assignment.queries.take_over import NO_SHIFT, Places, Scene
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core.access import Scope
from apps.engine.codes import Presence
from apps.engine.facts import RadiologistFacts, Workload
from apps.roster.queries.could_fill import Filler, Fit, Opening, could_fill_each
from apps.roster.queries.places import seen_people
from apps.roster.queries.take_over import Turns
from apps.roster.words import listed

_GONE = frozenset({Presence.OFFLINE, Presence.BUSY})
_REASONS = 3


class Nearness(IntEnum):
    """How near somebody is to the work; lower is better."""

    ON_IT = 0
    AT_WORK = 1
    FREE = 2
    UNFIT = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who could be chosen, and what speaks for and against them."""

    radiologist_id: str
    name: str
    words: str
    nearness: Nearness


class Takers:
    """Everybody who could take over, asked about one shift after another."""

    def __init__(self, scene: Scene, base: ConfigView, *, scope: Scope) -> None:
        """Read how loaded everybody is, and who is at work now.

        Args:
            scene: whose turns and studies.
            base: the configuration as it is.
            scope: whose people are offered.
        """
        self._scene, self._base, self._scope = scene, base, scope
        at = scene.left.period.at
        self._is_now = scene.left.period.from_on is None
        self._loads: Mapping[str, Workload] = live_loads(at)
        self._at_work = at_work(base, at) if self._is_now else {}

    def choices(self) -> dict[int, list[Choice]]:
        """Return the choices for each of the scene's groups."""
        by_shift = {turns.shift.pk: turns for turns in self._scene.left.turns}
        turns = [by_shift[group] for group in self._scene.groups if group != NO_SHIFT]
        found = could_fill_each([_opening(one) for one in turns], scope=self._scope)
        choices = {
            one.shift.pk: self._for_shift(one, fillers)
            for one, fillers in zip(turns, found, strict=True)
        }
        return {
            group: choices[group] if group != NO_SHIFT else self._for_studies()
            for group in self._scene.groups
        }

    def _for_shift(self, turns: Turns, fillers: Sequence[Filler]) -> list[Choice]:
        run, _span = turns.first
        places = {one.person.pk: place for place, one in enumerate(fillers)}
        seated = set(run.seated)
        found = [
            self._choice(one.person.pk, one.person.full_name, self._nearness(one, seated), one)
            for one in fillers
            if one.person.pk != self._scene.left.person.pk
        ]
        offered = [one for one in found if one.nearness is not Nearness.UNFIT]
        return sorted(offered, key=lambda one: (*self._key(one), places[one.radiologist_id]))

    def _nearness(self, filler: Filler, seated: set[str]) -> Nearness:
        id_ = filler.person.pk
        if id_ in seated and id_ in self._at_work:
            return Nearness.ON_IT
        if not filler.can:
            return Nearness.UNFIT
        return Nearness.AT_WORK if id_ in self._at_work else Nearness.FREE

    def _for_studies(self) -> list[Choice]:
        """Return who could read studies that belong to no turn any more."""
        period, roster = self._scene.left.period, self._base.compiled.roster
        seen = set(seen_people(self._scope).values_list("pk", flat=True))
        found = [
            self._choice(one.id, one.name, self._nearness_off_shift(one), None)
            for one in self._base.compiled.people.values()
            if one.is_active and one.id in seen and one.id != self._scene.left.person.pk
            if roster.absence(one.id, period.today, period.at) is None
        ]
        return sorted(found, key=lambda one: (*self._key(one), self._share(one.radiologist_id)))

    def _nearness_off_shift(self, person: RadiologistFacts) -> Nearness:
        return Nearness.AT_WORK if person.id in self._at_work else Nearness.FREE

    def _key(self, choice: Choice) -> tuple[int, bool, bool]:
        id_ = choice.radiologist_id
        return choice.nearness, self._load(id_).presence in _GONE, self._is_full(id_)

    def _choice(self, id_: str, name: str, nearness: Nearness, filler: Filler | None) -> Choice:
        load = self._load(id_)
        person = self._base.compiled.people.get(id_)
        seats = person.max_concurrent_studies if person else 0
        said = [
            self._where(id_, nearness),
            load.presence.value if load.presence in _GONE else "",
            *(_against(filler) if filler and nearness is not Nearness.ON_IT else ()),
            f"{load.open_studies} of {seats} open",
        ]
        return Choice(id_, name, ", ".join(filter(None, said)), nearness)

    def _where(self, id_: str, nearness: Nearness) -> str:
        if nearness is Nearness.ON_IT:
            return "on it already"
        if not self._is_now:
            return ""
        shifts = self._at_work.get(id_, ())
        return f"at work on {listed(shifts, most=1)}" if shifts else "not at work"

    def _load(self, id_: str) -> Workload:
        return self._loads.get(id_) or Workload(id_)

    def _is_full(self, id_: str) -> bool:
        person = self._base.compiled.people.get(id_)
        return person is None or self._load(id_).open_studies >= person.max_concurrent_studies

    def _share(self, id_: str) -> float:
        person = self._base.compiled.people[id_]
        return float(self._load(id_).open_rvu) / max(person.max_concurrent_studies, 1)


def at_work(base: ConfigView, at: datetime) -> dict[str, list[str]]:
    """Return who takes work now, each with the codes of their shifts."""
    found: dict[str, list[str]] = {}
    for code, running in sorted(base.compiled.coverage_at(at).running.items()):
        for id_ in running.people:
            found.setdefault(id_, []).append(code)
    return found


def _against(filler: Filler) -> Sequence[str]:
    """Return what there is to mind; where there is nothing, how much they work."""
    if filler.fit is Fit.FULLY:
        return [reason.words for reason in filler.reasons if reason.tone != "note"][1:_REASONS]
    return [reason.words for reason in filler.reasons if reason.tone == "warn"]


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody who may fall ill: their open studies, and the shifts they are on now."""

    radiologist_id: str
    name: str
    open_studies: int
    shifts: Sequence[str]


def people_to_choose(places: Places, *, at: datetime) -> list[Somebody]:
    """Return whom others may take over from: who is at work first, then by name."""
    view, loads = current_view(read_versions()), live_loads(at)
    seen = set(seen_people(places.roster).values_list("pk", flat=True))
    work = at_work(view, at)
    found = [
        Somebody(one.id, one.name, load.open_studies, work.get(one.id, []))
        for one in view.compiled.people.values()
        if one.id in seen
        and ((load := loads.get(one.id) or Workload(one.id)).open_studies or one.is_active)
    ]
    return sorted(found, key=lambda one: (not one.shifts, one.name, one.radiologist_id))


def _opening(turns: Turns) -> Opening:
    run, span = turns.first
    return Opening(turns.shift, run.start_on, span.start_at, span.end_at)
