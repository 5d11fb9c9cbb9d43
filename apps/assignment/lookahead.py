"""What the end of a credential, licence or privilege costs: pure, judged by the engine's own step.

A kind of work is what orders ask of their readers. Who may read it on a day is asked of the
engine's competency step in parts (credentials and subspecialty, licence, privilege), because all
of them must hold and each is shared by many kinds of work. The answer to a part changes only on
the days on which something that concerns it begins or has ended, so it is asked once for each
stretch between them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from apps.engine.competency import Demand, competency_refusal
from apps.engine.facts import Credential, Dated, RadiologistFacts, SiteFacts

Item = Credential | Dated
_DAY = timedelta(days=1)
_ANY_DAY = date(2000, 1, 1)
_BEFORE = date.min
_NOWHERE = SiteFacts(code="", cluster="", zone="UTC")
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work at a site, and how many studies of it come a day."""

    site: SiteFacts
    modality: str
    body_part: str
    credentials: frozenset[str]
    subspecialty: str
    per_day: Decimal

    def parts(self) -> Iterator[Demand]:
        """Yield what must all hold for its reader, on no day in particular yet."""
        if self.credentials or self.subspecialty:
            yield Demand(_NOWHERE, "", "", self.credentials, self.subspecialty, _ANY_DAY)
        if self.site.requires_licence:
            place = replace(_NOWHERE, jurisdiction=self.site.jurisdiction, requires_licence=True)
            yield Demand(place, "", "", _NOTHING, "", _ANY_DAY)
        if self.site.requires_privilege:
            place = replace(_NOWHERE, code=self.site.code, requires_privilege=True)
            yield Demand(place, self.modality, self.body_part, _NOTHING, "", _ANY_DAY)


@dataclass(frozen=True, slots=True)
class Cost:
    """Studies a day that somebody may no longer read; worst kinds of work first.

    ``by_others`` says how many of them keep how many other readers; 0 is none at all. Of these,
    ``by_company`` says with how many others they are lost, whose right to read ends that day too.
    """

    by_others: Mapping[int, Decimal]
    works: Sequence[tuple[Work, int]]
    by_company: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def per_day(self) -> Decimal:
        """Return how many studies a day it concerns."""
        return sum(self.by_others.values(), Decimal(0))

    @property
    def alone(self) -> Decimal:
        """Return how many studies a day lose their last reader."""
        return self.by_others.get(0, Decimal(0))


class Lookahead:
    """Who may read what on which day; what was worked out is remembered."""

    def __init__(
        self,
        people: Iterable[RadiologistFacts],
        works: Iterable[Work],
        regions: Mapping[str, frozenset[str]],
        crews: dict[Demand, Crew] | None = None,
    ) -> None:
        """Look at active people and at the work that comes.

        Args:
            people: of the whole department.
            works: what comes.
            regions: the body parts of each region.
            crews: what was found of the same people and regions before; more is put in.
        """
        self._people = [person for person in people if person.is_active]
        self._regions = regions
        self._crews = crews if crews is not None else {}
        self._held: dict[Demand, Sequence[RadiologistFacts]] = {}
        self._by_part: dict[Demand, list[tuple[Work, tuple[Demand, ...]]]] = defaultdict(list)
        for work in works:
            parts = tuple(work.parts())
            for part in parts:
                self._by_part[part].append((work, parts))

    def cost_of_end(self, person: RadiologistFacts, item: Item) -> Cost:
        """Return what the person may read thanks to the item on its last day, and not after it."""
        last_on = item.end_on or date.max - _DAY
        before, after = (person, last_on), (person, last_on + _DAY)
        return self._cost(item, before, (lacking(person, item), last_on), after)

    def cost_of_ended(self, person: RadiologistFacts, item: Item, today: date) -> Cost:
        """Return what the person could read today were the item, which has ended, still valid."""
        now = (person, today)
        return self._cost(item, (renewed(person, item), today), now, now)

    def _cost(self, item: Item, with_it: _At, without: _At, after: _At) -> Cost:
        judge, judge_after = _Judge(*with_it, self._regions), _Judge(*after, self._regions)
        judge_without = _Judge(*without, self._regions)
        person, on = after
        lost = [
            (work, len(self._readers(parts, on) - {person.id}), parts)
            for part in self._by_part
            if concerns(item, part) and judge.may(part) and not judge_without.may(part)
            for work, parts in self._by_part[part]
            if all(map(judge.may, parts)) and not all(map(judge_after.may, parts))
        ]
        by_others: dict[int, Decimal] = defaultdict(Decimal)
        by_company: dict[int, Decimal] = defaultdict(Decimal)
        for work, others, parts in sorted(lost, key=lambda one: one[1]):
            by_others[others] += work.per_day
            if not others:
                by_company[self._company(person, parts, item)] += work.per_day
        worst = sorted(lost, key=lambda one: (one[1], -one[0].per_day, one[0].site.code))
        return Cost(dict(by_others), [one[:2] for one in worst], dict(sorted(by_company.items())))

    def _company(self, person: RadiologistFacts, parts: Sequence[Demand], item: Item) -> int:
        """Return how many others may read the work on the item's last day, and not after it."""
        if item.end_on is None or item.end_on == date.max:
            return 0
        last, after = item.end_on, item.end_on + _DAY
        return len(self._readers(parts, last) - self._readers(parts, after) - {person.id})

    def _readers(self, parts: Sequence[Demand], on: date) -> frozenset[str]:
        """Return who may read the work of these parts on a day."""
        crews = (self._crew(part).on(on) for part in parts)
        return frozenset.intersection(*crews)

    def _crew(self, part: Demand) -> Crew:
        crew = self._crews.get(part)
        if crew is None:
            crew = self._crews[part] = Crew(part, self._holders(part), self._regions)
        return crew

    def _holders(self, part: Demand) -> Sequence[RadiologistFacts]:
        """Return who holds anything that concerns a part, with that alone; one list per place."""
        place = part._replace(modality="", body_part="")
        known = self._held.get(place)
        if known is None:
            slim = (_for_part(person, part) for person in self._people)
            known = self._held[place] = [person for person in slim if _could(person, part)]
        return known


_At = tuple[RadiologistFacts, date]


class Crew:
    """Who fulfils one part on which day."""

    def __init__(
        self,
        part: Demand,
        holders: Iterable[RadiologistFacts],
        regions: Mapping[str, frozenset[str]],
    ) -> None:
        """Judge everybody once for each stretch between the days that matter to them."""
        self._part, self._regions = part, regions
        always: list[str] = []
        self._at_times: list[tuple[str, Sequence[date], Sequence[bool]]] = []
        for person in holders:
            edges = _edges(person)
            # A stretch is judged by its first day, what lies before all of them by any such.
            answers = [self._may(person, on) for on in (_BEFORE, *edges)]
            if all(answers):
                always.append(person.id)
            elif any(answers):
                self._at_times.append((person.id, edges, answers))
        self._always = frozenset(always)
        edges = sorted({edge for _id, edges, _answers in self._at_times for edge in edges})
        self._edges: Sequence[date] = edges
        self._known: dict[int, frozenset[str]] = {}

    def on(self, on: date) -> frozenset[str]:
        """Return the ids of who fulfils it on a day."""
        stretch = bisect_right(self._edges, on)
        known = self._known.get(stretch)
        if known is None:
            known = self._known[stretch] = self._always.union(
                id_ for id_, edges, answers in self._at_times if answers[bisect_right(edges, on)]
            )
        return known

    def _may(self, person: RadiologistFacts, on: date) -> bool:
        return competency_refusal(person, self._part._replace(on=on), self._regions) is None


def _edges(person: RadiologistFacts) -> Sequence[date]:
    """Return the days on which something that the person holds begins, or has ended."""
    items = list(_items(person))
    starts = {item.start_on for item in items if item.start_on}
    ends = {item.end_on + _DAY for item in items if item.end_on and item.end_on < date.max}
    return sorted(starts | ends)


class _Judge:
    """Whether one person fulfils parts on one day."""

    def __init__(
        self, person: RadiologistFacts, on: date, regions: Mapping[str, frozenset[str]]
    ) -> None:
        self._person, self._on, self._regions = person, on, regions
        self._known: dict[Demand, bool] = {}

    def may(self, part: Demand) -> bool:
        known = self._known.get(part)
        if known is None:
            asked = part._replace(on=self._on)
            refusal = competency_refusal(self._person, asked, self._regions)
            known = self._known[part] = refusal is None
        return known


def concerns(item: Item, part: Demand) -> bool:
    """Return whether an item could matter to a part: of its kind, and for its place."""
    if isinstance(item, Credential):
        return item.name in part.credentials
    if item.jurisdiction:
        return part.site.requires_licence and item.jurisdiction == part.site.jurisdiction
    return part.site.requires_privilege and item.site in ("", part.site.code)


def lacking(person: RadiologistFacts, item: Item) -> RadiologistFacts:
    """Return the person without one of their credentials, licences or privileges."""
    return replace(
        person,
        credentials=tuple(one for one in person.credentials if one != item),
        licences=tuple(one for one in person.licences if one != item),
        privileges=tuple(one for one in person.privileges if one != item),
    )


def renewed(person: RadiologistFacts, item: Item) -> RadiologistFacts:
    """Return the person with one of their items as if it did not end."""
    without, endless = lacking(person, item), replace(item, end_on=None)
    if isinstance(endless, Credential):
        return replace(without, credentials=(*without.credentials, endless))
    if endless.jurisdiction:
        return replace(without, licences=(*without.licences, endless))
    return replace(without, privileges=(*without.privileges, endless))


def _for_part(person: RadiologistFacts, part: Demand) -> RadiologistFacts:
    """Return the person with only what concerns a part."""
    return replace(
        person,
        credentials=tuple(one for one in person.credentials if concerns(one, part)),
        licences=tuple(one for one in person.licences if concerns(one, part)),
        privileges=tuple(one for one in person.privileges if concerns(one, part)),
    )


def _could(person: RadiologistFacts, part: Demand) -> bool:
    """Return whether the person holds anything that a part asks for, on whatever day."""
    return bool(part.subspecialty) or any(True for _ in _items(person))


def _items(person: RadiologistFacts) -> Iterator[Item]:
    yield from person.credentials
    yield from person.licences
    yield from person.privileges
