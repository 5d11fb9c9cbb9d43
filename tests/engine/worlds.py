"""Random small departments in which everything collides: few names, tight limits, odd hours."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from apps.engine.codes import ActionType, Presence, Strategy, Urgency
from apps.engine.facts import (
    Config,
    Credential,
    Dated,
    OrderFacts,
    RadiologistFacts,
    RuleFacts,
    SiteFacts,
    Workload,
)
from apps.engine.rota import HolidayMode, ShiftFacts, WorkType
from tests.engine.rota_worlds import CALENDAR, Maker

IDS = tuple("ABCDEF")
SITES = ("S1", "S2", "S3")
ZONES = ("Australia/Brisbane", "Europe/Berlin", "America/New_York")
MODALITIES = ("MR", "CT", "")
PARTS = ("KNEE", "MSK", "HEAD", "")
SPECIALTIES = ("musculoskeletal", "neuroradiology", "")
# A night on which Berlin's clock changes, so that some worlds stand on the change itself.
START = datetime(2026, 3, 27, tzinfo=UTC)
CLOCK = [time(hour, minute) for hour in (0, 2, 8, 13, 22) for minute in (0, 30)]


@dataclass(frozen=True, slots=True)
class World:
    """A department, an order, the workloads and the moment."""

    config: Config
    order: OrderFacts
    loads: dict[str, Workload]
    at: datetime
    widen: bool
    relieve: str


def random_world(seed: int) -> World:
    """Return the same world for the same seed."""
    random = Random(seed)  # noqa: S311 -- made-up worlds, no secret
    at = START + timedelta(minutes=random.randint(0, 4 * 24 * 60))
    maker = Maker(random, [f"SH{n}" for n in range(6)], IDS, ZONES, at.date(), CLOCK)
    config = Config(
        versions={"catalog": 1, "roster": 1, "rules": 1},
        sites=tuple(_site(random, code) for code in SITES),
        shifts=tuple(_any_shift(random, code) for code in maker.shifts[: random.randint(1, 6)]),
        radiologists=tuple(_reader(random, id_, at) for id_ in IDS[: random.choice((1, 5, 6, 6))]),
        roster=maker.rows(),
        rules=tuple(_rule(random, n, at) for n in range(random.choice((0, 0, 1, 3)))),
        leaves=maker.leaves(),
        swaps=maker.swaps(),
        extras=maker.extras(),
        rotations=maker.rotations(),
        calendars=maker.calendars(),
    )
    loads = {id_: _load(random, id_, at) for id_ in IDS if random.random() < 0.9}
    relieve = random.choice((*IDS[:2], *[""] * 8))
    return World(config, _order(random, at), loads, at, random.random() < 0.2, relieve)


def _site(random: Random, code: str) -> SiteFacts:
    return SiteFacts(
        code,
        random.choice(("C1", "C2", "")),
        random.choice(ZONES),
        jurisdiction=random.choice(("J1", "J2")),
        requires_licence=random.random() < 0.2,
        requires_privilege=random.random() < 0.2,
    )


def _any_shift(random: Random, code: str) -> ShiftFacts:
    """Return a shift, now and then one that is always there for all work, so that some is given."""
    made = _shift(random, code)
    if random.random() < 0.6:
        return made
    wide = replace(made, work_types=(WorkType(),), sites=None, required_subspecialty="")
    return replace(wide, start_local=time(0), end_local=time(0), priority_level=0)


def _shift(random: Random, code: str) -> ShiftFacts:
    work = [
        WorkType(
            random.choice(MODALITIES),
            random.choice(PARTS),
            random.choice(SPECIALTIES),
            random.choice(("", "", "", "STAT")),
        )
        for _ in range(random.randint(1, 2))
    ]
    sites = random.choice(
        (None, frozenset(random.sample(SITES, 2)), frozenset(SITES), frozenset())
    )
    return ShiftFacts(
        code=code,
        name=code,
        work_types=tuple(work),
        sites=sites,
        priority_level=random.choice((-1, 0, 0, 5, 5)),
        start_local=time(random.choice((0, 2, 8, 22)), random.choice((0, 30))),
        end_local=time(random.choice((0, 2, 8, 22)), random.choice((0, 30))),
        weekdays=frozenset(day for day in range(1, 8) if random.random() < 0.9),
        zone=random.choice(ZONES),
        strategy=random.choice([*Strategy][:4]),
        required_subspecialty=random.choice(("", "", "", "musculoskeletal")),
        calendar=random.choice(("", "", CALENDAR)),
        holiday_mode=random.choice([*[HolidayMode.RUNS] * 3, *HolidayMode]),
    )


def _dates(random: Random, at: datetime) -> tuple[date, date]:
    start = at.date() + timedelta(days=random.randint(-2, 1))
    return start, start + timedelta(days=random.randint(0, 2))


def _reader(random: Random, id_: str, at: datetime) -> RadiologistFacts:
    start, end = _dates(random, at)
    return RadiologistFacts(
        id=id_,
        name=id_,
        is_active=random.random() < 0.9,
        credentials=(Credential("C", start, end),)
        if random.random() < 0.5
        else (Credential("C"),),
        specialties=frozenset(filter(None, random.sample(SPECIALTIES, 2))),
        seniority_years=random.choice((1, 6, 6, 9)),
        max_concurrent_studies=random.choice((1, 3, 20)),
        max_studies_per_hour=random.choice((1, 8)),
        max_concurrent_rvu=random.choice((None, None, Decimal("2.5"))),
        max_rvu_per_hour=random.choice((None, None, Decimal(3))),
        licences=(
            Dated(jurisdiction=random.choice(("J1", "J2")), end_on=random.choice((None, end))),
        ),
        privileges=(Dated(site=random.choice(("", *SITES)), body_part=random.choice(PARTS)),),
    )


def _rule(random: Random, number: int, at: datetime) -> RuleFacts:
    action = random.choice([*ActionType])
    target = {
        ActionType.ASSIGN_TO_SHIFT: f"SH{random.randint(0, 6)}",
        ActionType.ASSIGN_TO_RADIOLOGIST: random.choice(IDS),
        ActionType.EXCLUDE: json.dumps(random.sample(IDS, 2)),
        ActionType.SET_PRIORITY: random.choice(("STAT", "URGENT", "ROUTINE")),
    }.get(action, "reason")
    conditions: dict[str, Any] = random.choice(
        (
            {},
            {"field": "modality", "op": "=", "value": "MR"},
            {"all": [{"field": "site", "op": "in", "value": ["S1", "S2"]}]},
            {"all": [{"field": "urgency", "op": "=", "value": "STAT"}]},
            {"any": [{"field": "time_of_day", "op": "between", "value": ["22:00", "06:00"]}]},
        )
    )
    return RuleFacts(
        id=number,
        version=random.randint(1, 3),
        name=f"rule {number}",
        priority_order=random.randint(1, 2),
        conditions=conditions,
        action=action,
        target=target,
        is_terminal=random.random() < 0.8,
        is_strict=random.random() < 0.2,
        active_until=random.choice((None, None, at, at + timedelta(hours=1))),
    )


def _load(random: Random, id_: str, at: datetime) -> Workload:
    def ago() -> datetime | None:
        return random.choice((None, at - timedelta(minutes=random.choice((1, 4, 4, 90)))))

    turns = {f"SH{n}": last for n in range(6) if (last := ago())}
    return Workload(
        radiologist=id_,
        presence=random.choice([*Presence, *[Presence.ONLINE, Presence.AWAY] * 2]),
        last_activity_at=ago(),
        open_by_urgency=(random.randint(0, 1), random.randint(0, 1), random.randint(0, 2)),
        open_rvu=Decimal(random.choice(("0", "1", "1.0", "2.25", "3"))),
        assigned_last_hour=random.choice((0, 0, 1, 8)),
        rvu_last_hour=Decimal(random.choice(("0", "3"))),
        last_assigned_at=ago(),
        mean_turnaround_minutes=random.choice((None, Decimal("12.5"), Decimal(45))),
        last_on_shift=turns,
    )


def _order(random: Random, at: datetime) -> OrderFacts:
    return OrderFacts(
        order_id=1,
        issuer="RIS",
        accession="ACC",
        site=random.choice((*SITES, *SITES, "S9")),
        modality=random.choice(MODALITIES),
        body_part=random.choice(PARTS),
        subspecialty=random.choice(("", "", "musculoskeletal")),
        urgency=random.choice([*Urgency]),
        received_at=at - timedelta(minutes=5),
        required_credentials=random.choice((frozenset(), frozenset({"C"}))),
        required_subspecialty=random.choice(("", "", "", "musculoskeletal")),
        report_due_at=random.choice(
            (None, at + timedelta(minutes=random.choice((-5, 30, 60, 1440))))
        ),
        passed_over=frozenset(random.sample(IDS, random.choice((0, 0, 0, 2)))),
    )
