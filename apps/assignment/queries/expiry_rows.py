"""A credential, licence or privilege that ends or has ended, with what that costs, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.assignment.lookahead import Cost, Work
from apps.engine.facts import Credential, Dated, RadiologistFacts
from apps.roster.words import counted, day_words, listed

_NAMED_WORKS = 3
_WHOLE_FROM = 10


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that a person may read by, and when it ends."""

    person: RadiologistFacts
    kind: str
    what: str
    item: Credential | Dated
    end_on: date


@dataclass(frozen=True, slots=True)
class ExpiryRow:
    """An ending with what it costs; ``shifts`` are those in sight that they are rostered on."""

    ending: Ending
    cost: Cost
    today: date
    shifts: Sequence[str] = ()

    @property
    def days_left(self) -> int:
        """Return in how many days it ends, below zero when it has."""
        return (self.ending.end_on - self.today).days

    @property
    def when(self) -> str:
        """Return when it ends or ended, in words."""
        days = self.days_left
        if days < 0:
            return f"ended {counted(-days, 'day')} ago"
        return f"ends in {counted(days, 'day')}" if days else "ends today"

    @property
    def last_day(self) -> str:
        """Return its last day, in words."""
        return day_words(self.ending.end_on)

    @property
    def follows(self) -> str:
        """Return what follows, in words, the gravest first."""
        if not self.cost.per_day:
            return "nothing that came lately depends on it"
        ends = "ended" if self.days_left < 0 else "ends"
        alone = [_lost_words(number, n, ends) for n, number in self.cost.by_company.items()]
        kept = [_kept_words(number, n) for n, number in self.cost.by_others.items() if n]
        return listed([*alone, *kept], most=2)

    @property
    def where(self) -> str:
        """Return the kinds of work that it concerns most, in words."""
        said = [
            f"{_work_words(work)} ({_per_day(work.per_day)} a day)" for work, _ in self.cost.works
        ]
        return listed(said, most=_NAMED_WORKS)

    @property
    def tone(self) -> str:
        """Return how grave it is."""
        if self.cost.alone:
            return "alarm"
        return "warn" if self.cost.per_day else "calm"


def _lost_words(number: Decimal, company: int, ends: str) -> str:
    """Say that work loses its last reader; ``company`` are others who lose it on the same day."""
    lose, their = ("loses", "its") if number == 1 else ("lose", "their")
    if not company:
        return f"{_studies(number)} {lose} {their} only reader"
    others = f"{counted(company, 'other')} whose right to read {ends} that day"
    return f"{_studies(number)} {lose} {their} last readers, with {others}"


def _kept_words(number: Decimal, others: int) -> str:
    keep = "keeps" if number == 1 else "keep"
    return f"{_studies(number)} {keep} {counted(others, 'other reader')}"


def _studies(number: Decimal) -> str:
    return f"{_per_day(number)} {'study' if number == 1 else 'studies'} a day"


def _per_day(number: Decimal) -> str:
    """Return a daily number as people say it: whole from ten on, else to a tenth."""
    return f"{number:.0f}" if number >= _WHOLE_FROM else f"{number:.1f}".removesuffix(".0")


def _work_words(work: Work) -> str:
    said = " ".join(word for word in (work.modality, work.body_part) if word) or "all work"
    return f"{said} at {work.site.code}"
