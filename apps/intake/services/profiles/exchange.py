"""Sender profiles in and out of files.

The format, JSON in UTF-8:

    {"format": "radassign.sender-profile", "version": 1, "profiles": [
      {"name": "PACS at Robina", "application": "PACS", "facility": "Robina", "issuer": "",
       "default_site": "ROBINA", "places": {"modality": ["OBR-24", "OBR-4.1[word 1]"]},
       "modality_words": {"MRI3T": "MR"}, "usual_from_local": "07:00", ...}]}

The keys of a profile are those of ``apps.intake.queries.sender_plain.KEYS``; places are written
in the language of ``apps.hl7v2.places``, the site is named by its code, times are ``HH:MM``. A
profile of the same application and facility is changed, otherwise one is added; a key that is
left out leaves what is there, of a new profile the default. Unknown keys are refused by name, and
a file with anything refused in it is not taken at all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple

from django.db import transaction

from apps.catalog.models import Site
from apps.intake.models import SenderProfile
from apps.intake.queries.sender_plain import Difference, differences, plain_of
from apps.intake.services.profiles.checks import check_profile
from apps.intake.services.profiles.shapes import TIMES, short, wrong_shape

FORMAT: Final = "radassign.sender-profile"
VERSION: Final = 1
MOST_BYTES = 1024 * 1024
MOST_PROFILES = 400


class ImportRefusedError(Exception):
    """A file that cannot be taken over; the text says why."""


class What(StrEnum):
    """What the import would do with one profile of the file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Planned:
    """One profile of the file; ``wrong`` says place and cause of what is refused."""

    name: str
    what: What
    differences: Sequence[Difference] = ()
    wrong: Sequence[str] = ()
    profile: SenderProfile | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would change; ``problem`` says why it is no such file at all."""

    rows: Sequence[Planned] = ()
    problem: str = ""

    @property
    def can_apply(self) -> bool:
        """Return whether anything would change and nothing is refused."""
        kinds = {row.what for row in self.rows}
        return What.REFUSED not in kinds and bool(kinds & {What.NEW, What.CHANGED})

    @property
    def token(self) -> str:
        """Return what tells this plan from one made after something else was changed."""
        said = [
            (row.name, row.what.value, [(d.label, d.old, d.new) for d in row.differences])
            for row in self.rows
        ]
        return sha256(json.dumps(said).encode()).hexdigest()[:32]


def export(profiles: Sequence[SenderProfile]) -> str:
    """Return the file that holds these profiles."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "profiles": [plain_of(profile) for profile in profiles],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def plan(text: str) -> Plan:
    """Return what taking over a file would change; nothing is written."""
    try:
        items = _profiles_in(text)
    except ImportRefusedError as error:
        return Plan(problem=str(error))
    sites = {site.code: site for site in Site.objects.all()}
    known = {
        (profile.application, profile.facility): profile
        for profile in SenderProfile.objects.select_related("default_site")
    }
    seen = _Seen(set(), set())
    return Plan(rows=[_planned(n, item, sites, known, seen) for n, item in enumerate(items)])


@transaction.atomic
def apply(planned: Plan) -> list[SenderProfile]:
    """Save what a plan says, all or nothing; return the profiles that were saved.

    Raises:
        ImportRefusedError: something in it is refused.
    """
    if not planned.can_apply:
        raise ImportRefusedError("There is nothing to take over.")
    saved = [
        row.profile
        for row in planned.rows
        if row.what in (What.NEW, What.CHANGED) and row.profile is not None
    ]
    for profile in saved:
        profile.save()
    return saved


def _profiles_in(text: str) -> list[Any]:
    content = _parsed(text)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ImportRefusedError(f"“format” must be “{FORMAT}”.")
    if content.get("version") != VERSION or content["version"] is True:
        raise ImportRefusedError(f"“version” must be {VERSION}: later ones are not known here.")
    unknown = sorted(content.keys() - {"format", "version", "profiles"})
    if unknown:
        raise ImportRefusedError(f"Unknown: {', '.join(map(short, unknown))}.")
    items = content.get("profiles")
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_PROFILES:
        raise ImportRefusedError(f"“profiles” must be a list of 1 to {MOST_PROFILES}.")
    return items


def _parsed(text: str) -> object:
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise ImportRefusedError(f"The file is longer than {MOST_BYTES // 1024} KB.")
    try:
        parsed: object = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except RecursionError:
        raise ImportRefusedError("The file is nested too deeply.") from None
    except json.JSONDecodeError as error:
        words = f"Line {error.lineno}, column {error.colno}: {error.msg}."
        raise ImportRefusedError(f"This is no JSON. {words}") from None
    except ValueError:
        raise ImportRefusedError("A number in the file is too long.") from None
    return parsed


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _value in pairs).most_common(1)[0][0]
        raise ImportRefusedError(f"“{short(twice)}” stands twice in one object.")
    return found


def _no_number(name: str) -> float:
    raise ImportRefusedError(f"{name} is no number.")


class _Seen(NamedTuple):
    """What the profiles of the file before this one are for, and what they are called."""

    covers: set[tuple[str, str]]
    names: set[str]


def _planned(
    number: int,
    item: object,
    sites: Mapping[str, Site],
    known: Mapping[tuple[str, str], SenderProfile],
    seen: _Seen,
) -> Planned:
    name = short(item.get("name", "")) if isinstance(item, dict) else ""
    where = f"profiles[{number}]"
    wrong = wrong_shape(item, sites)
    if wrong or not isinstance(item, dict):
        return Planned(name, What.REFUSED, wrong=[f"{where}.{words}" for words in wrong])
    cover = (item.get("application", ""), item.get("facility", ""))
    old = known.get(cover)
    profile = filled(old or SenderProfile(), item, sites)
    found = [f"{column}: {w}" for column, words in check_profile(profile).items() for w in words]
    if cover in seen.covers:
        found.append("another profile of the file is for the same sender")
    if profile.name in seen.names:
        found.append("name: another profile of the file has it")
    seen.covers.add(cover)
    seen.names.add(profile.name)
    if found:
        return Planned(name, What.REFUSED, wrong=[f"{where}.{words}" for words in found])
    changed = differences(plain_of(old or SenderProfile()), plain_of(profile))
    if old is None:
        return Planned(name, What.NEW, changed, profile=profile)
    what = What.CHANGED if changed else What.UNCHANGED
    return Planned(name or old.name, what, changed, profile=profile)


def filled(
    base: SenderProfile, plain: Mapping[str, Any], sites: Mapping[str, Site]
) -> SenderProfile:
    """Return a copy of a profile with what plain data says; its shape is checked already."""
    profile = SenderProfile(**_columns(base))
    profile.default_site = base.default_site
    profile._state.adding = base._state.adding  # noqa: SLF001 -- Django's public name for it
    for key, value in plain.items():
        if key == "default_site":
            profile.default_site = sites.get(value) if value else None
        elif key in TIMES:
            setattr(profile, key, time.fromisoformat(value) if value else None)
        else:
            setattr(profile, key, value)
    return profile


def _columns(profile: SenderProfile) -> dict[str, Any]:
    fields = profile._meta.concrete_fields  # noqa: SLF001 -- Django's public name for it
    return {field.attname: getattr(profile, field.attname) for field in fields}
