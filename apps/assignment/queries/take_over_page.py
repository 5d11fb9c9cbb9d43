"""A take-over as its page shows it: what is asked, who could be chosen, what will happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from apps.assignment.desk.take_over import Became, Fate
from apps.assignment.queries.take_over import (
    NO_SHIFT,
    Asked,
    Handed,
    Places,
    Scene,
    TakeOver,
    look,
    scene_of,
)
from apps.assignment.queries.take_over_effects import effects_of, turns_words
from apps.assignment.queries.take_over_takers import Choice, Nearness, Takers
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import read_versions
from apps.assignment.study import StudyState
from apps.audit.editing import Effect
from apps.orders.models import Order
from apps.roster.models import Radiologist
from apps.roster.queries.take_over import Until
from apps.roster.words import times_words


@dataclass(frozen=True, slots=True)
class Group:
    """A shift whose turns are left, or the studies that belong to none; and who may take it.

    ``chosen`` are ids; ``choices`` holds everybody who could be, best fit first, and the chosen.
    """

    key: int
    name: str
    when: str
    chosen: Sequence[str]
    choices: Sequence[Choice]

    @property
    def is_turn(self) -> bool:
        """Return whether a shift is left, and not only studies."""
        return self.key != NO_SHIFT

    @property
    def fields(self) -> list[str]:
        """Return what each select shows: the chosen, and one to add another."""
        return [*self.chosen, ""]


@dataclass(frozen=True, slots=True)
class Line:
    """A study, what becomes of it in a word, and what kept it from the takers."""

    order: Order
    before: StudyState
    words: str
    icon: str
    tone: str
    why: str


_LOOKS: Mapping[Became, tuple[str, str, str]] = {
    Became.MOVES: ("{}", "arrow_forward", "good"),
    Became.DECIDED: ("{}, by the engine", "alt_route", "calm"),
    Became.WAITS: ("waits", "person_off", "alarm"),
    Became.STAYS: ("stays", "block", "warn"),
    Became.READING: ("being read", "play_arrow", "calm"),
}


@dataclass(frozen=True)
class Page:
    """Everything that the page shows; ``untouchable`` are turns that the viewer may not change."""

    done: TakeOver
    groups: Sequence[Group]
    effects: Sequence[Effect]
    untouchable: Sequence[str]
    turn_end: str

    @property
    def person(self) -> Radiologist:
        """Return who falls ill."""
        return self.done.scene.left.person

    @property
    def until(self) -> Until:
        """Return until when, as it counts."""
        return self.done.asked.period.until

    @property
    def moving(self) -> list[Line]:
        """Return the studies that are not being read."""
        return [self._line(one) for one in self.done.fates if not one.was_reading]

    @property
    def reading(self) -> list[Line]:
        """Return the studies that are being read, ticked or not."""
        return [self._line(one) for one in self.done.fates if one.was_reading]

    @property
    def decides_rest(self) -> bool:
        """Return whether the engine decides what no taker can take."""
        return self.done.asked.decide_rest

    @property
    def may_confirm(self) -> bool:
        """Return whether there is something to do, and nothing against it."""
        return not self.done.is_empty and not self.done.problems

    @property
    def is_full(self) -> bool:
        """Return whether a taker lacks but a free seat for some study."""
        return any(one.is_full for one in self.done.fates)

    @property
    def has_rest(self) -> bool:
        """Return whether some study that nobody reads yet finds no taker."""
        kept = (Became.DECIDED, Became.WAITS, Became.STAYS)
        return any(one.became in kept and not one.was_reading for one in self.done.fates)

    def _line(self, fate: Fate) -> Line:
        name = self.done.names.get(fate.reader, fate.reader)
        words, icon, tone = _LOOKS[fate.became]
        return Line(fate.case.order, fate.before, words.format(name), icon, tone, fate.why)


def page_of(asked: Asked, places: Places, *, actor: str) -> Page:
    """Return the page; where nobody was chosen for a shift yet, the best is.

    Raises:
        Radiologist.DoesNotExist: the viewer looks after nobody of that id.
    """
    base = current_view(read_versions())
    scene = scene_of(asked, places)
    period = asked.period
    if period.from_on is None and period.until is Until.TURN and not scene.left.is_under_way:
        asked = replace(asked, period=replace(period, until=Until.TODAY))
        scene = scene_of(asked, places)
    choices = Takers(scene, base, scope=places.roster).choices()
    asked = replace(asked, takers=_filled(asked, choices))
    done = look(asked, scene, base, actor=actor)
    return Page(
        done,
        groups=list(_groups(scene, done.handed, choices)),
        effects=effects_of(done),
        untouchable=[one.shift.name for one in scene.left.turns if not one.may_change],
        turn_end=_turn_end(scene),
    )


# -- who ---------------------------------------------------------------------------------


def _filled(asked: Asked, choices: Mapping[int, Sequence[Choice]]) -> dict[int, Sequence[str]]:
    """Return who was chosen, and where nobody was asked about yet the best.

    One who takes another shift already comes before others who are as near to it.
    """
    filled: dict[int, Sequence[str]] = {}
    for group, found in choices.items():
        nearest = [one.radiologist_id for one in found if one.nearness is found[0].nearness]
        taking = {one for chosen in filled.values() for one in chosen}
        best = [one for one in nearest if one in taking] or nearest
        filled[group] = asked.takers.get(group, best[:1])
    return filled


def _groups(
    scene: Scene, handed: Handed, choices: Mapping[int, Sequence[Choice]]
) -> Iterator[Group]:
    turns = {one.shift.pk: one for one in scene.left.turns}
    for key, found in choices.items():
        takers = handed.takers.get(key, ())
        chosen, offered = [one.pk for one in takers], {one.radiologist_id for one in found}
        more = [
            Choice(one.pk, one.full_name, "chosen", Nearness.UNFIT)
            for one in takers
            if one.pk not in offered
        ]
        if key == NO_SHIFT:
            yield Group(key, "The open studies", "no turn is left", chosen, [*found, *more])
        else:
            name, when = turns[key].shift.name, turns_words(turns[key])
            yield Group(key, name, when, chosen, [*found, *more])


def _turn_end(scene: Scene) -> str:
    """Return when the last turn under way ends, on the viewer's clock; empty where none is."""
    period = scene.left.period
    ends = [
        run.end_at
        for turns in scene.left.turns
        for run, _ in turns.own
        if run.start_at <= period.at < run.end_at
    ]
    return times_words(period.at, max(ends), period.zone).partition(" to ")[2] if ends else ""
