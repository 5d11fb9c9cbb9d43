"""Keeps a file between the page that shows what it would do and the button that does it.

Each person has one of each kind. What was shown is named by its digest: if the table, the file
or a choice is another by the time the button is pressed, nothing is written and it is shown
anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from apps.catalog.choices import ImportKind, ImportMode
from apps.catalog.exceptions import StaleImportError
from apps.catalog.models import WaitingFile
from apps.catalog.services import rvu
from apps.catalog.services.importing.applying import hold_still, write
from apps.catalog.services.importing.columns import find_columns
from apps.catalog.services.importing.files import read_sheet
from apps.catalog.services.importing.known import Known, read_known
from apps.catalog.services.importing.planning import plan_import
from apps.catalog.services.importing.plans import Plan
from apps.catalog.services.importing.sheets import Sheet
from apps.core import clock
from apps.core.actor import Actor

_KEPT = timedelta(days=1)
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Shown:
    """A waiting file and what it would do."""

    file: WaitingFile
    sheet: Sheet
    plan: Plan


def keep(owner: Actor, kind: ImportKind, name: str, data: bytes, **options: Any) -> WaitingFile:
    """Read a file and keep it for its owner, in place of an earlier one of the kind.

    Args:
        owner: who sent it.
        kind: what it holds.
        name: the file's own.
        data: its bytes.
        **options: what was chosen for it; for an RVU file the columns are guessed.

    Raises:
        FileError: it cannot be read, or is no table of that kind.
    """
    sheet = read_sheet(data)
    if kind is ImportKind.RVU:
        options = rvu.guess(sheet).stored()
    else:
        find_columns(sheet)  # a file without such columns is told before it waits
    WaitingFile.objects.filter(sent_at__lt=clock.now() - _KEPT).delete()
    values = {
        "name": _shown_name(name),
        "rows": sheet.packed(),
        "options": options,
        "sent_at": clock.now(),
    }
    file, _is_new = WaitingFile.objects.update_or_create(
        owner=str(owner), kind=kind, defaults=values
    )
    return file


def find(owner: Actor, kind: ImportKind) -> WaitingFile | None:
    """Return the file that waits for somebody, None where none does."""
    return WaitingFile.objects.filter(owner=str(owner), kind=kind).first()


def shown(file: WaitingFile) -> Shown:
    """Return what the file would do to the table as it is now."""
    sheet = Sheet.unpacked(bytes(file.rows))
    return Shown(file, sheet, _plan(file, sheet, read_known()))


def choose(file: WaitingFile, options: Mapping[str, Any]) -> None:
    """Keep other choices for the file."""
    file.options = dict(options)
    file.save(update_fields=["options"])


def drop(file: WaitingFile) -> None:
    """Forget the file."""
    file.delete()


def apply(file: WaitingFile, *, digest: str) -> Plan:
    """Do what was shown, all of it or nothing; the file waits no longer.

    Args:
        file: as it is in the database.
        digest: of the plan that was shown.

    Raises:
        StaleImportError: it would do something else by now.
    """
    try:
        with transaction.atomic():
            hold_still()
            known = read_known()
            plan = _plan(file, Sheet.unpacked(bytes(file.rows)), known)
            if plan.digest != digest or not plan.written:
                raise StaleImportError
            write(plan, known)
            file.delete()
    except IntegrityError as error:
        # Two codes that PostgreSQL takes for one and Python does not.
        raise StaleImportError from error
    return plan


def _plan(file: WaitingFile, sheet: Sheet, known: Known) -> Plan:
    return _PLANS[ImportKind(file.kind)](sheet, file.options, known)


def _plan_procedures(sheet: Sheet, options: Mapping[str, Any], known: Known) -> Plan:
    return plan_import(sheet, ImportMode(options.get("mode", ImportMode.UPDATE)), known)


def _plan_rvu(sheet: Sheet, options: Mapping[str, Any], known: Known) -> Plan:
    return rvu.plan_rvu(sheet, rvu.Choice.of(options), known)


_PLANS: Mapping[ImportKind, Callable[[Sheet, Mapping[str, Any], Known], Plan]] = {
    ImportKind.PROCEDURES: _plan_procedures,
    ImportKind.RVU: _plan_rvu,
}


def _shown_name(name: str) -> str:
    """Return a file's name without what cannot be seen or stored."""
    visible = "".join(char for char in name if char.isprintable())
    return visible[-_LONGEST_NAME:] or "file"
