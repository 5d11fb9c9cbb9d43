"""Filters that show rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template

from apps.audit.editing import Effect
from apps.rules import steps, words
from apps.rules.fields import conditions_text
from apps.rules.tiers import Tier

register = template.Library()


@register.filter
def conditions_json(conditions: object) -> str:
    """Return conditions as JSON, one condition a line."""
    return conditions_text(conditions)


@register.filter
def condition_place(path: str) -> str:
    """Return which condition a path means, counted as the builder does: ``Condition 2.1``."""
    return words.problem_place(path)


@register.filter
def problem_words(message: str) -> str:
    """Return what is wrong in words for somebody who writes no JSON."""
    return words.problem_words(message)


@register.filter
def of(found: Mapping[int, Sequence[Effect]], rule_id: int) -> Sequence[Effect]:
    """Return what was found of a rule, nothing where nothing was."""
    return found.get(rule_id, ())


@register.filter
def tier_words(tier: Tier) -> str:
    """Return a step after a breach in words."""
    return steps.tier_words(tier)
