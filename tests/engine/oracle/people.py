"""Steps 1, 2, 4, 5 and 6: which shifts, who is there, who may, who has a seat, who is in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from apps.engine.codes import Presence, Reason, Strategy, Urgency
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
from apps.engine.rota import ShiftFacts, WorkType
from tests.engine.oracle.anatomy import holds_part, specialty
from tests.engine.plain_roster import there, whereabouts

RANK = (Urgency.STAT, Urgency.URGENT, Urgency.ROUTINE)


@dataclass(slots=True)
class Case:
    """One decision being made: the question, and what the rules met so far have changed."""

    config: Config
    order: OrderFacts
    loads: dict[str, Workload]
    at: datetime
    relieve: str
    urgency: Urgency
    escalated: bool = False
    excluded: set[str] = field(default_factory=set)
    preferred: list[list[str]] = field(default_factory=list)
    overflows: list[RuleFacts] = field(default_factory=list)
    credentials: set[str] = field(default_factory=set)
    strategy: Strategy | None = None

    @property
    def site(self) -> SiteFacts:
        return next(site for site in self.config.sites if site.code == self.order.site)

    @property
    def today(self) -> date:
        return self.at.astimezone(ZoneInfo(self.site.zone)).date()

    def load(self, id_: str) -> Workload:
        return self.loads.get(id_, Workload(id_))


@dataclass(frozen=True, slots=True)
class Asked:
    """A person, and the shift that they would read it on."""

    id: str
    shift: ShiftFacts | None


def person(case: Case, id_: str) -> RadiologistFacts | None:
    return next((one for one in case.config.radiologists if one.id == id_), None)


# Step 1


def work_fits(case: Case, work: WorkType) -> bool:
    order = case.order
    is_part = (work.body_part == "" and work.subspecialty == "") or (
        (work.body_part != "" and holds_part(case.config, work.body_part, order.body_part))
        or (work.subspecialty != "" and work.subspecialty == specialty(order))
    )
    return work.modality in ("", order.modality) and is_part and work.urgency in ("", case.urgency)


def fits(case: Case, shift: ShiftFacts) -> bool:
    at_site = shift.sites is None or case.order.site in shift.sites
    return at_site and any(work_fits(case, work) for work in shift.work_types)


def running(case: Case) -> list[ShiftFacts]:
    return [
        shift for shift in case.config.shifts if there(case.config, shift, case.at) is not None
    ]


def precision(case: Case, shift: ShiftFacts) -> tuple[object, ...]:
    """Return a key: the most specific first.

    Sites named before all sites; then by the work type that matches: body part, subspecialty,
    modality, open; then code. A shift that does not fit comes after all that do.
    """
    if not fits(case, shift):
        return (1, shift.sites is None, 0, shift.code)
    return (
        0,
        shift.sites is None,
        min(_depth(case, work) for work in shift.work_types if work_fits(case, work)),
        shift.code,
    )


def _depth(case: Case, work: WorkType) -> int:
    """Return by what a work type that fits does so: 0 a body part to 3 nothing named."""
    if work.body_part and holds_part(case.config, work.body_part, case.order.body_part):
        return 0
    return 1 if work.subspecialty else 2 if work.modality else 3


# Step 2


def on_shifts(case: Case, shifts: Iterable[ShiftFacts]) -> tuple[list[Asked], set[str]]:
    """Return who is on the shifts, each on the most specific one, and who is meant to be but away.

    Away is on leave or at other work during every one of these shifts that they are on.
    """
    here: dict[str, list[ShiftFacts]] = {}
    away: set[str] = set()
    for shift in shifts:
        who = there(case.config, shift, case.at)
        if who is not None:
            away |= {*who.on_leave, *who.on_other_work}
            for id_ in who.people:
                here.setdefault(id_, []).append(shift)
    asked = [
        Asked(id_, min(theirs, key=lambda one: precision(case, one)))
        for id_, theirs in here.items()
    ]
    return asked, away - {*here}


def is_there(case: Case, id_: str) -> bool:
    found = person(case, id_)
    is_gone = case.load(id_).presence in (Presence.OFFLINE, Presence.BUSY)
    return found is not None and found.is_active and not is_gone


def is_free_today(case: Case, id_: str) -> bool:
    """Say whether somebody whom a rule names may be asked, on shift or not."""
    found = person(case, id_)
    is_here = whereabouts(case.config.leaves, id_, case.today, case.at) == "here"
    return found is not None and found.is_active and is_here


# Steps 4 and 5


def is_valid(item: Credential | Dated, on: date) -> bool:
    return (item.start_on or date.min) <= on <= (item.end_on or date.max)


def is_competent(case: Case, asked: Asked) -> bool:
    found, site, order = person(case, asked.id), case.site, case.order
    assert found is not None
    held = {item.name for item in found.credentials if is_valid(item, case.today)}
    needed = {
        order.required_subspecialty,
        asked.shift.required_subspecialty if asked.shift else "",
    }
    licensed = any(
        item.jurisdiction == site.jurisdiction and is_valid(item, case.today)
        for item in found.licences
    )
    privileged = any(
        item.site in ("", order.site)
        and item.modality in ("", order.modality)
        and (item.body_part == "" or holds_part(case.config, item.body_part, order.body_part))
        and is_valid(item, case.today)
        for item in found.privileges
    )
    return (
        order.required_credentials | case.credentials <= held
        and needed - {""} <= found.specialties
        and (licensed or not site.requires_licence)
        and (privileged or not site.requires_privilege)
    )


def share(case: Case, id_: str) -> Fraction:
    """Return open RVU by the concurrent limit."""
    found = person(case, id_)
    assert found is not None
    return Fraction(case.load(id_).open_rvu) / Fraction(found.max_concurrent_studies)


def has_seat(case: Case, id_: str) -> bool:
    found, held = person(case, id_), case.load(id_)
    assert found is not None
    limits: list[tuple[int | Decimal, int | Decimal | None]] = [
        (sum(held.open_by_urgency), found.max_concurrent_studies),
        (held.open_rvu, found.max_concurrent_rvu),
    ]
    if case.urgency is not Urgency.STAT and not case.escalated:
        limits += [
            (held.assigned_last_hour, found.max_studies_per_hour),
            (held.rvu_last_hour, found.max_rvu_per_hour),
        ]
    if not all(limit is None or count < limit for count, limit in limits):
        return False
    had = person(case, case.relieve)
    return had is None or share(case, id_) < share(case, had.id)


def refusal(case: Case, asked: Asked, *, is_named: bool = False) -> Reason | None:
    """Return how far somebody came, None all the way."""
    if not (is_free_today if is_named else is_there)(case, asked.id):
        return Reason.NO_ROSTER
    if asked.id in case.excluded:
        return Reason.EXCLUDED
    if not is_competent(case, asked):
        return Reason.NO_COMPETENCY
    if asked.id in case.order.passed_over:
        return Reason.PASSED_OVER
    return None if has_seat(case, asked.id) else Reason.AT_CAPACITY


# Step 6


def in_time(case: Case, fit: list[Asked]) -> list[Asked]:
    """Return those who can make it; nobody is a possible answer."""
    due = case.order.report_due_at
    return [one for one in fit if due is None or _makes_it(case, one.id, due - case.at)]


def _makes_it(case: Case, id_: str, left: timedelta) -> bool:
    held = case.load(id_)
    ahead = sum(held.open_by_urgency[: RANK.index(case.urgency) + 1])
    mean = held.mean_turnaround_minutes
    minutes = Fraction(30 if mean is None else mean)
    return (ahead + 1) * minutes <= Fraction(left // timedelta(microseconds=1), 60_000_000)


def named_shift(case: Case, id_: str) -> ShiftFacts | None:
    """Return the shift that a named person takes along: the best that fits and that they may."""
    theirs = [
        shift
        for shift in running(case)
        if person(case, id_) is not None
        and fits(case, shift)
        and id_ in getattr(there(case.config, shift, case.at), "people", ())
        and is_competent(case, Asked(id_, shift))
    ]
    return min(theirs, key=lambda one: precision(case, one), default=None)
