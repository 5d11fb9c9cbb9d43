"""What the stated department must show, and that a simulation is what it says it is."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from apps.engine.codes import Urgency
from apps.trials.simulation.arrivals import arrivals
from apps.trials.simulation.deciders import COMMON_LIST, LOWEST_COUNT, decider
from apps.trials.simulation.known import DAY, configs, real_duties
from apps.trials.simulation.measures import Measures
from apps.trials.simulation.pictures import write_report
from apps.trials.simulation.run import Days
from apps.trials.simulation.stated import stated_department
from apps.trials.simulation.study import Simulation, simulate
from apps.trials.simulation.table import table

SEED = 7


@cache
def stated(seed: int, days: int) -> Simulation:
    return simulate(
        stated_department(0.9, seed), days=days, seed=seed, names=["OPTIMAL", "LOAD_BALANCED"]
    )


def pair(seed: int, days: int) -> tuple[Measures, Measures]:
    made = stated(seed, days).by_name
    return made["OPTIMAL"], made[LOWEST_COUNT]


def test_first_two_days_halve_the_breaches_and_the_spread() -> None:
    ours, baseline = pair(SEED, 2)

    assert ours.total_breaches * 2 <= baseline.total_breaches
    assert ours.within * 2 <= baseline.within


@pytest.mark.long
def test_stated_week_has_half_the_breaches_and_a_third_of_the_spread() -> None:
    ours, baseline = pair(SEED, 5)
    balanced = stated(SEED, 5).by_name["LOAD_BALANCED"]

    assert ours.total_breaches * 2 <= baseline.total_breaches
    assert ours.within * 3 <= baseline.within
    assert ours.total_breaches < balanced.total_breaches
    assert ours.within < balanced.within
    assert ours.moved < balanced.moved
    for name in ("p50", "p90", "p99"):
        assert ours.turnaround["all"][name] <= 1.02 * balanced.turnaround["all"][name]


@pytest.mark.long
def test_other_seeds_show_it_too() -> None:
    pairs = [pair(seed, 5) for seed in range(8, 13)]

    assert all(ours.total_breaches * 2 <= base.total_breaches for ours, base in pairs)
    assert all(ours.within * 3 <= base.within for ours, base in pairs)


def test_department_is_needed_for_nine_tenths_of_its_time() -> None:
    department = stated_department(0.9, SEED)
    planned = real_duties(department, 5, SEED)
    has = sum(
        planned.worked(id_, spans, 5 * DAY) * department.speeds[id_]
        for id_, spans in planned.on.items()
    )
    needed = sum(study.seconds for seed in range(4) for study in arrivals(department, 5, seed)) / 4

    assert needed / has == pytest.approx(0.9, abs=0.02)


def test_same_seed_gives_the_same_days_and_another_seed_others() -> None:
    def figures(seed: int) -> tuple[object, ...]:
        made = simulate(stated_department(0.9, SEED), days=1, seed=seed, names=["FAIR"])
        return tuple((run.breaches, run.turnaround, run.within) for run in made.runs)

    assert figures(1) == figures(1)
    assert figures(1) != figures(2)


def test_no_study_is_lost_or_read_twice_and_everybody_reads_one_at_a_time() -> None:
    department, days = stated_department(0.9, SEED), 1
    studies = arrivals(department, days, SEED)
    world = Days(department, real_duties(department, days, SEED), days, decider("OPTIMAL"))
    world.begin(studies)
    world.run(days * DAY)

    open_ = set(world.held) | set(world.waiting)
    reported = {id_ for id_, done in world.done.items() if done.reported_at is not None}
    assert len(world.done) == len(studies)
    assert open_ | reported == set(world.done)
    assert not open_ & reported
    assert sum(reader.open_count for reader in world.readers.values()) == len(world.held)
    assert all(len([h for h in r.held.values() if h.is_open]) <= 1 for r in world.readers.values())


def test_what_waits_is_given_out_together_where_optimal_chooses() -> None:
    """Studies of the night wait for the early shift, and are then spread over all of it."""
    department = stated_department(0.9, SEED)
    world = Days(department, real_duties(department, 1, SEED), 1, decider("OPTIMAL"))
    world.begin(arrivals(department, 1, SEED))
    until = 7 * 3_600
    world.run(until - 1)
    waited = set(world.waiting)
    world.run(until)

    given = Counter(world.held[id_].reader for id_ in waited if id_ in world.held)
    crews = {crew: [given[id_] for id_ in given if id_.startswith(crew)] for crew in ("NEURO",)}
    assert len(waited) > 30
    assert sum(given.values()) == len(waited)
    assert max(crews["NEURO"]) - min(crews["NEURO"]) <= 2


def test_nobody_takes_what_is_not_theirs_by_the_roster() -> None:
    department, days = stated_department(0.9, SEED), 1
    planned = real_duties(department, days, SEED)
    world = Days(department, planned, days, decider("OPTIMAL"))
    world.begin(arrivals(department, days, SEED))
    world.run(days * DAY)

    crews = {"HEAD": "NEURO", "BRAIN": "NEURO", "SPINE": "NEURO", "ABDOMEN": "BODY"}
    wrong = [
        done
        for done in world.done.values()
        if done.reported_at is not None
        and done.moves == 0
        and done.shift.split("_")[0] not in (crews.get(done.study.order.body_part), "NIGHT")
        and done.study.order.body_part in crews
    ]
    assert wrong == []


def test_sickness_becomes_known_on_its_morning_and_not_before() -> None:
    department = stated_department(0.9, SEED)
    first = configs(department, 5)[0][1]
    later = configs(department, 5)[-1][1]

    assert len(first.leaves) < len(later.leaves)
    assert configs(department, 5)[0][0] == 0
    assert [at % DAY for at, _ in configs(department, 5)[1:]] == [6 * 3_600] * (
        len(configs(department, 5)) - 1
    )


def test_common_list_never_leaves_a_study_to_who_is_gone() -> None:
    made = stated(SEED, 2).by_name[COMMON_LIST]

    assert made.moved == 0
    assert made.breaches[Urgency.STAT.value] == 0


def test_report_is_a_table_figures_and_pictures_without_styles(tmp_path: Path) -> None:
    made = stated(SEED, 2)

    write_report(made, tmp_path, "{}")

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "breaches.svg",
        "index.html",
        "simulation.json",
        "spread.svg",
        "turnaround.svg",
    ]
    page = (tmp_path / "index.html").read_text()
    assert "style=" not in page
    assert "<script" not in page
    assert "optimal" in table(made)
    assert "SLA breaches" in table(made)
