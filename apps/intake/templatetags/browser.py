"""Tags of the message browser: flags, errors and people in words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django import template

from apps.assignment.models import Assignment
from apps.audit.queries.wording import actor_in_words
from apps.core.access import Access, Permission
from apps.core.legible import visible
from apps.intake.models import InboundMessage
from apps.intake.processing.changes import Action
from apps.orders.models import Order

register = template.Library()

_FLAGS: Mapping[str, str] = {
    "charset": "its bytes do not fit the character set that MSH-18 names; the best reading was "
    "taken",
    "nul": "it held NUL bytes, which were left out",
    "bad_time": "a date or time in it cannot be one, and counts as missing",
    "unknown_control_code": "ORC-1 is no known control code, and was read as new (NW)",
    "unknown_urgency": "its word for the urgency is unknown, and was read as ROUTINE",
    "unknown_procedure": "its procedure code is not in the table",
    "unknown_order": "it speaks of an order that nobody sent",
    "control_id_reused": "its sender used this control id before, for something else",
    "result_without_number": "a result in it names no number, and was left out",
    "batch_count": "its batch counts other numbers (BTS-1, FTS-1) than there are",
    "step_cancelled": "it cancels a step of a study; others of its steps stand",
    "placer_number_reused": "its placer number was known, under another accession: it became an "
    "order of its own",
    "circular_merge": "it asks for a merge in a circle, which was not made",
    "changed_after_cancel": "it changes an order that was cancelled",
    "cancel_after_report": "it cancels an order that was reported",
    "cancelled_before_it_came": "its order was cancelled before it came",
}
_FAILURE = re.compile(r"(?P<kind>[A-Z]\w+)(?: SQLSTATE (?P<state>\w{5}).*)?(?: at \S+:\d+ .*)?")
_OF_STATE: Mapping[str, str] = {
    "22": "A value in it cannot be stored",
    "23": "It contradicts what is stored",
    "54": "It holds more than can be stored",
}
_DIED = "its worker died on each try"
_HELP: Mapping[str, str] = {
    "no order": "Edit a copy and give it a number in ORC-2, OBR-2, OBR-3 or OBR-18, or name the "
    "place of the number in the sender's profile and run it again.",
    "order groups": "Ask the sender to send the orders in several messages.",
    _DIED: "Run it again once; if it comes back, keep it here and report it: others go on.",
    "MSH": "Edit a copy and mend the header, or ask the sender to.",
}
_HELP_ANYWAY = "Run it again; if it comes back, edit a copy, or report it with what stands here:"
_ACTIONS: Mapping[Action, str] = {
    Action.NEW: "a new study",
    Action.CHANGE: "a change",
    Action.CANCEL: "a cancel",
    Action.REPLACE: "a replacement",
    Action.HOLD: "a hold",
    Action.RELEASE: "a release",
    Action.STATUS: "a new status",
    Action.RESULT: "a result",
    Action.NOTE: "nothing, it is noted",
}
_MOST_CHARS = 500
_TOLD: Mapping[str, str] = {"ADT": "a patient"}


@register.filter
def flag_said(flag: str) -> str:
    """Return what was noticed about a message, as a clause."""
    return _FLAGS.get(flag, flag.replace("_", " "))


@register.filter
def error_words(error: str) -> str:
    """Return in a sentence why a message was set aside or refused."""
    if not error:
        return ""
    found = _FAILURE.fullmatch(error)
    if found is None:
        return f"{error[0].upper()}{error[1:]}"
    return _OF_STATE.get((found["state"] or "")[:2], "Taking effect failed on our side")


@register.filter
def error_help(error: str) -> str:
    """Return what a person can do about a message that was set aside."""
    return next((words for start, words in _HELP.items() if start in error), _HELP_ANYWAY)


@register.filter
def error_detail(error: str) -> str:
    """Return what a developer needs of an error, empty where the sentence says it all."""
    return error if _FAILURE.fullmatch(error) else ""


@register.filter
def who(actor: str) -> str:
    """Return who acted."""
    return actor_in_words(actor)


@register.filter
def told_of(message: InboundMessage) -> str:
    """Return what a message that took effect and changed no study told of."""
    code, _, trigger = message.message_type.partition("^")
    if code == "ADT" and trigger == "A40":
        return "patients who are one person, and were merged"
    return _TOLD.get(code, "no study that is known here")


@register.filter
def seen(value: str) -> str:
    """Return a value with what cannot be seen drawn, and of a long one the beginning."""
    shown = visible(value)
    return f"{shown[:_MOST_CHARS]}…" if len(shown) > _MOST_CHARS else shown


@register.filter
def asks_for(action: Action) -> str:
    """Return what a message asks for."""
    return _ACTIONS[action]


@register.simple_tag
def reader_of(readers: Mapping[int, Assignment], order: Order) -> str:
    """Return who has a study, empty for nobody."""
    found = readers.get(order.pk)
    return str(found.radiologist) if found is not None else ""


@register.filter
def sees_merges(access: Access) -> bool:
    """Return whether the viewer may look at merged patients, who belong to every site."""
    needed = (Permission.PATIENT_VIEW, Permission.MESSAGE_VIEW)
    return all(access.scope(permission).everywhere for permission in needed)
