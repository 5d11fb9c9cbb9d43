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
from apps.hl7v2.rawfacts import ProcedureCode, RawFacts, first_known
from apps.hl7v2.vocabulary import (
    DOUBTFUL_CODES,
    NOT_IMAGING_SECTIONS,
    guess_from_words,
    names_no_image,
    resolve_body_part,
    resolve_modality,
)
from apps.intake.models import SenderProfile
from apps.intake.processing.catalogue import Catalogue, ReadAs

_DIGITS = "0123456789-_"
_SHORT_CODE = 4
TEXT_CHARS = 120
"""As long as a local code may be."""
_DOUBTED = ("OBR-4.1", "OBR-44.1", "OBR-24", "OBR-18", "OBR-19", "OBR-20", "OBR-21")
NO_IMAGING = ""
"""What is said in place of a modality where the sender says that it is no imaging."""
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
        modality=(guessed_modality or "" if modality is None else modality)[:16],
        body_part=(body_part or guessed_part or "")[:32],
    )


def _modality(
    facts: RawFacts, words: Mapping[str, str], procedure: Procedure | None
) -> str | None:
    """Return the first known modality; a doubtful one counts where the words agree with it.

    A section of the house that is no imaging (OBR-24 LAB) ends the search: parking an order
    costs a minute, giving a blood test to a reader costs trust.
    """
    for place, value in facts.candidates["modality"]:
        word = value.strip().upper()
        if place == PROCEDURE:
            found = procedure.modality if procedure else None
        else:
            found = resolve_modality(value, words)
            if word not in words and place.startswith(_DOUBTED):
                found = _agreed(place, value, found, facts)
        if found:
            return found
        if place.startswith("OBR-24") and word in NOT_IMAGING_SECTIONS and procedure is None:
            return NO_IMAGING
    return None


def _agreed(place: str, word: str, found: str | None, facts: RawFacts) -> str | None:
    """Return the modality that a word at a doubtful place means, if the other words agree."""
    if place.startswith(_CODE_PLACES):
        return _of_code(word, found, facts)
    named, part = guess_from_words(facts.procedure_text)
    if place.startswith("OBR-24"):
        # Table 0074 has physical and occupational therapy where DICOM has PET and others.
        is_open = found not in ("PT", "OT") or not facts.procedure_text
        return found if is_open or named or part else None
    return found if found not in DOUBTFUL_CODES and named in (None, found) else None


def _of_code(word: str, found: str | None, facts: RawFacts) -> str | None:
    """Return the modality that the first word of a code means, if the other words agree.

    PT may be a prothrombin time rather than a PET scan, and CT chlamydia: a short code counts
    where a body part stands beside it, or where the text names an image. ``RX50`` is RX, but for
    a text that names another modality: ``us-0004`` of an MRI is none.
    """
    named, part = guess_from_words(facts.procedure_text)
    if found is None:
        stem = resolve_modality(word.rstrip(_DIGITS))
        is_named = bool(named or part) or not facts.procedure_text
        agrees = named in (None, stem) and is_named
        return stem if agrees and stem not in DOUBTFUL_CODES else None
    is_doubtful = found in DOUBTFUL_CODES or len(word) <= _SHORT_CODE
    if not is_doubtful or not facts.procedure_text:
        return found
    if names_no_image(facts.procedure_text):
        return None
    return found if named or part or guess_from_words(facts.procedure_code)[1] else None


def _procedure(facts: RawFacts, sender: Sender, catalogue: Catalogue) -> Procedure | None:
    """Return the procedure of the first code that is known; without any, of the text as one."""
    for code, system in facts.procedures or (ProcedureCode(as_code(facts.procedure_text)),):
        found = catalogue.procedure(issuer=sender.issuer, system=system, code=code)
        if found is not None:
            return found
    return None


def as_code(text: str) -> str:
    """Return the text of a procedure as it stands for its code where a sender has none."""
    return text[:TEXT_CHARS].strip()


def _first(
    candidates: tuple[Candidate, ...], known: Callable[[str], _T | None], table: _T | None = None
) -> _T | None:
    found = first_known(candidates, known, table or None)
    return found[1] if found else None
