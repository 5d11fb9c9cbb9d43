"""Asks the shadows beside a live decision, and notes what they would have done.

A shadow is asked right after the engine and before anything is carried out: about the same facts,
at the same moment, with the same loads. What it would have given earlier has no effect on it, so
that each difference is one of the rules and not of what followed from the difference before.

Only news is compared. An order that is tried again in vain is the same order in the same place, and
would fill the table within a day; what a person chose says nothing of the rules.

Nothing that goes wrong here may reach the live decision: a draft that raises is counted and left
out, and the rows are written so that they wait for nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from apps.core.failures import describe
from apps.engine.codes import Outcome
from apps.engine.decision import Decision, Snapshot, begun, ended
from apps.engine.occurrences import local_date

if TYPE_CHECKING:
    from apps.assignment.desk.case import Case
    from apps.assignment.desk.deciding import Deciding
    from apps.assignment.snapshot.shadows import RunningShadow
    from apps.engine.facts import OrderFacts, Workload

log = logging.getLogger(__name__)

# JSON values; see ``apps.engine.trace``.
JSON = Any

_OF_THE_ORDER = frozenset(
    {
        *("order_id", "accession", "site", "modality", "body_part", "subspecialty", "urgency"),
        *("received_at", "required_credentials", "required_subspecialty", "report_due_at"),
        *("passed_over", "together", "priors"),
    }
)
"""What a kept trace says of the order: nothing that rules may have read of the patient."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the engine was asked of an order beside its facts and the moment.

    ``loads`` are those of the live decision where they are no longer the desk's: of orders given
    out together each was decided before the others had theirs.
    """

    passed_over: frozenset[str] = frozenset()
    widen: bool = False
    relieve: str = ""
    loads: Mapping[str, Workload] | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """What a shadow came to for one order; ``draft`` is None where it gave no answer.

    ``on`` is the day at the order's site.
    """

    shadow_id: int
    case: Case
    live: Decision
    draft: Decision | None
    on: date

    @property
    def is_same(self) -> bool:
        """Return whether the same would have become of the order."""
        return self.draft is not None and _becomes(self.live) == _becomes(self.draft)

    def kept(self) -> tuple[JSON, JSON]:
        """Return what is stored of the live decision and of the draft's."""
        if self.draft is None or self.is_same:
            return {}, {}
        # The trace of what was assigned stands with the assignment for good.
        live: dict[str, JSON] = {"result": self.live.trace["result"], "rules": _held(self.live)}
        if self.live.outcome is not Outcome.ASSIGNED:
            live["trace"] = without_patient(self.live.trace)
        return live, {
            "result": self.draft.trace["result"],
            "rules": _held(self.draft),
            "trace": without_patient(self.draft.trace),
        }


def ask_shadows(desk: Deciding, case: Case, live: Decision, asked: Asked) -> None:
    """Ask every shadow what it would have decided; call it before the decision is carried out."""
    if not desk.view.shadows or not _is_news(case, live):
        return
    facts = desk.facts_to_decide(case, asked.passed_over)
    site = desk.view.compiled.sites.get(facts.site)
    on = local_date(desk.at, site.zone if site else "UTC")
    loads = desk.book.loads if asked.loads is None else asked.loads
    question = partial(_decide, facts, desk.at, asked=asked, planned=_planned(live))
    for shadow in desk.view.shadows:
        if desk.at < shadow.ends_at:
            draft = _answer(shadow, question, loads, live)
            desk.pending.compared.append(Compared(shadow.id, case, live, draft, on))


def without_patient(trace: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return a trace that knows of the order only what every engine reads."""
    if "order" not in trace:
        return dict(trace)
    order = {name: value for name, value in trace["order"].items() if name in _OF_THE_ORDER}
    return {**trace, "order": order}


def _planned(live: Decision) -> str:
    """Return whom the order was meant for where OPTIMAL gave out many together, else nobody.

    The draft is asked with the same in mind: alone it might choose another, and the difference
    would be one of the company it was asked in and not of the rules.
    """
    return live.radiologist or "" if "burst" in live.trace else ""


def _decide(
    facts: OrderFacts,
    at: datetime,
    *,
    asked: Asked,
    planned: str,
    snapshot: Snapshot,
    with_trace: bool = True,
) -> Decision:
    run = begun(
        facts,
        at,
        snapshot,
        widen=asked.widen,
        relieve=asked.relieve,
        with_trace=with_trace,
        planned=planned,
    )
    return ended(run, facts, snapshot)


def _answer(
    shadow: RunningShadow,
    question: Callable[..., Decision],
    loads: Mapping[str, Workload],
    live: Decision,
) -> Decision | None:
    """Return what the draft decides; why, only where it is something else."""
    if shadow.compiled is None:
        return None
    snapshot = Snapshot(compiled=shadow.compiled, loads=loads)
    try:
        draft = question(snapshot=snapshot, with_trace=False)
        return draft if _becomes(draft) == _becomes(live) else question(snapshot=snapshot)
    except Exception as error:  # noqa: BLE001 -- a draft's fault must not become the order's
        log.warning("shadow %d gave no answer: %s", shadow.id, describe(error))
        return None


def _is_news(case: Case, live: Decision) -> bool:
    """Return whether the decision does more than leave the order where it waits already."""
    if live.outcome is Outcome.ASSIGNED or case.queued is None or live.reason is None:
        return True
    return case.queued.reason != live.reason.value


def _becomes(decision: Decision) -> tuple[object, ...]:
    """Return what becomes of the order, whatever rule or strategy brought it about."""
    return (
        decision.outcome,
        decision.radiologist,
        decision.shift,
        decision.reason,
        decision.reason_text,
        decision.escalated,
        decision.urgency,
    )


def _held(decision: Decision) -> list[JSON]:
    """Return the rules that held: id and name, as they were called then."""
    return [[rule_id, name] for rule_id, _, name, *_ in decision.trace.get("rules", ())]
