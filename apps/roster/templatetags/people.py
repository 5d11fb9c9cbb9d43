"""Tags that show people: who is on something, where they are, what they have on hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from apps.roster.choices import PresenceChoices
from apps.roster.models import Workload
from apps.roster.presence import presence_at
from apps.roster.queries.people import Person
from apps.roster.queries.turns import Turn

register = template.Library()

_SHOWN = 3
_PRESENCE: Mapping[PresenceChoices, tuple[str, str]] = {
    PresenceChoices.UNKNOWN: ("help", "calm"),
    PresenceChoices.ONLINE: ("radio_button_checked", "good"),
    PresenceChoices.AWAY: ("schedule", "warn"),
    PresenceChoices.BUSY: ("do_not_disturb_on", "warn"),
    PresenceChoices.OFFLINE: ("radio_button_unchecked", "calm"),
}


@register.inclusion_tag("roster/_people_names.html")
def people_names(people: Sequence[Person], most: int = _SHOWN) -> dict[str, Any]:
    """Show people as links to their pages, those above ``most`` as a number."""
    return {"shown": people[:most], "more": max(len(people) - most, 0)}


@register.inclusion_tag("roster/_turn_people.html")
def turn_people(turn: Turn, people: Mapping[str, Person]) -> dict[str, Any]:
    """Show who is on a run, or that nobody is."""
    return {"people": [people[one] for one in turn.people if one in people], "most": 100}


@register.inclusion_tag("roster/_people_names.html")
def leave_names(turn: Turn, people: Mapping[str, Person]) -> dict[str, Any]:
    """Show who would be on a run but for leave."""
    return {"shown": [people[one] for one in turn.on_leave if one in people]}


@register.inclusion_tag("components/tag.html")
def presence(load: Workload, at: datetime) -> dict[str, Any]:
    """Show where a person is, and until when they are busy."""
    known = PresenceChoices(presence_at(load.presence, load.busy_until, at).value)
    icon, tone = _PRESENCE[known]
    label = str(known.label)
    if known is PresenceChoices.BUSY and load.busy_until is not None:
        label = f"{label} until {timezone.localtime(load.busy_until):%H:%M}"
    return {"icon": icon, "tone": tone, "label": label}


@register.simple_tag
def list_link(url_name: str, label: object, **query: str | int) -> SafeString | str:
    """Link a figure to the list behind it; plain where there is no such list."""
    try:
        address = reverse(url_name)
    except NoReverseMatch:
        return str(label)
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(query), label)


@register.inclusion_tag("roster/_capacity.html")
def capacity(percent: int) -> dict[str, int]:
    """Show how much of a limit is used, as a bar and a number; over the limit the bar is full."""
    return {"percent": percent, "shown": min(percent, 100)}
