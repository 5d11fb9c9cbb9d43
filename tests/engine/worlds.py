"""Random small departments in which everything collides: few names, tight limits, odd hours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from apps.engine.codes import CONFIGURED, Presence, Strategy, Urgency
from apps.engine.facts import (
    Balance,
    Config,
    Credential,
    Dated,
    OrderFacts,
    RadiologistFacts,
    SiteFacts,
    Workload,
)
from apps.engine.rota import HolidayMode, RosterRow, ShiftFacts, WorkType
from tests.engine.rota_worlds import CALENDAR, Maker
from tests.engine.rule_worlds import RuleMaker

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
    rules = RuleMaker(random, maker.shifts, IDS, at)
    config = Config(
        versions={"catalog": 1, "roster": 1, "rules": 1},
        sites=tuple(_site(random, code) for code in SITES),
        shifts=tuple(_any_shift(random, code) for code in maker.shifts[: random.randint(1, 6)]),
        radiologists=tuple(_reader(random, id_, at) for id_ in IDS[: random.choice((1, 5, 6, 6))]),
        roster=(*maker.rows(), *_always_there(random, maker)),
        rules=tuple(rules.rule(n) for n in range(random.choice((0, 1, 2, 4, 7)))),
        leaves=maker.leaves(),
        swaps=maker.swaps(),
        extras=maker.extras(),
        rotations=maker.rotations(),
        balance=Balance(
            catch_up_units=Decimal(random.choice(("0", "1.5", "3"))),
            company_share=Decimal(random.choice(("0", "0.25", "1"))),
        ),
        holidays=_holidays(random, at),
        calendars=maker.calendars(),
    )
    loads = {id_: _load(random, id_, at) for id_ in IDS if random.random() < 0.9}
    relieve = random.choice((*IDS[:2], *[""] * 8))
    world = World(config, _order(random, at), loads, at, random.random() < 0.2, relieve)
    return _well_staffed(random, world) if random.random() < 0.5 else world


def any_world(seed: int) -> World:
    """Return a random world, every third with shifts that choose by OPTIMAL.

    What that strategy weighs is its own business; what holds of every decision holds of it too.
    """
    world = random_world(seed)
    if seed % 3:
        return world
    instead = {Strategy.FAIR: Strategy.OPTIMAL, Strategy.SCORED: Strategy.OPTIMAL}
    shifts = tuple(
        replace(shift, strategy=instead.get(shift.strategy, shift.strategy))
        for shift in world.config.shifts
    )
    return replace(world, config=replace(world.config, shifts=shifts))


def _well_staffed(random: Random, world: World) -> World:
    """Return the world with readers on a shift that reads everything, so that there is a choice."""
    config, since = world.config, world.at.date() - timedelta(days=40)
    wide = replace(
        random.choice(config.shifts),
        work_types=(WorkType(),),
        sites=None,
        required_subspecialty="",
        start_local=time(0),
        end_local=time(0),
        weekdays=frozenset(range(1, 8)),
        holiday_mode=HolidayMode.RUNS,
        priority_level=random.choice((0, 5)),
    )
    others = [shift for shift in config.shifts if shift.code != wide.code]
    rows = (RosterRow(wide.code, id_, since, None) for id_ in random.sample(IDS, 4))
    order = replace(world.order, required_credentials=frozenset(), required_subspecialty="")
    staffed = replace(config, shifts=(*others, wide), roster=(*config.roster, *rows))
    whole = replace(world, config=staffed, order=order)
    return _alike(whole) if random.random() < 0.6 else whole


def _alike(world: World) -> World:
    """Return the world with readers who differ in little, so that ties go on to the last."""
    config = world.config
    readers = tuple(
        replace(
            one,
            is_active=True,
            seniority_years=6,
            max_concurrent_studies=20,
            max_studies_per_hour=9,
            max_concurrent_rvu=None,
        )
        for one in config.radiologists
    )
    sites = tuple(
        replace(one, requires_licence=False, requires_privilege=False) for one in config.sites
    )
    loads = {
        id_: replace(
            load,
            presence=Presence.ONLINE,
            open_rvu=min(load.open_rvu, Decimal(1)),
            open_by_urgency=(0, 0, 1),
            mean_turnaround_minutes=None,
        )
        for id_, load in world.loads.items()
    }
    order = replace(world.order, passed_over=frozenset(), report_due_at=None)
    made = replace(config, radiologists=readers, sites=sites)
    return replace(world, config=made, loads=loads, order=order, relieve="")


def _always_there(random: Random, maker: Maker) -> tuple[RosterRow, ...]:
    """Return who is on some shift whenever it runs, so that there are pools to choose from."""
    since = maker.day - timedelta(days=40)
    seats = random.choice((0, 3, 9, 9))
    return tuple(
        RosterRow(random.choice(maker.shifts), random.choice(IDS), since, None)
        for _ in range(seats)
    )


def _site(random: Random, code: str) -> SiteFacts:
    return SiteFacts(
        code,
        random.choice(("C1", "C2", "")),
        random.choice(ZONES),
        jurisdiction=random.choice(("J1", "J2")),
        requires_licence=random.random() < 0.15,
        requires_privilege=random.random() < 0.15,
    )


def _holidays(random: Random, at: datetime) -> dict[str, frozenset[date]]:
    near = [at.date() + timedelta(days=ahead) for ahead in (-1, 0, 1)]
    keys = (*SITES, "C1", "C2")
    return {key: frozenset(random.sample(near, 1)) for key in keys if random.random() < 0.4}


def _any_shift(random: Random, code: str) -> ShiftFacts:
    """Return a shift, now and then one that is always there for all work, so that some is given."""
    made = _shift(random, code)
    if random.random() < 0.5:
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
        strategy=random.choice(CONFIGURED[:-1]),
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
        max_concurrent_studies=random.choice((1, 4, 8, 20, 20)),
        max_studies_per_hour=random.choice((1, 8, 8, 8)),
        max_concurrent_rvu=random.choice((None, None, None, Decimal("2.5"))),
        max_rvu_per_hour=random.choice((None, None, None, Decimal(3))),
        licences=(
            Dated(jurisdiction=random.choice(("J1", "J2")), end_on=random.choice((None, end))),
        ),
        privileges=(Dated(site=random.choice(("", *SITES)), body_part=random.choice(PARTS)),),
    )


def _load(random: Random, id_: str, at: datetime) -> Workload:
    def ago() -> datetime | None:
        return random.choice((None, at - timedelta(minutes=random.choice((1, 4, 4, 90)))))

    turns = {f"SH{n}": last for n in range(6) if (last := ago())}
    return Workload(
        radiologist=id_,
        presence=random.choice([*Presence, *[Presence.ONLINE, Presence.AWAY] * 3]),
        last_activity_at=ago(),
        open_by_urgency=(random.randint(0, 1), random.randint(0, 1), random.randint(0, 2)),
        open_rvu=Decimal(random.choice(("0", "1", "1.0", "2.25", "3"))),
        assigned_last_hour=random.choice((0, 0, 0, 1, 8)),
        rvu_last_hour=Decimal(random.choice(("0", "3"))),
        last_assigned_at=ago(),
        mean_turnaround_minutes=random.choice((None, Decimal("12.5"), Decimal(45))),
        last_on_shift=turns,
        given_units=Decimal(random.choice(("0", "0", "1", "2.5", "9", "20"))),
        worked_seconds=random.choice((0, 0, 1800, 3600, 4 * 3600)),
    )


def _order(random: Random, at: datetime) -> OrderFacts:
    return OrderFacts(
        order_id=1,
        issuer="RIS",
        accession="ACC",
        site=random.choice((*SITES * 5, "S9")),
        modality=random.choice(MODALITIES),
        body_part=random.choice(PARTS),
        subspecialty=random.choice(("", "", "musculoskeletal")),
        urgency=random.choice([*Urgency]),
        received_at=at - timedelta(minutes=5),
        required_credentials=random.choice((*[frozenset[str]()] * 3, frozenset({"C"}))),
        required_subspecialty=random.choice(("", "", "", "", "musculoskeletal")),
        report_due_at=random.choice(
            (None, at + timedelta(minutes=random.choice((-5, 30, 60, 1440))))
        ),
        passed_over=frozenset(random.sample(IDS, random.choice((0, 0, 0, 2)))),
        **_order_as_sent(random, at),
    )


def _order_as_sent(random: Random, at: datetime) -> dict[str, Any]:
    """Return what only rules look at, each of it often unknown."""

    def known(*values: str) -> str:
        return random.choice((*values, *values, ""))

    def company() -> tuple[str, ...]:
        return tuple(random.sample(IDS, random.choice((0, 0, 0, 0, 1, 3))))

    moments = [None, *(at + timedelta(minutes=minutes) for minutes in (-1440, -60, 0, 600))]
    return {
        "sender": known("PACS|ONE", "pacs|two"),
        "procedure": known("P1", "P2"),
        "procedure_text": known("MRI Knee left", "Left MRI knee"),
        "rvu": Decimal(random.choice(("1", "1.0", "1.5", "2"))),
        "exam_at": random.choice(moments),
        "ordering_provider": known("Jones^Ann", "Lee^Kim"),
        "patient_class": known("E", "I"),
        "patient_location": known("ED Bay 4", "Ward 2"),
        "patient_sex": known("F", "M"),
        "patient_birth_on": random.choice(
            (None, date(2001, 3, 28), date(2008, 2, 29), date(1961, 3, 29))
        ),
        "indication": known("Knee pain", "pain"),
        "together": company(),
        "priors": company(),
        "units": Decimal(random.choice(("1", "2.5"))),
        "ordered_at": random.choice(moments),
        "scheduled_at": random.choice(moments),
        "visit": known("V1", "v2"),
        "own": random.choice(({}, {"room": "BAY 1"}, {"room": "Bay 2", "contrast_agent": ""})),
    }
