"""The history of one record: who changed what and when, with its parts (a shift's sites)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from apps.audit.models import AuditEvent

SHOWN = 50
_UNTOLD = frozenset({"id"})


@dataclass(frozen=True, slots=True)
class Subject:
    """A record whose history is asked for.

    ``parts`` names the tables of its parts and their column that points at it.
    """

    table: str
    key: str
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after; None where there was or is none."""

    name: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of the record or of a part of it; ``what`` is insert, update or delete."""

    id: int
    at: datetime
    actor: str
    what: str
    part: str
    changes: Sequence[FieldChange]
    request_id: str


def history(subject: Subject, *, limit: int = SHOWN) -> list[HistoryRow]:
    """Return the latest changes, newest first."""
    return [_row(event, subject) for event in _events(subject).order_by("-id")[:limit]]


def latest_event_id(subject: Subject) -> int:
    """Return the number of the newest change, 0 where there is none: a form's version."""
    newest = _events(subject).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def latest_event(subject: Subject) -> AuditEvent | None:
    """Return the newest change."""
    return _events(subject).order_by("-id").first()


def _events(subject: Subject) -> QuerySet[AuditEvent]:
    wanted = Q(entity=subject.table, entity_id=subject.key)
    rows = AuditEvent.objects.all()
    for number, (table, column) in enumerate(subject.parts.items()):
        owner = f"owner_{number}"
        rows = rows.alias(
            **{
                owner: Coalesce(
                    KeyTextTransform(column, "new_values"), KeyTextTransform(column, "old_values")
                )
            }
        )
        wanted |= Q(entity=table) & Q(**{owner: subject.key})
    return rows.filter(wanted)


def _row(event: AuditEvent, subject: Subject) -> HistoryRow:
    part = "" if event.entity == subject.table else event.entity
    return HistoryRow(
        id=event.pk,
        at=event.at,
        actor=event.actor,
        what=event.action,
        part=part,
        changes=changes_of(event),
        request_id=event.request_id,
    )


def changes_of(event: AuditEvent) -> list[FieldChange]:
    """Return the values that differ, in the record's own order of columns."""
    old, new = _values(event.old_values), _values(event.new_values)
    names = dict.fromkeys([*old, *new])
    return [
        FieldChange(name, old.get(name), new.get(name))
        for name in names
        if name not in _UNTOLD and old.get(name) != new.get(name)
    ]


def _values(stored: object) -> dict[str, Any]:
    return stored if isinstance(stored, dict) else {}
