"""Why an order has no reader: the furthest step that anyone reached."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from apps.engine.codes import ActionType, Presence, Reason
from apps.engine.facts import Config, Workload
from apps.engine.rota import WorkType
from tests.engine.build import config, decided, department, load, on, order, reader, rule, shift

NEEDS_MSK = {"required_subspecialty": "musculoskeletal"}
MSK = {"specialties": frozenset({"musculoskeletal"})}
FULL = (0, 0, 20)


def ladder(**people: Mapping[str, object]) -> Config:
    return department(
        *people,
        readers=tuple(reader(id_, **facts) for id_, facts in people.items()),
        rules=(rule(1, ActionType.EXCLUDE, "EXCLUDED"),),
    )


OFFLINE = load("OFFLINE", presence=Presence.OFFLINE)


@pytest.mark.parametrize(
    ("made", "held", "expected"),
    [
        (config((shift(work_types=(WorkType("CT"),)),)), (), Reason.NO_SHIFT),
        (config((shift(),)), (), Reason.NO_ROSTER),
        (ladder(OFFLINE={}), (OFFLINE,), Reason.NO_ROSTER),
        (ladder(OFFLINE={}, EXCLUDED=MSK), (OFFLINE,), Reason.EXCLUDED),
        (ladder(EXCLUDED=MSK, UNFIT={}), (), Reason.NO_COMPETENCY),
        (
            ladder(EXCLUDED=MSK, UNFIT={}, BUSY=MSK),
            (load("BUSY", open_by_urgency=FULL),),
            Reason.AT_CAPACITY,
        ),
    ],
    ids=["no shift", "nobody rostered", "offline", "excluded", "not competent", "full"],
)
def test_the_furthest_step_anyone_reached_is_the_reason(
    made: Config, held: tuple[Workload, ...], expected: Reason
) -> None:
    assert decided(made, order(**NEEDS_MSK), *held).reason is expected


def test_the_furthest_step_counts_over_all_pools_and_rules() -> None:
    made = config(
        (shift("HIGH", priority_level=9), shift("LOW")),
        (reader("BUSY"), reader("GONE", is_active=False)),
        on("HIGH", "BUSY") + on("LOW", "GONE"),
    )

    busy = load("BUSY", open_by_urgency=FULL)

    assert decided(made, order(), busy).reason is Reason.AT_CAPACITY
    named = config(
        (), (reader("BUSY"),), rules=(rule(1, ActionType.ASSIGN_TO_RADIOLOGIST, "BUSY"),)
    )
    assert decided(named, order(), busy).reason is Reason.AT_CAPACITY
