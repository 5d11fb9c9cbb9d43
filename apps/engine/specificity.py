"""Step 1: which shifts read an order, and which of them the most closely. Source: spec 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from apps.engine.codes import Urgency
from apps.engine.competency import Demand
from apps.engine.rota import ShiftFacts, WorkType
from apps.engine.vocabulary import covers_part

BY_LEVEL = ""
Specificity = tuple[int, int, str]
"""Lower is closer: sites named, then how closely the work is named, then the shift's code."""


class PoolKey(NamedTuple):
    """Everything of an order that its pools depend on, so that equal keys share them.

    ``target`` is a shift's code for the pool that a rule names.
    """

    demand: Demand
    subspecialty: str
    urgency: Urgency
    target: str = BY_LEVEL


def specificity(
    shift: ShiftFacts, key: PoolKey, regions: Mapping[str, frozenset[str]]
) -> Specificity | None:
    """Return how closely a shift fits the order, None when it does not; lower is closer.

    Sites named come before all sites, a body part named before a subspecialty, that before a
    modality alone, that before nothing, then the shift's code. Source: spec 2, steps 1 and 2.
    """
    sites = shift.sites
    if sites is not None and key.demand.site.code not in sites:
        return None
    ranks = [rank for work in shift.work_types if (rank := _work_rank(work, key, regions))]
    return (int(sites is None), min(ranks), shift.code) if ranks else None


def _work_rank(work: WorkType, key: PoolKey, regions: Mapping[str, frozenset[str]]) -> int | None:
    """Return 1 to 4 for a work type that matches, the closest first; None when it does not."""
    demand = key.demand
    if work.modality not in ("", demand.modality) or work.urgency not in ("", key.urgency):
        return None
    if work.body_part and covers_part(work.body_part, demand.body_part, regions):
        return 1
    if work.subspecialty and work.subspecialty == key.subspecialty:
        return 2
    if work.body_part or work.subspecialty:
        return None
    return 3 if work.modality else 4
