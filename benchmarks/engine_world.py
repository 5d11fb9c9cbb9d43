"""A full-size department for benchmarks: sites, shifts, readers, rosters, rules and orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from apps.engine.rota import RosterRow, ShiftFacts, WorkType

AT = datetime(2026, 2, 4, 12, 5, 30, tzinfo=UTC)
_MODALITIES = ("MR", "CT", "DX", "US", "MG", "NM", "XA", "PT")
_PARTS = ("KNEE", "SHOULDER", "BRAIN", "SPINE", "CHEST", "ABDOMEN", "PELVIS", "BREAST")
_WORK = (
    *(
        WorkType(modality, region)
        for modality in ("MR", "CT", "DX", "US")
        for region in ("MSK", "NEURO", "CHEST", "BODY")
    ),
    WorkType("MG"),
    WorkType("NM"),
    WorkType("XA"),
    WorkType(urgency="STAT"),
)
_STRATEGIES = (
    Strategy.LOAD_BALANCED,
    Strategy.LOAD_BALANCED,
    Strategy.SCORED,
    Strategy.ROUND_ROBIN,
    Strategy.URGENT,
)
_URGENCIES = (*[Urgency.ROUTINE] * 7, *[Urgency.URGENT] * 2, Urgency.STAT)
_ZONES = ("Australia/Brisbane", "Australia/Sydney")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a department is."""

    radiologists: int = 200
    shifts: int = 500
    roster_pairs: int = 1_500
    rules: int = 1_000
    sites: int = 25


FULL = Size()


def build_config(size: Size = FULL, seed: int = 7) -> Config:
    """Return a department of the given size; shifts run around the clock."""
    random = Random(seed)  # noqa: S311 -- plausible data, no secret
    sites = tuple(
        SiteFacts(
            code=f"SITE{n:02}",
            cluster=f"CLUSTER{n // 5}",
            zone=_ZONES[n % 2],
            jurisdiction="QLD" if n % 2 == 0 else "NSW",
            requires_licence=n % 3 == 0,
            requires_privilege=n % 4 == 0,
        )
        for n in range(size.sites)
    )
    shifts = tuple(_shift(n, sites) for n in range(size.shifts))
    people = tuple(_radiologist(n, random) for n in range(size.radiologists))
    return Config(
        versions={"catalog": 1, "roster": 1, "rules": 1},
        sites=sites,
        shifts=shifts,
        radiologists=people,
        roster=tuple(_roster(size, shifts, people, random)),
        rules=tuple(_rule(n, size, shifts, people, random) for n in range(size.rules)),
        holidays={"CLUSTER0": frozenset({date(2026, 1, 26)})},
    )


def _shift(number: int, sites: tuple[SiteFacts, ...]) -> ShiftFacts:
    work = _WORK[number % len(_WORK)]
    site = sites[number // len(_WORK) % len(sites)]
    name = " ".join(filter(None, (work.modality, work.body_part, work.urgency, site.code)))
    start = time(7) if number % 3 else time(22, 30)
    return ShiftFacts(
        code=f"{name.replace(' ', '_')}_{number}",
        name=name,
        work_types=(work,),
        sites=_nearby(site, sites),
        priority_level=20 if work.urgency else 10 if work.body_part else 5,
        start_local=start,
        end_local=start,
        weekdays=frozenset(range(1, 8)),
        zone=site.zone,
        strategy=_STRATEGIES[number % len(_STRATEGIES)],
    )


def _nearby(site: SiteFacts, sites: tuple[SiteFacts, ...]) -> frozenset[str]:
    """Return the site and two more of its cluster, so that a few shifts share each order."""
    cluster = [other.code for other in sites if other.cluster == site.cluster]
    first = cluster.index(site.code)
    return frozenset((cluster * 2)[first : first + 3])


def _radiologist(number: int, random: Random) -> RadiologistFacts:
    return RadiologistFacts(
        id=f"DR_{number:03}",
        name=f"Reader {number}",
        is_active=number % 50 != 49,
        credentials=(Credential("FRANZCR"), Credential("MR_LEVEL_B", end_on=date(2030, 1, 1))),
        specialties=frozenset(
            random.sample(
                ("musculoskeletal", "neuroradiology", "body imaging", "cardiothoracic"), 2
            )
        ),
        seniority_years=random.randint(0, 25),
        max_concurrent_studies=random.choice((15, 20, 25)),
        max_studies_per_hour=10,
        licences=(Dated(jurisdiction="QLD"), Dated(jurisdiction="NSW")),
        privileges=(Dated(start_on=date(2020, 1, 1)),),
    )


def _roster(
    size: Size,
    shifts: tuple[ShiftFacts, ...],
    people: tuple[RadiologistFacts, ...],
    random: Random,
) -> Iterator[RosterRow]:
    """Yield pairs spread evenly over the shifts, each with its own readers."""
    per_shift, extra = divmod(size.roster_pairs, len(shifts))
    for number, shift in enumerate(shifts):
        for person in random.sample(people, min(per_shift + (number < extra), len(people))):
            yield RosterRow(shift.code, person.id, date(2025, 1, 1), None)


def _rule(
    number: int,
    size: Size,
    shifts: tuple[ShiftFacts, ...],
    people: tuple[RadiologistFacts, ...],
    random: Random,
) -> RuleFacts:
    shift = random.choice(shifts)
    conditions: list[dict[str, Any]] = [
        {"field": "site", "op": "=", "value": f"SITE{number % size.sites:02}"},
        {"field": "modality", "op": "in", "value": random.sample(_MODALITIES, 2)},
        {"field": "body_part", "op": "in", "value": random.sample(_PARTS, 2)},
        random.choice(
            (
                {"field": "patient_age", "op": "<", "value": 16},
                {"field": "procedure_text", "op": "contains", "value": "trauma"},
                {"field": "time_of_day", "op": "between", "value": ["22:00", "06:00"]},
                {
                    "any": [
                        {"field": "body_part", "op": "=", "value": "MSK"},
                        {"field": "patient_class", "op": "=", "value": "E"},
                    ]
                },
            )
        ),
    ]
    action, target = (
        (ActionType.ASSIGN_TO_SHIFT, shift.code),
        (ActionType.ASSIGN_TO_RADIOLOGIST, random.choice(people).id),
        (ActionType.EXCLUDE, random.choice(people).id),
        (ActionType.SET_PRIORITY, "URGENT"),
    )[number % 4]
    return RuleFacts(
        id=number + 1,
        version=1,
        name=f"Rule {number + 1}",
        priority_order=random.randint(1, 500),
        conditions={"all": conditions},
        action=action,
        target=target,
        is_terminal=True,
    )


def build_loads(config: Config, seed: int = 7) -> dict[str, Workload]:
    """Return a workload for every reader, about half full."""
    random = Random(seed)  # noqa: S311 -- plausible data, no secret
    loads = {}
    for person in config.radiologists:
        by_urgency = (random.randint(0, 1), random.randint(0, 3), random.randint(0, 10))
        last = AT - timedelta(seconds=random.randint(30, 7_200))
        loads[person.id] = Workload(
            radiologist=person.id,
            presence=random.choice((Presence.ONLINE, Presence.AWAY, Presence.UNKNOWN)),
            last_activity_at=last + timedelta(seconds=20),
            open_by_urgency=by_urgency,
            open_rvu=Decimal(random.randint(5, 20) * sum(by_urgency)) / 10,
            assigned_last_hour=random.randint(0, 10),
            last_assigned_at=last,
            mean_turnaround_minutes=random.choice((None, Decimal("12.5"), Decimal(28))),
        )
    return loads


def build_orders(config: Config, count: int, seed: int = 7) -> list[OrderFacts]:
    """Return a plausible mix of orders over the sites, modalities and urgencies."""
    random = Random(seed)  # noqa: S311 -- plausible data, no secret
    orders = []
    for number in range(count):
        urgency = random.choice(_URGENCIES)
        received_at = AT - timedelta(milliseconds=random.randint(20, 400))
        due = {Urgency.STAT: 60, Urgency.URGENT: 240, Urgency.ROUTINE: 1440}[urgency]
        modality, part = random.choice(_MODALITIES[:5]), random.choice(_PARTS)
        orders.append(
            OrderFacts(
                order_id=number + 1,
                issuer="RIS",
                accession=f"ACC{number:06}",
                site=random.choice(config.sites).code,
                modality=modality,
                body_part=part,
                subspecialty="",
                urgency=urgency,
                received_at=received_at,
                procedure=f"{modality} {part}",
                procedure_text=f"{modality} of the {part.lower()} without contrast",
                rvu=Decimal("1.5"),
                report_due_at=received_at + timedelta(minutes=due),
                patient_class=random.choice("IOE"),
                patient_birth_on=date(random.randint(1930, 2020), 5, 17),
                indication="Patient with pain",
            )
        )
    return orders
