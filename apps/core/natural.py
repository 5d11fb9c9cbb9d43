"""Records that are known by what they say instead of by their number.

A fixture whose rows name each other by code can be loaded into any database: rows that are there
are brought up to date, the others are added, and nobody else's row is written over because it
happens to have the same number.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db import models

_Model_co = TypeVar("_Model_co", bound=models.Model, covariant=True)


class NaturalKeyManager(models.Manager[_Model_co]):
    """Finds a row by the values of its ``natural_fields``."""

    def get_by_natural_key(self, *values: Any) -> _Model_co:
        """Return the row; the oldest where the table allows several.

        Raises:
            DoesNotExist: there is none.
        """
        fields: tuple[str, ...] = getattr(self.model, "natural_fields", ())
        rows = self.filter(**dict(zip(fields, values, strict=True))).order_by("pk")
        # ``get`` on one row at most: it raises where there is none, and never for several.
        return self.get(pk__in=rows.values("pk")[:1])


class NaturalKeyModel(models.Model):
    """A record with a natural key; ``natural_fields`` are look-ups, such as ``shift__code``."""

    natural_fields: ClassVar[tuple[str, ...]] = ()

    objects = NaturalKeyManager()

    class Meta:
        abstract = True

    def natural_key(self) -> tuple[Any, ...]:
        """Return the values of the natural fields."""
        return tuple(_value(self, path) for path in self.natural_fields)


def _value(row: models.Model, path: str) -> object:
    value: object = row
    for name in path.split("__"):
        value = getattr(value, name, None)
    return value
