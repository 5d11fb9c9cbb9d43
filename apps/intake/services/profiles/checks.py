"""Checks of a profile's own words and lists, the same for forms, files and old versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from django.core.exceptions import ValidationError

from apps.catalog.models import Site
from apps.catalog.queries.procedures import body_parts
from apps.hl7v2.vocabulary import BODY_PARTS, MODALITIES, resolve_body_part, resolve_modality
from apps.intake.models import SenderProfile
from apps.intake.validators import validate_network

WORDS: Final = ("modality", "body_part", "urgency", "site")
"""The facts for which a sender may have words of its own, in ``<fact>_words``."""
MOST_WORDS = 500
LONGEST_WORD = 200
_URGENCIES = ("STAT", "URGENT", "ROUTINE")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PROCESSING_ID = re.compile(r"[A-Z]{1,2}(?:\^[A-Z])?")
_TYPE = re.compile(r"[A-Z][A-Z0-9]{2}(?:\^[A-Z][A-Z0-9]{2})?")
_VERSION = re.compile(r"\d(?:\.\d){0,2}")


def checked_words(fact: str, words: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return a sender's words with our spelling of what they mean, and what is wrong.

    Args:
        fact: modality, body_part, urgency or site.
        words: the sender's word to what it means.
    """
    meaning_of, wrong, kept = _MEANINGS[fact](), [], {}
    if len(words) > MOST_WORDS:
        wrong.append(f"At most {MOST_WORDS} words.")
    for word, meaning in list(words.items())[:MOST_WORDS]:
        known = meaning_of(meaning)
        if not word.strip() or len(word) > LONGEST_WORD:
            wrong.append(f"“{word[:20]}” is no word of 1 to {LONGEST_WORD} characters.")
        elif known is None:
            wrong.append(f"“{word} = {meaning}”: “{meaning}” is not {_NAMES[fact]}.")
        else:
            kept[" ".join(word.split())] = known
    return kept, wrong


_NAMES = {
    "modality": f"a DICOM modality. Known are {', '.join(MODALITIES)}",
    "body_part": "a body part that orders or procedures use, such as KNEE",
    "urgency": "STAT, URGENT or ROUTINE",
    "site": "the code of a site",
}
_Meaning = Callable[[str], "str | None"]


def _body_part() -> _Meaning:
    known = BODY_PARTS | {part.upper() for part in body_parts()}

    def meaning(word: str) -> str | None:
        spelled = "_".join(word.upper().split())
        return resolve_body_part(word) or (spelled if spelled in known else None)

    return meaning


def _site() -> _Meaning:
    codes = {code.upper(): code for code in Site.objects.values_list("code", flat=True)}
    return lambda word: codes.get(word.strip().upper())


def _urgency() -> _Meaning:
    return lambda word: word.strip().upper() if word.strip().upper() in _URGENCIES else None


_MEANINGS: Mapping[str, Callable[[], _Meaning]] = {
    "modality": lambda: resolve_modality,
    "body_part": _body_part,
    "urgency": _urgency,
    "site": _site,
}


def certificate(written: str) -> str:
    """Return a fingerprint as it is kept: hexadecimal in small letters without colons."""
    return re.sub(r"[\s:]", "", written).lower()


def wrong_items(name: str, items: Iterable[str]) -> list[str]:
    """Return what is wrong with the items of one of the profile's lists."""
    check = _ITEMS[name]
    return [words for item in items if (words := check(item))]


def _network(item: str) -> str:
    try:
        validate_network(item)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _like(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    return lambda item: "" if pattern.fullmatch(item) else f"“{item[:70]}” is not {what}."


_ITEMS: Mapping[str, Callable[[str], str]] = {
    "networks": _network,
    "certificates": _like(_FINGERPRINT, "a SHA-256 in hexadecimal, 64 digits"),
    "accepted_types": _like(_TYPE, "a message type of MSH-9 such as ORM or ORM^O01"),
    "accepted_versions": _like(_VERSION, "a version of MSH-12 such as 2.5.1"),
    "accepted_processing_ids": _like(_PROCESSING_ID, "a processing id of MSH-11 such as P"),
}
LISTS = tuple(_ITEMS)


def check_profile(profile: SenderProfile) -> dict[str, list[str]]:
    """Return what is wrong with a profile, by column; it takes our spelling of its words.

    Nothing is returned for one that can be saved.
    """
    wrong: dict[str, list[str]] = {}
    for fact in WORDS:
        name = f"{fact}_words"
        kept, said = checked_words(fact, getattr(profile, name))
        setattr(profile, name, kept)
        wrong |= {name: said} if said else {}
    profile.certificates = [certificate(item) for item in profile.certificates]
    for name in LISTS:
        if said := wrong_items(name, getattr(profile, name)):
            wrong[name] = said
    days = profile.usual_weekdays
    if any(day not in range(1, 8) for day in days) or len(set(days)) != len(days):
        wrong["usual_weekdays"] = ["Weekdays are 1 for Monday to 7 for Sunday, each once."]
    try:
        profile.full_clean(exclude=[*wrong])
    except ValidationError as error:
        wrong |= {name: list(words) for name, words in error.message_dict.items()}
    return wrong
