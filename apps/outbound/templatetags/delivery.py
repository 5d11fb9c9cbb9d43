"""Tags that say how delivery goes, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django import template
from django.utils import timezone

from apps.core.access import Scope
from apps.core.spans import in_words
from apps.outbound.choices import OnDeadLetter, OutboundState
from apps.outbound.models import OutboundMessage
from apps.outbound.queries.pages import COUNTED_MOST, DestinationRow, LinkState

register = template.Library()

_LINKS: Mapping[LinkState, tuple[str, str, str]] = {
    LinkState.CONNECTED: ("Reached", "link", "good"),
    LinkState.FAILING: ("Failing", "link_off", "alarm"),
    LinkState.PAUSED: ("Paused", "pause_circle", "warn"),
    LinkState.UNTRIED: ("Not yet tried", "help", "calm"),
}
_STATES: Mapping[str, tuple[str, str]] = {
    OutboundState.QUEUED.value: ("schedule_send", "calm"),
    OutboundState.DELIVERED.value: ("mark_email_read", "good"),
    OutboundState.DEAD.value: ("unsubscribe", "alarm"),
    OutboundState.CANCELLED.value: ("cancel_schedule_send", "warn"),
}


@register.inclusion_tag("components/tag.html")
def link_state(row: DestinationRow, at: datetime) -> dict[str, str]:
    """Show how reaching a destination goes."""
    label, icon, tone = _LINKS[row.state]
    if row.state is LinkState.FAILING and row.failing_since is not None:
        label = f"{label} for {in_words(at - row.failing_since)}"
    return {"label": label, "icon": icon, "tone": tone}


@register.inclusion_tag("components/tag.html")
def sent_state(message: OutboundMessage) -> dict[str, str]:
    """Show what became of a message that goes out."""
    icon, tone = _STATES[message.state]
    return {"label": OutboundState(message.state).label, "icon": icon, "tone": tone}


@register.simple_tag
def link_words(row: DestinationRow, at: datetime) -> str:
    """Return in a sentence how reaching a destination goes, and what happens next."""
    if row.state is LinkState.PAUSED:
        return "It is switched off: what is decided is queued and nothing goes out."
    if row.state is LinkState.UNTRIED:
        return "Nothing was sent to this address yet."
    if row.failing_since is None:
        return "It takes what it is sent."
    since = timezone.localtime(row.failing_since)
    tries = "time" if row.failures == 1 else "times"
    words = f"{row.error or 'No answer'}; {row.failures:,} {tries} since {since:%H:%M:%S}."
    rest = row.next_attempt_at
    if rest is None or rest <= at:
        return f"{words} It is being tried again."
    return f"{words} Tried again at {timezone.localtime(rest):%H:%M:%S}."


@register.simple_tag
def many(number: int) -> str:
    """Return a number that is counted to an end only."""
    return f"{number:,}+" if number >= COUNTED_MOST else f"{number:,}"


@register.filter
def why_dead(message: OutboundMessage) -> str:
    """Return why a message was not taken."""
    if message.answer_code:
        answered = f"Answered {message.answer_code}"
        return f"{answered}: {message.error}" if message.error else f"{answered}."
    return message.error or "No answer."


@register.filter
def covers(scope: Scope, site_id: int | None) -> bool:
    """Return whether the scope holds the site."""
    return scope.covers(site_id)


@register.simple_tag
def sent_words(message: OutboundMessage) -> str:
    """Return in a sentence what became of a message that goes out, and what happens next."""
    if message.state == OutboundState.DELIVERED:
        return "The destination has taken it."
    if message.state == OutboundState.CANCELLED:
        return "It was skipped by hand, and is not sent."
    if message.state == OutboundState.QUEUED:
        return "It goes out in its turn, and is sent until it is answered."
    holds = message.destination.on_dead_letter == OnDeadLetter.HOLD
    rest = "the study's later messages wait for it" if holds else "the study's others go on"
    return f"The destination did not take it; {rest}."
