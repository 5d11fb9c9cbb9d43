"""The shares of everybody on duty, shift by shift: for managers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.assignment.queries.shares.own import unit_of
from apps.assignment.queries.shares.standing import (
    Common,
    Standing,
    chosen,
    common,
    goes_by_shares,
    spread,
    standings,
)
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core.access import Scope
from apps.core.namesakes import told_apart
from apps.engine.coverage import OnShift
from apps.roster.models import Shift
from apps.roster.queries.radiologists import seen


@dataclass(frozen=True, slots=True)
class Bar:
    """One reader of a pool; ``percent`` is their rate in hundredths of the highest."""

    standing: Standing
    name: str
    ahead: Decimal
    percent: int


@dataclass(frozen=True, slots=True)
class PoolShares:
    """A running shift with its readers, who was given most for an hour first."""

    code: str
    name: str
    strategy: str
    is_used: bool
    common: Common
    spread: Decimal | None
    bars: Sequence[Bar]
    hidden: int


@dataclass(frozen=True, slots=True)
class Shares:
    """What the department's page shows."""

    unit: str
    pools: Sequence[PoolShares]
    catch_up: Decimal


def shares(*, at: datetime, people: Scope, shifts: Scope) -> Shares:
    """Return the shares of each running shift that the viewer may see.

    Args:
        at: the moment.
        people: where the viewer may see radiologists; others are counted and not named.
        shifts: where the viewer may see shifts.
    """
    view = current_view(read_versions())
    held = standings(view, at=at)
    visible = set(
        shifts.limit_placed(Shift.objects.all(), "site_rows__site").values_list("code", flat=True)
    )
    names = told_apart({person.pk: person.full_name for person in seen(people)})
    running = view.compiled.coverage_at(at).running
    pools = [_pool(item, held, names) for code, item in running.items() if code in visible]
    return Shares(
        unit=unit_of(view, at),
        pools=[pool for pool in pools if pool.common.readers],
        catch_up=view.config.balance.catch_up_units,
    )


def _pool(item: OnShift, held: Mapping[str, Standing], names: Mapping[str, str]) -> PoolShares:
    members = chosen(held, item.people)
    together = common(members)
    named = [one for one in members if one.radiologist in names]
    highest = max((one.rate or Decimal(0) for one in members), default=Decimal(0))
    bars = [
        Bar(one, names[one.radiologist], together.ahead(one), _percent(one.rate, highest))
        for one in named
    ]
    return PoolShares(
        code=item.shift.code,
        name=item.shift.name,
        strategy=item.shift.strategy.value,
        is_used=goes_by_shares(item.shift.strategy),
        common=together,
        spread=spread(members),
        bars=sorted(bars, key=lambda bar: (-bar.percent, bar.standing.radiologist)),
        hidden=len(members) - len(named),
    )


def _percent(rate: Decimal | None, highest: Decimal) -> int:
    return int(100 * rate / highest) if rate and highest else 0
