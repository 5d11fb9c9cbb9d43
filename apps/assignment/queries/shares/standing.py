"""Where readers stand on their turns of duty: work given, hours that count, ahead or behind.

The figures are those that FAIR compares (``apps.engine.choice.set_shares``), read without the
assignment lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.assignment.snapshot.cache import ConfigView
from apps.assignment.snapshot.given import NOTHING, sums_errand
from apps.assignment.snapshot.loads import turns_of_duty
from apps.assignment.snapshot.other_work import read_credits
from apps.core import bulk
from apps.engine.codes import Strategy

HOUR = 3600
_SHARED_OUT = frozenset({Strategy.FAIR, Strategy.OPTIMAL})


@dataclass(frozen=True, slots=True)
class Standing:
    """One reader on duty: since when, the seconds that count, the units given."""

    radiologist: str
    since: datetime
    worked_seconds: int
    given: Decimal

    @property
    def worked(self) -> timedelta:
        """Return the time that counts."""
        return timedelta(seconds=self.worked_seconds)

    @property
    def rate(self) -> Decimal | None:
        """Return units for an hour worked, None in the first second of a turn."""
        return per_hour(self.given, self.worked_seconds)


@dataclass(frozen=True, slots=True)
class Common:
    """What a pool was given and worked, taken together."""

    given: Decimal
    worked_seconds: int
    readers: int

    @property
    def rate(self) -> Decimal | None:
        """Return the common rate, units for an hour worked."""
        return per_hour(self.given, self.worked_seconds)

    def ahead(self, standing: Standing) -> Decimal:
        """Return the units given beyond the common rate; below zero is behind."""
        if not self.worked_seconds:
            return standing.given
        due = self.given * standing.worked_seconds / self.worked_seconds
        return standing.given - due


def per_hour(units: Decimal, seconds: int) -> Decimal | None:
    """Return units for an hour, None without any time."""
    return units * HOUR / seconds if seconds else None


def standings(view: ConfigView, *, at: datetime) -> Mapping[str, Standing]:
    """Return everybody who is on duty at a moment, by id, in that order."""
    turns, sums = turns_of_duty(view.compiled, at), dict[str, Decimal]()
    bulk.run_errands(sums_errand(turns, sums))
    other_work = read_credits(at)
    found: dict[str, Standing] = {}
    for person, since in turns.items():
        duty = view.compiled.duties.duty_of(person, at)
        worked = duty.worked_seconds(at, other_work.get(person, ())) if duty else 0
        found[person] = Standing(person, since, worked, sums.get(person, NOTHING))
    return found


def common(held: Iterable[Standing]) -> Common:
    """Return what readers come to together."""
    known = list(held)
    return Common(
        given=sum((one.given for one in known), NOTHING),
        worked_seconds=sum(one.worked_seconds for one in known),
        readers=len(known),
    )


def spread(held: Iterable[Standing]) -> Decimal | None:
    """Return the coefficient of variation of the rates, None with fewer than two of them."""
    rates = [one.rate for one in held if one.rate is not None]
    mean = sum(rates, NOTHING) / len(rates) if rates else NOTHING
    if len(rates) < 2 or not mean:
        return None
    variance = sum(((rate - mean) ** 2 for rate in rates), NOTHING) / len(rates)
    return variance.sqrt() / mean


def goes_by_shares(strategy: Strategy) -> bool:
    """Return whether a strategy looks at shares."""
    return strategy in _SHARED_OUT


def chosen(held: Mapping[str, Standing], people: Sequence[str]) -> list[Standing]:
    """Return the standings of these people, of those on duty."""
    return [held[person] for person in people if person in held]
