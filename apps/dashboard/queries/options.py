"""What the board can be narrowed by: only what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass

from apps.catalog.models import Procedure, Site
from apps.core.access import Scope
from apps.roster.models import ShiftWorkType

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """The sites within a scope, with their clusters, and the modalities that are worked with."""

    sites: tuple[Choice, ...]
    clusters: tuple[Choice, ...]
    modalities: tuple[str, ...]
    cluster_of: tuple[tuple[int, int], ...]

    def in_cluster(self, cluster_id: int) -> frozenset[int]:
        """Return the sites of a cluster."""
        return frozenset(site for site, cluster in self.cluster_of if cluster == cluster_id)


def options(scope: Scope) -> Options:
    """Return what there is to choose from within the scope."""
    rows = scope.limit(Site.objects.select_related("cluster"), "pk").order_by("name", "pk")
    sites = list(rows)
    clusters = {(str(site.cluster_id), site.cluster.name) for site in sites}
    return Options(
        sites=tuple((str(site.pk), site.name) for site in sites),
        clusters=tuple(sorted(clusters, key=lambda choice: (choice[1], choice[0]))),
        modalities=_modalities(),
        cluster_of=tuple((site.pk, site.cluster_id) for site in sites),
    )


def _modalities() -> tuple[str, ...]:
    named = ShiftWorkType.objects.values_list("modality", flat=True)
    found = Procedure.objects.values_list("modality", flat=True).union(named)
    return tuple(sorted(filter(None, found)))
