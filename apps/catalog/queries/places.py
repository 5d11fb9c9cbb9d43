"""Sites and clusters, as their lists show them, within a scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from apps.audit.queries.history import Subject
from apps.catalog.models import Cluster, Site, SiteAlias
from apps.core.access import Scope

_SORTS: Mapping[str, str] = {
    "code": "code",
    "name": "name",
    "cluster": "cluster__name",
    "time_zone": "time_zone",
    "jurisdiction": "jurisdiction",
}
DEFAULT_SORT = "code"
SITE_PARTS = ("catalog_sitealias",)


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """What the list is narrowed by; empty values narrow nothing."""

    words: str = ""
    cluster: str = ""
    is_active: bool | None = None


def sites(scope: Scope, wanted: SiteFilter, *, sort: str = DEFAULT_SORT) -> QuerySet[Site]:
    """Return the sites of the scope with their aliases, sorted by a key of the list's columns."""
    rows = scope.limit(Site.objects.select_related("cluster"), "pk")
    if wanted.words:
        rows = rows.filter(
            Q(code__icontains=wanted.words)
            | Q(name__icontains=wanted.words)
            | Q(pk__in=SiteAlias.objects.filter(value__icontains=wanted.words).values("site"))
        )
    if wanted.cluster:
        rows = rows.filter(cluster__code=wanted.cluster)
    if wanted.is_active is not None:
        rows = rows.filter(is_active=wanted.is_active)
    values = SiteAlias.objects.filter(site=OuterRef("pk")).order_by("value").values("value")
    column = F(_SORTS[sort.removeprefix("-")])
    order = column.desc() if sort.startswith("-") else column.asc()
    return rows.annotate(alias_values=ArraySubquery(values)).order_by(order, "pk")


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def clusters(scope: Scope) -> QuerySet[Cluster]:
    """Return the clusters that have a site in the scope; an empty one is everywhere's."""
    rows = Cluster.objects.order_by("name", "pk")
    if scope.everywhere:
        return rows
    return rows.filter(pk__in=Site.objects.filter(pk__in=scope.site_ids).values("cluster"))


def counted_clusters(scope: Scope) -> QuerySet[Cluster]:
    """Return the clusters of the scope with the number of their sites."""
    return clusters(scope).annotate(
        site_count=Count("sites"), active_count=Count("sites", filter=Q(sites__is_active=True))
    )


def changeable_clusters(scope: Scope) -> QuerySet[Cluster]:
    """Return the clusters that lie in the scope with all their sites."""
    outside = Site.objects.filter(cluster=OuterRef("pk")).exclude(pk__in=scope.site_ids)
    rows = clusters(scope)
    return rows if scope.everywhere else rows.filter(~Exists(outside))


def zones_in_use() -> list[str]:
    """Return the time zones that sites have."""
    found = Site.objects.order_by("time_zone").values_list("time_zone", flat=True)
    return list(found.distinct())


def subject_of_site(site: Site) -> Subject:
    """Return whose history the site's page shows."""
    return Subject("catalog_site", str(site.pk), {"catalog_sitealias": "site_id"})


def subject_of_cluster(cluster: Cluster) -> Subject:
    """Return whose history the cluster's page shows."""
    return Subject("catalog_cluster", str(cluster.pk))
