"""What is doubtful about the shifts, readers, credentials and codes that a rule names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.audit.editing import Effect
from apps.engine.codes import ActionType
from apps.engine.competency import Demand, competency_refusal
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.evaluate import leaves, read_leaf
from apps.engine.conditions.fields import Op
from apps.engine.doubts import Placed
from apps.engine.facts import RadiologistFacts, SiteFacts
from apps.engine.occurrences import local_date
from apps.engine.reach import RuleSet
from apps.engine.rota import ShiftFacts
from apps.engine.targets import NAMES, Names
from apps.engine.words import refusal_words
from apps.hl7v2.vocabulary import MODALITIES
from apps.rules.competence import Shortfall, Works, is_narrowed, shortfalls

ROSTER_DAYS = 14
"""How far ahead a shift that a rule names should have somebody."""
_READING = (ActionType.ASSIGN_TO_RADIOLOGIST, ActionType.ASSIGN_TO_WORKLIST, ActionType.PREFER)
_EQUALITIES = (Op.EQUAL, Op.NOT_EQUAL, Op.IN, Op.NOT_IN)
_ANYWHERE = SiteFacts("", "", "UTC")


@dataclass
class Directory:
    """All that there is to be named, at a moment.

    ``procedures`` are their codes, casefolded. Who is rostered is found out once for each shift.
    """

    compiled: CompiledConfig
    works: Works
    procedures: frozenset[str]
    at: datetime
    _staffing: dict[str, str] = field(default_factory=dict)

    def doubts(self, one: Placed) -> Iterator[Effect]:
        """Yield what is doubtful about whom and what a rule names."""
        yield from self._codes(one)
        kind = NAMES[one.facts.action]
        for name in one.compiled.target.named:
            yield from self._target(one, name, kind)
        if kind is Names.CREDENTIALS:
            yield from self._credentials(one)

    def readers(self, one: Placed, rules: RuleSet) -> Iterator[Effect]:
        """Yield what the readers that a rule gives work to lack for it."""
        if one.facts.action not in _READING:
            return
        people = (self.compiled.people.get(name) for name in one.compiled.target.named)
        required = list(rules.met_before(one.facts.id, ActionType.REQUIRE_CREDENTIAL))
        for person in people:
            if person is None or not person.is_active:
                continue
            for rule in required:
                lacks = self._lacks(person, frozenset(rule.target.named))
                if lacks:
                    asking = rule_words(rule.facts.priority_order, rule.facts.name)
                    yield Effect(f"{person.name} {lacks}, which {asking} asks for.", "alarm")
            yield from self._work(one, person)

    def _work(self, one: Placed, person: RadiologistFacts) -> Iterator[Effect]:
        is_narrow = is_narrowed(one.meaning)
        for short in shortfalls(person, one.meaning, self.works, self.compiled, self.at):
            if short.is_everything:
                yield Effect(
                    f"{person.name} {short.words}: may read nothing that it asks for.", "alarm"
                )
                return
            tone = "warn" if is_narrow else "calm"
            if short.count == short.of and not short.some_sites:
                tone = "alarm"
            yield Effect(f"{person.name} {short.words} for {_which(short)}.", tone)

    def _target(self, one: Placed, name: str, kind: Names) -> Iterator[Effect]:
        shift, person = self.compiled.shifts.get(name), self.compiled.people.get(name)
        otherwise = _otherwise(one)
        if shift is not None and kind in _OF_SHIFTS:
            if words := self._unstaffed(shift):
                yield Effect(f"{words} {otherwise}".rstrip(), "warn")
        elif person is not None and kind in _OF_READERS:
            if not person.is_active and one.facts.action is not ActionType.EXCLUDE:
                yield Effect(f"{person.name} is not active. {otherwise}".rstrip(), "alarm")
        elif kind in _OF_SHIFTS and kind not in _OF_READERS:
            yield Effect(f"The shift {name} is switched off. {otherwise}".rstrip(), "alarm")
        elif kind in _OF_READERS:
            what = "shift or radiologist" if kind in _OF_SHIFTS else "radiologist"
            yield Effect(f"There is no {what} {name}. {otherwise}".rstrip(), "alarm")

    def _unstaffed(self, shift: ShiftFacts) -> str:
        """Return that nobody will be on a shift, empty where somebody will."""
        if shift.code not in self._staffing:
            self._staffing[shift.code] = self._staffing_words(shift)
        return self._staffing[shift.code]

    def _staffing_words(self, shift: ShiftFacts) -> str:
        today = local_date(self.at, shift.zone)
        # A run that began yesterday may still be under way.
        days = (today + timedelta(days=number) for number in range(-1, ROSTER_DAYS))
        runs = [day for day in days if shift.runs_on(day)]
        if not runs:
            return f"{shift.code} does not run in the next {ROSTER_DAYS} days."
        if any(self.compiled.roster.seats(shift, day) for day in runs):
            return ""
        return f"Nobody is rostered on {shift.code} in the next {ROSTER_DAYS} days."

    def _credentials(self, one: Placed) -> Iterator[Effect]:
        wanted = frozenset(one.compiled.target.named)
        active = (person for person in self.compiled.people.values() if person.is_active)
        if wanted and all(self._lacks(person, wanted) for person in active):
            said = " and ".join(sorted(wanted))
            yield Effect(f"Nobody has {said} today: what it meets finds no reader.", "alarm")

    def _lacks(self, person: RadiologistFacts, credentials: frozenset[str]) -> str:
        on = local_date(self.at, "UTC")
        demand = Demand(_ANYWHERE, "", "", credentials, "", on)
        refused = competency_refusal(person, demand, self.compiled.regions)
        return refusal_words(refused.code, refused.params) if refused else ""

    def _codes(self, one: Placed) -> Iterator[Effect]:
        """Yield the codes that conditions compare with and that do not exist."""
        if one.compiled.problem:
            return
        unknown: dict[tuple[str, str], None] = {}
        for leaf in leaves(one.facts.conditions):
            found, op, value = read_leaf(leaf)
            known = _KNOWN.get(found.name)
            if known is not None and op in _EQUALITIES:
                listed = value if isinstance(value, list) else [value]
                words = (str(word).strip() for word in listed)
                unknown |= {
                    (found.words, word): None for word in words if not known(self, word.casefold())
                }
        for field_words, word in unknown:
            yield Effect(f"There is no {field_words} {word}.", "warn")

    def is_site(self, code: str) -> bool:
        """Return whether there is a site with the code, casefolded."""
        return any(code == site.casefold() for site in self.compiled.sites)

    def is_cluster(self, code: str) -> bool:
        """Return whether there is a cluster with the code, casefolded."""
        return any(code == site.cluster.casefold() for site in self.compiled.sites.values())

    def is_modality(self, code: str) -> bool:
        """Return whether there is a modality with the code, casefolded."""
        return code.upper() in MODALITIES

    def is_procedure(self, code: str) -> bool:
        """Return whether there is a procedure with the code, casefolded."""
        return code in self.procedures


def _which(short: Shortfall) -> str:
    where = " at some sites" if short.some_sites else ""
    example = ", ".join(short.examples)
    if short.count < short.of:
        which = f"{short.count} of the {short.of} procedures that it may meet"
        return f"{which}{where}, such as {example}"
    if short.of == 1:
        return f"the only procedure of the catalogue that it may meet{where}, {example}"
    return f"all {short.of} procedures of the catalogue that it may meet{where}, such as {example}"


def rule_words(priority_order: int, name: str) -> str:
    """Return what another rule is called."""
    return f"rule {priority_order} “{name}”"


def _otherwise(one: Placed) -> str:
    if one.facts.action not in _DECIDING:
        return ""
    if one.facts.is_strict:
        return "Until then what it meets stays unassigned: the rule is strict."
    return "Until then what it meets goes on to the next rule."


_DECIDING = (ActionType.ASSIGN_TO_SHIFT, ActionType.ASSIGN_TO_RADIOLOGIST)
_OF_SHIFTS = (Names.SHIFT, Names.SHIFTS, Names.READERS_OR_SHIFTS)
_OF_READERS = (Names.READER, Names.READERS, Names.READERS_OR_SHIFTS)
_KNOWN: Mapping[str, Callable[[Directory, str], bool]] = {
    "site": Directory.is_site,
    "cluster": Directory.is_cluster,
    "modality": Directory.is_modality,
    "procedure": Directory.is_procedure,
}
