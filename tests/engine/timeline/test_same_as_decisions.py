"""What the sweep says of a moment is what a decision at that moment would find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random

import pytest

from apps.engine.codes import Urgency
from apps.engine.competency import Demand
from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.conditions.subject import Subject
from apps.engine.facts import Config, Dated, OrderFacts, RadiologistFacts, SiteFacts, Weights
from apps.engine.pools import pools_by_level
from apps.engine.rota import (
    HolidayMode,
    LeaveFacts,
    RosterRow,
    RotationFacts,
    RotationUnit,
    ShiftFacts,
    SwapFacts,
)
from apps.engine.selection import Situation, ask
from apps.engine.specificity import PoolKey
from apps.engine.timeline.facts import Cover, Intents, PlannedGapFacts, Segment, Work
from apps.engine.timeline.sweep import Swept, sweep
from tests.engine.worlds import IDS, SITES, SPECIALTIES, ZONES, random_world

WORLDS = 400
MOMENTS = 6
REACH = timedelta(days=3)


def dense_world(seed: int) -> tuple[Config, datetime]:
    """Return a world with everything that a roster can say, most of it at the same time."""
    world, random = random_world(seed), Random(seed)  # noqa: S311 -- made-up worlds, no secret
    config, on = world.config, world.at.date()

    def near() -> date:
        return on + timedelta(days=random.randint(-3, 3))

    def hours() -> tuple[time, time]:
        return time(random.randint(0, 23), 30), time(random.randint(0, 23))

    def shift(facts: ShiftFacts) -> ShiftFacts:
        return replace(
            facts,
            calendar=random.choice(("", "CAL")),
            holiday_mode=random.choice([*HolidayMode]),
            required_subspecialty=random.choice(("", *SPECIALTIES)),
        )

    def person(facts: RadiologistFacts) -> RadiologistFacts:
        start, end = sorted((near(), near()))
        return replace(
            facts,
            max_concurrent_studies=20,
            max_studies_per_hour=8,
            max_concurrent_rvu=None,
            max_rvu_per_hour=None,
            licences=(*facts.licences, Dated(jurisdiction="J2", start_on=start, end_on=end)),
            privileges=(*facts.privileges, Dated(site="S1", modality="MR", end_on=near())),
        )

    def site(facts: SiteFacts) -> SiteFacts:
        asks = random.random() < 0.6, random.random() < 0.6
        return replace(facts, requires_licence=asks[0], requires_privilege=asks[1])

    codes = [facts.code for facts in config.shifts]
    return replace(
        config,
        sites=tuple(site(facts) for facts in config.sites),
        shifts=tuple(shift(facts) for facts in config.shifts),
        radiologists=tuple(person(facts) for facts in config.radiologists),
        calendars={**config.calendars, "CAL": frozenset({near(), near()})},
        rotations=tuple(
            RotationFacts(
                random.choice(codes),
                tuple(random.sample((*IDS, ""), 3)),
                near(),
                random.choice((None, on + timedelta(days=5))),
                random.choice([*RotationUnit]),
            )
            for _ in range(random.choice((0, 1, 2)))
        ),
        extras=tuple(
            RosterRow(
                random.choice(codes), random.choice(IDS), near(), None, frozenset(), 1, *hours()
            )
            for _ in range(random.choice((0, 1, 2)))
        ),
        swaps=(
            *config.swaps,
            *(
                SwapFacts(random.choice(codes), IDS[seed % 3], IDS[3 + seed % 3], on, on, *hours())
                for _ in range(random.choice((0, 1)))
            ),
        ),
        leaves=(
            *config.leaves,
            *(
                LeaveFacts(
                    random.choice(IDS),
                    on,
                    on,
                    *hours(),
                    random.choice(ZONES),
                    random.random() < 0.5,
                )
                for _ in range(random.choice((0, 1, 2)))
            ),
        ),
    ), world.at


def intents_of(config: Config, seed: int) -> Intents:
    random = Random(seed)  # noqa: S311 -- made-up worlds, no secret
    codes = [shift.code for shift in config.shifts]
    first = min(config.calendars["CAL"])
    return Intents(
        readers_wanted={code: random.choice((0, 1, 1, 2)) for code in codes},
        gaps=(
            PlannedGapFacts(random.choice(codes), first, None, frozenset({1, 2}), "Fire drill"),
        ),
        days_off={"CAL": {first: "May Day"}},
    )


def fit_by_decision(
    compiled: CompiledConfig, work: Work, urgency: Urgency, site: str, at: datetime
) -> tuple[str, ...]:
    """Return whom the pools and filters of a decision leave, nobody having anything on hand."""
    facts = compiled.sites[site]
    order = OrderFacts(1, "RIS", "ACC", site, *work, urgency, at)
    subject = Subject(order, at, facts)
    on = compiled.local_date(facts, at)
    demand = Demand(facts, work.modality, work.body_part, frozenset(), "", on)
    key, situation = (
        PoolKey(demand, subject.subspecialty, urgency),
        Situation(subject, {}, Weights()),
    )
    pools = pools_by_level(compiled, compiled.coverage_at(at), key)
    return tuple(
        sorted({candidate.person.id for pool in pools for candidate in ask(pool, situation).fit})
    )


def said_at(swept: Swept, at: datetime) -> Iterator[tuple[Work, Urgency, str, Segment]]:
    for row in swept.rows:
        segment = next(one for one in row.segments() if one.start_at <= at < one.end_at)
        for urgency in row.urgencies:
            for site in row.sites:
                yield row.work, urgency, site, segment


@pytest.mark.parametrize("part", range(8))
def test_the_sweep_says_of_every_moment_what_a_decision_would_find(part: int) -> None:
    compared = 0
    for seed in range(part, WORLDS, 8):
        config, at = dense_world(seed)
        compiled, random = compile_config(config), Random(seed)  # noqa: S311 -- as above
        swept = sweep(compiled, at - REACH, at + REACH, intents_of(config, seed))
        for _ in range(MOMENTS):
            moment = at + timedelta(minutes=random.randint(-3 * 1440, 3 * 1440 - 1))
            for work, urgency, site, segment in said_at(swept, moment):
                expected = fit_by_decision(compiled, work, urgency, site, moment)
                assert segment.verdict.eligible == expected, (seed, moment, work, urgency, site)
                compared += 1
    assert compared > 5_000


@pytest.mark.parametrize("seed", range(0, WORLDS, 7))
def test_the_sets_of_time_agree_with_what_is_said_piece_by_piece(seed: int) -> None:
    config, at = dense_world(seed)
    swept = sweep(compile_config(config), at - REACH, at + REACH, intents_of(config, seed))
    for row in swept.rows:
        segments = row.segments()
        assert [segments[0].start_at, segments[-1].end_at] == [at - REACH, at + REACH]
        assert all(
            one.end_at == two.start_at and one.verdict != two.verdict
            for one, two in pairwise(segments)
        )
        for cover in Cover:
            alone = row.segments(cover)
            assert alone == [segment for segment in segments if segment.cover is cover]
            assert bool(alone) == bool(list(row.spans(cover)))


@pytest.mark.parametrize("seed", range(0, WORLDS, 7))
def test_somebody_is_eligible_exactly_where_it_is_covered(seed: int) -> None:
    config, at = dense_world(seed)
    for row in sweep(compile_config(config), at, at + REACH, intents_of(config, seed)).rows:
        for segment in row.segments():
            is_covered = segment.cover in (Cover.COVERED, Cover.THIN)
            assert is_covered == bool(segment.verdict.eligible)
            meant = {cause.lack.is_meant for cause in segment.verdict.causes}
            assert (
                meant
                == {
                    Cover.COVERED: set(),
                    Cover.THIN: {False},
                    Cover.OPEN: {False},
                    Cover.MEANT: {True},
                }[segment.cover]
            )


def test_every_lane_is_said_once() -> None:
    for seed in range(0, WORLDS, 11):
        config, at = dense_world(seed)
        said = [lane[:3] for lane in said_at(sweep(compile_config(config), at, at + REACH), at)]
        works = {
            Work(work.modality, work.body_part, work.subspecialty)
            for shift in config.shifts
            for work in shift.work_types
        }
        assert sorted(said) == sorted(
            (work, urgency, site) for work in works for urgency in Urgency for site in SITES
        )
