"""Who may read a study: everybody active, each with what speaks for and against them.

For the menu of whoever assigns by hand. It is read without a lock and may be old by the time of
the choice; the service asks again under the lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from apps.assignment.choices import EndReason
from apps.assignment.desk.case import Case
from apps.assignment.exceptions import UnknownStudyError
from apps.assignment.models import Assignment
from apps.assignment.queries.loads import live_loads
from apps.assignment.queries.states import StudyState, state_of
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core.access import EVERYWHERE, Scope
from apps.engine.by_hand import shifts_for
from apps.engine.codes import Presence, Step
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import OrderFacts, RadiologistFacts, Workload
from apps.engine.fitness import fitness
from apps.engine.refusals import Refusal
from apps.engine.result import Snapshot
from apps.engine.rota import ShiftFacts
from apps.engine.words import refusal_words
from apps.orders.models import Order

_HUNDRED = 100


class Fitness(StrEnum):
    """Whether somebody may be given the study: at once, with a typed reason, or not at all."""

    FIT = "fit"
    FULL = "full"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OnShift:
    """A shift that somebody is on now."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier assignment of the study to the same reader, and how it ended."""

    ended_at: datetime
    reason: EndReason
    note: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A radiologist in the menu.

    ``shifts`` are those they are on now, by code; ``read_on`` is the code of the one on which
    they would read this study, empty for none. ``load_percent`` is open RVU against
    ``max_studies``, as the engine compares loads. ``refusal`` says in words, to be read after
    the name, why they are full or refused. ``earlier`` is newest first.
    """

    radiologist_id: str
    name: str
    shifts: tuple[OnShift, ...]
    read_on: str
    presence: Presence
    open_studies: int
    max_studies: int
    open_rvu: Decimal
    load_percent: int
    fitness: Fitness
    refusal: str
    is_reader: bool
    earlier: tuple[Earlier, ...]

    @property
    def needs_reason(self) -> bool:
        """Return whether the choice must be given a reason."""
        return self.fitness is Fitness.FULL

    # The menu may hold hundreds: what a line says is put together here, as a template takes ten
    # times as long to look up, compare and localize each part of it.

    @property
    def sought_by(self) -> str:
        """Return what typing narrows the menu by."""
        return f"{self.name} {self.radiologist_id}".lower()

    @property
    def had_it(self) -> str:
        """Return how they lost it the last time, empty where they never had it."""
        if not self.earlier:
            return ""
        last = self.earlier[0]
        note = f", “{last.note}”" if last.note else ""
        return f"had it: {last.reason.label.lower()}{note}"

    @property
    def reads_on(self) -> str:
        """Return what the shift is called on which they would read it, empty for none."""
        named = (one.name for one in self.shifts if one.code == self.read_on)
        return next(named, self.read_on)

    @property
    def where(self) -> str:
        """Return where they are, beside the shift on which they would read it."""
        presence = "" if self.presence is Presence.UNKNOWN else f" · {self.presence.value}"
        if self.read_on:
            return presence
        on = f"on {self.shifts[0].name}, other work" if self.shifts else "off shift"
        return f"{on}{presence}"

    @property
    def percent(self) -> str:
        """Return the load as a bar shows it: a full one shows no more."""
        return str(min(self.load_percent, _HUNDRED))

    @property
    def load(self) -> str:
        """Return the open studies against the seats."""
        return f"{self.open_studies} of {self.max_studies}"


@dataclass(frozen=True, slots=True)
class CandidateList:
    """The study and who may read it: the fit, then the full, then the refused."""

    state: StudyState
    candidates: tuple[Candidate, ...]

    @property
    def fit(self) -> tuple[Candidate, ...]:
        """Return those who may have it at once: on shift first, then the least load."""
        return self._of(Fitness.FIT)

    @property
    def full(self) -> tuple[Candidate, ...]:
        """Return those who lack nothing but a free seat."""
        return self._of(Fitness.FULL)

    @property
    def refused(self) -> tuple[Candidate, ...]:
        """Return those who may not read it."""
        return self._of(Fitness.REFUSED)

    def _of(self, kind: Fitness) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.candidates if candidate.fitness is kind)


def candidates(order_id: int, *, at: datetime, scope: Scope = EVERYWHERE) -> CandidateList:
    """Return who may read the study, judged at ``at``.

    Raises:
        UnknownStudyError: there is no such study within the scope.
    """
    case, earlier = _load(order_id, scope)
    view = current_view(read_versions())
    menu = _Menu(case, view, live_loads(at), earlier, at)
    people = view.compiled.people.values()
    found = [menu.candidate(person) for person in people if menu.lists(person)]
    return CandidateList(
        state=state_of(case.order, case.assignment),
        candidates=tuple(sorted(found, key=menu.place)),
    )


def _load(order_id: int, scope: Scope) -> tuple[Case, Mapping[str, tuple[Earlier, ...]]]:
    order = scope.limit(Order.objects.filter(pk=order_id).select_related("procedure")).first()
    if order is None:
        raise UnknownStudyError
    rows = list(Assignment.objects.filter(order=order_id).defer("trace").order_by("-pk"))
    current = next((row for row in rows if row.is_current), None)
    case = Case(order=order, patient=order.patient, procedure=order.procedure, assignment=current)
    return case, _earlier(rows)


def _earlier(rows: Iterable[Assignment]) -> Mapping[str, tuple[Earlier, ...]]:
    found: dict[str, list[Earlier]] = defaultdict(list)
    for row in rows:
        if row.ended_at is not None:
            ended = Earlier(row.ended_at, EndReason(row.end_reason), row.end_note)
            found[row.radiologist_id].append(ended)
    return {radiologist: tuple(ended) for radiologist, ended in found.items()}


class _Menu:
    """What is the same for every candidate of one study."""

    def __init__(
        self,
        case: Case,
        view: ConfigView,
        loads: Mapping[str, Workload],
        earlier: Mapping[str, tuple[Earlier, ...]],
        at: datetime,
    ) -> None:
        site_id = case.order.site_id
        site_code = view.site_codes.get(site_id, "") if site_id else ""
        self._order: OrderFacts = case.facts(site_code, at=at)
        self._snapshot = Snapshot(view.compiled, loads)
        self._earlier = earlier
        self._at = at
        self._reader = case.assignment.radiologist_id if case.assignment else ""
        self._work = shifts_for(self._order, at, view.compiled)
        self._shifts = _shifts_now(view.compiled, at)

    def lists(self, person: RadiologistFacts) -> bool:
        """Return whether the person stands in the menu; who left does, while they have it."""
        return person.is_active or person.id == self._reader

    def candidate(self, person: RadiologistFacts) -> Candidate:
        """Return the person with what speaks for and against them."""
        shift = self._work.get(person.id)
        load = self._snapshot.loads.get(person.id) or Workload(person.id)
        refusal = self._refusal(person, shift)
        return Candidate(
            radiologist_id=person.id,
            name=person.name,
            shifts=self._shifts.get(person.id, ()),
            read_on=shift.code if shift else "",
            presence=load.presence,
            open_studies=load.open_studies,
            max_studies=person.max_concurrent_studies,
            open_rvu=load.open_rvu,
            load_percent=_percent(load.open_rvu, person.max_concurrent_studies),
            fitness=_fitness(refusal),
            refusal=refusal_words(refusal.code, refusal.params) if refusal else "",
            is_reader=person.id == self._reader,
            earlier=self._earlier.get(person.id, ()),
        )

    def _refusal(self, person: RadiologistFacts, shift: ShiftFacts | None) -> Refusal | None:
        return fitness(
            self._order,
            self._at,
            self._snapshot,
            person.id,
            shift=shift.code if shift else None,
            count_capacity=person.id != self._reader,
        )

    @staticmethod
    def place(candidate: Candidate) -> tuple[int, int, int, Decimal, str]:
        """Return where the candidate stands: fitness, at work for it or at all, load, id."""
        return (
            _PLACES[candidate.fitness],
            int(not candidate.read_on),
            int(not candidate.shifts),
            candidate.open_rvu / max(candidate.max_studies, 1),
            candidate.radiologist_id,
        )


_PLACES = {Fitness.FIT: 0, Fitness.FULL: 1, Fitness.REFUSED: 2}


def _fitness(refusal: Refusal | None) -> Fitness:
    if refusal is None:
        return Fitness.FIT
    return Fitness.FULL if refusal.step is Step.CAPACITY else Fitness.REFUSED


def _percent(open_rvu: Decimal, seats: int) -> int:
    return int(open_rvu * _HUNDRED / seats) if seats else _HUNDRED


def _shifts_now(compiled: CompiledConfig, at: datetime) -> Mapping[str, tuple[OnShift, ...]]:
    found: dict[str, list[OnShift]] = defaultdict(list)
    for _, running in sorted(compiled.coverage_at(at).running.items()):
        for id_ in running.people:
            found[id_].append(OnShift(running.shift.code, running.shift.name))
    return {id_: tuple(shifts) for id_, shifts in found.items()}
