"""Swaps that are asked for: whose turns, who may take them, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from apps.audit.queries.history import Subject
from apps.catalog.models import Site
from apps.core.access import Scope
from apps.engine.competency import Demand
from apps.engine.facts import SiteFacts
from apps.engine.rota import WorkType
from apps.roster.choices import OverrideKind, SwapState
from apps.roster.models import Radiologist, RosterOverride, Shift, SwapRequest
from apps.roster.patterns import share_hours
from apps.roster.queries.clashes import shifts_of_people
from apps.roster.queries.competence import lacks, with_competencies
from apps.roster.queries.fitness import lacking
from apps.roster.queries.overrides import away_words, kept_away
from apps.roster.queries.places import changed_shifts, seen_shifts
from apps.roster.queries.plan import Plan, Run, plan_of
from apps.roster.queries.roster import naming
from apps.roster.queries.turns import work_of

AHEAD = timedelta(days=56)
"""How far ahead a reader sees turns of theirs to ask a swap for."""
ANY_STATE = "any"
_MOST = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """What the list of requests is narrowed by; an empty state is open."""

    words: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what stands in somebody's way to take it; empty where nothing does."""

    request: SwapRequest
    reasons: Sequence[str]

    @property
    def may_take(self) -> bool:
        """Return whether they may take it."""
        return not self.reasons


def lacking_between(person: Radiologist, shift: Shift, first_on: date, last_on: date) -> list[str]:
    """Return what a person lacks for a shift's work on any of some days, in words.

    What they have changes on the days only on which something of theirs begins or has ended.
    """
    found: dict[str, None] = {}
    for on in _turning_days(person, first_on, last_on):
        found |= dict.fromkeys(lacking(person, shift, on))
    return list(found)


def _turning_days(person: Radiologist, first_on: date, last_on: date) -> list[date]:
    dates = [
        *person.licences.values_list("start_date", "end_date"),
        *person.privileges.values_list("start_date", "end_date"),
    ]
    days = {start for start, _ in dates if start}
    days |= {end + _DAY for _, end in dates if end}
    return sorted({first_on, *(on for on in days if first_on < on <= last_on)})


def in_the_way(request: SwapRequest, taker: Radiologist, *, at: datetime) -> list[str]:
    """Return why somebody may not take what is asked for, in words after their name; or none.

    This is what acceptance is refused for; nothing of it is ever relaxed.
    """
    plan = plan_of([request.shift], request.start_date, request.end_date)
    runs = _runs_in(plan, request)
    if not any(_holds(run, request.radiologist_id) for run in runs):
        return [f"cannot stand in for {request.radiologist.full_name}, who is not on it any more"]
    found = _standing(request, taker)
    override = override_of(request, taker)
    after = plan.with_changes(plus=[override])
    if _is_over(after, override, at):
        found.append("comes too late: it is over")
    if any(_holds(run, taker.pk) for run in runs):
        found.append("is on it already")
    away = kept_away(after, override)
    if away is not None:
        found.append(f"is {away_words(away)} then")
    dates = (request.start_date, request.end_date)
    return [*found, *lacking_between(taker, request.shift, *dates)]


def _is_over(after: Plan, override: RosterOverride, at: datetime) -> bool:
    """Return whether all that a swap would hand over has ended; what was, stays."""
    runs = _runs_in(after, override)
    ends = [
        span.end_at
        for run in runs
        for seat in run.seats
        if seat.person.pk == override.taker_id
        for span in seat.hours
    ]
    return max(ends or [run.end_at for run in runs]) <= at


def _standing(request: SwapRequest, taker: Radiologist) -> list[str]:
    found = []
    if taker.pk == request.radiologist_id:
        found.append("asked for it themselves")
    elif request.asked_id not in (None, taker.pk):
        found.append("was not asked")
    if not taker.is_active:
        found.append("is switched off")
    if not request.shift.is_active:
        found.append("would be on a shift that is switched off")
    return found


def runs_of(request: SwapRequest) -> list[Run]:
    """Return the runs that a request is about."""
    return _runs_in(plan_of([request.shift], request.start_date, request.end_date), request)


def _runs_in(plan: Plan, record: SwapRequest | RosterOverride) -> list[Run]:
    days = (record.end_date - record.start_date).days + 1
    return list(plan.runs_from(record.start_date, days))


def own_turns(reader: Radiologist, *, at: datetime) -> list[Run]:
    """Return the runs ahead that a reader has a seat on, in order of their start."""
    first_on, last_on = at.date() - _DAY, at.date() + AHEAD
    plan = plan_of(shifts_of_people([reader.pk], first_on, last_on), first_on, last_on)
    runs = plan.runs_from(first_on, (last_on - first_on).days + 1)
    own = (run for run in runs if run.end_at > at and _holds(run, reader.pk))
    return sorted(own, key=lambda run: (run.start_at, run.shift.code))


def own_run(reader: Radiologist, shift_id: int, on: date) -> Run | None:
    """Return the run of a date that a reader has a seat on, None where they have none."""
    shift = Shift.objects.select_related("calendar").filter(pk=shift_id, is_active=True).first()
    if shift is None:
        return None
    runs = plan_of([shift], on, on).runs_from(on, 1)
    return next((run for run in runs if _holds(run, reader.pk)), None)


def colleagues(reader: Radiologist) -> QuerySet[Radiologist]:
    """Return whom a reader may ask: who is of a site of theirs, or shares a shift with them.

    Who has no home site is everybody's colleague.
    """
    homes = reader.home_sites.values("site")
    of_site = Q(home_sites__site__in=homes) | Q(home_sites=None)
    shifts = Shift.objects.filter(
        Q(roster__radiologist=reader) | Q(rotations__turns__radiologist=reader)
    ).values("pk")
    on_them = Q(roster__shift__in=shifts) | Q(rotation_turns__rotation__shift__in=shifts)
    found = Radiologist.objects.filter(of_site | on_them)
    return Radiologist.objects.filter(pk__in=found.values("pk"), is_active=True)


def own_requests(reader: Radiologist, *, today: date) -> QuerySet[SwapRequest]:
    """Return what a reader asked for, for days from yesterday on."""
    found = _ahead(today).filter(radiologist=reader)
    return found.exclude(state=SwapState.WITHDRAWN).order_by("start_date", "pk")


def open_to(reader: Radiologist, *, today: date) -> list[Asked]:
    """Return the open requests that a reader is asked, then those that anybody may take.

    Of the latter only those whose work they may read; what they are asked themselves is shown
    with what stands in the way. A fixed number of reads.
    """
    requests = list(
        _ahead(today)
        .filter(Q(asked=reader) | Q(asked=None), state=SwapState.OPEN)
        .exclude(radiologist=reader)
        .prefetch_related("shift__work_types", "shift__site_rows")
        .order_by("asked__pk", "start_date", "pk")[:_MOST]
    )
    person = with_competencies(Radiologist.objects.filter(pk=reader.pk)).get()
    sites = list(Site.objects.filter(is_active=True).order_by("code")) if requests else []
    found = [Asked(request, _lacks(person, request, sites)) for request in requests]
    return [asked for asked in found if asked.may_take or asked.request.asked_id == reader.pk]


def waiting_for(reader: Radiologist, *, today: date) -> int:
    """Return how many open requests are put to a reader by name."""
    return _ahead(today).filter(asked=reader, state=SwapState.OPEN).count()


def requests(wanted: RequestFilter, scope: Scope, *, today: date) -> QuerySet[SwapRequest]:
    """Return requests of the shifts that are seen, the next days first.

    Open ones whose days have passed are left out unless all are asked for.
    """
    found = _named().filter(shift__in=seen_shifts(scope).values("pk"))
    if wanted.state == ANY_STATE:
        return _worded(found, wanted.words).order_by("-start_date", "-pk")
    found = found.filter(state=wanted.state or SwapState.OPEN, end_date__gte=today - _DAY)
    return _worded(found, wanted.words).order_by("start_date", "pk")


def _worded(found: QuerySet[SwapRequest], words: str) -> QuerySet[SwapRequest]:
    if not words:
        return found
    return found.filter(
        Q(shift__code__icontains=words)
        | Q(shift__name__icontains=words)
        | naming("radiologist", words)
        | naming("asked", words)
    )


def changed_requests(scope: Scope) -> QuerySet[SwapRequest]:
    """Return the requests of the shifts that may be changed."""
    return _named().filter(shift__in=changed_shifts(scope).values("pk"))


def same_request(request: SwapRequest) -> SwapRequest | None:
    """Return an open request for some of the same time by the same person, None without one."""
    others = SwapRequest.objects.filter(
        shift=request.shift,
        radiologist=request.radiologist,
        state=SwapState.OPEN,
        start_date__lte=request.end_date,
        end_date__gte=request.start_date,
    ).exclude(pk=request.pk)
    hours = (request.start_local, request.end_local)
    return next(
        (one for one in others if share_hours(hours, (one.start_local, one.end_local))), None
    )


def override_of(request: SwapRequest, taker: Radiologist) -> RosterOverride:
    """Return the swap, unsaved, that comes of a request that somebody takes."""
    return RosterOverride(
        kind=OverrideKind.SWAP,
        shift=request.shift,
        radiologist=request.radiologist,
        taker=taker,
        start_date=request.start_date,
        end_date=request.end_date,
        start_local=request.start_local,
        end_local=request.end_local,
        note=request.note,
    )


def subject_of(request: SwapRequest) -> Subject:
    """Return whose history the request's page shows."""
    return Subject("roster_swaprequest", str(request.pk))


def _named() -> QuerySet[SwapRequest]:
    return SwapRequest.objects.select_related(
        "shift__calendar", "radiologist", "asked", "override"
    )


def _ahead(today: date) -> QuerySet[SwapRequest]:
    return _named().filter(end_date__gte=today - _DAY)


def _holds(run: Run, person: str) -> bool:
    return person in run.seated


def _lacks(person: Radiologist, request: SwapRequest, sites: Sequence[Site]) -> Sequence[str]:
    shift, on = request.shift, request.start_date
    demands = list(_demands(shift, sites, on))
    return lacks(person, demands, shift.required_subspecialty).words if demands else ()


def _demands(shift: Shift, sites: Iterable[Site], on: date) -> Iterator[Demand]:
    """Yield each kind of the shift's work at each of its sites; what is prefetched is used."""
    served = {row.site_id for row in shift.site_rows.all()}
    for site in sites:
        if shift.all_sites or site.pk in served:
            place = SiteFacts(
                code=site.code,
                cluster="",
                zone=site.time_zone,
                jurisdiction=site.jurisdiction,
                requires_licence=site.requires_licence,
                requires_privilege=site.requires_privilege,
            )
            for work in work_of(shift) or (WorkType(),):
                yield Demand(place, work.modality, work.body_part, frozenset(), "", on)
