"""The field's words for modalities and body parts, and reading them out of free text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from apps.hl7v2.languages import ANATOMIC_REGIONS, CJK_MODALITIES, CJK_PARTS
from apps.hl7v2.terms import (
    BESIDE_A_PART,
    BODY_PART_ALIASES,
    BODY_PARTS,
    BROAD_PARTS,
    DOUBTFUL_CODES,
    JOINED,
    MAX_TEXT,
    MODALITIES,
    MODALITY_ALIASES,
    NOT_IMAGING,
    NOT_IMAGING_SECTIONS,
    PROJECTIONS,
    TEXT_WORDS,
    VIEWS,
)

__all__ = [
    "BODY_PARTS",
    "BODY_PART_ALIASES",
    "DOUBTFUL_CODES",
    "MODALITIES",
    "MODALITY_ALIASES",
    "NOT_IMAGING_SECTIONS",
    "guess_from_words",
    "names_no_image",
    "plain",
    "resolve_body_part",
    "resolve_modality",
]


@lru_cache(maxsize=4096)
def _modality(spelled: str) -> str | None:
    compact = re.sub(r"[\s_/.-]+", "", plain(spelled))
    return compact if compact in MODALITIES else MODALITY_ALIASES.get(compact)


def resolve_modality(word: str, aliases: Mapping[str, str] | None = None) -> str | None:
    """Return the DICOM code that a word means, or None; ``aliases`` (upper case) go first."""
    spelled = word.strip().upper()
    if aliases and spelled in aliases:
        return aliases[spelled]
    return _modality(spelled[:MAX_TEXT])


@lru_cache(maxsize=4096)
def _body_part(spelled: str) -> str | None:
    bare = plain(spelled)
    for form in (bare, re.sub(r"[\s-]+", "_", bare), re.sub(r"[\s_/.-]+", "", bare)):
        if form in BODY_PARTS:
            return form
        if form in BODY_PART_ALIASES:
            return BODY_PART_ALIASES[form]
    return ANATOMIC_REGIONS.get(bare) or _cjk(spelled, CJK_PARTS)


def resolve_body_part(word: str, aliases: Mapping[str, str] | None = None) -> str | None:
    """Return the body part that a word or a SNOMED CT code means, or None.

    ``aliases`` (upper case) go first.
    """
    spelled = word.strip().upper()
    if aliases and spelled in aliases:
        return aliases[spelled]
    return _body_part(spelled[:MAX_TEXT])


@lru_cache(maxsize=4096)
def guess_from_words(text: str) -> tuple[str | None, str | None]:
    """Return the modality and the body part that a procedure's text names, None where none.

    The first word that means something counts, but PET before the CT that goes with it, and a
    joint before MSK or EXTREMITY: ``CT HEAD W/O CONTRAST`` is CT and HEAD. Views of a body part
    are a plain radiograph where nothing else is named.
    """
    spelled = unicodedata.normalize("NFKC", text[:MAX_TEXT]).upper()
    words = _words(plain(spelled))
    resolved = (_body_part(word) for word in words if len(word) > 2 or word == "GI")
    parts = sorted(filter(None, resolved), key=BROAD_PARTS.__contains__)
    part = _first(parts) or _cjk(spelled, CJK_PARTS)
    if not NOT_IMAGING.isdisjoint(words):
        return None, part
    return _named_modality(words, part) or _cjk(spelled, CJK_MODALITIES), part


def names_no_image(text: str) -> bool:
    """Return whether a text has words of a laboratory, a pharmacy or a therapy."""
    return not NOT_IMAGING.isdisjoint(_words(plain(text[:MAX_TEXT])))


def _named_modality(words: list[str], part: str | None) -> str | None:
    """Return the modality that words name; angiography is of whatever else is named with it."""
    named = [TEXT_WORDS[word] for word in words if word in TEXT_WORDS]
    if "PT" in named:
        return "PT"
    beside = [BESIDE_A_PART[word] for word in words if part and word in BESIDE_A_PART]
    others = [modality for modality in (*named, *beside) if modality != "XA"]
    return _first((*others, *named, *beside)) or _of_views(words, part)


def _of_views(words: list[str], part: str | None) -> str | None:
    """Return DX for views of a body part: two projections, one of a chest, or views by name."""
    projections = PROJECTIONS.intersection(words)
    is_viewed = not VIEWS.isdisjoint(words) or len(projections) > 1
    is_chest = part == "CHEST" and bool(projections)
    return "DX" if part is not None and (is_viewed or is_chest) else None


def plain(text: str) -> str:
    """Return a text in capitals without its accents: ``genou`` and ``GENOU`` are one word."""
    if text.isascii():
        return text.upper()
    split = unicodedata.normalize("NFKD", text.upper())
    return "".join(char for char in split if not unicodedata.combining(char))


def _cjk(text: str, words: Iterable[tuple[str, str]]) -> str | None:
    if text.isascii():
        return None
    return next((meaning for word, meaning in words if word in text), None)


def _first(found: Iterable[str]) -> str | None:
    return next(iter(found), None)


def _words(upper: str) -> list[str]:
    for pattern, joined in JOINED:
        upper = pattern.sub(joined, upper)
    return re.findall(r"[A-Z][A-Z0-9_]*", upper)
