"""What a viewer looks at: some sites, perhaps one modality, in a time zone.

It is all that a board depends on besides the moment, so whoever has the same lens sees the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

Place = tuple[int | None, str]
"""A site's id, None where it is unknown, and a modality."""


@dataclass(frozen=True, slots=True)
class Lens:
    """``site_ids`` None means everything, orders without a site too; an empty modality all.

    ``query`` holds the filters as addresses write them, for the links to other lists.
    """

    zone: ZoneInfo
    site_ids: frozenset[int] | None = None
    modality: str = ""
    query: str = ""

    @property
    def is_narrow(self) -> bool:
        """Return whether there may be orders that are not shown."""
        return self.site_ids is not None or bool(self.modality)

    def shows(self, place: Place) -> bool:
        """Return whether an order of that place is seen."""
        site_id, modality = place
        is_there = self.site_ids is None or site_id in self.site_ids
        return is_there and self.modality in ("", modality)

    def shows_any(self, places: Collection[Place]) -> bool:
        """Return whether an order of one of the places is seen."""
        return any(map(self.shows, places))

    def sql(self, order: str) -> tuple[str, list[object]]:
        """Return what orders must be like, and the values of its placeholders.

        Args:
            order: the alias of ``orders_order``.
        """
        words: list[str] = []
        values: list[object] = []
        if self.site_ids is not None:
            words.append(f"{order}.site_id = ANY(%s::bigint[])")
            values.append(sorted(self.site_ids))
        if self.modality:
            words.append(f"{order}.modality = %s")
            values.append(self.modality)
        return " AND ".join(words) or "true", values
