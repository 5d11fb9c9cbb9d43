"""What is done with a source: a file is kept, names are confirmed, a plan is applied or dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, OperationalError, transaction

from apps.audit.editing import check_constraints
from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.files import read_sheet
from apps.core.access import Scope
from apps.core.deadlocks import is_deadlock
from apps.roster.choices import NameKind
from apps.roster.exceptions import RosterImportError, StaleRosterError
from apps.roster.importing import layouts
from apps.roster.importing.applying import hold_still, write
from apps.roster.importing.layouts import Layout
from apps.roster.importing.names import key_of
from apps.roster.importing.planning import plan_of
from apps.roster.importing.plans import RosterPlan
from apps.roster.models import Radiologist, RosterName, RosterSource, RosterSourceState, Shift

MOST_COLUMNS = 420
"""A year of dates, and what stands before and after them."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a name means: a person, a shift, or (both None) nothing that counts."""

    kind: NameKind
    text: str
    radiologist: Radiologist | None = None
    shift: Shift | None = None


@transaction.atomic
def keep_file(source: RosterSource, name: str, data: bytes, *, at: datetime) -> None:
    """Read a file and keep its table with the source, in place of an earlier one.

    How the last file was read stays chosen if this one has the same headings.

    Raises:
        RosterImportError: it cannot be read as a table.
    """
    try:
        sheet = read_sheet(data, most_columns=MOST_COLUMNS)
    except FileError as error:
        raise RosterImportError(str(error)) from error
    stored = source.options.get("layout")
    if stored and layouts.guess(sheet).columns != Layout.of(stored).columns:
        source.options = {key: value for key, value in source.options.items() if key != "layout"}
        source.save(update_fields=["options"])
    RosterSourceState.objects.update_or_create(
        source=source,
        defaults={
            "content": sheet.packed(),
            "content_name": _shown(name),
            "tried_at": at,
            "good_at": at,
            "error": "",
        },
    )


def choose(source: RosterSource, **options: object) -> None:
    """Keep how the source is read, beside what was chosen before."""
    source.options = {**source.options, **options}
    source.save(update_fields=["options"])


@transaction.atomic
def confirm(source: RosterSource | None, names: Iterable[Confirmed]) -> int:
    """Remember what names mean, in place of what was remembered of them; return how many.

    Args:
        source: where they mean it; None is wherever they come from.
        names: what was said of each.
    """
    wanted = {(name.kind, key_of(name.text, name.kind)): name for name in names}
    for old in RosterName.objects.filter(source=source):
        if (old.kind, key_of(old.text, old.kind)) in wanted:
            old.delete()
    for name in wanted.values():
        RosterName.objects.create(
            source=source,
            kind=name.kind,
            text=name.text,
            radiologist=name.radiologist,
            shift=name.shift,
            is_ignored=name.radiologist is None and name.shift is None,
        )
    return len(wanted)


def apply(source: RosterSource, scope: Scope, *, digest: str, at: datetime) -> RosterPlan:
    """Do what was shown, all of it or nothing.

    Args:
        source: as it is in the database.
        scope: whose shifts may be written.
        digest: of the plan that was shown.
        at: now.

    Raises:
        StaleRosterError: it would do something else by now, or nothing.
    """
    try:
        with transaction.atomic():
            hold_still()
            plan = plan_of(source, scope, at=at)
            if plan.digest != digest or not plan.rows:
                raise StaleRosterError
            write(plan, source)
            check_constraints()
            _note_applied(source, plan, at)
    except IntegrityError as error:
        raise StaleRosterError from error
    except OperationalError as error:
        if is_deadlock(error):
            raise StaleRosterError from error
        raise
    return plan


def _note_applied(source: RosterSource, plan: RosterPlan, at: datetime) -> None:
    left = {"unknown": len(plan.turns.unknown), "problems": len(plan.problems)}
    found = {**left, "same": plan.same + plan.added, "applied": plan.digest}
    RosterSourceState.objects.filter(pk=source.pk).update(applied_at=at, found=found)


def drop(source: RosterSource) -> bool:
    """Forget the file that waits; a source that never gave anything goes with it.

    Returns:
        Whether the source is gone.
    """
    state = RosterSourceState.objects.filter(pk=source.pk)
    if not state.filter(applied_at__isnull=False).exists() and not source.rows.exists():
        source.delete()
        return True
    state.update(content=None, content_name="", found={})
    return False


def _shown(name: str) -> str:
    """Return a file's name without what cannot be seen or stored."""
    return "".join(sign for sign in name if sign.isprintable())[-120:] or "file"
