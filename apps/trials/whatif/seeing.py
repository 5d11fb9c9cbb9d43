"""Who sees which what-if, whom of its readers, and who may stop, repeat or delete it.

A what-if replays the work of the whole department. Who may look at rules everywhere sees them
all; who may at some sites sees their own, and those whose makers looked after no other sites.
Figures of the whole are for everybody who sees it, readers for who may see them. It is its
maker's to change, and theirs who may change rules everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from apps.core.access import Access, Permission
from apps.core.namesakes import told_apart
from apps.roster.models import Radiologist
from apps.roster.queries.places import seen_shifts
from apps.roster.queries.radiologists import seen as seen_people
from apps.trials.models import WhatIf
from apps.trials.whatif.wishes import Wishes

SOMEBODY = "a reader of other sites"


class Names(dict[str, str]):
    """Full names, by id, of the readers whom a viewer may see."""

    def __init__(self, names: Mapping[str, str], *, sees_all: bool) -> None:
        """Keep the names.

        Args:
            names: by id; who is added is called as they were named.
            sees_all: whether somebody who is not among them is just gone.
        """
        super().__init__(names)
        self._sees_all = sees_all

    def sees(self, id_: str) -> bool:
        """Return whether the viewer may be told of a reader."""
        return self._sees_all or id_ in self

    def of(self, id_: str) -> str:
        """Return a name; who is gone is called by their id, who is not seen by nothing of it."""
        return self.get(id_) or (id_ if self._sees_all or not id_ else SOMEBODY)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks; ``name`` is what a what-if keeps of its maker."""

    name: str
    access: Access

    @property
    def changes_all(self) -> bool:
        """Return whether everybody's what-ifs are theirs to change."""
        return self.access.scope(Permission.RULE_CHANGE).everywhere

    def seen(self, rows: QuerySet[WhatIf]) -> QuerySet[WhatIf]:
        """Return those that they see."""
        scope = self.access.scope(Permission.RULE_VIEW)
        if scope.everywhere:
            return rows
        within = Q(sites__contained_by=sorted(scope.site_ids))
        return rows.filter(Q(made_by=self.name) | within)

    def may_change(self, found: WhatIf) -> bool:
        """Return whether they may stop, repeat or delete one that they see."""
        if not self.access.may(Permission.RULE_CHANGE):
            return False
        return self.changes_all or found.made_by == self.name

    def names(self, found: WhatIf) -> Names:
        """Return the names of everybody of a what-if whom they may see."""
        scope = self.access.scope(Permission.RADIOLOGIST_VIEW)
        people = seen_people(scope).select_related(None)
        rows = people.only("id", "family_name", "given_name", "title")
        known = told_apart({person.pk: person.full_name for person in rows})
        added = {one.name: one.name for one in Wishes.read(found.wishes).add}
        # Whoever is added under the id of somebody real must not open what is theirs.
        taken = set(Radiologist.objects.filter(pk__in=added).values_list("pk", flat=True))
        new = {name: name for name in added if name not in taken}
        return Names(known | new, sees_all=scope.everywhere)

    def shift_names(self) -> dict[str, str]:
        """Return the names, by code, of the shifts that they see, those that ended among them."""
        rows = seen_shifts(self.access.scope(Permission.SHIFT_VIEW))
        return dict(rows.order_by("code").values_list("code", "name"))

    def shift_codes(self) -> list[str]:
        """Return the codes of the shifts that run and that they see, in order."""
        rows = seen_shifts(self.access.scope(Permission.SHIFT_VIEW)).filter(is_active=True)
        return list(rows.order_by("code").values_list("code", flat=True))


def told(report: Mapping[str, Any], names: Names) -> tuple[list[str], int]:
    """Return the readers of a report who may be named, by id, and how many others there are."""
    ids = sorted({*report["before"]["readers"], *report["after"]["readers"]})
    seen = [id_ for id_ in ids if names.sees(id_)]
    return seen, len(ids) - len(seen)
