"""The smallest facts of each kind; tests say only what matters to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from apps.engine.codes import ActionType, Strategy, Urgency
from apps.engine.decision import Decision, Snapshot, compile_config, decide
from apps.engine.facts import Config, OrderFacts, RadiologistFacts, RuleFacts, SiteFacts, Workload
from apps.engine.rota import RosterRow, ShiftFacts, WorkType

# A Wednesday, 22:05 in Brisbane.
AT = datetime(2026, 2, 4, 12, 5, tzinfo=UTC)
EVERY_DAY = frozenset(range(1, 8))
ROBINA = SiteFacts(code="ROBINA", cluster="GOLD_COAST", zone="Australia/Brisbane")
FAR = SiteFacts(code="FAR", cluster="NORTH", zone="Australia/Brisbane")


def order(**changes: Any) -> OrderFacts:
    facts: dict[str, Any] = {
        "order_id": 1,
        "issuer": "RIS",
        "accession": "ACC1",
        "site": "ROBINA",
        "modality": "MR",
        "body_part": "KNEE",
        "subspecialty": "",
        "urgency": Urgency.ROUTINE,
        "received_at": AT,
    }
    return OrderFacts(**facts | changes)


def shift(code: str = "MRI_MSK", **changes: Any) -> ShiftFacts:
    facts: dict[str, Any] = {
        "code": code,
        "name": code,
        "work_types": (WorkType("MR", "MSK"),),
        "sites": frozenset({"ROBINA"}),
        "priority_level": 10,
        "start_local": time(0),
        "end_local": time(0),
        "weekdays": EVERY_DAY,
        "zone": "Australia/Brisbane",
        "strategy": Strategy.LOAD_BALANCED,
    }
    return ShiftFacts(**facts | changes)


def reader(id_: str, **changes: Any) -> RadiologistFacts:
    facts: dict[str, Any] = {"id": id_, "name": id_.title(), "is_active": True}
    return RadiologistFacts(**facts | changes)


def on(shift_code: str, *ids: str) -> tuple[RosterRow, ...]:
    return tuple(RosterRow(shift_code, id_, date(2025, 1, 1), None) for id_ in ids)


def rule(id_: int, action: ActionType, target: str = "", **changes: Any) -> RuleFacts:
    facts: dict[str, Any] = {
        "id": id_,
        "version": 1,
        "name": f"rule {id_}",
        "priority_order": id_,
        "conditions": {},
        "action": action,
        "target": target,
        "is_terminal": True,
    }
    return RuleFacts(**facts | changes)


def load(id_: str, open_rvu: str = "0", **changes: Any) -> Workload:
    facts: dict[str, Any] = {"radiologist": id_, "open_rvu": Decimal(open_rvu)}
    return Workload(**facts | changes)


def config(
    shifts: Iterable[ShiftFacts] = (),
    readers: Iterable[RadiologistFacts] = (),
    roster: Iterable[RosterRow] = (),
    **changes: Any,
) -> Config:
    facts: dict[str, Any] = {
        "versions": {"catalog": 1, "roster": 2, "rules": 3},
        "sites": (ROBINA, FAR),
        "shifts": tuple(shifts),
        "radiologists": tuple(readers),
        "roster": tuple(roster),
        "rules": (),
    }
    return Config(**facts | changes)


def department(*ids: str, **changes: Any) -> Config:
    """One MRI MSK shift with these readers on it."""
    readers = changes.pop("readers", tuple(reader(id_) for id_ in ids))
    shifts = changes.pop("shifts", (shift(),))
    return config(shifts, readers, changes.pop("roster", on("MRI_MSK", *ids)), **changes)


def loads(*held: Workload) -> Mapping[str, Workload]:
    return {one.radiologist: one for one in held}


def decided(
    made: Config,
    asked: OrderFacts | None = None,
    *held: Workload,
    at: datetime = AT,
    widen: bool = False,
) -> Decision:
    return decide(asked or order(), at, Snapshot(compile_config(made), loads(*held)), widen=widen)


def refusals(decision: Decision) -> dict[str, list[Any]]:
    """Return step, code and figures of everybody who fell out, by id, of the last pool asked."""
    return {row[0]: row[2:] for row in decision.trace["tries"][-1]["out"]}
