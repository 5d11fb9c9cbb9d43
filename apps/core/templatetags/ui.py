"""Tags that every page uses: moments, spans, links that sort and turn pages, who may what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone

from apps.core.access import Access, Permission
from apps.core.spans import in_words

register = template.Library()


@register.inclusion_tag("components/moment.html")
def moment(value: datetime, at: datetime) -> dict[str, str]:
    """Show a moment on the viewer's clock; its date too when that is not today."""
    local, today = timezone.localtime(value), timezone.localtime(at).date()
    clock = f"{local:%H:%M:%S}"
    short = clock if local.date() == today else f"{local.day} {local:%b} {clock[:5]}"
    return {
        "short": short,
        "full": f"{local:%A} {local.day} {local:%B %Y %H:%M:%S %Z}",
        "iso": local.isoformat(),
    }


@register.filter
def lasting(since: datetime, at: datetime) -> str:
    """Return how long something lasts already."""
    return in_words(at - since)


@register.filter
def minutes(count: int) -> str:
    """Return minutes as people say them: ``45 min``, ``4 h``, ``1 d``."""
    return in_words(timedelta(minutes=count))


@register.inclusion_tag("components/tag.html")
def tag(label: str, icon: str, tone: str = "calm", title: str = "") -> dict[str, str]:
    """Show a state: a shape and a word; the tone (calm, good, warn, alarm) only repeats it."""
    return {"label": label, "icon": icon, "tone": tone, "title": title}


@register.inclusion_tag("components/figure.html")
def figure(
    label: str,
    value: object,
    *,
    note: str = "",
    unit: str = "",
    tone: str = "",
    href: str = "",
) -> dict[str, object]:
    """Show one figure with what it counts; ``href`` opens the list behind it."""
    return {
        "label": label,
        "value": value,
        "note": note,
        "unit": unit,
        "tone": tone,
        "href": href,
    }


@register.filter
def may(access: Access, permission: str) -> bool:
    """Return whether the viewer may, anywhere: ``{% if request.access|may:"rule_change" %}``."""
    return access.may(Permission(permission))


@register.filter
def may_everywhere(access: Access, permission: str) -> bool:
    """Return whether the viewer may at every site: for what belongs to all of them."""
    return access.scope(Permission(permission)).everywhere


@register.simple_tag(takes_context=True)
def address_with(context: template.Context, **changes: object) -> str:
    """Return this page's query with values changed; an empty one is left out.

    A page number does not survive a change of anything else.
    """
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else request.path


@register.inclusion_tag("components/sort.html", takes_context=True)
def sort(context: template.Context, key: str, label: str) -> dict[str, Any]:
    """Show a column's heading as a link that sorts by it, the other way round the second time.

    The page reads ``sort``: the key, or ``-key`` for descending.
    """
    current = context.get("sorted_by", "")
    is_up, is_down = current == key, current == f"-{key}"
    return {
        "label": label,
        "href": address_with(context, sort=f"-{key}" if is_up else key),
        "direction": "ascending" if is_up else "descending" if is_down else "",
    }
