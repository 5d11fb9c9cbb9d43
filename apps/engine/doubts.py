"""What may be doubtful about a rule, and a rule at its place among the others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.engine.codes import ActionType
from apps.engine.conditions.logic import Meaning
from apps.engine.facts import RuleFacts
from apps.engine.rules import CompiledRule


class Doubt(StrEnum):
    """Why a rule does not do what it says."""

    BROKEN = "broken"
    NEVER_HOLDS = "never_holds"
    OVER = "over"
    NEVER_REACHED = "never_reached"
    LEFTOVERS = "leftovers"
    NEVER_COUNTS = "never_counts"
    OVERRIDDEN = "overridden"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Finding:
    """A doubt about a rule.

    ``by`` are the rules that cause it, in order; ``is_same`` says that the one rule asks for
    exactly the same orders. ``about`` is the cause of a broken rule, or the reader concerned.
    """

    doubt: Doubt
    by: tuple[RuleFacts, ...] = ()
    is_same: bool = False
    about: str = ""


@dataclass(slots=True)
class Placed:
    """A rule, what it means, and where it stands."""

    compiled: CompiledRule
    meaning: Meaning
    position: int = 0

    @property
    def facts(self) -> RuleFacts:
        """Return the rule."""
        return self.compiled.facts

    @property
    def is_terminal(self) -> bool:
        """Return whether the rule ends the run."""
        return self.compiled.is_terminal and not self.compiled.problem

    @property
    def lets_nothing_by(self) -> bool:
        """Return whether even what finds no reader ends there. Source: spec 2, step 3."""
        return self.facts.is_strict or self.facts.action is ActionType.HOLD
