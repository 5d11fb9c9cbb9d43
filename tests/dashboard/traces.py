from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from apps.engine.codes import Strategy, Urgency
from apps.engine.decision import compile_config, decide
from apps.engine.facts import Config, OrderFacts, RadiologistFacts, SiteFacts, Workload
from apps.engine.result import Snapshot
from apps.engine.rota import RosterRow, ShiftFacts, WorkType

AT = datetime(2026, 2, 4, 2, 0, tzinfo=UTC)


def real_trace(*, strategy: Strategy = Strategy.LOAD_BALANCED, busy: int = 20) -> dict[str, Any]:
    """Return the engine's own trace: DR_FULL is full when ``busy`` is 20, DR_FREE is chosen."""
    people = tuple(
        RadiologistFacts(id=id_, name=id_.title(), is_active=True)
        for id_ in ("DR_FREE", "DR_FULL", "DR_SOME")
    )
    shift = ShiftFacts(
        code="MRI_MSK",
        name="MRI MSK",
        work_types=(WorkType(modality="MR"),),
        sites=None,
        priority_level=10,
        start_local=time(0),
        end_local=time(0),
        weekdays=frozenset(range(1, 8)),
        zone="Australia/Brisbane",
        strategy=strategy,
    )
    config = Config(
        versions={"catalog": 1, "roster": 2, "rules": 3},
        sites=(SiteFacts("ROBINA", "GC", "Australia/Brisbane"),),
        shifts=(shift,),
        radiologists=people,
        roster=tuple(RosterRow("MRI_MSK", person.id, AT.date(), None) for person in people),
        rules=(),
    )
    loads = {
        "DR_FULL": Workload("DR_FULL", open_by_urgency=(0, 0, busy), open_rvu=Decimal(busy)),
        "DR_SOME": Workload("DR_SOME", open_by_urgency=(1, 2, 0), open_rvu=Decimal(3)),
    }
    order = OrderFacts(
        order_id=1,
        issuer="HOSPITAL",
        accession="ACC1",
        site="ROBINA",
        modality="MR",
        body_part="KNEE",
        subspecialty="",
        urgency=Urgency.ROUTINE,
        received_at=AT,
    )
    return decide(order, AT, Snapshot(compile_config(config), loads)).trace
