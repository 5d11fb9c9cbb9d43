"""What lists of places ask."""

from __future__ import annotations

from django import template

from apps.core.access import Scope

register = template.Library()


@register.filter
def covers(scope: Scope, site_id: int) -> bool:
    """Return whether the site lies in the scope: ``{% if change_scope|covers:site.pk %}``."""
    return scope.covers(site_id)
