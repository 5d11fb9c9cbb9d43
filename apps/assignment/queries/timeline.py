"""A study's story, newest first: its assignments, and what the trail tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, TextChoices

from apps.assignment.choices import EndReason, ReasonChoices
from apps.assignment.models import Assignment
from apps.audit.models import AuditEvent
from apps.orders.models import Order

_MOST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened; ``words`` names no patient.

    ``assignment`` is set where it tells of one: its explanation is a link, ``until`` its end,
    None while it lasts. ``by`` is who or what did it, ``note`` what a person typed.
    """

    at: datetime
    icon: str
    words: str
    tone: str = "calm"
    by: str = ""
    note: str = ""
    assignment: Assignment | None = None
    until: datetime | None = None


def timeline(order: Order, assignments: Iterable[Assignment]) -> list[Entry]:
    """Return what happened to the order, newest first.

    Args:
        order: whose story it is.
        assignments: all of its assignments, with their radiologists.
    """
    given = list(assignments)
    entries = [
        *(_of_assignment(row) for row in given),
        *_of_trail(_lines(order, given)),
        Entry(order.received_at, "mark_email_read", "Received", by=order.sender),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _of_assignment(row: Assignment) -> Entry:
    shift = row.shift.name if row.shift else row.shift_code
    on = f" on {shift}" if shift else ""
    escalated = ", escalated" if row.escalated and row.strategy != "ESCALATED" else ""
    return Entry(
        at=row.assigned_at,
        icon="assignment_ind",
        words=f"Given to {row.radiologist.full_name}{on}",
        by=person(row.made_by) if row.made_by else f"{row.get_strategy_display()}{escalated}",
        note=row.made_note,
        assignment=row,
        until=row.ended_at or row.completed_at,
    )


def person(actor: str) -> str:
    """Return who acted, as people say it: ``user:manager`` is manager."""
    kind, _, name = actor.partition(":")
    return name if kind == "user" else _SYSTEMS.get(name, name)


_SYSTEMS = {
    "hl7": "an HL7 message",
    "clock": "the clock",
    "retry": "the queue",
    "watchdog": "the clock",
    "worker": "the engine",
}


# -- the trail ---------------------------------------------------------------------------


def _lines(order: Order, assignments: Iterable[Assignment]) -> list[AuditEvent]:
    ids = [str(row.pk) for row in assignments]
    told = Q(entity="orders_order", entity_id=str(order.pk)) | Q(
        entity="assignment_assignment", entity_id__in=ids
    )
    rows = AuditEvent.objects.filter(told, action__in=list(_TELLERS))
    return list(rows.order_by("-pk")[:_MOST])


def _of_trail(lines: Iterable[AuditEvent]) -> Iterator[Entry]:
    for line in lines:
        icon, tone, tell = _TELLERS[line.action]
        old, new = line.old_values or {}, line.new_values or {}
        if new.get("reason") == ReasonChoices.WORKLIST:
            icon, tone = "playlist_add", "calm"
        yield Entry(
            at=line.at,
            icon=icon,
            words=tell(old, new),
            tone=tone,
            by=person(line.actor),
            note=str(new.get("reason", "")) if line.action.endswith("_by_hand") else "",
        )


_Values = Mapping[str, Any]
_Tell = Callable[[_Values, _Values], str]


def _says(words: str) -> _Tell:
    return lambda _old, _new: words


def _queued(_old: _Values, new: _Values) -> str:
    if new.get("reason") == ReasonChoices.WORKLIST:
        return "Put on a shared list: one of its readers takes it"
    return f"No reader: {_label(ReasonChoices, new.get('reason'))}"


def _ended(old: _Values, new: _Values) -> str:
    reason = _label(EndReason, new.get("reason"))
    return f"{old.get('radiologist', 'The reader')} lost it: {reason}"


def _stepped(_old: _Values, new: _Values) -> str:
    step = _STEPS.get(str(new.get("action")), str(new.get("action")))
    return f"Overdue, step {new.get('step')}: {step} ({new.get('result')})"


def _urgency(old: _Values, new: _Values) -> str:
    return f"Urgency changed from {old.get('urgency')} to {new.get('urgency')}"


def _taken_off(old: _Values, _new: _Values) -> str:
    return f"{old.get('radiologist_id', 'The reader')} taken off"


def _cancelled(_old: _Values, new: _Values) -> str:
    return _label(EndReason, new.get("reason"))


def _completed(_old: _Values, new: _Values) -> str:
    minutes = int(new.get("turnaround_seconds") or 0) // 60
    return f"Reported, {minutes} min after it was assigned"


def _label(choices: type[TextChoices], value: object) -> str:
    labels: Mapping[object, str] = dict(choices.choices)
    return labels.get(value, str(value))


_STEPS = {
    "flag": "marked and counted",
    "alert": "soft alert",
    "reassign": "offered to a less loaded reader",
    "supervisor": "supervisor told",
}
_TELLERS: Mapping[str, tuple[str, str, _Tell]] = {
    "unassigned": ("person_off", "alarm", _queued),
    "end": ("person_remove", "calm", _ended),
    "acknowledge": ("thumb_up", "calm", _says("Acknowledged")),
    "not_acknowledged": ("notifications_off", "warn", _says("Not acknowledged in time")),
    "complete": ("check_circle", "good", _completed),
    "cancel": ("cancel", "calm", _cancelled),
    "patient_merged": ("merge", "calm", _says("Its patient was merged into another")),
    "patient_unmerged": ("undo", "calm", _says("Its patient's merge was undone")),
    "patient_changed": ("swap_horiz", "warn", _says("Its sender named another patient")),
    "sla_breach": ("alarm", "alarm", _says("The report was due and not there")),
    "sla_step": ("alarm", "warn", _stepped),
    "unassign_by_hand": ("person_remove", "calm", _taken_off),
    "decide_again_by_hand": ("restart_alt", "calm", _says("Decided again")),
    "hold_by_hand": ("pause_circle", "warn", _says("Held")),
    "release_by_hand": ("play_circle", "calm", _says("Released")),
    "change_urgency_by_hand": ("priority_high", "warn", _urgency),
    "start_by_hand": ("play_circle", "calm", _says("Opened by its reader")),
    "done_by_hand": ("edit_note", "good", _says("Its reader says that it is reported")),
    "reopen_by_hand": ("undo", "calm", _says("Its reader took the report back")),
    "hand_back_by_hand": ("undo", "warn", _says("Handed back by its reader")),
    "take_by_hand": ("pan_tool", "calm", _says("Taken by its reader from the waiting work")),
}
"""What the trail says of a study that its assignments do not say already."""
