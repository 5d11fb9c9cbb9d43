"""The mapping table: where a sender keeps which fact, as data.

A place is a path, optionally narrowed in brackets: ``OBR-4.1[word 2]`` is the second word,
``OBX-5[type TX ST]`` takes OBX of these types (OBX-2), ``OBX-5[code REGION]`` those whose OBX-3.1
is the code. ``@procedure`` stands for the procedure table, which the reader's caller has. The
order is the order of preference. Source: spec 1, table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from apps.hl7v2.paths import Path, PathError, parse_path

PROCEDURE: Final = "@procedure"
FactMap = Mapping[str, Sequence[str]]
"""Fact name to places in order of preference; a plain JSON object of lists."""

_PLACE = re.compile(r"(?P<path>[^\[\]]+?)\s*(?:\[(?P<kind>word|type|code) (?P<words>[^\[\]]+)\])?")

DEFAULT_FACTS: FactMap = {
    "site": ("ZRD-2.1", "MSH-4.1", "PV1-3.4.1"),
    "placer": ("ORC-2", "OBR-2"),
    "filler": ("OBR-3", "ORC-3"),
    "accession": ("IPC-1.1", "OBR-18.1", "OBR-3.1", "ORC-3.1", "OBR-2.1", "ORC-2.1"),
    "study_uid": ("IPC-3.1", "ZDS-1.1"),
    "procedure_code": ("OBR-4.1", "OBR-44.1"),
    "procedure_text": ("OBR-4.2", "OBR-44.2"),
    "procedure_system": ("OBR-4.3", "OBR-44.3"),
    "modality": ("ZRD-3.1", PROCEDURE, "OBR-24.1", "IPC-5.1", "OBR-4.1[word 1]"),
    "body_part": (
        "ZRD-5.1",
        PROCEDURE,
        "OBR-15.4.1",
        "OBR-10.4.1",
        "OBR-4.1[word 2]",
    ),
    "urgency": ("ZRD-4.1", "TQ1-9.1", "ORC-7.6", "OBR-27.6", "OBR-5.1"),
    "indication": ("OBX-5[type TX ST FT CE CWE]", "OBR-13", "OBR-31"),
    "exam_at": ("OBR-7.1",),
    "scheduled_at": ("OBR-36.1",),
    "ordered_at": ("ORC-9.1",),
    "sent_at": ("MSH-7.1",),
    "ordering_provider": ("ORC-12", "OBR-16"),
    "provider_contact": ("ORC-14", "OBR-17"),
    "patient_class": ("PV1-2.1",),
    "patient_location": ("PV1-3",),
    "visit_number": ("PV1-19.1",),
}


class Candidate(NamedTuple):
    """A filled place and its value; ``@procedure`` has no value, the caller looks it up."""

    place: str
    value: str


class Place(NamedTuple):
    """A place that was read from its text; ``kind`` is empty, word, type or code."""

    text: str
    path: Path
    kind: str = ""
    words: tuple[str, ...] = ()


class PlaceProblem(NamedTuple):
    """What is wrong with one line of a mapping."""

    fact: str
    place: str
    reason: str


@lru_cache(maxsize=2048)
def parse_place(text: str) -> Place:
    """Return the place that a text of a mapping names.

    Raises:
        PathError: it is not written as one.
    """
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        message = f"{text!r} is not a place such as OBR-4.1[word 2]"
        raise PathError(message)
    path = parse_path(match["path"])
    kind, words = match["kind"] or "", tuple((match["words"] or "").split())
    if kind == "word" and (len(words) != 1 or not words[0].isdecimal() or words[0] == "0"):
        message = f"{text!r}: [word N] needs one number from 1"
        raise PathError(message)
    if kind in ("type", "code") and path.segment != "OBX":
        message = f"{text!r}: [{kind} ...] is for OBX only"
        raise PathError(message)
    return Place(text, path, kind, words)


def check_facts(facts: FactMap) -> list[PlaceProblem]:
    """Return what is wrong with a mapping that a person edited; nothing when it can be used."""
    unknown = [
        PlaceProblem(fact, "", f"{fact!r} is not a fact that is read")
        for fact in facts
        if fact not in DEFAULT_FACTS
    ]
    return unknown + [
        PlaceProblem(fact, place, reason)
        for fact, places in facts.items()
        for place in places
        if place != PROCEDURE and (reason := _reason(place))
    ]


def _reason(place: str) -> str:
    try:
        parse_place(place)
    except PathError as error:
        return str(error)
    return ""
