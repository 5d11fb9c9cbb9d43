"""Puts the trail's tables, columns and values into the words that people know them by."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import DateTimeField, DecimalField, Field, ForeignKey, Model
from django.utils import timezone

from apps.audit.models import AuditEvent

NOTHING = ""
HIDDEN = "(not shown)"
_CAPITALS = {"rvu": "RVU", "sla": "SLA", "id": "ID", "hl7": "HL7", "uid": "UID"}

AnyField: TypeAlias = "Field[Any, Any]"
Names: TypeAlias = Mapping[type[Model], Mapping[str, str]]


def actor_in_words(actor: str) -> str:
    """Return who acted: ``user:ann`` is ann, ``system:worker`` the system, with its part."""
    kind, _, name = actor.partition(":")
    if kind == "user":
        return name
    return f"the system ({name})" if kind == "system" else actor


def table_in_words(table: str) -> str:
    """Return what a row of the table is called."""
    model = _models().get(table)
    options: Any = model._meta if model else None  # noqa: SLF001 -- Django's public name for it
    return str(options.verbose_name) if options else table.replace("_", " ")


def column_in_words(table: str, column: str) -> str:
    """Return what a column is called on forms."""
    field = _field(table, column)
    words = str(field.verbose_name) if field is not None else column.replace("_", " ")
    return " ".join(_CAPITALS.get(word, word) for word in words.removeprefix("is ").split())


def in_order(table: str, columns: Iterable[str]) -> list[str]:
    """Return columns in the order of the model, those it no longer has last: JSON has none."""
    model = _models().get(table)
    options: Any = model._meta if model else None  # noqa: SLF001 -- as above
    known = [field.column for field in options.fields] if options else []
    return sorted(columns, key=lambda name: known.index(name) if name in known else len(known))


def row_in_words(table: str, values: Mapping[str, Any]) -> str:
    """Return a row's kind and name, as it called itself when it had these values by column."""
    return f"{table_in_words(table)} {_row_name(table, values)}"


class Wording:
    """Words for the values of some events; the names they refer to are read once."""

    def __init__(self, events: Iterable[AuditEvent], untold: Mapping[str, str]) -> None:
        """Read the names of the rows that the events' foreign keys point at, a query a table.

        Args:
            events: whose values will be asked for.
            untold: the column of each table that will not.
        """
        self._names = _names(events, untold)

    def value(self, table: str, column: str, value: object) -> str:
        """Return a value as a form would show it; nothing is an empty text."""
        if value in (None, "", [], {}):
            return NOTHING
        if column in _secret_columns(table):
            return HIDDEN
        if isinstance(value, bool):
            return "yes" if value else "no"
        field = _field(table, column)
        if isinstance(field, ForeignKey):
            return self._names.get(_target(field), {}).get(str(value), str(value))
        return _plain(field, value)


def _plain(field: AnyField | None, value: object) -> str:
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(field, DecimalField):
        return f"{Decimal(str(value)):.{field.decimal_places}f}"
    if isinstance(field, DateTimeField):
        return _moment(str(value))
    choices = getattr(field, "flatchoices", ())
    return {str(key): str(label) for key, label in choices}.get(str(value), str(value))


def _moment(stored: str) -> str:
    try:
        return f"{timezone.localtime(datetime.fromisoformat(stored)):%Y-%m-%d %H:%M}"
    except ValueError:
        return stored


def _names(events: Iterable[AuditEvent], untold: Mapping[str, str]) -> Names:
    """Return the names of all rows that are referred to, by model and key."""
    wanted: defaultdict[type[Model], set[str]] = defaultdict(set)
    for event in events:
        for values in (event.old_values, event.new_values):
            for column, value in (values if isinstance(values, dict) else {}).items():
                field = _field(event.entity, column)
                is_told = value is not None and untold.get(event.entity) != column
                if isinstance(field, ForeignKey) and is_told:
                    wanted[_target(field)].add(str(value))
    return {model: _read_names(model, keys) for model, keys in wanted.items()}


def _read_names(model: type[Model], keys: set[str]) -> dict[str, str]:
    """Return the names of the rows that are still there."""
    try:
        rows = model._base_manager.filter(pk__in=keys)  # noqa: SLF001 -- Django's name for it
        return {str(row.pk): str(row) for row in rows}
    except (ValueError, ValidationError):
        return {}  # the column held another kind of key once


def _row_name(table: str, values: Mapping[str, Any]) -> str:
    model = _models().get(table)
    options: Any = model._meta if model else None  # noqa: SLF001 -- as above
    try:
        known = [field for field in options.fields if field.column in values] if options else []
        row = {field.attname: field.to_python(values[field.column]) for field in known}
        return str(model(**row)) if model else str(values.get("id", ""))
    except (ValidationError, ObjectDoesNotExist):
        return str(values.get("id", ""))  # its name is made of a row that is gone


@functools.cache
def _models() -> Mapping[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}  # noqa: SLF001 -- as above


def masked(table: str, values: object) -> object:
    """Return a row of the trail with the values left out that let their reader in somewhere."""
    secret = _secret_columns(table)
    if not secret or not isinstance(values, dict):
        return values
    return {name: HIDDEN if name in secret and value else value for name, value in values.items()}


def _secret_columns(table: str) -> frozenset[str]:
    """Return the columns that a model names in ``SECRET_COLUMNS``; Undo needs what they hold."""
    return frozenset(getattr(_models().get(table), "SECRET_COLUMNS", ()))


@functools.cache
def _field(table: str, column: str) -> AnyField | None:
    model = _models().get(table)
    options: Any = model._meta if model else None  # noqa: SLF001 -- as above
    found = [field for field in options.fields if field.column == column] if options else []
    return found[0] if found else None


def _target(field: ForeignKey[Any, Any]) -> type[Model]:
    target: type[Model] = field.related_model
    return target
