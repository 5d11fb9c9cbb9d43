"""The department of the database, as a simulation runs it: its roster and rules, its own mix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from apps.assignment.snapshot.cache import current_view
from apps.engine.codes import Urgency
from apps.engine.optimal.costs import SECONDS_PER_RVU
from apps.orders.models import Order
from apps.trials.simulation.department import HOURS_OF_WEEK, Department, Kind, Stream
from apps.trials.simulation.known import DAY, real_duties

WEEKS = 4
"""How many weeks of past orders say what comes in."""
_MOST_KINDS = 200


class NothingToSimulateError(LookupError):
    """There are no past orders to learn from, or nobody is on the roster."""


def department_of_roster(
    *, at: datetime, days: int, seed: int, utilisation: float | None
) -> Department:
    """Return the department of the database, from midnight of the day after ``at``.

    What comes in follows the orders of the past weeks, by hour of the week, kind, urgency and
    site; a study takes eight minutes an RVU.

    Args:
        at: now.
        days: how many days the roster is asked for.
        seed: of the breaks.
        utilisation: to which what comes in is scaled; None leaves it as it was.

    Raises:
        NothingToSimulateError: no past orders, or an empty roster.
    """
    config = current_view().config
    zone = config.sites[0].zone if config.sites else "UTC"
    midnight = at.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    bare = Department(
        name="Department of the roster",
        zone=zone,
        config=config,
        streams=(),
        pools={shift.code: frozenset({shift.code}) for shift in config.shifts},
        speeds={},
        start_at=midnight + timedelta(days=1),
    )
    stream = _stream(at, zone)
    if utilisation is not None:
        stream = _scaled(stream, bare, days, seed, utilisation)
    return replace(bare, streams=(stream,))


def _stream(at: datetime, zone: str) -> Stream:
    past = Order.objects.filter(received_at__gte=at - timedelta(weeks=WEEKS), received_at__lt=at)
    described = ("procedure_code", "modality", "body_part", "subspecialty", "rvu")
    counted = past.values_list(*described).annotate(n=Count("pk"))
    kinds = _kinds(counted.order_by("-n", *described)[:_MOST_KINDS])
    sites = dict(past.exclude(site=None).values_list("site__code").annotate(n=Count("pk")))
    if not kinds or not sites:
        raise NothingToSimulateError("no orders in the past weeks say what comes in")
    tz = ZoneInfo(zone)
    hours = (
        past.annotate(
            weekday=ExtractIsoWeekDay("received_at", tzinfo=tz),
            hour=ExtractHour("received_at", tzinfo=tz),
        )
        .values_list("weekday", "hour")
        .annotate(n=Count("pk"))
    )
    rates = [0.0] * HOURS_OF_WEEK
    for weekday, hour, count in hours:
        rates[(weekday - 1) * 24 + hour] += count / WEEKS
    urgencies = dict(past.values_list("urgency").annotate(n=Count("pk")))
    known = {Urgency(code): float(count) for code, count in urgencies.items()}
    weights = {code: float(count) for code, count in sites.items()}
    return Stream("past orders", kinds, tuple(rates), known, weights)


def _kinds(rows: Iterable[tuple[Any, ...]]) -> tuple[Kind, ...]:
    return tuple(
        Kind(
            procedure=procedure or modality,
            modality=modality,
            body_part=body_part,
            rvu=rvu,
            minutes=max(float(rvu) * SECONDS_PER_RVU / 60, 1.0),
            share=count,
            subspecialty=subspecialty,
        )
        for procedure, modality, body_part, subspecialty, rvu, count in rows
        if modality
    )


def _scaled(stream: Stream, bare: Department, days: int, seed: int, utilisation: float) -> Stream:
    planned = real_duties(bare, days, seed)
    minutes = sum(
        planned.worked(reader, spans, days * DAY) / 60 for reader, spans in planned.on.items()
    )
    if not minutes:
        raise NothingToSimulateError("nobody is on the roster in these days")
    shares = sum(kind.share for kind in stream.kinds)
    mean = sum(kind.minutes * kind.share for kind in stream.kinds) / shares
    weekly = sum(stream.rates) * mean
    factor = utilisation * minutes / days * 7 / weekly
    return replace(stream, rates=tuple(rate * factor for rate in stream.rates))
