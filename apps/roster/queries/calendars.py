"""Published calendars that somebody may see or change, and what they may publish.

A calendar shows all the turns of what it is about, to whoever has its address. So only who may
change a person or a shift at every site of theirs hands out or renews such an address.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from apps.catalog.models import Cluster, Site
from apps.core.access import Scope
from apps.roster.models import CalendarFeed, Radiologist, Shift
from apps.roster.queries.places import changed_people, changed_shifts, seen_people, seen_shifts


def seen_calendars(scope: Scope) -> QuerySet[CalendarFeed]:
    """Return the calendars of the scope's people, shifts, sites and clusters, the newest first."""
    rows = CalendarFeed.objects.order_by("-made_at", "-pk")
    if scope.everywhere:
        return rows
    return rows.filter(
        Q(radiologist__in=seen_people(scope).values("pk"))
        | Q(shift__in=seen_shifts(scope).values("pk"))
        | Q(site__in=scope.site_ids)
        | Q(cluster__in=whole_clusters(scope).values("pk"))
    )


def changed_calendars(scope: Scope) -> QuerySet[CalendarFeed]:
    """Return the calendars that may be given another address, or revoked."""
    if scope.everywhere:
        return CalendarFeed.objects.all()
    return CalendarFeed.objects.filter(
        Q(radiologist__in=changed_people(scope).values("pk"))
        | Q(shift__in=changed_shifts(scope).values("pk"))
        | Q(site__in=scope.site_ids)
        | Q(cluster__in=whole_clusters(scope).values("pk"))
    )


def listed_calendars(scope: Scope) -> QuerySet[CalendarFeed]:
    """Return the living calendars that are seen, each with ``may_change``."""
    changed = changed_calendars(scope).filter(pk=OuterRef("pk"))
    return living(seen_calendars(scope)).annotate(may_change=Exists(changed))


def living(rows: QuerySet[CalendarFeed]) -> QuerySet[CalendarFeed]:
    """Return those that can be read, with what they are about."""
    about = ("radiologist", "shift", "site", "cluster", "use")
    return rows.filter(revoked_at=None).select_related(*about)


def own_calendars(reader: Radiologist) -> QuerySet[CalendarFeed]:
    """Return a person's own calendars, the newest first; they may change each of them."""
    own = living(CalendarFeed.objects.filter(radiologist=reader)).order_by("-made_at", "-pk")
    return own.annotate(may_change=Value(value=True))


def whole_clusters(scope: Scope) -> QuerySet[Cluster]:
    """Return the clusters of which every site lies in the scope."""
    if scope.everywhere:
        return Cluster.objects.order_by("name")
    sites = Site.objects.filter(cluster=OuterRef("pk"))
    outside = sites.exclude(pk__in=scope.site_ids)
    return Cluster.objects.filter(Exists(sites), ~Exists(outside)).order_by("name")


def publishable_people(scope: Scope) -> QuerySet[Radiologist]:
    """Return the people whose schedule may be published from these sites."""
    return changed_people(scope).filter(is_active=True).order_by("family_name", "pk")


def publishable_shifts(scope: Scope) -> QuerySet[Shift]:
    """Return the shifts whose schedule may be published from these sites."""
    return changed_shifts(scope).filter(is_active=True).order_by("code")


def publishable_sites(scope: Scope) -> QuerySet[Site]:
    """Return the sites whose schedule may be published."""
    return scope.limit(Site.objects.filter(is_active=True), "pk").order_by("code")
