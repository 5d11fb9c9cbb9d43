"""The configuration as it would be: what stands now, and what is only thought of put into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apps.engine.codes import Strategy
from apps.engine.decision import compile_config
from apps.engine.facts import Balance, Config, RadiologistFacts, Weights
from apps.engine.rota import LeaveFacts, RosterRow, ShiftFacts
from apps.roster.models import DraftTurn, RosterDraft, Shift
from apps.roster.planning.wishes import Wishes as RosterWishes
from apps.rules.models import DecisionPolicy
from apps.rules.queries.drafts import rule_facts_with
from apps.trials.models import WhatIf
from apps.trials.whatif.newcomers import with_newcomers
from apps.trials.whatif.wishes import Limits, Wishes

_WEEK = 7
_DAY = timedelta(days=1)

_WHOLE = frozenset(
    {"seniority_over_years", "active_within_minutes", "quick_under_minutes", "slow_over_minutes"}
)
_ALL_DAYS = (date(2000, 1, 1), date(2199, 12, 31))
_MARGIN = 2
"""Days before and after those that are replayed: runs that began before, and what is read after."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a department decides: its configuration, and how it keeps company.

    ``likes`` maps who is new to whom they are like: they read as quickly.
    """

    config: Config
    together: str
    together_most: int
    prefers_priors: bool
    likes: Mapping[str, str] = field(default_factory=dict)


def as_it_is(config: Config) -> Ways:
    """Return the department as it stands now."""
    policy = DecisionPolicy.objects.first() or DecisionPolicy()
    return Ways(config, policy.together, policy.together_most, policy.prefer_priors)


def as_it_would_be(whatif: WhatIf, ways: Ways) -> Ways:
    """Return the department with everything that the what-if changes.

    Raises:
        TakenError: somebody else has the id of a newcomer.
    """
    wishes = Wishes.read(whatif.wishes)
    config, days = ways.config, (whatif.since.date(), whatif.until.date())
    if whatif.rule_draft_id is not None:
        config = replace(config, rules=rule_facts_with(whatif.rule_draft_id, config.rules))
    if whatif.roster_draft is not None:
        config = with_draft(config, whatif.roster_draft, *days)
    config = with_wishes(config, wishes, *days)
    return Ways(
        config,
        together=wishes.policy.get("together", ways.together),
        together_most=int(wishes.policy.get("together_most", ways.together_most)),
        prefers_priors=_is_on(wishes.policy.get("prefer_priors"), ways.prefers_priors),
        likes={newcomer.name: newcomer.like for newcomer in wishes.add},
    )


def with_wishes(config: Config, wishes: Wishes, first_on: date, last_on: date) -> Config:
    """Return a configuration with other weights, strategies, policies and people on some days."""
    config = replace(
        config,
        weights=_weights(config.weights, wishes),
        balance=_balance(config.balance, wishes),
        shifts=tuple(_chosen_by(shift, wishes) for shift in config.shifts),
        radiologists=tuple(_limited(one, wishes.limits) for one in config.radiologists),
    )
    days = (first_on - _MARGIN * _DAY, last_on + _MARGIN * _DAY)
    config = with_newcomers(config, wishes.add, *days)
    return _without(config, frozenset(wishes.leave_out))


def with_draft(config: Config, draft: RosterDraft, first_on: date, last_on: date) -> Config:
    """Return a configuration in which a draft of the roster is laid over other days.

    The draft's own days lie ahead, those that are replayed behind: each takes who would be on the
    drafted shifts on the same weekday of the draft, its weeks in turn. A weekday that the draft
    lacks stays as it was.
    """
    chosen = set(RosterWishes.read(draft.wishes).shifts)
    turns = list(draft.turns.select_related("shift"))
    codes = {turn.shift.code for turn in turns} | _codes(chosen)
    shifts = [shift for shift in config.shifts if shift.code in codes]
    days = _days(first_on - _MARGIN * _DAY, last_on + _MARGIN * _DAY)
    laid = [(day, _same_weekday(day, draft.start_date, draft.end_date)) for day in days]
    return _relaid(config, shifts, laid, turns)


def _relaid(
    config: Config,
    shifts: Sequence[ShiftFacts],
    laid: Sequence[tuple[date, date | None]],
    turns: Iterable[DraftTurn],
) -> Config:
    """Put onto each day who is on the shifts on another one; their own rows are left out."""
    book, codes = compile_config(config).roster, {shift.code for shift in shifts}
    drafted: dict[tuple[str, date], set[str]] = {}
    for turn in turns:
        drafted.setdefault((turn.shift.code, turn.on), set()).add(turn.radiologist_id)
    rows = [
        RosterRow(shift.code, person, day, day)
        for shift in shifts
        for day, source in laid
        for person in sorted(
            book.seats(shift, source or day) | drafted.get((shift.code, source or day), set())
        )
    ]
    return replace(
        config,
        roster=(*(row for row in config.roster if row.shift not in codes), *rows),
        extras=tuple(row for row in config.extras if row.shift not in codes),
        swaps=tuple(row for row in config.swaps if row.shift not in codes),
        rotations=tuple(row for row in config.rotations if row.shift not in codes),
    )


def _same_weekday(day: date, first_on: date, last_on: date) -> date | None:
    """Return a day of the draft with the weekday of another, week by week in turn."""
    fitting = [one for one in _days(first_on, last_on) if one.weekday() == day.weekday()]
    return fitting[(day - first_on).days // _WEEK % len(fitting)] if fitting else None


def _days(first_on: date, last_on: date) -> list[date]:
    return [first_on + number * _DAY for number in range((last_on - first_on).days + 1)]


def _codes(keys: Iterable[int]) -> set[str]:
    return set(Shift.objects.filter(pk__in=list(keys)).values_list("code", flat=True))


def _weights(weights: Weights, wishes: Wishes) -> Weights:
    said: dict[str, Any] = {
        name: int(text) if name in _WHOLE else Decimal(text)
        for name, text in wishes.weights.items()
    }
    return replace(weights, **said)


def _balance(balance: Balance, wishes: Wishes) -> Balance:
    names = ("catch_up_units", "company_share")
    said = {name: Decimal(wishes.policy[name]) for name in names if name in wishes.policy}
    return replace(balance, **said)


def _chosen_by(shift: ShiftFacts, wishes: Wishes) -> ShiftFacts:
    strategy = wishes.strategies.get(shift.code) or wishes.strategy
    return replace(shift, strategy=Strategy(strategy)) if strategy else shift


def _limited(person: RadiologistFacts, limits: Mapping[str, Limits]) -> RadiologistFacts:
    asked = limits.get(person.id)
    if asked is None:
        return person
    return replace(
        person,
        max_concurrent_studies=asked.open_studies or person.max_concurrent_studies,
        max_studies_per_hour=asked.per_hour or person.max_studies_per_hour,
    )


def _without(config: Config, people: frozenset[str]) -> Config:
    """Switch people off and have them away all the time, so that their hours do not count."""
    away = tuple(LeaveFacts(person, *_ALL_DAYS) for person in sorted(people))
    return replace(
        config,
        radiologists=tuple(
            replace(one, is_active=False) if one.id in people else one
            for one in config.radiologists
        ),
        leaves=(*config.leaves, *away),
    )


def _is_on(said: str | None, otherwise: bool) -> bool:  # noqa: FBT001 -- a plain choice
    return otherwise if said is None else said == "on"
