"""Pages of a list that may have no end: nothing is counted, one row more is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

PER_PAGE = 50
_LAST_PAGE = 200
"""Beyond it a search finds sooner than turning pages does."""

Row = TypeVar("Row")
_Model = TypeVar("_Model", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and whether there are more; ``number`` counts from 1."""

    rows: Sequence[Row]
    number: int
    has_next: bool

    @property
    def previous(self) -> int | None:
        """Return the number of the page before, None on the first."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """Return the number of the page after, None on the last."""
        return self.number + 1 if self.has_next else None


def page_number(request: HttpRequest) -> int:
    """Return the page asked for by ``?page=``; what is no number is the first."""
    asked = request.GET.get("page", "")
    return min(max(int(asked), 1), _LAST_PAGE) if asked.isascii() and asked.isdigit() else 1


def page_of(rows: QuerySet[_Model], number: int, *, per_page: int = PER_PAGE) -> Page[_Model]:
    """Return one page of an ordered query, in one read."""
    first = (number - 1) * per_page
    found = list(rows[first : first + per_page + 1])
    has_next = len(found) > per_page and number < _LAST_PAGE
    return Page(found[:per_page], number, has_next=has_next)
