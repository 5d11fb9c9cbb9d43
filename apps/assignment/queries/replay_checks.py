"""What the nightly replays of stored decisions came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from apps.assignment.choices import CheckState
from apps.assignment.models import ReplayCheck
from apps.core.access import Scope
from apps.core.paging import Page, page_of


@dataclass(frozen=True, slots=True)
class Drift:
    """A decision that did not come out the same; ``href`` leads to its own explanation."""

    words: str
    state: CheckState
    path: str
    stored: str
    made: str
    href: str

    @property
    def is_drift(self) -> bool:
        """Return whether it gave another answer; else nothing was there to make it from."""
        return self.state is CheckState.DRIFTED


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check; ``drifts`` are those within the viewer's scope, ``others`` counts the rest."""

    check: ReplayCheck
    drifts: Sequence[Drift]
    others: int


def checks_page(number: int, *, scope: Scope) -> Page[CheckRow]:
    """Return the checks, newest first, each with what differed."""
    found = page_of(ReplayCheck.objects.order_by("-at", "-pk"), number)
    return Page([_row(check, scope) for check in found.rows], found.number, found.has_next)


def newest_drift() -> ReplayCheck | None:
    """Return the newest check that settles if decisions differed in it, None where all is well."""
    newest = ReplayCheck.objects.filter(settles=True).order_by("-at").defer("drifts").first()
    return newest if newest is not None and newest.drifted else None


def _row(check: ReplayCheck, scope: Scope) -> CheckRow:
    mine = [entry for entry in check.drifts if scope.covers(entry.get("site"))]
    named = check.drifted + check.no_basis
    return CheckRow(check, [_drift(entry) for entry in mine], named - len(mine))


def _drift(entry: dict[str, Any]) -> Drift:
    is_assignment = entry["what"] == "assignment"
    return Drift(
        words=f"{'Assignment' if is_assignment else 'Unassigned order'} {entry['id']}",
        state=CheckState(entry["state"]),
        path=entry["path"],
        stored=entry.get("stored", ""),
        made=entry.get("made", ""),
        href=reverse("why" if is_assignment else "why-unassigned", args=[entry["id"]]),
    )
