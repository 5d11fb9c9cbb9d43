"""Reads a decision's trace as tables of candidates: one for each pool that was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.assignment.choices import RecordedStrategy
from apps.engine.codes import Refused, Step, Strategy
from apps.engine.favour import Cause
from apps.engine.naming import Naming, tidy
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
    "idle": "The shift that the rule names, which does not run now",
    "person": "The radiologist whom the rule names",
    "worklist": "Those who share the list",
    "by_hand": "Those at work for it, and whom the person chose",
    "cluster": "Everybody on shift in the site's cluster",
    "national": "Everybody else on shift",
}


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One radiologist who was seen: how far they came and why no further.

    ``verdict`` is chosen, fit, late (would not make the SLA) or out. ``open_studies`` is None
    where the trace holds no workload; ``figure`` is what the strategy compared, ``terms`` what it
    is the sum of, each with its name.
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
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PoolTable:
    """Everybody of one pool: the chosen one first, then the fit, then those who fell out.

    ``favour`` says whom something else than the strategy put first, and why.
    """

    title: str
    shifts: tuple[str, ...]
    strategy: RecordedStrategy
    figure_name: str
    rows: tuple[CandidateRow, ...]
    favour: str = ""


def pool_tables(trace: Trace, naming: Naming) -> list[PoolTable]:
    """Return a table for each pool asked, in turn; none for a decision without a trace.

    Args:
        trace: as the engine wrote it.
        naming: what those are called whom it names; who has no name is shown by id alone.
    """
    return [_table(tried, trace.get("loads", {}), naming) for tried in trace.get("tries", ())]


def _table(tried: Trace, loads: Mapping[str, Any], naming: Naming) -> PoolTable:
    strategy = Strategy(tried["strategy"])
    rows = [*_fit_rows(tried, strategy, loads, naming), *_out_rows(tried, loads, naming)]
    return PoolTable(
        title=_ASKED.get(tried["pool"], "Asked").format(level=tried.get("level", 0)),
        shifts=tuple(naming.shift(code) for code in tried.get("shifts", ())),
        strategy=RecordedStrategy(strategy.value),
        figure_name=_FIGURE_NAMES.get(strategy, ""),
        rows=tuple(sorted(rows, key=lambda row: _PLACES[row.verdict])),
        favour=_favour_words(tried["favour"], naming) if "favour" in tried else "",
    )


_PLACES = {CHOSEN: 0, FIT: 1, LATE: 2, OUT: 3}


def _fit_rows(
    tried: Trace, strategy: Strategy, loads: Mapping[str, Any], naming: Naming
) -> Iterator[CandidateRow]:
    late = {row[0]: row for row in tried.get("late", ())}
    for id_, shift, load, *rest in tried["fit"]:
        verdict = _verdict(id_, tried, late)
        rvu, _, limit = load.partition("/")
        yield CandidateRow(
            radiologist=id_,
            name=_name(id_, naming),
            shift=naming.shift(shift) if shift else "",
            verdict=verdict,
            step=_SLA if verdict == LATE else _CHOICE,
            reason=_late_words(late[id_]) if id_ in late else "",
            open_studies=_open(loads.get(id_)),
            load=f"{tidy(rvu)} of {limit}",
            figure=_figure(strategy, rest),
            terms=_terms(strategy, rest),
        )


def _name(id_: str, naming: Naming) -> str:
    called = naming.person(id_)
    return "" if called == id_ else called


def _verdict(id_: str, tried: Trace, late: Mapping[str, Any]) -> str:
    if id_ == tried.get("chosen"):
        return CHOSEN
    return LATE if id_ in late else FIT


def _out_rows(tried: Trace, loads: Mapping[str, Any], naming: Naming) -> Iterator[CandidateRow]:
    for id_, shift, step, code, *params in tried["out"]:
        yield CandidateRow(
            radiologist=id_,
            name=_name(id_, naming),
            shift=naming.shift(shift) if shift else "",
            verdict=OUT,
            step=_STEPS[Step(step)],
            reason=refusal_words(Refused(code), naming.refused(Refused(code), params)),
            open_studies=_open(loads.get(id_)),
            load="",
            figure="",
        )


def _late_words(row: Sequence[Any]) -> str:
    _, place, minutes = row
    return f"would be late: number {place} in the queue at {tidy(minutes)} min a study"


def _open(load: Sequence[Any] | None) -> int | None:
    """Return the open studies of a workload row, whose first three figures are by urgency."""
    return None if load is None else sum(count or 0 for count in load[:3])


_FIGURE_NAMES = {
    Strategy.SCORED: "Score",
    Strategy.ROUND_ROBIN: "Last turn",
    Strategy.URGENT: "Seniority",
    Strategy.ESCALATED: "Seniority",
    Strategy.FAIR: "Given per hour",
    Strategy.OPTIMAL: "Cost",
}


def _figure(strategy: Strategy, rest: Sequence[Any]) -> str:
    if not rest:
        return ""
    match strategy:
        case Strategy.ROUND_ROBIN:
            return "never" if rest[0] is None else f"{rest[0] // 60_000_000} min ago"
        case Strategy.URGENT | Strategy.ESCALATED:
            return f"{rest[0]} y"
        case Strategy.FAIR:
            return _per_hour(*rest[:2])
        case Strategy.OPTIMAL:
            return _minutes(sum(rest[2])) if len(rest) > 2 else _per_hour(*rest[:2])
        case _:
            return str(rest[0])


def _minutes(seconds: int) -> str:
    """Return what a study costs as people read it: in minutes, "0" for nothing."""
    return f"{tidy(f'{Decimal(seconds) / 60:.1f}')} min" if seconds else "0"


def _per_hour(given: str, worked_seconds: int) -> str:
    """Return a share as people compare it: units in an hour worked, and of what it is made."""
    if not worked_seconds:
        return f"{tidy(given)} in no time"
    rate = Decimal(given) * _HOUR / worked_seconds
    return f"{tidy(f'{rate:.2f}')} ({tidy(given)} in {worked_seconds // 60} min)"


def _terms(strategy: Strategy, rest: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    if strategy is Strategy.SCORED and len(rest) > 1:
        return tuple(zip(_SCORE_TERMS, rest[1], strict=True))
    if strategy is Strategy.OPTIMAL and len(rest) > 2:
        named = zip(_COST_TERMS, rest[2], strict=False)
        return tuple((name, _minutes(value)) for name, value in named)
    return ()


def _favour_words(row: Sequence[Any], naming: Naming) -> str:
    """Return why somebody was put first."""
    cause, rule, *ids = row
    by = naming.rule(rule) if rule is not None else ""
    return _FAVOURS[Cause(cause)].format(who=naming.people(ids), rule=by[:1].upper() + by[1:])


_FAVOURS = {
    Cause.RULE: "{rule} puts first: {who}",
    Cause.TOGETHER: "{who} has unread studies of the same patient and comes first",
    Cause.PRIORS: "{who} read the patient's earlier studies and comes first",
}
_SCORE_TERMS = (
    *("start", "open studies", "subspecialty"),
    *("seniority", "recently active", "turnaround"),
)
_COST_TERMS = (
    *("until read", "away now", "delays others"),
    *("late", "share", "not their subject"),
)
_HOUR = 3600
