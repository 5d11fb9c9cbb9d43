"""What a simulated department is: who may read what when, what comes in, how fast it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from apps.engine.codes import Urgency
from apps.engine.facts import Config
from apps.engine.rota import LeaveFacts

HOURS_OF_WEEK = 168


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of study; ``minutes`` is the mean reading time of a reader of speed 1.

    ``share`` weighs it among the kinds of its stream.
    """

    procedure: str
    modality: str
    body_part: str
    rvu: Decimal
    minutes: float
    share: float = 1.0
    subspecialty: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """Studies that come in alike.

    ``rates`` are orders an hour, for each hour of the week from Monday 0:00 on the wall clock of
    ``Department.zone``; ``urgencies`` and ``sites`` are weights.
    """

    name: str
    kinds: tuple[Kind, ...]
    rates: tuple[float, ...]
    urgencies: Mapping[Urgency, float]
    sites: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Habits:
    """How people read.

    ``spread`` is sigma of the lognormal reading times of one kind; ``report_minutes`` the SLA.
    A break is taken once the study in hand is done.
    """

    spread: float = 0.45
    long_break_minutes: int = 30
    short_break_minutes: int = 10
    acknowledge_minutes: int = 5
    reassign_minutes: int = 30
    report_minutes: Mapping[Urgency, int] = field(
        default_factory=lambda: {Urgency.STAT: 60, Urgency.URGENT: 240, Urgency.ROUTINE: 1_440}
    )


@dataclass(frozen=True, slots=True)
class Department:
    """A department whose days can be run.

    ``config`` is what the engine knows before the first day; ``absences`` become known at
    ``known_hour`` of their first date. ``speeds`` are by reader, 1 where none is named: twice the
    speed is half the time. ``pools`` are the shifts whose readers share their work.
    """

    name: str
    zone: str
    config: Config
    streams: tuple[Stream, ...]
    pools: Mapping[str, frozenset[str]]
    speeds: Mapping[str, float]
    start_at: datetime
    absences: tuple[LeaveFacts, ...] = ()
    known_hour: int = 6
    habits: Habits = field(default_factory=Habits)
