"""Assignment rules, their versions and drafts; SLA policies, weights, how far fairness goes."""

from __future__ import annotations

from apps.rules.models.drafts import DraftChange, RuleDraft, Shadow
from apps.rules.models.policies import DecisionPolicy, ScoringWeights, SlaPolicy
from apps.rules.models.rules import TERMINAL_ACTIONS, AssignmentRule, RuleVersion

__all__ = [
    "TERMINAL_ACTIONS",
    "AssignmentRule",
    "DecisionPolicy",
    "DraftChange",
    "RuleDraft",
    "RuleVersion",
    "ScoringWeights",
    "Shadow",
    "SlaPolicy",
]
