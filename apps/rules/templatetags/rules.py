"""Filters that show rules."""

from __future__ import annotations

from django import template

from apps.rules import steps
from apps.rules.fields import conditions_text
from apps.rules.tiers import Tier

register = template.Library()


@register.filter
def conditions_json(conditions: object) -> str:
    """Return conditions as JSON, one condition a line."""
    return conditions_text(conditions)


@register.filter
def tier_words(tier: Tier) -> str:
    """Return a step after a breach in words."""
    return steps.tier_words(tier)
