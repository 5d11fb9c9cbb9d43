"""What is planned: shifts, and who is meant to be on them, as frozen facts.

Dates are local *start* dates of a shift's runs, both ends included. Hours of a part of a run are
times of day of the shift's zone, start included, end not: the part is the time of the run at which
the wall clock shows one of them, wherever in the run that is. An end at or before the start lies
on the next day, as a shift's does. Source: ADR 17.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from apps.engine.codes import Strategy


class HolidayMode(StrEnum):
    """What a shift does on the holidays and closures of its calendar."""

    RUNS = "runs"
    RESTS = "rests"
    ALSO = "also"
    ONLY = "only"


class RotationUnit(StrEnum):
    """What the length of a turn in a rotation is counted in."""

    RUNS = "runs"
    DAYS = "days"
    WEEKS = "weeks"


@dataclass(frozen=True, slots=True)
class WorkType:
    """One kind of work of a shift; an empty value is open.

    A work type matches an order when the modality is equal or open, and the body part is equal,
    or its region holds the order's, or the subspecialty is equal, or body part and subspecialty
    are both open; and the urgency is equal or open. Source: spec 2, step 1.
    """

    modality: str = ""
    body_part: str = ""
    subspecialty: str = ""
    urgency: str = ""


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """A type of work with its hours.

    ``start_local`` and ``end_local`` are wall clock times in ``zone``, start included, end not;
    an end at or before the start lies on the next day (equal: 24 hours). ``weekdays`` holds the
    ISO weekdays (1 Monday to 7 Sunday) of the local *start* date. ``sites`` None means every
    site; an empty set means that every listed site was removed, so none.
    ``required_subspecialty`` filters; it never merely scores.

    ``holiday_mode`` says what happens on the days of ``calendar``: the shift runs all the same,
    rests, runs also then whatever the weekday, or runs only then and only on its weekdays.
    ``holidays`` are those days, filled in from ``Config.calendars`` when a configuration is
    compiled, and empty in the configuration itself.
    """

    code: str
    name: str
    work_types: tuple[WorkType, ...]
    sites: frozenset[str] | None
    priority_level: int
    start_local: time
    end_local: time
    weekdays: frozenset[int]
    zone: str
    strategy: Strategy = Strategy.LOAD_BALANCED
    required_subspecialty: str = ""
    calendar: str = ""
    holiday_mode: HolidayMode = HolidayMode.RUNS
    holidays: frozenset[date] = frozenset()

    @property
    def hours(self) -> tuple[object, ...]:
        """Return all that says when it runs; shifts with equal hours run at the same times."""
        pattern = (self.weekdays, self.holiday_mode, self.holidays)
        return (self.start_local, self.end_local, self.zone, *pattern)

    def runs_on(self, on: date) -> bool:
        """Return whether a run starts on the date."""
        is_weekday = on.isoweekday() in self.weekdays
        if self.holiday_mode is HolidayMode.RUNS or not self.holidays:
            return is_weekday and self.holiday_mode is not HolidayMode.ONLY
        is_holiday = on in self.holidays
        if self.holiday_mode is HolidayMode.ALSO:
            return is_weekday or is_holiday
        return is_weekday and is_holiday is (self.holiday_mode is HolidayMode.ONLY)


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A person on a shift: every run that starts on one of the dates, ``end_on`` None is open.

    ``weekdays`` empty means all on which the shift runs. ``every_weeks`` 2 is every other week,
    Monday to Sunday, from the one that holds ``start_on``. ``start_local`` and ``end_local`` make
    it a part of each run.
    """

    shift: str
    radiologist: str
    start_on: date
    end_on: date | None
    weekdays: frozenset[int] = frozenset()
    every_weeks: int = 1
    start_local: time | None = None
    end_local: time | None = None


@dataclass(frozen=True, slots=True)
class LeaveFacts:
    """A person away, or at work that is not reading.

    Whole days cover the runs that *start* on these dates of the shift's zone, and for a rule that
    names the person directly, the moment's own date in the site's zone. With ``start_local`` and
    ``end_local`` it is these hours of each date on the wall clock of ``zone``, whatever runs then;
    an end at or before the start lies on the next day.
    """

    radiologist: str
    start_on: date
    end_on: date
    start_local: time | None = None
    end_local: time | None = None
    zone: str = ""
    is_other_work: bool = False


@dataclass(frozen=True, slots=True)
class SwapFacts:
    """On one shift, ``taker`` stands in for ``giver`` on these start dates, both included.

    With ``start_local`` and ``end_local`` for a part of each run only.
    """

    shift: str
    giver: str
    taker: str
    start_on: date
    end_on: date
    start_local: time | None = None
    end_local: time | None = None


@dataclass(frozen=True, slots=True)
class RotationFacts:
    """People who take turns on a shift; an empty id is a turn that is meant to be nobody's.

    A turn lasts ``length`` of its unit: days and weeks from ``start_on``, or runs of the shift,
    so that a rotation over weekends does not count the days between. ``weekdays`` empty means
    all on which the shift runs; of runs only those are counted. A run of which the clock skips
    all is somebody's turn like any other.
    """

    shift: str
    people: tuple[str, ...]
    start_on: date
    end_on: date | None
    unit: RotationUnit = RotationUnit.WEEKS
    length: int = 1
    weekdays: frozenset[int] = frozenset()
