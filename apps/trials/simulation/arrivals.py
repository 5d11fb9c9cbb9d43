"""What comes in: a non-homogeneous Poisson process, the same for everybody who decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import exp
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from apps.engine.codes import Urgency
from apps.engine.facts import OrderFacts
from apps.trials.simulation.department import HOURS_OF_WEEK, Department, Kind, Stream

HOUR = 3_600
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Study:
    """An order to come; times are seconds of the simulation.

    ``seconds`` is how long a reader of speed 1 takes for this one.
    """

    order: OrderFacts
    at: int
    due: int
    seconds: float

    @property
    def urgency(self) -> Urgency:
        """Return the order's urgency."""
        return self.order.urgency

    @property
    def rvu(self) -> Decimal:
        """Return the order's RVU."""
        return self.order.rvu


def arrivals(department: Department, days: int, seed: int) -> list[Study]:
    """Return what comes in during so many days, in order of time."""
    random = Random(seed)  # noqa: S311 -- plausible days, no secret
    moments = sorted(
        (at, number, stream)
        for number, stream in enumerate(department.streams)
        for at in _moments(department, stream, days, random)
    )
    return [
        _study(department, stream, at, order_id, random)
        for order_id, (at, _number, stream) in enumerate(moments, start=1)
    ]


def first_hour(department: Department) -> int:
    """Return the hour of the week at which the simulation begins."""
    local = department.start_at.astimezone(ZoneInfo(department.zone))
    return (local.isoweekday() - 1) * 24 + local.hour


def _moments(department: Department, stream: Stream, days: int, random: Random) -> Iterator[int]:
    first = first_hour(department)
    for hour in range(days * 24):
        rate = stream.rates[(first + hour) % HOURS_OF_WEEK]
        at = random.expovariate(rate) if rate > 0 else 1.0
        while at < 1:
            yield hour * HOUR + int(at * HOUR)
            at += random.expovariate(rate)


def _study(
    department: Department, stream: Stream, at: int, order_id: int, random: Random
) -> Study:
    kind = _drawn(random, stream.kinds, [kind.share for kind in stream.kinds])
    urgency = _drawn(random, tuple(stream.urgencies), list(stream.urgencies.values()))
    site = _drawn(random, tuple(stream.sites), list(stream.sites.values()))
    due = at + department.habits.report_minutes[urgency] * 60
    spread = department.habits.spread
    seconds = kind.minutes * 60 * exp(random.gauss(-spread * spread / 2, spread))
    received_at = moment(department, at)
    return Study(
        order=_order(kind, urgency, site, order_id, received_at, moment(department, due)),
        at=at,
        due=due,
        seconds=seconds,
    )


def _order(
    kind: Kind, urgency: Urgency, site: str, order_id: int, at: datetime, due_at: datetime
) -> OrderFacts:
    return OrderFacts(
        order_id=order_id,
        issuer="SIMULATION",
        accession=f"SIM{order_id:07}",
        site=site,
        modality=kind.modality,
        body_part=kind.body_part,
        subspecialty=kind.subspecialty,
        urgency=urgency,
        received_at=at,
        procedure=kind.procedure,
        procedure_text=kind.procedure,
        rvu=kind.rvu,
        units=kind.rvu,
        report_due_at=due_at,
    )


def _drawn(random: Random, among: Sequence[_T], weights: Sequence[float]) -> _T:
    return random.choices(among, weights)[0]


def moment(department: Department, seconds: int) -> datetime:
    """Return the moment of a second of the simulation."""
    return department.start_at.astimezone(UTC) + timedelta(seconds=seconds)
