"""Reads parked orders again when a mapping changed: from their own segments, as they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from django.db import transaction

from apps.assignment.choices import PARKED
from apps.assignment.desk import Case, open_desk
from apps.assignment.models import Unassigned
from apps.assignment.services.after import after_commit
from apps.core import bulk, clock
from apps.core.failures import all_or_each
from apps.hl7v2.errors import FieldError
from apps.intake.processing.catalogue import MAPPING_AREAS, Catalogue, current_catalogue
from apps.intake.processing.changes import OrderChange
from apps.intake.processing.filling import fill, missing, settle
from apps.intake.processing.reading import read_message
from apps.intake.processing.session import Session

CHUNK = 50
ACTOR = "system:mapping"

_last_versions: dict[str, int] | None = None
_waiting: list[int] = []


def forget() -> None:
    """Forget the last pass; the next call reads everything that is parked."""
    global _last_versions  # noqa: PLW0603 -- one walk per process
    _last_versions = None
    _waiting.clear()


def rerun_if_mapped(versions: Mapping[str, int]) -> int:
    """Read a chunk of parked orders again if the catalogue changed since the last time.

    Args:
        versions: of every area, as just read.

    Returns:
        How many orders were looked at; 0 when there is nothing to do.
    """
    global _last_versions  # noqa: PLW0603 -- one walk per process
    mapping = {area: versions.get(area, 0) for area in MAPPING_AREAS}
    if mapping != _last_versions:
        _last_versions = mapping
        _waiting[:] = _parked_ids()
    chunk = _waiting[:CHUNK]
    del _waiting[:CHUNK]
    if not chunk:
        return 0
    try:
        all_or_each(chunk, _rerun)
    except Exception:
        # The database went, and no later sweep would come by: these are tried again, last.
        _waiting.extend(chunk)
        raise
    return len(chunk)


def _parked_ids() -> list[int]:
    rows = Unassigned.objects.filter(is_waiting=True, reason__in=PARKED)
    return list(rows.order_by("urgency_rank", "since").values_list("order_id", flat=True))


def _rerun(ids: Sequence[int]) -> None:
    read_again(ids)


def read_again(ids: Sequence[int], *, actor: str = ACTOR) -> None:
    """Read these orders again from their own segments, those of them that are parked.

    Args:
        ids: orders; others than parked ones are left as they are.
        actor: who the trail names.
    """
    with transaction.atomic():
        desk = open_desk(at=clock.now(), actor=actor)
        session = Session(desk=desk, catalogue=current_catalogue(desk.versions))
        session.load_cases(ids)
        for order_id in ids:
            _read_again(session, session.case(order_id))
        with bulk.one_round_trip():
            flushed = session.flush()
        transaction.on_commit(partial(after_commit, flushed))


def _read_again(session: Session, case: Case) -> None:
    if case.queued is None or case.queued.reason not in PARKED or case.segments is None:
        return
    change = _change(case, session.catalogue)
    if change is None:
        return
    if change.patient is not None:
        bulk.run_errands(session.patients.errands([change.patient.key]))
        # Who was read just now may be stored for long, with studies that are company for this one.
        session.desk.company.learn(session.patients.ids)
    fill(session, case, change)
    parked = missing(case, change)
    if parked is None or parked.value != case.queued.reason:
        settle(session, case, parked)


def _change(case: Case, catalogue: Catalogue) -> OrderChange | None:
    """Return what the order's segments say by now, None when they cannot be read."""
    assert case.segments is not None  # noqa: S101 -- asked by _read_again
    raw = bytes(case.segments.header) + bytes(case.segments.group)
    try:
        reading = read_message(raw, catalogue=catalogue)
    except FieldError:
        return None
    return reading.changes[0] if reading.changes else None
