"""Tags that say what became of messages, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django import template
from django.utils import timezone

from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.intake.queries.inbound import InboundFilter
from apps.intake.queries.outbound import OutboundFilter
from apps.intake.queries.span import Span

register = template.Library()

_STATES: Mapping[str, tuple[str, str, str]] = {
    InboundState.WAITING.value: ("Waits", "hourglass_top", "calm"),
    InboundState.PROCESSED.value: ("Took effect", "check_circle", "good"),
    InboundState.IGNORED.value: ("Not used", "do_not_disturb_on", "calm"),
    InboundState.REFUSED.value: ("Refused", "block", "warn"),
    InboundState.QUARANTINED.value: ("In quarantine", "report", "alarm"),
}
_ANSWERS: Mapping[str, str] = {
    "AA": "accepted, and on disk",
    "CA": "accepted, and on disk",
    "AE": "refused: the same bytes would be refused again",
    "CE": "refused: the same bytes would be refused again",
    "AR": "refused: not now, or not for us",
    "CR": "refused: not now, or not for us",
}


@register.inclusion_tag("components/tag.html")
def received_state(message: InboundMessage) -> dict[str, str]:
    """Show what became of a received message."""
    label, icon, tone = _STATES[message.state]
    return {"label": label, "icon": icon, "tone": tone}


@register.simple_tag
def state_words(message: InboundMessage) -> str:
    """Return in a sentence what became of a received message, and what happens next."""
    tries = f"{message.attempts} {'try' if message.attempts == 1 else 'tries'}"
    return {
        InboundState.WAITING.value: "It waits to take effect; that takes milliseconds by itself.",
        InboundState.PROCESSED.value: "It took effect, whole.",
        InboundState.IGNORED.value: "It was stored and changes nothing.",
        InboundState.REFUSED.value: "It was refused and changes nothing; the sender was told why.",
        InboundState.QUARANTINED.value: f"It was set aside after {tries}: others go on without "
        "it, and it changes nothing until it is run again.",
    }[message.state]


@register.filter
def answer_words(code: str) -> str:
    """Return what an answer's code (MSA-1) says."""
    return _ANSWERS.get(code, "no answer was wanted" if not code else "")


@register.filter
def sender(stored: str) -> str:
    """Return MSH-3 and MSH-4 as they are shown."""
    return " / ".join(part for part in stored.split("|") if part) or "not said"


@register.filter
def flag_words(flag: str) -> str:
    """Return a flag as words."""
    return flag.replace("_", " ")


@register.simple_tag
def listed(wanted: InboundFilter | OutboundFilter, verb: str) -> str:
    """Return in words which time a list looks at."""
    if wanted.number:
        return f"Known as {wanted.number}, whenever it was."
    if wanted.is_rare:
        return "However long ago, newest first."
    return f"{verb} {_span(wanted.span)}, newest first."


def _span(span: Span) -> str:
    if span.start is None:
        return "at any time"
    start = timezone.localtime(span.start)
    if span.end is None:
        return f"since {start:%A} {start:%H:%M}"
    end = timezone.localtime(span.end)
    return f"from {_moment(start)} until {_moment(end)}"


def _moment(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"
