"""Which shifts and people of the roster somebody sees, and which they may put on or take off."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.catalog.models import Procedure, Site
from apps.core.access import Scope
from apps.roster.models import (
    Radiologist,
    RadiologistSite,
    RosterAssignment,
    RosterOverride,
    RotationTurn,
    Shift,
    ShiftSite,
    ShiftWorkType,
)

_SHIFT_SITES = "site_rows__site"
_HOME_SITES = "home_sites__site"


def seen_shifts(scope: Scope) -> QuerySet[Shift]:
    """Return the shifts that serve a site of the scope."""
    return scope.limit_placed(Shift.objects.all(), _SHIFT_SITES)


def changed_shifts(scope: Scope) -> QuerySet[Shift]:
    """Return the shifts of which every site lies in the scope: ``Scope.changes`` as a query."""
    if scope.everywhere:
        return Shift.objects.all()
    served = ShiftSite.objects.filter(shift=OuterRef("pk"))
    return Shift.objects.filter(
        Exists(served), ~Exists(served.exclude(site__in=scope.site_ids)), all_sites=False
    )


def seen_people(scope: Scope) -> QuerySet[Radiologist]:
    """Return the people whom the scope's managers look after, or who are on a shift of theirs."""
    if scope.everywhere:
        return Radiologist.objects.all()
    own = scope.limit_placed(Radiologist.objects.all(), _HOME_SITES)
    changed = changed_shifts(scope)
    rostered = RosterAssignment.objects.filter(shift__in=changed)
    taking_turns = RotationTurn.objects.filter(rotation__shift__in=changed).exclude(
        radiologist=None
    )
    return Radiologist.objects.filter(
        Q(pk__in=own.values("pk"))
        | Q(pk__in=rostered.values("radiologist"))
        | Q(pk__in=taking_turns.values("radiologist"))
    )


def changed_people(scope: Scope) -> QuerySet[Radiologist]:
    """Return the people whose every home site lies in the scope, so that leave is theirs to give."""
    if scope.everywhere:
        return Radiologist.objects.all()
    homes = RadiologistSite.objects.filter(radiologist=OuterRef("pk"))
    return Radiologist.objects.filter(
        Exists(homes), ~Exists(homes.exclude(site__in=scope.site_ids))
    )


def seen_rows(scope: Scope) -> QuerySet[RosterAssignment]:
    """Return the roster rows of the shifts that are seen."""
    return RosterAssignment.objects.filter(shift__in=seen_shifts(scope).values("pk"))


def changed_rows(scope: Scope) -> QuerySet[RosterAssignment]:
    """Return the roster rows of the shifts that may be changed."""
    return RosterAssignment.objects.filter(shift__in=changed_shifts(scope).values("pk"))


def seen_overrides(scope: Scope) -> QuerySet[RosterOverride]:
    """Return the swaps and extra turns of seen shifts, and the leave of seen people."""
    shifts, people = seen_shifts(scope).values("pk"), seen_people(scope).values("pk")
    return RosterOverride.objects.filter(
        Q(shift__in=shifts) | Q(shift=None, radiologist__in=people)
    )


def changed_overrides(scope: Scope) -> QuerySet[RosterOverride]:
    """Return the swaps and extra turns, and the leave, that may be changed."""
    shifts, people = changed_shifts(scope).values("pk"), changed_people(scope).values("pk")
    return RosterOverride.objects.filter(
        Q(shift__in=shifts) | Q(shift=None, radiologist__in=people)
    )


def seen_sites(scope: Scope) -> QuerySet[Site]:
    """Return the sites of the scope with their clusters, by code."""
    return scope.limit(Site.objects.filter(is_active=True), "pk").select_related("cluster")


def body_parts(scope: Scope) -> list[str]:
    """Return the body parts that seen shifts read or that a procedure is of."""
    rows = ShiftWorkType.objects.filter(shift__in=seen_shifts(scope).values("pk"))
    named = rows.exclude(body_part="").order_by().values_list("body_part", flat=True)
    known = Procedure.objects.exclude(body_part="").order_by().values_list("body_part", flat=True)
    return sorted(named.union(known))


def modalities(scope: Scope) -> list[str]:
    """Return the modalities that seen shifts read."""
    rows = ShiftWorkType.objects.filter(shift__in=seen_shifts(scope).values("pk"))
    named = rows.exclude(modality="").order_by("modality")
    return list(named.values_list("modality", flat=True).distinct())
