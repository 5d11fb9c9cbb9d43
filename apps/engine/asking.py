"""Which credentials rules ask of a reader beside those of the order's procedure.

A rule asks what it meets, whoever chooses the reader: the engine, a person, or a change of an
order that somebody has already. A rule behind the one that gives the order to them is not reached,
so it asks nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from apps.engine.codes import ActionType
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.subject import Subject
from apps.engine.facts import OrderFacts, SiteFacts
from apps.engine.rules import CompiledRule


def rules_asking(
    order: OrderFacts, at: datetime, site: SiteFacts, compiled: CompiledConfig
) -> list[CompiledRule]:
    """Return the rules that hold for the order and matter to what is asked of its reader.

    They are in order: those that ask for credentials, and between them those that may end the run.
    Empty where no rule asks anything.
    """
    if compiled.asking is None:
        return []
    subject = Subject(order, at, site, compiled.config.holidays)
    held: list[CompiledRule] = []
    last = 0
    for rule in compiled.asking.matching(subject, at, []):
        held.append(rule)
        subject.urgency = rule.target.urgency or subject.urgency
        if rule.facts.action is ActionType.REQUIRE_CREDENTIAL:
            last = len(held)
    return held[:last]


def asked_of(
    radiologist: str, shift: str, held: list[CompiledRule], compiled: CompiledConfig, at: datetime
) -> Iterator[CompiledRule]:
    """Yield the rules that ask for credentials before one would give the order to this reader.

    Args:
        radiologist: the reader's id.
        shift: the code of the shift on which they read it, empty for none.
        held: what ``rules_asking`` found.
        compiled: the configuration.
        at: the moment.
    """
    for rule in held:
        if rule.facts.action is ActionType.REQUIRE_CREDENTIAL:
            yield rule
        elif rule.is_terminal and _ends(rule, radiologist, shift, compiled, at):
            return


def _ends(
    rule: CompiledRule, radiologist: str, shift: str, compiled: CompiledConfig, at: datetime
) -> bool:
    """Return whether the rule ends the run, or gives the order to this reader."""
    if rule.facts.is_strict or rule.facts.action in (ActionType.HOLD, ActionType.OVERFLOW):
        return True
    named = rule.target.named
    if radiologist in named or shift in named:
        return True
    running = compiled.coverage_at(at).running
    return any(name in running and radiologist in running[name].people for name in named)
