"""What a what-if changes, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apps.engine.codes import Strategy
from apps.roster.choices import StrategyChoices
from apps.trials.models import WhatIf
from apps.trials.whatif.seeing import Names
from apps.trials.whatif.wishes import Limits, Wishes

_POLICY: Mapping[str, str] = {
    "catch_up_units": "Catch-up at most",
    "company_share": "Company may be fuller by",
    "together": "Together",
    "together_most": "Together at most",
    "prefer_priors": "Reader of the priors preferred",
}


def changes_in_words(found: WhatIf, names: Names) -> list[str]:
    """Return each change as a short sentence; none for a replay of what stands now.

    Args:
        found: with its drafts at hand.
        names: of readers whom the viewer may see.
    """
    return list(_changes(found, Wishes.read(found.wishes), names))


def _changes(found: WhatIf, wishes: Wishes, names: Names) -> Iterator[str]:
    if found.rule_draft is not None:
        yield f"Rules of the draft “{found.rule_draft.name}”"
    if found.roster_draft is not None:
        yield f"Roster of the draft “{found.roster_draft.name}”, laid over these weekdays"
    yield from _choosing(wishes)
    yield from _people(wishes, names)


def _choosing(wishes: Wishes) -> Iterator[str]:
    if wishes.strategy:
        yield f"Every shift chooses by {_strategy(wishes.strategy)}"
    for shift, strategy in wishes.strategies.items():
        yield f"{shift} chooses by {_strategy(strategy)}"
    for name, value in wishes.weights.items():
        yield f"Weight {name.replace('_', ' ')} {value}"
    for name, value in wishes.policy.items():
        yield f"{_POLICY[name]}: {value}"


def _people(wishes: Wishes, names: Names) -> Iterator[str]:
    for person in wishes.leave_out:
        yield f"Without {names.of(person)}"
    for newcomer in wishes.add:
        yield f"{newcomer.name} added, like {names.of(newcomer.like)}"
    for person, limits in wishes.limits.items():
        yield f"{names.of(person)}: {_limits(limits)}"


def _strategy(value: str) -> str:
    return StrategyChoices(Strategy(value).value).label.lower()


def _limits(limits: Limits) -> str:
    said = []
    if limits.open_studies is not None:
        said.append(f"at most {limits.open_studies} open")
    if limits.per_hour is not None:
        said.append(f"at most {limits.per_hour} an hour")
    return ", ".join(said)
