"""A sender profile as plain data, and in words: for files, versions and what differs.

The plain form is what is exported: JSON types only, the site by its code, times as ``HH:MM``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.audit.queries.wording import actor_in_words
from apps.catalog.models import Site
from apps.intake.choices import StatusMeaning
from apps.intake.models import SenderProfile, SenderProfileVersion
from apps.intake.queries.sender_labels import LABELS, label_of

Plain = Mapping[str, Any]

KEYS: Mapping[str, str] = {
    "name": "Name",
    "application": "Application (MSH-3)",
    "facility": "Facility (MSH-4)",
    "issuer": "Issuer of the numbers",
    "default_site": "Default site",
    "places": "Places",
    "modality_words": "Modality words",
    "body_part_words": "Body part words",
    "urgency_words": "Urgency words",
    "site_words": "Site words",
    "time_zone": "Time zone",
    "character_set": "Character set",
    "status_meaning": "Status events speak of",
    "is_strict": "Strict",
    "accepted_types": "Accepted types",
    "accepted_versions": "Accepted versions",
    "accepted_processing_ids": "Accepted processing ids",
    "networks": "Networks",
    "certificates": "Certificates",
    "usual_weekdays": "Usual weekdays",
    "usual_from_local": "Usually from",
    "usual_until_local": "Usually until",
    "silent_after_minutes": "Silent after, minutes",
}
"""Every key of the plain form, in the order of the file, with its name on the pages."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIMES = ("usual_from_local", "usual_until_local")
VERSIONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after, in words; empty where there was or is none."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A profile as one edit left it, and what that edit changed."""

    version: int
    at: datetime
    actor: str
    is_deleted: bool
    is_first: bool
    differences: Sequence[Difference]


def plain_of(profile: SenderProfile) -> dict[str, Any]:
    """Return a profile as plain data."""
    values = {key: getattr(profile, key) for key in KEYS if key != "default_site"}
    site = profile.default_site
    times = {key: f"{values[key]:%H:%M}" if values[key] else None for key in _TIMES}
    found = {**values, **times, "default_site": site.code if site else None}
    return {key: _copied(found[key]) for key in KEYS}


def _copied(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, dict):
        return {str(key): _copied(item) for key, item in value.items()}
    return list(value) if isinstance(value, list | tuple) else value


def plain_of_version(content: Mapping[str, Any], sites: Mapping[int, str]) -> dict[str, Any]:
    """Return what a kept version says; columns that it did not have yet are as in a new profile.

    Args:
        content: the row as the version keeps it.
        sites: codes of the sites by key; one that is gone is none.
    """
    found = plain_of(SenderProfile())
    found |= {key: content[key] for key in KEYS if key in content}
    found |= {key: (content.get(key) or "")[:5] or None for key in _TIMES}
    return {**found, "default_site": sites.get(content.get("default_site_id") or 0)}


def site_codes() -> dict[int, str]:
    """Return the codes of all sites by key."""
    return dict(Site.objects.values_list("pk", "code"))


def in_words(plain: Plain) -> dict[str, str]:
    """Return what a profile says, name by name, in words; what is empty is left out."""
    said: dict[str, str] = {}
    for key, label in KEYS.items():
        if key == "places":
            said |= _places_in_words(plain.get(key) or {})
        elif words := _worded(key, plain.get(key)):
            said[label] = words
    return said


def _places_in_words(places: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        f"{label_of(fact)}: where": ", ".join(listed)
        for fact, listed in sorted(places.items(), key=lambda item: _rank(item[0]))
        if listed
    }


def _rank(fact: str) -> int:
    names = list(LABELS)
    return names.index(fact) if fact in LABELS else len(names)


def _worded(key: str, value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{word} = {meaning}" for word, meaning in sorted(value.items()))
    if key == "usual_weekdays" and isinstance(value, list):
        return ", ".join(WEEKDAYS[day - 1] for day in value if day in range(1, 8))
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else ""
    if key == "status_meaning":
        return str(dict(StatusMeaning.choices).get(str(value), value))
    return "" if value is None else str(value)


def differences(old: Plain, new: Plain) -> list[Difference]:
    """Return what differs between two profiles, in words."""
    before, after = in_words(old), in_words(new)
    labels = dict.fromkeys([*before, *after])
    return [
        Difference(label, before.get(label, ""), after.get(label, ""))
        for label in labels
        if before.get(label, "") != after.get(label, "")
    ]


def versions(profile_id: int) -> list[VersionRow]:
    """Return the versions of a profile, newest first, each with what it changed."""
    kept = list(_versions(profile_id)[: VERSIONS_SHOWN + 1])
    sites = site_codes()
    plains = [plain_of_version(row.content, sites) for row in kept]
    earlier: Iterable[Plain] = [*plains[1:], plain_of(SenderProfile())]
    rows = [
        _row(row, plain, before) for row, plain, before in zip(kept, plains, earlier, strict=True)
    ]
    return rows[:VERSIONS_SHOWN]


def _row(row: SenderProfileVersion, plain: Plain, before: Plain) -> VersionRow:
    return VersionRow(
        version=row.version,
        at=row.at,
        actor=actor_in_words(row.actor),
        is_deleted=row.is_deleted,
        is_first=row.version == 1,
        differences=[] if row.is_deleted else differences(before, plain),
    )


def version_of(profile_id: int, version: int) -> dict[str, Any] | None:
    """Return a profile as a version has it, None where there is no such version."""
    row = _versions(profile_id).filter(version=version).first()
    return plain_of_version(row.content, site_codes()) if row else None


def _versions(profile_id: int) -> QuerySet[SenderProfileVersion]:
    return SenderProfileVersion.objects.filter(profile_id=profile_id).order_by("-version")
