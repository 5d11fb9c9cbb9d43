"""Published calendars: made, given another address, revoked, found by their secret.

Whoever knows the address reads the calendar, as calendar programs cannot sign in. So the secret
has 256 bits, only its digest is kept, and it is shown once. A look-up by the digest of what was
asked takes the same time whatever was asked.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction

from apps.core.actor import Actor
from apps.core.models import ConfigVersion
from apps.roster.choices import CalendarKind
from apps.roster.models import CalendarFeed, CalendarUse
from apps.roster.publishing.ics import Heading, written
from apps.roster.publishing.schedule import duties

KEPT_SECONDS = 900
"""How long a reader may show what it has; then it asks, and mostly hears that nothing changed."""
_NOTED_EVERY = timedelta(minutes=1)
_LARGEST_KEPT = 4 * 1024 * 1024
_AREAS = ("roster", "catalog")


@dataclass(frozen=True, slots=True)
class Made:
    """A calendar with its secret, which nobody can find out again."""

    feed: CalendarFeed
    secret: str


def make(feed: CalendarFeed, *, actor: Actor, at: datetime) -> Made:
    """Store a new calendar and return it with its secret."""
    secret = secrets.token_urlsafe(32)
    feed.digest = digest_of(secret)
    feed.made_by = str(actor)
    feed.made_at = at
    feed.save()
    return Made(feed, secret)


@transaction.atomic
def renew(feed: CalendarFeed, *, actor: Actor, at: datetime) -> Made:
    """Give a calendar another address; the old one is dead at once."""
    revoke(feed, at=at)
    parts = {name: getattr(feed, name) for name in _PARTS}
    return make(CalendarFeed(**parts), actor=actor, at=at)


def revoke(feed: CalendarFeed, *, at: datetime) -> None:
    """End a calendar; its address answers as if it had never been."""
    CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=at)


def find(secret: str) -> CalendarFeed | None:
    """Return the calendar of a secret, None where none is or was revoked."""
    rows = CalendarFeed.objects.filter(digest=digest_of(secret), revoked_at=None)
    return rows.select_related("radiologist", "shift", "site", "cluster").first()


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def etag_of(feed: CalendarFeed, *, at: datetime) -> str:
    """Return what is the same only as long as the calendar is; asked without writing it.

    Who is on when, who they are and when shifts run raise the roster's version; holidays the
    catalogue's. The day counts, because the window moves with it.
    """
    rows = ConfigVersion.objects.filter(area__in=_AREAS).order_by("area")
    versions = list(rows.values_list("area", "version"))
    said = repr((feed.pk, versions, at.date().isoformat()))
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def content_of(feed: CalendarFeed, etag: str, *, at: datetime) -> bytes:
    """Return a calendar's bytes; the same again while its etag is the same."""
    key = f"roster-calendar-{feed.pk}"
    kept: tuple[str, bytes] | None = cache.get(key)
    if kept is not None and kept[0] == etag:
        return zlib.decompress(kept[1])
    heading = Heading(name_of(feed), CalendarKind(feed.kind), at)
    content = written(heading, duties(feed, at=at))
    packed = zlib.compress(content, level=1)
    if len(packed) <= _LARGEST_KEPT:
        cache.set(key, (etag, packed), KEPT_SECONDS)
    return content


def note_read(feed: CalendarFeed, *, at: datetime) -> None:
    """Note that a calendar was read, once a minute at most."""
    rows = CalendarUse.objects.filter(feed=feed)
    if not rows.filter(read_at__gt=at - _NOTED_EVERY).exists():
        CalendarUse.objects.update_or_create(feed=feed, defaults={"read_at": at})


def name_of(feed: CalendarFeed) -> str:
    """Return what a calendar is called where it is shown."""
    if feed.radiologist is not None:
        return f"Roster of {feed.radiologist.full_name}"
    about = feed.shift or feed.site or feed.cluster
    return f"Roster of {about.name}" if about is not None else "Roster"


_PARTS = ("kind", "radiologist_id", "shift_id", "site_id", "cluster_id")
