"""What the roster's grid is narrowed by: shifts, people, and only what nobody is on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet, TextChoices

from apps.core.access import Scope
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Rotation, Shift
from apps.roster.queries.places import seen_people, seen_shifts
from apps.roster.queries.plan import Run
from apps.roster.queries.records import within

_DAY = timedelta(days=1)


class View(TextChoices):
    """How much of the roster is shown at once."""

    DAY = "day", "Day"
    WEEK = "week", "Week"
    TWO_WEEKS = "2weeks", "2 weeks"
    FOUR_WEEKS = "4weeks", "4 weeks"

    @property
    def days(self) -> int:
        """Return how many days it shows."""
        return _DAYS[self]

    def first_on(self, on: date) -> date:
        """Return the first day shown where a date is asked for: itself, or its Monday."""
        return on if self is View.DAY else on - (on.isoweekday() - 1) * _DAY


_DAYS = {View.DAY: 1, View.WEEK: 7, View.TWO_WEEKS: 14, View.FOUR_WEEKS: 28}


@dataclass(frozen=True, slots=True)
class GridFilter:
    """What the grid is narrowed by; empty values narrow nothing.

    ``cluster`` and ``site`` are codes; a shift that serves every site serves them too.
    ``shift`` and ``person`` are parts of a code, id or name. ``gaps_only`` keeps the runs that
    nobody is on for some of the time. ``by_person`` has a line for each person instead of each
    shift. ``for_paper`` shows every turn of more lines than a screen's page has.
    """

    cluster: str = ""
    site: str = ""
    modality: str = ""
    shift: str = ""
    person: str = ""
    gaps_only: bool = False
    by_person: bool = False
    for_paper: bool = False
    view: View = View.WEEK

    @property
    def names_work(self) -> bool:
        """Return whether only some shifts are asked for."""
        return bool(self.cluster or self.site or self.modality or self.shift or self.gaps_only)

    @property
    def names_runs(self) -> bool:
        """Return whether a shift without a run that is wanted is left out."""
        return self.gaps_only or bool(self.person)


def wanted_shifts(
    scope: Scope, wanted: GridFilter, first_on: date, last_on: date
) -> QuerySet[Shift]:
    """Return the shifts that may have a run to show that starts on these days."""
    rows = seen_shifts(scope).filter(is_active=True)
    if wanted.cluster:
        rows = rows.filter(
            Q(all_sites=True)
            | Q(pk__in=rows.filter(site_rows__site__cluster__code=wanted.cluster).values("pk"))
        )
    if wanted.site:
        rows = rows.filter(
            Q(all_sites=True)
            | Q(pk__in=rows.filter(site_rows__site__code=wanted.site).values("pk"))
        )
    if wanted.modality:
        rows = rows.filter(work_types__modality__in=("", wanted.modality)).distinct()
    if wanted.shift:
        rows = rows.filter(Q(code__icontains=wanted.shift) | Q(name__icontains=wanted.shift))
    if wanted.person and not wanted.gaps_only:
        rows = rows.filter(pk__in=_shifts_of(wanted.person, first_on, last_on))
    return rows.select_related("calendar").order_by("code")


def is_wanted(run: Run, wanted: GridFilter, *, has_gap: bool) -> bool:
    """Return whether a run of a wanted shift is one to show."""
    if wanted.gaps_only:
        return has_gap
    if not wanted.person:
        return True
    return any(is_like(run.plan.people[pk], wanted.person) for pk in run.seated)


def free_people(scope: Scope, wanted: GridFilter) -> Iterable[Radiologist]:
    """Return who is shown without a run; asking for some work leaves the others out."""
    if wanted.names_work:
        return ()
    return seen_people(scope).filter(_like(wanted.person), is_active=True)


def is_like(person: Radiologist, words: str) -> bool:
    """Return whether a part of the person's id or name is these words."""
    said = words.lower()
    return any(said in name.lower() for name in (person.pk, person.family_name, person.given_name))


def _shifts_of(words: str, first_on: date, last_on: date) -> set[int]:
    """Return the shifts that a person may be on, by row, rotation, swap or extra turn."""
    people = Radiologist.objects.filter(_like(words)).values("pk")
    dates = within(first_on, last_on)
    rows = RosterAssignment.objects.filter(dates, radiologist__in=people)
    rotations = Rotation.objects.filter(dates, turns__radiologist__in=people)
    overrides = RosterOverride.objects.filter(dates, shift__isnull=False).filter(
        Q(radiologist__in=people) | Q(taker__in=people)
    )
    found = rows.values_list("shift", flat=True).union(
        rotations.values_list("shift", flat=True), overrides.values_list("shift", flat=True)
    )
    return {pk for pk in found if pk}


def _like(words: str) -> Q:
    return (
        Q(pk__icontains=words) | Q(family_name__icontains=words) | Q(given_name__icontains=words)
    )
