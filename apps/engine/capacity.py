"""Steps 5 and 6: is there a free seat, and can the reader make the SLA.

A limit is the first number refused: 20 open of 20 is full. Source: spec 2, steps 5 and 6.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from apps.engine.codes import Refused, Step, Urgency
from apps.engine.facts import RadiologistFacts, Workload
from apps.engine.refusals import Refusal

DEFAULT_TURNAROUND_MINUTES = Decimal(30)
_MICROSECOND = timedelta(microseconds=1)
_MINUTE_US = 60_000_000
_DEFAULT_PACE = DEFAULT_TURNAROUND_MINUTES.as_integer_ratio()


def capacity_refusal(
    person: RadiologistFacts, load: Workload, *, may_pass_hourly: bool
) -> Refusal | None:
    """Return why the radiologist is full, or None while a seat is free.

    STAT and escalated orders may pass the hourly limits, never the concurrent ones.
    """
    open_studies = load.open_studies
    if open_studies >= person.max_concurrent_studies:
        return _full(Refused.CONCURRENT_FULL, open_studies, person.max_concurrent_studies)
    max_rvu = person.max_concurrent_rvu
    if max_rvu is not None and load.open_rvu >= max_rvu:
        return _full(Refused.CONCURRENT_RVU_FULL, load.open_rvu, max_rvu)
    return None if may_pass_hourly else _hourly_refusal(person, load)


def _hourly_refusal(person: RadiologistFacts, load: Workload) -> Refusal | None:
    if load.assigned_last_hour >= person.max_studies_per_hour:
        return _full(Refused.HOURLY_FULL, load.assigned_last_hour, person.max_studies_per_hour)
    max_rvu = person.max_rvu_per_hour
    if max_rvu is not None and load.rvu_last_hour >= max_rvu:
        return _full(Refused.HOURLY_RVU_FULL, load.rvu_last_hour, max_rvu)
    return None


def _full(code: Refused, used: int | Decimal, limit: int | Decimal) -> Refusal:
    """Return the refusal; RVU travel as text, which is exact."""
    params = (
        used if isinstance(used, int) else f"{used:f}",
        limit if isinstance(limit, int) else f"{limit:f}",
    )
    return Refusal(Step.CAPACITY, code, params)


def relief_refusal(
    person: RadiologistFacts, load: Workload, relieved: RadiologistFacts, relieved_load: Workload
) -> Refusal | None:
    """Return a refusal unless the reader has less load than the one who would be relieved.

    Load is open RVU over the concurrent limit, compared exactly. Source: spec 2, step 7; spec 3,
    slow.
    """
    rvu, per = load.open_rvu.as_integer_ratio()
    held_rvu, held_per = relieved_load.open_rvu.as_integer_ratio()
    mine = rvu * held_per * relieved.max_concurrent_studies
    theirs = held_rvu * per * person.max_concurrent_studies
    return None if mine < theirs else Refusal(Step.CAPACITY, Refused.NO_LESS_LOAD, (relieved.id,))


def queue_ahead(load: Workload, urgency: Urgency) -> int:
    """Return how many open studies of the same or higher urgency would be read first."""
    return sum(load.open_by_urgency[: urgency.rank + 1])


def can_make_it(load: Workload, urgency: Urgency, time_left: timedelta) -> bool:
    """Say whether the queue and this study fit in the time left, at the reader's recent pace."""
    return is_in_time(load, urgency.rank, time_left // _MICROSECOND)


def is_in_time(load: Workload, rank: int, left_us: int) -> bool:
    """Say the same of an urgency's rank and microseconds, for who asks it of a whole pool.

    In whole numbers, so that neither rounding nor the thread's decimal context has a say.
    """
    mean = load.mean_turnaround_minutes
    minutes, per = _DEFAULT_PACE if mean is None else mean.as_integer_ratio()
    stat, urgent, routine = load.open_by_urgency
    place = 1 + stat + (urgent if rank else 0) + (routine if rank > 1 else 0)
    return place * minutes * _MINUTE_US <= left_us * per


def needed_us(load: Workload, rank: int) -> int:
    """Return the least microseconds of which ``is_in_time`` says so."""
    mean = load.mean_turnaround_minutes
    minutes, per = _DEFAULT_PACE if mean is None else mean.as_integer_ratio()
    place = sum(load.open_by_urgency[: rank + 1]) + 1
    return -(-place * minutes * _MINUTE_US // per)
