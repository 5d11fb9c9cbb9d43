"""Switches a rule on or off."""

from __future__ import annotations

from apps.rules.models import AssignmentRule


def switch_rule(rule: AssignmentRule, *, enabled: bool) -> bool:
    """Enable or disable the rule; return whether that changed anything."""
    if rule.enabled is enabled:
        return False
    rule.enabled = enabled
    rule.save(update_fields=["enabled"])
    return True
