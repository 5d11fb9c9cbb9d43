"""Which work that a rule may meet somebody it names may not read, whatever the roster says.

The work is that of the catalogue: what procedures ask of their readers, at the sites that ask for
a licence or a privilege. Nothing here relaxes anything; it only tells beforehand what the engine
would refuse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from apps.engine.asked import named_words
from apps.engine.codes import Refused
from apps.engine.competency import Demand, competency_refusal
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.domains import Words, meet
from apps.engine.conditions.logic import Meaning, Term
from apps.engine.facts import RadiologistFacts, SiteFacts
from apps.engine.vocabulary import specialty_for
from apps.engine.words import refusal_words

_WORK_FIELDS = ("modality", "body_part", "subspecialty")
_NARROWING = frozenset({*_WORK_FIELDS, "procedure", "procedure_text"})


class Asked(NamedTuple):
    """What a procedure is and asks of its reader."""

    modality: str
    body_part: str
    subspecialty: str
    credentials: frozenset[str]
    required_subspecialty: str


_OF_NO_PROCEDURE = Asked("", "", "", frozenset(), "")
"""What an order asks whose procedure the catalogue does not know."""


@dataclass(frozen=True, slots=True)
class Work:
    """Procedures of one kind, by code, that ask the same."""

    asked: Asked
    codes: tuple[str, ...]
    points: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What somebody lacks for some of the work, and for which of it by example.

    ``of`` counts the procedures that the rule may meet, ``count`` those they may not read; at
    ``some_sites`` only, or at every site that it may meet. ``is_everything`` is whether nothing is
    left that they may read, what names no procedure of the catalogue included.
    """

    words: str
    count: int
    of: int
    examples: tuple[str, ...]
    some_sites: bool = False
    is_everything: bool = False


class Works:
    """The catalogue's work, found by modality."""

    def __init__(self, procedures: Iterable[tuple[str, Asked]]) -> None:
        grouped: defaultdict[Asked, list[str]] = defaultdict(list)
        for code, asked in procedures:
            grouped[asked].append(code)
        self._by_modality: defaultdict[str, list[Work]] = defaultdict(list)
        self._refusals: dict[tuple[str, Asked, str], str] = {}
        for asked, codes in grouped.items():
            work = Work(asked, tuple(codes), _points(asked))
            self._by_modality[asked.modality.casefold()].append(work)

    def refusal(
        self,
        person: RadiologistFacts,
        asked: Asked,
        site: SiteFacts,
        compiled: CompiledConfig,
        at: datetime,
    ) -> str:
        """Return why a reader may not read a kind of work at a site, empty when they may."""
        key = (person.id, asked, site.code)
        if key not in self._refusals:
            self._refusals[key] = _refusal(person, asked, site, compiled, at)
        return self._refusals[key]

    def met_by(self, meaning: Meaning) -> Iterator[tuple[Work, Sequence[str]]]:
        """Yield the kinds of work that conditions may meet, with the procedures' codes."""
        wanted = named_words(meaning).get("modality", self._by_modality)
        for modality in wanted:
            for work in self._by_modality.get(str(modality or ""), ()):
                codes = _codes_met(work, meaning.holds or ())
                if codes:
                    yield work, codes


def shortfalls(
    person: RadiologistFacts,
    meaning: Meaning,
    works: Works,
    compiled: CompiledConfig,
    at: datetime,
) -> list[Shortfall]:
    """Return what the reader lacks today for work that the conditions may meet, most of it first."""
    met = list(works.met_by(meaning))
    sites = list(_sites_met(meaning, compiled))
    lacking: defaultdict[str, list[str]] = defaultdict(list)
    everywhere: defaultdict[str, bool] = defaultdict(lambda: True)
    for work, codes in met:
        said = [works.refusal(person, work.asked, site, compiled, at) for site in sites]
        for words in {*said} - {""}:
            lacking[words] += codes
            everywhere[words] &= {*said} == {words}
    total = sum(len(codes) for _, codes in met)
    nothing_else = _is_of_the_catalogue(meaning) or all(
        works.refusal(person, _OF_NO_PROCEDURE, site, compiled, at) for site in sites
    )
    found = [
        Shortfall(
            words,
            len(codes),
            total,
            tuple(codes[:3]),
            some_sites=not everywhere[words],
            is_everything=len(codes) == total and everywhere[words] and nothing_else,
        )
        for words, codes in lacking.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.words))


def _is_of_the_catalogue(meaning: Meaning) -> bool:
    """Return whether conditions meet only what names a procedure."""
    return all("procedure" in term for term in meaning.holds or ())


def is_narrowed(meaning: Meaning) -> bool:
    """Return whether conditions say for which work they are."""
    terms = meaning.holds or ()
    return bool(terms) and all(not _NARROWING.isdisjoint(term) for term in terms)


def _points(asked: Asked) -> Mapping[str, Words]:
    own = asked.subspecialty or specialty_for(asked.modality, asked.body_part)
    values = zip(_WORK_FIELDS, (asked.modality, asked.body_part, own), strict=True)
    return {name: _point(value) for name, value in values}


def _point(value: str) -> Words:
    if not value:
        return Words(frozenset())
    return Words(frozenset({value.casefold()}), is_unknown_in=False)


def _codes_met(work: Work, terms: Iterable[Term]) -> Sequence[str]:
    fitting = [term for term in terms if _meets(term, work.points)]
    if any("procedure" not in term for term in fitting):
        return work.codes
    return [
        code
        for code in work.codes
        if any(_meets(term, {"procedure": _point(code)}) for term in fitting)
    ]


def _meets(term: Term, points: Mapping[str, Words]) -> bool:
    return all(name not in term or not meet(term[name], points[name]).is_empty for name in points)


def _sites_met(meaning: Meaning, compiled: CompiledConfig) -> Iterable[SiteFacts]:
    """Return the sites that conditions may meet; of those that ask the same, one."""
    terms = meaning.holds or ()
    found: dict[tuple[str, str], SiteFacts] = {}
    for site in compiled.sites.values():
        licence = site.jurisdiction if site.requires_licence else ""
        asks = (licence, site.code if site.requires_privilege else "")
        points = {"site": _point(site.code), "cluster": _point(site.cluster)}
        if asks not in found and any(_meets(term, points) for term in terms):
            found[asks] = site
    return found.values()


def _refusal(
    person: RadiologistFacts, asked: Asked, site: SiteFacts, compiled: CompiledConfig, at: datetime
) -> str:
    demand = Demand(
        site=site,
        modality=asked.modality,
        body_part=asked.body_part,
        credentials=asked.credentials,
        subspecialty=asked.required_subspecialty,
        on=compiled.local_date(site, at),
    )
    refused = competency_refusal(person, demand, compiled.regions)
    if refused is None:
        return ""
    # A privilege is refused for each kind of work anew: its site says enough.
    is_privilege = refused.code is Refused.PRIVILEGE
    return refusal_words(refused.code, refused.params[:1] if is_privilege else refused.params)
