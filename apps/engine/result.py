"""What a decision is made on and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.engine.alike import Alike
from apps.engine.codes import Outcome, Reason, Strategy, Urgency
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import Workload


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What people edit and what is on everybody's hands, at one moment.

    ``loads`` is by radiologist id; who is missing has nothing on hand. ``alike`` is for who
    decides many orders on the same loads at the same moment.
    """

    compiled: CompiledConfig
    loads: Mapping[str, Workload] = field(default_factory=dict)
    alike: Alike | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and why.

    ``radiologist`` is set exactly when the outcome is ASSIGNED; ``shift`` is None for somebody
    whom a rule names off shift. ``rule_id`` and ``rule_version`` name the rule that decided,
    ``matched_rules`` every rule that held, in order. ``urgency`` is the order's after
    SET_PRIORITY. ``trace`` is JSON-able; ``story.explain`` says it in English.
    """

    outcome: Outcome
    radiologist: str | None
    shift: str | None
    strategy: Strategy | None
    rule_id: int | None
    rule_version: int | None
    matched_rules: tuple[tuple[int, int], ...]
    reason: Reason | None
    reason_text: str
    escalated: bool
    urgency: Urgency
    # JSON of several shapes; see the trace module.
    trace: dict[str, Any]
