"""Senders that are watched, and those of them that have fallen silent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apps.core import bulk
from apps.intake.silence import UsualHours
from apps.roster.words import days_words

_WATCHED = """
    SELECT p.id, p.name, p.application, p.facility, p.default_site_id, p.silent_after_minutes,
           coalesce(nullif(p.time_zone, ''), site.time_zone, 'UTC'), p.usual_weekdays,
           p.usual_from_local, p.usual_until_local, contact.last_at, contact.silent_since,
           (SELECT max(at) FROM intake_senderprofileversion WHERE profile_id = p.id)
    FROM intake_senderprofile p
    LEFT JOIN catalog_site site ON site.id = p.default_site_id
    LEFT JOIN intake_sendercontact contact
           ON contact.application = p.application AND contact.facility = p.facility
    WHERE p.silent_after_minutes > 0
"""
_SILENT = f"""
    SELECT * FROM ({_WATCHED} AND contact.silent_since IS NOT NULL) silent
    ORDER BY silent_since, name
"""  # noqa: S608 -- made of our own words


@dataclass(frozen=True, slots=True)
class WatchedSender:
    """A profile that says after how long its sender is missed, and when it was last heard.

    ``site_id`` is its default site, None where it has none. ``heard_at`` is None for one that never spoke; ``edited_at`` is the last edit of its profile.
    """

    profile_id: int
    name: str
    application: str
    facility: str
    site_id: int | None
    silent_after_minutes: int
    hours: UsualHours
    heard_at: datetime | None
    silent_since: datetime | None
    edited_at: datetime | None

    def concerns(self, site_ids: Collection[int] | None) -> bool:
        """Return whether it is these sites' sender, or nobody's in particular; None is all."""
        return site_ids is None or self.site_id is None or self.site_id in site_ids

    @property
    def usually(self) -> str:
        """Return its usual hours: ``Mon to Fri 07:00 to 19:00``, ``at any time``."""
        return hours_in_words(self.hours)

    @property
    def since_words(self) -> str:
        """Return since when nothing came, on the sender's own clock: ``Mon 4 May 10:02``."""
        if self.silent_since is None:
            return ""
        local = self.silent_since.astimezone(ZoneInfo(self.hours.zone))
        return f"{local:%a} {local.day} {local:%b %H:%M}"


def watched_senders() -> list[WatchedSender]:
    """Return every sender that would be missed, silent or not."""
    return [_watched(*row) for row in bulk.select(_WATCHED, [])]


def silent_senders() -> list[WatchedSender]:
    """Return the senders that have fallen silent, the longest silence first."""
    return [_watched(*row) for row in bulk.select(_SILENT, [])]


def hours_in_words(hours: UsualHours) -> str:
    """Return usual hours as people say them."""
    if hours.is_always:
        return "at any time"
    days = days_words(hours.weekdays or range(1, 8))
    start, end = hours.from_local or time(0), hours.until_local or time(0)
    return f"{days} {start:%H:%M} to {end:%H:%M}" if start != end else f"{days}, all day"


def _watched(
    profile_id: int, name: str, application: str, facility: str, *rest: Any
) -> WatchedSender:
    (
        site_id,
        minutes,
        zone,
        weekdays,
        from_local,
        until_local,
        heard_at,
        silent_since,
        edited_at,
    ) = rest
    return WatchedSender(
        profile_id=profile_id,
        name=name,
        application=application,
        facility=facility,
        site_id=site_id,
        silent_after_minutes=minutes,
        hours=UsualHours(_known_zone(zone), frozenset(weekdays), from_local, until_local),
        heard_at=heard_at,
        silent_since=silent_since,
        edited_at=edited_at,
    )


def _known_zone(name: str) -> str:
    """Return the zone, UTC for one that is unknown: one bad row must not end the watch of all."""
    try:
        ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError):
        return "UTC"
    return name
