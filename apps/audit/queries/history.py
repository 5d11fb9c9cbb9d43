"""The history of one record: who changed what and when, with its parts (a shift's sites)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from apps.audit.models import AuditEvent
from apps.audit.queries.wording import (
    Wording,
    actor_in_words,
    column_in_words,
    in_order,
    table_in_words,
)

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
    """One value before and after, in words; empty where there was or is none.

    ``column`` is its name in the table, for who knows better words for it.
    """

    column: str
    name: str
    old: str
    new: str


_VERBS = {
    "insert": "added",
    "delete": "deleted",
    "open": "opened",
    "presence": "set the presence of",
    "take_over": "handed on the turns of",
    "take_over_taken_back": "took back the handing on of",
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of the record or of a part of it; ``what`` is the trail's action.

    ``part`` says in words what kind of part it is, and is empty for the record itself.
    """

    id: int
    at: datetime
    actor: str
    what: str
    part: str
    changes: Sequence[FieldChange]
    request_id: str

    @property
    def verb(self) -> str:
        """Return what was done, in words."""
        return _VERBS.get(self.what, "changed")

    @property
    def kept(self) -> Sequence[tuple[str, str]]:
        """Return what a part that came or went says: each value with its name."""
        pairs = ((change.name, change.new or change.old) for change in self.changes)
        return [(name, value) for name, value in pairs if value]


def history(subject: Subject, *, limit: int = SHOWN) -> list[HistoryRow]:
    """Return the latest changes, newest first."""
    events = list(_newest_first(subject)[:limit])
    words = Wording(events, subject.parts)
    return [_row(event, subject, words) for event in events]


def latest_event_id(subject: Subject) -> int:
    """Return the number of the newest change, 0 where there is none: a form's version."""
    newest = _newest_first(subject).values_list("id", flat=True).first()
    return newest or 0


def latest_event(subject: Subject) -> AuditEvent | None:
    """Return the newest change."""
    return _newest_first(subject).first()


def _newest_first(subject: Subject) -> QuerySet[AuditEvent]:
    # Sorted by the bare key, PostgreSQL may walk the whole trail backwards until it has met
    # enough of the record's few rows; it must find them by entity first.
    return _events(subject).order_by((F("id") + 0).desc())


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


def _row(event: AuditEvent, subject: Subject, words: Wording) -> HistoryRow:
    is_part = event.entity != subject.table
    return HistoryRow(
        id=event.pk,
        at=event.at,
        actor=actor_in_words(event.actor),
        what=event.action,
        part=table_in_words(event.entity) if is_part else "",
        changes=_changes(event, words, owner=subject.parts.get(event.entity, "")),
        request_id=event.request_id,
    )


def _changes(event: AuditEvent, words: Wording, *, owner: str) -> list[FieldChange]:
    """Return the values that differ, in the record's own order of columns."""
    old, new = _values(event.old_values), _values(event.new_values)
    columns = in_order(event.entity, {*old, *new} - {*_UNTOLD, owner})
    return [
        FieldChange(
            column=column,
            name=column_in_words(event.entity, column),
            old=words.value(event.entity, column, old.get(column)),
            new=words.value(event.entity, column, new.get(column)),
        )
        for column in columns
        if old.get(column) != new.get(column)
    ]


def _values(stored: object) -> dict[str, Any]:
    return stored if isinstance(stored, dict) else {}
