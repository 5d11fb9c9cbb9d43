"""Whether a radiologist is there, and when they last did something.

Both lie in the workload row and are read live by every decision. A trigger tells the deciders of
a presence that changed, so that studies which waited for somebody are tried again. Who goes
offline or is busy keeps what they have; only new work passes them by.

What somebody says stands until they say something else; busy alone ends by itself. Where nobody
said anything, a page of theirs that shows signs of life makes them online, and ten minutes
without one away. So a browser that was closed keeps nobody from work: away still gets it.

Due times are written before the workload row, in the order in which the watchdog takes them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Greatest

from apps.audit.models import AuditEvent
from apps.core import actor, due, request_id
from apps.engine.codes import Presence
from apps.roster.choices import CreditKind, PresenceChoices
from apps.roster.models import WorkCredit, Workload
from apps.roster.presence import BUSY_ENDS, UNHEARD, UNHEARD_OF, USUALLY_BUSY, presence_at

_MAY_BE_FOUND = Q(presence=PresenceChoices.UNKNOWN) | Q(
    presence=PresenceChoices.AWAY, is_presence_found=True
)


@transaction.atomic
def set_presence(
    *,
    radiologist_id: str,
    presence: PresenceChoices,
    at: datetime,
    busy_minutes: int = USUALLY_BUSY,
    by_themselves: bool = True,
) -> None:
    """Note what somebody says of where a radiologist is; it is kept in the trail.

    Args:
        radiologist_id: whose presence.
        presence: any but unknown.
        at: the moment.
        busy_minutes: how long they are busy, where they are.
        by_themselves: which is activity too; else a manager says so on their behalf.

    Raises:
        Workload.DoesNotExist: there is no such radiologist.
    """
    until = _set_due(radiologist_id, presence, at, busy_minutes)
    row = Workload.objects.select_for_update().filter(pk=radiologist_id).first()
    if row is None:
        raise Workload.DoesNotExist(f"{radiologist_id} is no radiologist")
    _tell(row, presence, until, at)
    _count_busy(row, until, at)
    values = {"last_activity_at": Greatest("last_activity_at", at)} if by_themselves else {}
    Workload.objects.filter(pk=radiologist_id).update(
        presence=presence,
        busy_until=until,
        is_presence_found=False,
        # What was said counts as a sign of life, so that it is not taken back at once.
        heard_at=Greatest("heard_at", at),
        **values,
    )


def note_activity(*, radiologist_id: str, at: datetime) -> None:
    """Note that a radiologist just did something; an older moment changes nothing.

    Raises:
        Workload.DoesNotExist: there is no such radiologist.
    """
    # PostgreSQL's greatest() leaves a missing value out.
    written = Workload.objects.filter(pk=radiologist_id).update(
        last_activity_at=Greatest("last_activity_at", at)
    )
    if not written:
        raise Workload.DoesNotExist(f"{radiologist_id} is no radiologist")


@transaction.atomic
def note_sign_of_life(*, radiologist_id: str, at: datetime) -> None:
    """Note that a page of theirs is open; who said nothing else is online from then on."""
    due.schedule_by(UNHEARD_OF, radiologist_id, at + UNHEARD)
    rows = Workload.objects.filter(pk=radiologist_id)
    rows.update(heard_at=Greatest("heard_at", at))
    rows.filter(_MAY_BE_FOUND).update(presence=PresenceChoices.ONLINE, is_presence_found=True)


def on_busy_end(what: due.Due, at: datetime) -> None:
    """Let somebody be there again; the handler of ``BUSY_ENDS``."""
    row = Workload.objects.select_for_update().filter(pk=what.subject).first()
    if row is None or row.busy_until is None:
        return
    if presence_at(row.presence, row.busy_until, at) is Presence.BUSY:
        due.schedule_due(BUSY_ENDS, what.subject, row.busy_until)
        return
    is_heard = row.heard_at is not None and at - row.heard_at < UNHEARD
    _find(row, PresenceChoices.ONLINE if is_heard else PresenceChoices.AWAY)
    if is_heard and row.heard_at is not None:
        due.schedule_due(UNHEARD_OF, what.subject, row.heard_at + UNHEARD)


def on_unheard_of(what: due.Due, at: datetime) -> None:
    """Let somebody count as away who gave no sign of life; the handler of ``UNHEARD_OF``."""
    row = Workload.objects.select_for_update().filter(pk=what.subject).first()
    if row is None or row.presence != PresenceChoices.ONLINE:
        return
    if row.heard_at is not None and at - row.heard_at < UNHEARD:
        due.schedule_due(UNHEARD_OF, what.subject, row.heard_at + UNHEARD)
        return
    _find(row, PresenceChoices.AWAY)


def _set_due(
    radiologist_id: str, presence: PresenceChoices, at: datetime, busy_minutes: int
) -> datetime | None:
    """Set when what was said is over; return until when they are busy."""
    if presence is PresenceChoices.BUSY:
        until = at + timedelta(minutes=busy_minutes)
        due.schedule_due(BUSY_ENDS, radiologist_id, until)
        return until
    due.cancel_due(BUSY_ENDS, radiologist_id)
    if presence is PresenceChoices.ONLINE:
        due.schedule_due(UNHEARD_OF, radiologist_id, at + UNHEARD)
    return None


def _count_busy(row: Workload, until: datetime | None, at: datetime) -> None:
    """Log the time in which somebody is busy: it is work, and no reading is owed for it."""
    if row.busy_until is not None:
        _end_busy(row.pk, at)
    if until is not None:
        WorkCredit.objects.create(
            radiologist_id=row.pk,
            kind=CreditKind.BUSY,
            start_at=at,
            end_at=until,
            made_by=str(actor.current() or actor.Actor.system("presence")),
        )


def _end_busy(radiologist_id: str, at: datetime) -> None:
    rows = WorkCredit.objects.filter(radiologist=radiologist_id, kind=CreditKind.BUSY)
    # Row by row: a statement that finds nothing would tell the deciders all the same.
    for credit in rows.filter(end_at__gt=at):
        if credit.start_at < at:
            credit.end_at = at
            credit.save(update_fields=["end_at"])
        else:
            credit.delete()


def _find(row: Workload, presence: PresenceChoices) -> None:
    row.presence, row.busy_until, row.is_presence_found = presence, None, True
    row.save(update_fields=["presence", "busy_until", "is_presence_found"])


def _tell(row: Workload, presence: PresenceChoices, until: datetime | None, at: datetime) -> None:
    AuditEvent.objects.create(
        at=at,
        entity="roster_workload",
        entity_id=row.pk,
        action="presence",
        old_values=_said(row.presence, row.busy_until),
        new_values=_said(presence, until),
        actor=str(actor.current() or actor.Actor.system("presence")),
        request_id=request_id.current(),
    )


def _said(presence: str, until: datetime | None) -> dict[str, str]:
    said = {"presence": str(presence)}
    return said | {"busy_until": until.isoformat()} if until else said
