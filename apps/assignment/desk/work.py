"""Whether a shift does a kind of work, whatever the hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apps.engine.codes import Urgency
from apps.engine.competency import Demand
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import OrderFacts
from apps.engine.rota import ShiftFacts
from apps.engine.specificity import PoolKey, specificity
from apps.engine.vocabulary import specialty_for


def does_work(
    shift: ShiftFacts,
    order: OrderFacts,
    compiled: CompiledConfig,
    *,
    urgencies: Iterable[Urgency] = Urgency,
) -> bool:
    """Return whether the shift's sites and work types take the order at one of the urgencies."""
    site = compiled.sites.get(order.site)
    if site is None:
        return False
    demand = Demand(
        site=site,
        modality=order.modality,
        body_part=order.body_part,
        credentials=order.required_credentials,
        subspecialty=order.required_subspecialty,
        on=compiled.local_date(site, order.received_at),
    )
    regions: Mapping[str, frozenset[str]] = compiled.regions
    subspecialty = specialty_for(order.modality, order.body_part, order.subspecialty)
    return any(
        specificity(shift, PoolKey(demand, subspecialty, urgency), regions) is not None
        for urgency in urgencies
    )
