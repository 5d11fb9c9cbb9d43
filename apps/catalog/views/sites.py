"""The pages of sites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page, say_done
from apps.audit.queries.history import history
from apps.catalog.effects import SITE_SWITCHED_OFF
from apps.catalog.forms.places import SiteFilterForm, SiteForm
from apps.catalog.models import Site
from apps.catalog.queries import places
from apps.catalog.queries.references import references
from apps.catalog.services.places import switch_site
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of


@require_safe
@require(Permission.SITE_VIEW)
def sites(request: GuardedRequest) -> HttpResponse:
    """List the sites."""
    form = SiteFilterForm(request.GET, scope=request.scope)
    sort = places.known_sort(request.GET.get("sort", ""))
    rows = places.sites(request.scope, form.wanted(), sort=sort)
    context = {
        "filters": form,
        "page": page_of(rows, page_number(request)),
        "sorted_by": sort,
        "change_scope": request.access.scope(Permission.SITE_CHANGE),
    }
    return render_part(request, "catalog/sites.html", "catalog/_sites.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SITE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a site."""
    form = SiteForm(request.POST or None, scope=request.scope, zone=_zone(request))
    return edit_page(request, form, _EDITING, back=reverse("sites"))


@require_http_methods(["GET", "POST"])
@require(Permission.SITE_CHANGE)
def edit(request: GuardedRequest, site_id: int) -> HttpResponse:
    """Edit a site; its history stands below."""
    site = _site(request, site_id)
    subject = places.subject_of_site(site)
    form = SiteForm(request.POST or None, instance=site, scope=request.scope, zone=_zone(request))
    editing = _EDITING.showing(history=history(subject), at=clock.now(), site=site)
    return edit_page(request, form, editing, back=reverse("sites"), subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.SITE_CHANGE)
def delete(request: GuardedRequest, site_id: int) -> HttpResponse:
    """Delete a site that nothing refers to; otherwise say what does, and offer to switch it off."""
    site = _site(request, site_id)
    found = references(site, parts=places.SITE_PARTS)
    effects = [Effect(words) for words in found] or [
        Effect("Its aliases go with it; orders that name it are parked as unknown site.")
    ]
    return delete_page(
        request,
        site,
        noun="Site",
        back=reverse("sites"),
        effects=effects,
        refused="It cannot be deleted while these refer to it:" if found else "",
        template="catalog/site_delete.html",
    )


@require_POST
@require(Permission.SITE_CHANGE)
def switch(request: GuardedRequest, site_id: int) -> HttpResponse:
    """Switch a site off, or on again."""
    site = _site(request, site_id)
    is_active = request.POST.get("to") == "on"
    switch_site(site, is_active=is_active)
    say_done(request, f"Site {site} switched {'on' if is_active else 'off'}.")
    return redirect("sites")


def _site(request: GuardedRequest, site_id: int) -> Site:
    return get_object_or_404(request.scope.limit(Site.objects.all(), "pk"), pk=site_id)


def _zone(request: GuardedRequest) -> str:
    viewer: Any = request.user
    zone: str = viewer.time_zone
    return zone


def _effects(form: SiteForm) -> Sequence[Effect]:
    changed = set(form.changed_data)
    if form.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
        return [Effect("Orders that name it find it from the next message on; parked ones too.")]
    return [words for name, words in _FOLLOWS.items() if name in changed] + _switched(form)


def _switched(form: SiteForm) -> list[Effect]:
    if "is_active" not in form.changed_data:
        return []
    if form.cleaned_data["is_active"]:
        return [Effect("Orders that name it find it from the next message on; parked ones too.")]
    return [
        Effect("New orders that name it are parked as unknown site.", "warn"),
        *SITE_SWITCHED_OFF.answers(form.instance),
    ]


_FOLLOWS = {
    "code": Effect("Rules that name the old code no longer match.", "warn"),
    "cluster": Effect(
        "Escalation looks for help in the new cluster first; roles given for a "
        "cluster follow the site.",
        "warn",
    ),
    "time_zone": Effect(
        "Shifts keep their own zone. Message times without an offset, and the "
        "day on which a licence ends, go by the new zone."
    ),
    "jurisdiction": Effect(
        "Readers need a licence of the new jurisdiction from the next decision on."
    ),
    "requires_licence": Effect(
        "Counts from the next decision on; studies that have a reader keep them."
    ),
    "requires_privilege": Effect(
        "Counts from the next decision on; studies that have a reader keep them."
    ),
    "calendar": Effect("Shifts keep the calendar that they name; new ones are offered this one."),
    "aliases": Effect("Orders that name an alias are read anew, parked ones too."),
}
_EDITING = Editing(noun="Site", effects=_effects, template="catalog/site.html")
