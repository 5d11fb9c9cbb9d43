"""What the filters of the lists offer: only what the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.catalog.models import Cluster, Procedure, Site
from apps.core.access import Scope
from apps.core.namesakes import told_apart
from apps.roster.models import Radiologist, Shift

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of each filter: what stands in the address, and its words."""

    sites: list[Choice]
    clusters: list[Choice]
    modalities: list[Choice]
    radiologists: list[Choice]
    shifts: list[Choice]


def options(scope: Scope) -> Options:
    """Return what there is to choose from within the scope."""
    sites = list(scope.limit(Site.objects.select_related("cluster"), "pk").order_by("name"))
    clusters = {site.cluster_id: site.cluster for site in sites}
    readers = scope.limit_placed(Radiologist.objects.all(), "home_sites__site")
    shifts = scope.limit_placed(Shift.objects.all(), "site_rows__site")
    named = Procedure.objects.order_by("modality").values_list("modality", flat=True).distinct()
    return Options(
        sites=[(str(site.pk), site.name) for site in sites],
        clusters=_clusters(clusters),
        modalities=[(code, code) for code in named if code],
        radiologists=_people(readers.order_by("family_name", "given_name", "pk")),
        shifts=[(one.code, one.name) for one in shifts.order_by("name", "code")],
    )


def _people(found: Iterable[Radiologist]) -> list[Choice]:
    names = {one.pk: f"{one.family_name}, {one.given_name}".rstrip(", ") for one in found}
    return list(told_apart(names).items())


def _clusters(found: dict[int, Cluster]) -> list[Choice]:
    named = sorted(found.values(), key=lambda cluster: cluster.name)
    return [(str(cluster.pk), cluster.name) for cluster in named]
