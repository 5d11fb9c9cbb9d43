"""Raises an alert for a sender that has fallen silent, and ends it when it speaks again.

One due time stands for all senders. It is set again by each look while anybody is watched, and
set or brought forward by the listener when profiles were edited, or when somebody spoke who was
thought silent. What is counted is
that nothing came, whoever is to blame: an outage of ours is not taken off. A sender that was
never heard is missed from the last edit of its profile on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from apps.audit.models import AuditEvent
from apps.core import due
from apps.core.actor import Actor
from apps.intake.models import SenderContact
from apps.intake.queries.silence import WatchedSender, watched_senders
from apps.intake.silence import ALL, KIND, silence_begins, silent_from

log = logging.getLogger(__name__)

ACTOR = Actor.system("silence-watch")
_LONGEST_PAUSE = timedelta(minutes=1)
"""An edit that the listener did not notice counts after so long."""


def on_due(_what: due.Due, at: datetime) -> None:
    """Look at every watched sender and set the next look; the handler of ``KIND``."""
    watched = watched_senders()
    moments = [at + _LONGEST_PAUSE]
    for sender in watched:
        silent_at = _silent_at(sender)
        if silent_at is not None and silent_at > at:
            moments.append(silent_at)
        _judge(sender, at, is_silent=silent_at is not None and silent_at <= at)
    _forget_unwatched(watched, at)
    if watched:
        due.schedule_due(KIND, ALL, min(moments))


def _silent_at(sender: WatchedSender) -> datetime | None:
    since = sender.heard_at or sender.edited_at
    if since is None:
        return None
    return silent_from(sender.hours, since, timedelta(minutes=sender.silent_after_minutes))


def _judge(sender: WatchedSender, at: datetime, *, is_silent: bool) -> None:
    if is_silent and sender.silent_since is None:
        _raise(sender, at)
    elif not is_silent and sender.silent_since is not None:
        contact = SenderContact.objects.get(
            application=sender.application, facility=sender.facility
        )
        _end(contact, sender.name, at)


def _raise(sender: WatchedSender, at: datetime) -> None:
    heard_at = sender.heard_at or sender.edited_at or at
    since = silence_begins(sender.hours, heard_at) or heard_at
    names = {"application": sender.application, "facility": sender.facility}
    contact, _ = SenderContact.objects.get_or_create(**names, defaults={"last_at": heard_at})
    # Unless it spoke while we looked.
    if not SenderContact.objects.filter(pk=contact.pk, last_at=heard_at).update(
        silent_since=since
    ):
        return
    _tell(contact, "silent", at, {"profile": sender.name, "silent_since": since.isoformat()})
    log.warning("nothing comes from sender %s since %s", sender.name, since.isoformat())


def _end(contact: SenderContact, name: str, at: datetime) -> None:
    contact.silent_since = None
    contact.save(update_fields=["silent_since"])
    _tell(contact, "silence_ended", at, {"profile": name, "last_at": contact.last_at.isoformat()})
    log.info("the silence of sender %s has ended", name or contact)


def _forget_unwatched(watched: Iterable[WatchedSender], at: datetime) -> None:
    """End the alerts of senders that nobody watches any more."""
    known = {(sender.application, sender.facility) for sender in watched}
    for contact in SenderContact.objects.filter(silent_since__isnull=False):
        if (contact.application, contact.facility) not in known:
            _end(contact, "", at)


def _tell(contact: SenderContact, action: str, at: datetime, values: dict[str, str]) -> None:
    AuditEvent.objects.create(
        at=at,
        entity=SenderContact._meta.db_table,  # noqa: SLF001 -- Django's own name for it
        entity_id=str(contact.pk),
        action=action,
        new_values=values,
        actor=str(ACTOR),
    )
