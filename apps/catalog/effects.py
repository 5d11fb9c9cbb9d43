"""What follows from a change of a place or procedure, as the apps above know it.

A site knows nothing of shifts or studies, yet who switches one off must be told what waits
there. The apps above answer: they register their questions in ``AppConfig.ready``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from apps.audit.editing import Effect
from apps.catalog.models import HolidayCalendar, Procedure, Site
from apps.catalog.queries.units import UnitsFrom

Record = TypeVar("Record")


class Question(Generic[Record]):
    """What follows if this is done to a record? Whoever registered is asked."""

    def __init__(self) -> None:
        """Begin with nobody to ask."""
        self._asked: list[Callable[[Record], Iterable[Effect]]] = []

    def register(self, answer: Callable[[Record], Iterable[Effect]]) -> None:
        """Ask this one too; twice is once."""
        if answer not in self._asked:
            self._asked.append(answer)

    def answers(self, record: Record) -> list[Effect]:
        """Return what everybody says, in the order of registration."""
        return [effect for answer in self._asked for effect in answer(record)]


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """The days off of a stored calendar as they are and as they are to be."""

    calendar: HolidayCalendar
    before: frozenset[date]
    after: frozenset[date]


@dataclass(frozen=True, slots=True)
class UnitsChange:
    """A unit table as it is to be."""

    unit: str
    after: UnitsFrom


SITE_SWITCHED_OFF: Question[Site] = Question()
PROCEDURE_CHANGED: Question[Procedure] = Question()
CALENDAR_CHANGED: Question[CalendarChange] = Question()
UNITS_CHANGED: Question[UnitsChange] = Question()


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun: ``1 shift``, ``3 shifts``."""
    return f"{number:,} {one if number == 1 else many}"
