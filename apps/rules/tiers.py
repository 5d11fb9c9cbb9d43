"""The steps after a breach: what is done, and how many minutes after it. Source: spec 3, slow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from apps.rules.choices import TierAction

_KEYS = {"after_minutes", "action"}
_EXAMPLE = '[{"after_minutes": 0, "action": "flag"}, {"after_minutes": 30, "action": "reassign"}]'
_LONGEST_MINUTES = 60 * 24 * 365


@dataclass(frozen=True, slots=True)
class Tier:
    """One step: an action, so many minutes after the breach."""

    after_minutes: int
    action: TierAction


DEFAULT_TIERS = (
    Tier(0, TierAction.FLAG),
    Tier(15, TierAction.ALERT),
    Tier(30, TierAction.REASSIGN),
    Tier(60, TierAction.SUPERVISOR),
)
"""What is done where a policy names no steps."""


def read_tiers(steps: object) -> tuple[Tier, ...]:
    """Return a policy's steps in the order in which they happen, those of one minute as they stand.

    The first is the flag, which counts the breach: a list that does not name it has it at 0. What
    is no step is left out, for rows that were loaded past the form must not stop the clock.
    """
    tiers = _known(steps)
    if not tiers:
        return DEFAULT_TIERS
    flags = [tier for tier in tiers if tier.action is TierAction.FLAG] or [DEFAULT_TIERS[0]]
    first = min(flags, key=_minutes)
    rest = [tier for tier in tiers if tier.action is not TierAction.FLAG]
    return (first, *(_not_before(first, tier) for tier in sorted(rest, key=_minutes)))


def tier_problems(steps: object) -> list[str]:
    """Return what is wrong with a policy's steps, in words; empty when nothing is."""
    if not isinstance(steps, list):
        return [f"The steps are a JSON list, such as {_EXAMPLE}."]
    problems = [
        f"Step {number}: {problem}"
        for number, step in enumerate(steps, start=1)
        if (problem := _step_problem(step))
    ]
    return problems or list(_order_problems(_known(steps)))


def _known(steps: object) -> list[Tier]:
    """Return the steps that are ones, in the order in which they were written."""
    return [
        Tier(step["after_minutes"], TierAction(step["action"]))
        for step in (steps if isinstance(steps, list) else [])
        if not _step_problem(step)
    ]


def _step_problem(step: object) -> str:
    if not isinstance(step, Mapping) or set(step) != _KEYS:
        return "a step has after_minutes and action, and nothing else."
    minutes, action = step["after_minutes"], step["action"]
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        return "after_minutes is a whole number of minutes."
    if not 0 <= minutes <= _LONGEST_MINUTES:
        return "after_minutes counts from the breach: 0 or more, at most a year."
    if action not in TierAction.values:
        return f"the action is one of {', '.join(TierAction.values)}."
    return ""


def _order_problems(tiers: Sequence[Tier]) -> Iterator[str]:
    flags = [tier for tier in tiers if tier.action is TierAction.FLAG]
    if len(flags) > 1:
        yield "The breach is flagged once: name the flag in one step only."
    elif any(tier.after_minutes < flag.after_minutes for flag in flags for tier in tiers):
        yield "The flag comes first: no other step can have fewer minutes."


def _not_before(first: Tier, tier: Tier) -> Tier:
    return Tier(max(first.after_minutes, tier.after_minutes), tier.action)


def _minutes(tier: Tier) -> int:
    return tier.after_minutes
