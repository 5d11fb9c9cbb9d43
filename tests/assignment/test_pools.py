from __future__ import annotations

import pytest

from apps.assignment.choices import RecordedStrategy
from apps.assignment.queries.pools import CandidateRow, PoolTable, pool_tables
from apps.engine.codes import Strategy
from apps.engine.naming import Naming
from tests.dashboard.traces import real_trace

NAMES = Naming(person=lambda id_: "DR Fay Free" if id_ == "DR_FREE" else id_)


def test_pool_shows_the_chosen_then_the_fit_then_who_fell_out() -> None:
    tables = pool_tables(real_trace(), NAMES)

    assert tables == [
        PoolTable(
            title="Shifts of priority level 10",
            shifts=("MRI_MSK",),
            strategy=RecordedStrategy.LOAD_BALANCED,
            figure_name="",
            rows=(
                CandidateRow(
                    *("DR_FREE", "DR Fay Free", "MRI_MSK", "chosen", "7 Choice", ""),
                    open_studies=0,
                    load="0 of 20",
                    figure="",
                ),
                CandidateRow(
                    *("DR_SOME", "", "MRI_MSK", "fit", "7 Choice", ""),
                    open_studies=3,
                    load="3 of 20",
                    figure="",
                ),
                CandidateRow(
                    *("DR_FULL", "", "MRI_MSK", "out", "5 Capacity"),
                    "full, 20 of 20 studies open",
                    open_studies=20,
                    load="",
                    figure="",
                ),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("strategy", "name", "figures"),
    [
        (Strategy.SCORED, "Score", ["100", "92.5"]),
        (Strategy.ROUND_ROBIN, "Last turn", ["never", "never"]),
        (Strategy.URGENT, "Seniority", ["0 y", "0 y"]),
    ],
)
def test_pool_shows_what_its_strategy_compared(
    strategy: Strategy, name: str, figures: list[str]
) -> None:
    (table,) = pool_tables(real_trace(strategy=strategy), NAMES)

    assert (table.figure_name, [row.figure for row in table.rows if row.verdict != "out"]) == (
        name,
        figures,
    )


def test_late_candidate_is_fit_but_not_preferred() -> None:
    trace = real_trace()
    trace["tries"][0]["late"] = [["DR_SOME", 4, "30"]]

    (table,) = pool_tables(trace, NAMES)

    late = [(row.radiologist, row.step, row.reason) for row in table.rows if row.verdict == "late"]
    assert late == [("DR_SOME", "6 SLA", "would be late: number 4 in the queue at 30 min a study")]


def test_decision_without_a_trace_has_no_candidates() -> None:
    assert pool_tables({}, NAMES) == []
