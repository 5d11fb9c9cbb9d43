"""The department of the database, as a simulation runs it: its roster and rules, its own mix."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Min
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from apps.assignment.snapshot.cache import current_view
from apps.engine.codes import Urgency
from apps.engine.optimal.costs import SECONDS_PER_RVU
from apps.orders.models import Order
from apps.rules.models import RuleDraft
from apps.rules.queries.drafts import UNFINISHED
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
    counts = {(weekday - 1) * 24 + hour: count for weekday, hour, count in hours}
    began_at = past.aggregate(first=Min("received_at"))["first"]
    rates = hourly_rates(counts, hours_of_week(began_at, at, tz))
    urgencies = dict(past.values_list("urgency").annotate(n=Count("pk")))
    known = {Urgency(code): float(count) for code, count in urgencies.items()}
    weights = {code: float(count) for code, count in sites.items()}
    return Stream("past orders", kinds, rates, known, weights)


def hours_of_week(start_at: datetime, end_at: datetime, zone: ZoneInfo) -> Counter[int]:
    """Return how often each hour of the week, from Monday 0:00, was there between two moments."""
    seen: Counter[int] = Counter()
    at = start_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while at < end_at:
        local = at.astimezone(zone)
        seen[local.weekday() * 24 + local.hour] += 1
        at += timedelta(hours=1)
    return seen


def hourly_rates(counts: Mapping[int, int], seen: Mapping[int, int]) -> tuple[float, ...]:
    """Return the orders an hour for each hour of the week.

    Who began a few days ago has not seen every hour: such a one takes the mean of the same hour
    on other days, and where that is not known either the mean of all.

    Args:
        counts: orders by hour of the week.
        seen: how often there was that hour.
    """
    rates = {hour: counts.get(hour, 0) / times for hour, times in seen.items()}
    by_clock: dict[int, list[float]] = defaultdict(list)
    for hour, rate in rates.items():
        by_clock[hour % 24].append(rate)
    mean = fmean(rates.values())
    return tuple(
        rates[hour] if hour in rates else fmean(by_clock.get(hour % 24, [mean]))
        for hour in range(HOURS_OF_WEEK)
    )


def check_can_simulate_draft(draft_id: int) -> None:
    """Raise unless there is such a draft and it is not live yet.

    Raises:
        NothingToSimulateError: there is none, or it is done with.
    """
    draft = RuleDraft.objects.filter(pk=draft_id).first()
    if draft is None:
        raise NothingToSimulateError(f"there is no draft {draft_id}")
    if draft.state not in UNFINISHED:
        raise NothingToSimulateError(
            f"draft {draft_id} is finished: {draft.get_state_display().lower()}"
        )


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
