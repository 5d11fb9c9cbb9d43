"""What refers to a record, so that it is not deleted from under it.

Deleting would take some of these with it (a shift's site) and empty others (a sender's default
site); neither is what a person means who deletes a place. Reads every relation that the models
declare, so that a table that is added later cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Model

_MOST = 1_000
"""Counting stops here: an old site has millions of orders."""

_WORDS: Mapping[str, tuple[str, str]] = {
    "accounts_rolegrant": ("role of a person", "roles of people"),
    "catalog_site": ("site", "sites"),
    "intake_senderprofile": ("sender profile", "sender profiles"),
    "orders_order": ("study", "studies"),
    "outbound_destination": ("destination", "destinations"),
    "roster_privilege": ("privilege of a reader", "privileges of readers"),
    "roster_radiologistsite": ("reader whose home it is", "readers whose home it is"),
    "roster_shiftsite": ("shift that serves it", "shifts that serve it"),
    "rules_slapolicy": ("SLA policy", "SLA policies"),
}


def references(record: Model, *, parts: Collection[str] = ()) -> list[str]:
    """Return what refers to the record, with numbers, in words.

    Args:
        record: a saved row.
        parts: tables of its own parts, which go with it.
    """
    found = []
    for relation in record._meta.related_objects:  # noqa: SLF001 -- Django's public name for it
        related: Any = relation.related_model
        table = related._meta.db_table  # noqa: SLF001 -- as above
        if table in parts:
            continue
        rows = related._default_manager.filter(**{relation.field.name: record})  # noqa: SLF001
        number = rows.order_by()[: _MOST + 1].count()
        if number:
            found.append(_words(table, related, number))
    return found


def _words(table: str, model: type[Model], number: int) -> str:
    options = model._meta  # noqa: SLF001 -- Django's public name for it
    names = (str(options.verbose_name), str(options.verbose_name_plural))
    one, many = _WORDS.get(table, names)
    shown = f"over {_MOST:,}" if number > _MOST else f"{number:,}"
    return f"{shown} {one if number == 1 else many}"
