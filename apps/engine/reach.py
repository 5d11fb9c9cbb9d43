"""Which rules can never do what they say, because of their conditions or of other rules.

Everything claimed follows from the rules alone and holds for every order; what cannot be proven
within bounds is not claimed. A rule is compared only with those that an index of what they ask
for leaves over, so a thousand rules are a matter of a tenth of a second.

An earlier rule stands in the way of a later one when it is terminal, its window covers the other's
from now on, and the later one's conditions entail its own. SET_PRIORITY rules between the two may
change the urgency, which is then not counted on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice

from apps.engine.asked import AskedFor
from apps.engine.codes import ActionType, Urgency
from apps.engine.conditions.domains import Words
from apps.engine.conditions.evaluate import Regions
from apps.engine.conditions.logic import (
    Meaning,
    Terms,
    can_meet,
    covers,
    implies,
    left_by,
    without,
)
from apps.engine.doubts import Doubt, Finding, Placed
from apps.engine.facts import RuleFacts
from apps.engine.rules import ASSIGNING, CAN_BE_TERMINAL, CompiledRule, compile_rule

_URGENCY = frozenset({"urgency"})
_NOTHING: frozenset[str] = frozenset()
_MOST_LOOKS = 500
"""With how many other rules one is compared."""
_MOST_MEETS = 100
"""How many alternatives are compared to find several rules that stand in one's way together."""
_MOST_TOGETHER = 24
"""How many rules may stand in one rule's way together."""


@dataclass(slots=True)
class _Looks:
    """How many comparisons may still be made."""

    left: int

    @property
    def is_over(self) -> bool:
        """Return whether no more may be made."""
        return self.left < 0

    def spend(self, wanted: int) -> bool:
        """Return whether that many may be made, and count them."""
        self.left -= wanted
        return self.left >= 0


@dataclass
class RuleSet:
    """Enabled rules at a moment, in the order of trial.

    Args:
        rules: enabled ones.
        regions: which body parts a region holds.
        at: only what is so from then on is told.
        like: an analysis of nearly the same rules, whose work is used again.
    """

    rules: Iterable[RuleFacts]
    regions: Regions
    at: datetime
    like: RuleSet | None = None
    _looks: _Looks = field(default_factory=lambda: _Looks(_MOST_LOOKS))
    _meets: _Looks = field(default_factory=lambda: _Looks(_MOST_MEETS))

    @cached_property
    def placed(self) -> Sequence[Placed]:
        """Return the rules in their order."""
        known = self.like.by_id if self.like is not None else {}
        ordered = sorted(self.rules, key=lambda one: standing(one.priority_order, one.id))
        found = [self._placed(rule, known.get(rule.id)) for rule in ordered]
        for position, one in enumerate(found):
            one.position = position
        return found

    @cached_property
    def by_id(self) -> Mapping[int, Placed]:
        """Return the rules by id."""
        return {one.facts.id: one for one in self.placed}

    def findings(self) -> Mapping[int, tuple[Finding, ...]]:
        """Return what is doubtful about each rule, by id; those without doubts are left out."""
        found = {one.facts.id: tuple(self._doubts(one)) for one in self.placed}
        return {rule_id: doubts for rule_id, doubts in found.items() if doubts}

    def findings_of(self, rule_id: int) -> tuple[Finding, ...]:
        """Return what is doubtful about one rule."""
        return tuple(self._doubts(self.by_id[rule_id]))

    def stands_before(self, rule_id: int) -> list[RuleFacts]:
        """Return the later rules whose every order a rule takes, in their order."""
        one = self.by_id[rule_id]
        if not one.is_terminal:
            return []
        later = self.placed[one.position + 1 :]
        self._looks = _Looks(len(later))
        return [other.facts for other in later if self._takes_all(one, other)]

    def met_before(self, rule_id: int, *actions: ActionType) -> Iterator[CompiledRule]:
        """Yield the earlier rules of some kinds that every order of a rule has met."""
        one = self.by_id[rule_id]
        for action in actions:
            for other in self._acting[action]:
                if other.position < one.position and self._takes_all(other, one):
                    yield other.compiled

    def _placed(self, rule: RuleFacts, known: Placed | None) -> Placed:
        if known is not None and known.facts is rule:
            return Placed(known.compiled, known.meaning)
        compiled = compile_rule(rule, self.regions)
        return Placed(compiled, Meaning(rule.conditions, self.regions))

    def _doubts(self, one: Placed) -> Iterator[Finding]:
        self._looks, self._meets = _Looks(_MOST_LOOKS), _Looks(_MOST_MEETS)
        if one.compiled.problem:
            yield Finding(Doubt.BROKEN, about=one.compiled.problem)
        elif self._is_over(one.facts):
            yield Finding(Doubt.OVER)
        elif not one.meaning.can_hold:
            yield Finding(Doubt.NEVER_HOLDS)
        else:
            yield from self._in_the_way(one)
            yield from self._excluded(one)
            yield from self._overridden(one)

    def _is_over(self, rule: RuleFacts) -> bool:
        return rule.active_until is not None and rule.active_until <= self.at

    def _in_the_way(self, one: Placed) -> Iterator[Finding]:
        """Yield the one finding that says most."""
        if closed := self._taken_by(one, self._closed):
            yield self._finding(Doubt.NEVER_REACHED, one, closed)
        elif asked := self._taken_by(one, self._terminal):
            yield self._finding(Doubt.LEFTOVERS, one, asked)
        elif after := self._taken_after(one):
            yield self._finding(Doubt.NEVER_COUNTS, one, [after])

    def _taken_by(self, one: Placed, asked: AskedFor) -> Sequence[Placed]:
        """Return the first earlier rule that takes all of a rule's orders, or several that do."""
        wider = (self.placed[place] for place in asked.wider(one.meaning, one.position))
        for other in wider:
            if self._takes_all(other, one):
                return [other]
            if self._looks.is_over:
                return ()
        return self._together(one, asked)

    def _finding(self, doubt: Doubt, one: Placed, by: Sequence[Placed]) -> Finding:
        is_same = len(by) == 1 and implies(by[0].meaning, one.meaning)
        return Finding(doubt, tuple(other.facts for other in by), is_same)

    def _together(self, one: Placed, asked: AskedFor) -> Sequence[Placed]:
        """Return earlier rules that take all of a rule's orders among them; empty: not proven."""
        places = list(islice(asked.meeting(one.meaning, one.position), _MOST_TOGETHER + 1))
        if not 1 < len(places) <= _MOST_TOGETHER:
            return ()
        could = [self.placed[place] for place in places]
        left, used = without(one.meaning.holds or (), self._unsure(could[0], one)), []
        for other in could:
            less = self._left_by(left, other) if self._is_meanwhile(other, one) else None
            if less is not None and not _is_alike(less, left):
                left = less
                used.append(other)
            if not left:
                return used
        return ()

    def _left_by(self, terms: Terms, other: Placed) -> Terms | None:
        size = len(terms) * len(other.meaning.fails or ())
        return left_by(terms, other.meaning) if self._meets.spend(size) else None

    def _taken_after(self, one: Placed) -> Placed | None:
        """Return a later rule that decides before one that only counts when none decided."""
        if one.is_terminal or one.facts.action not in _DEFERRED:
            return None
        later = self.placed[one.position + 1 :]
        closed = (other for other in later if other.is_terminal and other.lets_nothing_by)
        return next((other for other in closed if self._takes_all(other, one)), None)

    def _excluded(self, one: Placed) -> Iterator[Finding]:
        """Yield who is named here and left out before."""
        if one.facts.action not in _NAMING:
            return
        named = frozenset(one.compiled.target.named)
        for earlier in self._acting[ActionType.EXCLUDE]:
            out = named.intersection(earlier.compiled.target.named)
            if out and earlier.position < one.position and self._takes_all(earlier, one):
                for person in sorted(out):
                    yield Finding(Doubt.EXCLUDED, (earlier.facts,), about=person)

    def _overridden(self, one: Placed) -> Iterator[Finding]:
        """Yield the later rule that gives all its orders another urgency, nothing between."""
        wanted = one.compiled.target.urgency
        if wanted is None or one.meaning.holds is None:
            return
        afterwards = _with_urgency(without(one.meaning.holds, _URGENCY), wanted)
        for other in self.placed[one.position + 1 :]:
            is_met = self._is_meanwhile(other, one) and covers(afterwards, other.meaning)
            if is_met and other.compiled.target.urgency not in (None, wanted):
                yield Finding(Doubt.OVERRIDDEN, (other.facts,))
                return
            # Whatever may decide on it, or change it, lets the urgency count.
            if (other.is_terminal or other.compiled.target.urgency) and can_meet(
                other.meaning, one.meaning
            ):
                return

    def _takes_all(self, other: Placed, one: Placed) -> bool:
        """Return whether a rule certainly meets every order that another meets."""
        return (
            not other.compiled.problem
            and self._is_meanwhile(other, one)
            and self._looks.spend(1)
            and implies(one.meaning, other.meaning, ignoring=self._unsure(other, one))
        )

    def _is_meanwhile(self, other: Placed, one: Placed) -> bool:
        """Return whether a rule is active from now on whenever another is."""
        start, until = one.facts.active_from, one.facts.active_until
        begins = max(self.at, start) if start is not None else self.at
        wide = other.facts
        return (wide.active_from is None or wide.active_from <= begins) and (
            wide.active_until is None or (until is not None and until <= wide.active_until)
        )

    def _unsure(self, other: Placed, one: Placed) -> frozenset[str]:
        """Return what may differ between the trial of one rule and that of the other."""
        low, high = sorted((other.position, one.position))
        return _URGENCY if self._raised[high] > self._raised[low] else _NOTHING

    @cached_property
    def _raised(self) -> Sequence[int]:
        """Return how many rules that set the urgency stand before each place."""
        found, count = [], 0
        for one in self.placed:
            found.append(count)
            count += one.facts.action is ActionType.SET_PRIORITY
        return found

    @cached_property
    def _acting(self) -> Mapping[ActionType, Sequence[Placed]]:
        found: defaultdict[ActionType, list[Placed]] = defaultdict(list)
        for one in self.placed:
            found[one.facts.action].append(one)
        return found

    @cached_property
    def _terminal(self) -> AskedFor:
        terminal = (one for one in self.placed if one.is_terminal)
        return AskedFor((one.position, one.meaning) for one in terminal)

    @cached_property
    def _closed(self) -> AskedFor:
        closed = (one for one in self.placed if one.is_terminal and one.lets_nothing_by)
        return AskedFor((one.position, one.meaning) for one in closed)


_DEFERRED = frozenset(CAN_BE_TERMINAL - {ActionType.OVERFLOW})
_NAMING = frozenset({*ASSIGNING, ActionType.PREFER})


def standing(priority_order: int, rule_id: int) -> tuple[int, bool, int]:
    """Return where a rule stands; a drafted one, whose id is negative, after its equals."""
    return priority_order, rule_id < 0, abs(rule_id)


def _with_urgency(terms: Terms, urgency: Urgency) -> Terms:
    only = Words(frozenset({urgency.value.casefold()}), is_unknown_in=False)
    return tuple({**term, "urgency": only} for term in terms)


def _is_alike(one: Terms, other: Terms) -> bool:
    return len(one) == len(other) and all(term in other for term in one)
