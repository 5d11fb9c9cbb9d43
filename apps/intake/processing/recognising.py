"""Recognises what a group speaks of: site, procedure, modality, body part.

The sender's own words go first, then the catalogue, then the common vocabularies, at last the
words of the procedure's text. Source: spec 1, table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from apps.catalog.models import Procedure, Site
from apps.engine.vocabulary import specialty_for
from apps.hl7v2.groups import Group
from apps.hl7v2.mapping import Finder
from apps.hl7v2.places import PROCEDURE, Candidate
from apps.hl7v2.rawfacts import RawFacts, first_known
from apps.hl7v2.vocabulary import (
    DOUBTFUL_CODES,
    guess_from_words,
    resolve_body_part,
    resolve_modality,
)
from apps.intake.models import SenderProfile
from apps.intake.processing.catalogue import Catalogue, ReadAs

_DIGITS = "0123456789-_"
_CODE_PLACES = ("OBR-4.1", "OBR-44.1")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Sender:
    """Who sent a message: MSH-3 and MSH-4, the issuer of its numbers, how it is read."""

    application: str
    facility: str
    issuer: str
    read_as: ReadAs

    @property
    def profile(self) -> SenderProfile:
        """Return the profile that reads it."""
        return self.read_as.profile

    @property
    def name(self) -> str:
        """Return ``application^facility``."""
        return f"{self.application}^{self.facility}"


@dataclass(frozen=True)
class Known:
    """What the catalogue makes of a group."""

    site: Site | None
    procedure: Procedure | None
    modality: str
    body_part: str

    @property
    def subspecialty(self) -> str:
        """Return the procedure's subspecialty, else the one its modality and part suggest."""
        named = self.procedure.subspecialty if self.procedure else ""
        if named or not (self.modality or self.body_part):
            return named
        return specialty_for(self.modality, self.body_part)


def site_of(group: Group, sender: Sender, catalogue: Catalogue) -> Site | None:
    """Return the first known site; the sender's own words go before codes and aliases."""
    mapping = sender.read_as.mapping
    words = mapping.words_of("site")

    def known(word: str) -> Site | None:
        return catalogue.site(words.get(word.strip().upper(), word))

    found = Finder(group.first, group.all).candidates(mapping.places["site"])
    return _first(found, known) or known(sender.facility) or sender.profile.default_site


def recognise(facts: RawFacts, site: Site | None, sender: Sender, catalogue: Catalogue) -> Known:
    """Return what the catalogue and the common words make of a group's facts."""
    mapping = sender.read_as.mapping
    procedure = _procedure(facts, sender, catalogue)
    guessed_modality, guessed_part = guess_from_words(facts.procedure_text)
    modality = _modality(facts, mapping.words_of("modality"), procedure)
    body_part = _first(
        facts.candidates["body_part"],
        lambda word: resolve_body_part(word, mapping.words_of("body_part")),
        procedure.body_part if procedure else None,
    )
    return Known(
        site=site,
        procedure=procedure,
        modality=(modality or guessed_modality or "")[:16],
        body_part=(body_part or guessed_part or "")[:32],
    )


def _modality(
    facts: RawFacts, words: Mapping[str, str], procedure: Procedure | None
) -> str | None:
    """Return the first known modality; a doubtful code counts where the words agree with it."""
    for place, value in facts.candidates["modality"]:
        if place == PROCEDURE:
            found = procedure.modality if procedure else None
        elif place.startswith(_CODE_PLACES):
            found = resolve_modality(value, words)
            if value.strip().upper() not in words:
                found = _of_code(value, found, facts)
        else:
            found = resolve_modality(value, words)
        if found:
            return found
    return None


def _of_code(word: str, found: str | None, facts: RawFacts) -> str | None:
    """Return the modality that the first word of a code means, if the other words agree.

    PT may be a prothrombin time rather than a PET scan: it counts where a body part stands
    beside it, or where the text names an image. ``RX50`` is RX, but for a text that names
    another modality: ``us-0004`` of an MRI is none.
    """
    named, part = guess_from_words(facts.procedure_text)
    if found is None:
        stem = resolve_modality(word.rstrip(_DIGITS))
        return stem if named in (None, stem) and stem not in DOUBTFUL_CODES else None
    if found not in DOUBTFUL_CODES or not facts.procedure_text or named or part:
        return found
    return found if guess_from_words(facts.procedure_code)[1] else None


def _procedure(facts: RawFacts, sender: Sender, catalogue: Catalogue) -> Procedure | None:
    if not facts.procedure_code:
        return None
    return catalogue.procedure(
        issuer=sender.issuer, system=facts.procedure_system, code=facts.procedure_code
    )


def _first(
    candidates: tuple[Candidate, ...], known: Callable[[str], _T | None], table: _T | None = None
) -> _T | None:
    found = first_known(candidates, known, table or None)
    return found[1] if found else None
