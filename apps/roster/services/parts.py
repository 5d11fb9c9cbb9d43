"""Writes the parts of a record (a shift's work, a person's licences) as a form says they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import models, transaction

_Part = TypeVar("_Part", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a record; ``id`` is None for a new one, ``words`` names it to a person."""

    id: int | None
    values: Mapping[str, Any]
    words: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.words


@transaction.atomic
def save_parts(
    parts: models.QuerySet[_Part], wanted: Sequence[Row], **owner: models.Model
) -> None:
    """Make the parts be those that are wanted; what stays the same is not written.

    Args:
        parts: all that may be touched; others of the same record are left alone.
        wanted: what they shall be; an id that is not among ``parts`` counts as new.
        owner: the record, by the column that points at it.
    """
    known = {part.pk: part for part in parts.select_for_update(of=("self",))}
    kept = {row.id for row in wanted}
    parts.filter(pk__in=known.keys() - kept).delete()
    for row in wanted:
        part = known.pop(row.id, None) if row.id is not None else None
        _write(part or parts.model(**owner), row.values)


def drop_sites(rows: models.QuerySet[_Part], keep: Collection[models.Model]) -> None:
    """Remove the rows of all sites but those to keep.

    Goes before the record itself is saved, so that undoing, which runs backwards, finds a shift
    that no longer serves every site before its rows come back.
    """
    rows.exclude(site__in=[site.pk for site in keep]).delete()


def add_sites(
    rows: models.QuerySet[_Part], sites: Collection[models.Model], **owner: models.Model
) -> None:
    """Add a row for each site that has none."""
    known = set(rows.values_list("site", flat=True))
    for site in sites:
        if site.pk not in known:
            rows.model(**owner, site=site).save()


def _write(part: models.Model, values: Mapping[str, Any]) -> None:
    is_new = part.pk is None
    changed = [name for name, value in values.items() if getattr(part, name) != value]
    for name in changed:
        setattr(part, name, values[name])
    if is_new or changed:
        part.save()
