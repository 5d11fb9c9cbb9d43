"""The places that the viewer may go to."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from apps.accounts.places import PLACES, Place, is_open
from apps.core.access import NO_ACCESS, Access

register = template.Library()


@register.inclusion_tag("components/places.html", takes_context=True)
def places(context: template.Context) -> dict[str, Any]:
    """Show the rail; what the viewer may not open is not shown."""
    request: HttpRequest = context["request"]
    access: Access = getattr(request, "access", NO_ACCESS)
    groups = [
        (
            name,
            [(place, _is_here(place, request.path)) for place in group if is_open(place, access)],
        )
        for name, group in PLACES
    ]
    return {"groups": [entry for entry in groups if entry[1]]}


def _is_here(place: Place, path: str) -> bool:
    return path == place.href or (place.href != "/" and path.startswith(place.href))
