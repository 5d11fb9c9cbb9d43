"""The pages of clusters."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import history
from apps.catalog.forms.places import ClusterForm
from apps.catalog.models import Cluster
from apps.catalog.queries import places
from apps.catalog.queries.references import references
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require, require_everywhere


@require_safe
@require(Permission.SITE_VIEW)
def clusters(request: GuardedRequest) -> HttpResponse:
    """List the clusters with the number of their sites."""
    scope = request.access.scope(Permission.SITE_CHANGE)
    context = {
        "clusters": places.counted_clusters(request.scope),
        "changeable": set(places.changeable_clusters(scope).values_list("pk", flat=True)),
        "may_add": scope.everywhere,
    }
    return render(request, "catalog/clusters.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a cluster."""
    return edit_page(
        request, ClusterForm(request.POST or None), _EDITING, back=reverse("clusters")
    )


@require_http_methods(["GET", "POST"])
@require(Permission.SITE_CHANGE)
def edit(request: GuardedRequest, cluster_id: int) -> HttpResponse:
    """Edit a cluster; its history stands below."""
    cluster = _cluster(request, cluster_id)
    subject = places.subject_of_cluster(cluster)
    form = ClusterForm(request.POST or None, instance=cluster)
    editing = _EDITING.showing(history=history(subject), at=clock.now())
    return edit_page(request, form, editing, back=reverse("clusters"), subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.SITE_CHANGE)
def delete(request: GuardedRequest, cluster_id: int) -> HttpResponse:
    """Delete a cluster that nothing refers to; otherwise say what does."""
    cluster = _cluster(request, cluster_id)
    found = references(cluster)
    return delete_page(
        request,
        cluster,
        noun="Cluster",
        back=reverse("clusters"),
        effects=[Effect(words) for words in found],
        refused="It cannot be deleted while these refer to it:" if found else "",
    )


def _cluster(request: GuardedRequest, cluster_id: int) -> Cluster:
    return get_object_or_404(places.changeable_clusters(request.scope), pk=cluster_id)


def _effects(form: ClusterForm) -> Sequence[Effect]:
    if form.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
        return [Effect("It has no sites yet; a site is put into it on the site's own page.")]
    if "code" in form.changed_data:
        return [Effect("Rules that name the old code no longer match.", "warn")]
    return []


_EDITING = Editing(noun="Cluster", effects=_effects, template="catalog/record.html")
