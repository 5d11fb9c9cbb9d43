"""The same department under other rules: what a draft is asked with beside the live decision.

Everything but the rules is shared with the live configuration, who is on shift and the pools
remembered for each kind of work among it, for none of that depends on a rule. So asking a second
time costs what the rules and the choice cost, and keeps no second copy of a department.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from apps.engine.compiled import CompiledConfig
from apps.engine.coverage import Coverage
from apps.engine.facts import RuleFacts
from apps.engine.rules import RuleBook


class Beside(CompiledConfig):
    """A configuration that differs from the live one in its rules alone."""

    def __init__(self, live: CompiledConfig, rules: Sequence[RuleFacts]) -> None:
        # What the live one computed is taken over; computing it anew is what this is to spare.
        self.__dict__.update(live.__dict__)
        self._live = live
        self.config = replace(live.config, rules=tuple(rules))
        self.rules = RuleBook(rules, live.regions, like=live.rules)
        self.problems = tuple(
            sorted(
                f"rule {one.facts.id}: {one.problem}" for one in self.rules.rules if one.problem
            )
        )

    def coverage_at(self, at: datetime) -> Coverage:
        """Return who is on shift at a moment, as the live configuration knows it."""
        return self._live.coverage_at(at)


def with_rules(live: CompiledConfig, rules: Sequence[RuleFacts]) -> CompiledConfig:
    """Return the configuration as it would be under other rules; its versions are the live ones."""
    return Beside(live, rules)
