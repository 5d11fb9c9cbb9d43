"""Reads a decision's trace as tables of candidates: one for each pool that was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.assignment.choices import RecordedStrategy
from apps.engine.codes import Refused, Step, Strategy
from apps.engine.words import refusal_words

# A trace is JSON; its shape is the engine's business (``apps.engine.trace``).
Trace = Mapping[str, Any]

CHOSEN, FIT, LATE, OUT = "chosen", "fit", "late", "out"
_STEPS: Mapping[Step, str] = {
    Step.SHIFT: "1 Shifts",
    Step.ROSTER: "2 Roster",
    Step.RULE: "3 Rules",
    Step.COMPETENCY: "4 Competency",
    Step.CAPACITY: "5 Capacity",
}
_SLA, _CHOICE = "6 SLA", "7 Choice"
_ASKED = {
    "level": "Shifts of priority level {level}",
    "shift": "The shift that the rule names",
    "person": "The radiologist whom the rule names",
    "cluster": "Everybody on shift in the site's cluster",
    "national": "Everybody else on shift",
}


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One radiologist who was seen: how far they came and why no further.

    ``verdict`` is chosen, fit, late (would not make the SLA) or out. ``open_studies`` is None
    where the trace holds no workload; ``figure`` is what the strategy compared.
    """

    radiologist: str
    name: str
    shift: str
    verdict: str
    step: str
    reason: str
    open_studies: int | None
    load: str
    figure: str


@dataclass(frozen=True, slots=True)
class PoolTable:
    """Everybody of one pool: the chosen one first, then the fit, then those who fell out."""

    title: str
    shifts: tuple[str, ...]
    strategy: RecordedStrategy
    figure_name: str
    rows: tuple[CandidateRow, ...]


def pool_tables(trace: Trace, names: Mapping[str, str]) -> list[PoolTable]:
    """Return a table for each pool asked, in turn; none for a decision without a trace.

    Args:
        trace: as the engine wrote it.
        names: full names by radiologist id; who is missing is shown by id alone.
    """
    return [_table(tried, trace.get("loads", {}), names) for tried in trace.get("tries", ())]


def radiologist_ids(trace: Trace) -> set[str]:
    """Return the ids of everybody whom the decision saw."""
    rows = (row for tried in trace.get("tries", ()) for row in (*tried["fit"], *tried["out"]))
    return {row[0] for row in rows}


def _table(tried: Trace, loads: Mapping[str, Any], names: Mapping[str, str]) -> PoolTable:
    strategy = Strategy(tried["strategy"])
    rows = [*_fit_rows(tried, strategy, loads, names), *_out_rows(tried, loads, names)]
    return PoolTable(
        title=_ASKED.get(tried["pool"], "Asked").format(level=tried.get("level", 0)),
        shifts=tuple(tried.get("shifts", ())),
        strategy=RecordedStrategy(strategy.value),
        figure_name=_FIGURE_NAMES.get(strategy, ""),
        rows=tuple(sorted(rows, key=lambda row: _PLACES[row.verdict])),
    )


_PLACES = {CHOSEN: 0, FIT: 1, LATE: 2, OUT: 3}


def _fit_rows(
    tried: Trace, strategy: Strategy, loads: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[CandidateRow]:
    late = {row[0]: row for row in tried.get("late", ())}
    for id_, shift, load, *rest in tried["fit"]:
        verdict = _verdict(id_, tried, late)
        rvu, _, limit = load.partition("/")
        yield CandidateRow(
            radiologist=id_,
            name=names.get(id_, ""),
            shift=shift or "",
            verdict=verdict,
            step=_SLA if verdict == LATE else _CHOICE,
            reason=_late_words(late[id_]) if id_ in late else "",
            open_studies=_open(loads.get(id_)),
            load=f"{rvu} of {limit}",
            figure=_figure(strategy, rest),
        )


def _verdict(id_: str, tried: Trace, late: Mapping[str, Any]) -> str:
    if id_ == tried.get("chosen"):
        return CHOSEN
    return LATE if id_ in late else FIT


def _out_rows(
    tried: Trace, loads: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[CandidateRow]:
    for id_, shift, step, code, *params in tried["out"]:
        yield CandidateRow(
            radiologist=id_,
            name=names.get(id_, ""),
            shift=shift or "",
            verdict=OUT,
            step=_STEPS[Step(step)],
            reason=refusal_words(Refused(code), tuple(params)),
            open_studies=_open(loads.get(id_)),
            load="",
            figure="",
        )


def _late_words(row: Sequence[Any]) -> str:
    _, place, minutes = row
    return f"would be late: number {place} in the queue at {minutes} min a study"


def _open(load: Sequence[Any] | None) -> int | None:
    """Return the open studies of a workload row, whose first three figures are by urgency."""
    return None if load is None else sum(count or 0 for count in load[:3])


_FIGURE_NAMES = {
    Strategy.SCORED: "Score",
    Strategy.ROUND_ROBIN: "Last turn",
    Strategy.URGENT: "Seniority",
    Strategy.ESCALATED: "Seniority",
}


def _figure(strategy: Strategy, rest: Sequence[Any]) -> str:
    if not rest:
        return ""
    if strategy is Strategy.ROUND_ROBIN:
        return "never" if rest[0] is None else f"{rest[0] // 60_000_000} min ago"
    return f"{rest[0]} y" if strategy in (Strategy.URGENT, Strategy.ESCALATED) else str(rest[0])
