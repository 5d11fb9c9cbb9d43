"""Says in words what is doubtful about a rule because of its conditions and of other rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from apps.audit.editing import Effect
from apps.engine.conditions import in_words
from apps.engine.conditions.evaluate import Regions
from apps.engine.conditions.logic import Meaning, conflict
from apps.engine.doubts import Doubt, Finding, Placed
from apps.engine.facts import RuleFacts
from apps.rules.named import rule_words

_MOST_NAMED = 3


def finding_effect(one: Placed, finding: Finding, regions: Regions) -> Effect:
    """Return a finding in words."""
    return _EFFECTS[finding.doubt](one, finding, regions)


def impossible_parts(one: Placed, regions: Regions) -> Iterator[Effect]:
    """Yield the alternatives within conditions that can never hold, where others can."""
    if one.meaning.can_hold:
        for part in _alternatives(one.facts.conditions):
            if not Meaning(part, regions).can_hold:
                yield Effect(f"Of its alternatives “{in_words(part)}” can never hold.", "warn")


def in_the_way(one: Placed, behind: Sequence[RuleFacts]) -> Effect:
    """Return that later rules get nothing, or leavings only, because of this one."""
    named = _listed([rule_words(rule.priority_order, rule.name) for rule in behind])
    verb = "is" if len(behind) == 1 else "are"
    reached = (
        "never reached" if one.lets_nothing_by else "reached only by what it finds no reader for"
    )
    return Effect(f"Because of it {named} {verb} {reached}.", "warn")


def _broken(_one: Placed, finding: Finding, _regions: Regions) -> Effect:
    return Effect(f"It is skipped, since it cannot be evaluated: {finding.about}.", "alarm")


def _never_holds(one: Placed, _finding: Finding, regions: Regions) -> Effect:
    parts = [in_words(part) for part in conflict(one.facts.conditions, regions)]
    if not parts:
        return Effect("Its conditions can never hold together.", "alarm")
    if len(parts) == 1:
        return Effect(f"“{parts[0]}” can never hold, so it does nothing.", "alarm")
    return Effect(f"“{parts[0]}” and “{parts[1]}” can never hold together.", "alarm")


def _over(_one: Placed, _finding: Finding, _regions: Regions) -> Effect:
    return Effect("Its window is over: it does nothing any more.", "warn")


def _never_reached(_one: Placed, finding: Finding, _regions: Regions) -> Effect:
    if len(finding.by) > 1:
        return Effect(
            f"Never reached: {_named(finding)} before it end the run for all that it meets.",
            "warn",
        )
    what = "exactly the same orders" if finding.is_same else "all that it meets"
    return Effect(f"Never reached: {_named(finding)} before it ends the run for {what}.", "warn")


def _leftovers(one: Placed, finding: Finding, _regions: Regions) -> Effect:
    verb = "find" if len(finding.by) > 1 else "finds"
    said = f"Reached only by what {_named(finding)} before it {verb} no reader for"
    if finding.is_same and _differs(one.facts, finding.by[0]):
        return Effect(f"{said}: both ask for exactly the same orders.", "warn")
    return Effect(f"{said}.", "warn")


def _never_counts(_one: Placed, finding: Finding, _regions: Regions) -> Effect:
    return Effect(
        f"Never counts: {_named(finding)} after it decides on all that it meets first, since this "
        "rule lets later ones go on.",
        "warn",
    )


def _overridden(_one: Placed, finding: Finding, _regions: Regions) -> Effect:
    urgency = finding.by[0].target
    return Effect(
        f"Contradicted: {_named(finding)} after it makes all that it meets {urgency}.", "warn"
    )


def _excluded(_one: Placed, finding: Finding, _regions: Regions) -> Effect:
    return Effect(
        f"Contradicted: {_named(finding)} before it excludes {finding.about} from all that it "
        "meets.",
        "alarm",
    )


_EFFECTS: Mapping[Doubt, Callable[[Placed, Finding, Regions], Effect]] = {
    Doubt.BROKEN: _broken,
    Doubt.NEVER_HOLDS: _never_holds,
    Doubt.OVER: _over,
    Doubt.NEVER_REACHED: _never_reached,
    Doubt.LEFTOVERS: _leftovers,
    Doubt.NEVER_COUNTS: _never_counts,
    Doubt.OVERRIDDEN: _overridden,
    Doubt.EXCLUDED: _excluded,
}


def _named(finding: Finding) -> str:
    return _listed([rule_words(rule.priority_order, rule.name) for rule in finding.by])


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _differs(one: RuleFacts, other: RuleFacts) -> bool:
    return (one.action, one.target) != (other.action, other.target)


def _alternatives(node: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield the members of every group of alternatives that is not itself refused."""
    for name in ("all", "any"):
        members = node.get(name)
        for member in members if isinstance(members, list) else ():
            if name == "any":
                yield member
            yield from _alternatives(member)
