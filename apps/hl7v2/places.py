"""The mapping table: where a sender keeps which fact, as data.

A place is a path, optionally narrowed in brackets: ``OBR-4.1[word 2]`` is the second word,
``OBR-4.2[match ^(CT|MR)]`` what the pattern's group takes (the whole match without a group),
``OBX-5[type TX ST]`` takes OBX of these types (OBX-2), ``OBX-5[code REGION]`` those whose OBX-3.1
is the code. ``=CT`` is a fixed value, and ``@procedure`` stands for the procedure table, which
the reader's caller has. The order is the order of preference. Source: spec 1, table.

Beside the facts that every order has, a sender may have fields of its own: ``own.`` and a name,
such as ``own.room``. They have no usual places, and what names the patient is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from apps.hl7v2.paths import Path, PathError, parse_path
from apps.patterns import Pattern, PatternError, compile_pattern

PROCEDURE: Final = "@procedure"
FactMap = Mapping[str, Sequence[str]]
"""Fact name to places in order of preference; a plain JSON object of lists."""

_FIXED = "="
_PLACE = re.compile(
    r"(?P<path>[^\[\]]+?)\s*(?:\[(?P<kind>word|type|code|match) (?P<words>.+)\])?", re.DOTALL
)
_NOWHERE = Path("", 0)
MAX_PLACES = 20
"""How many places of one fact are looked at; more is a slip."""
MAX_MATCHED = 1000
"""How many characters of a value a pattern is tried on."""

OWN: Final = "own."
"""What the name of a sender's own field begins with."""
MAX_OWN = 20
"""How many fields of its own a sender may have."""
_OWN_FACT = re.compile(r"own\.[a-z][a-z0-9_]{0,31}")
_OF_THE_PATIENT: Mapping[str, frozenset[int] | None] = {
    "PID": frozenset({2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20, 21}),
    **dict.fromkeys(("NK1", "GT1", "IN1", "IN2", "IN3", "MRG")),
}
"""Fields that name a person, by segment; None for all of them."""

DEFAULT_FACTS: FactMap = {
    "control_code": ("ORC-1",),
    "order_status": ("ORC-5",),
    "result_status": ("OBR-25",),
    "site": ("ZRD-2.1", "MSH-4.1", "PV1-3.4.1"),
    "placer": ("ORC-2", "OBR-2"),
    "filler": ("OBR-3", "ORC-3"),
    "accession": ("IPC-1.1", "OBR-18.1", "OBR-3.1", "ORC-3.1", "OBR-2.1", "ORC-2.1"),
    "study_uid": ("IPC-3.1", "ZDS-1.1"),
    # The alternate identifier comes last: what is filled first tells the steps of a study apart.
    "procedure_code": ("OBR-4.1", "OBR-44.1", "OBR-4.4", "OBR-44.4"),
    "procedure_text": ("OBR-4.2", "OBR-44.2", "OBR-4.5", "OBR-44.5"),
    "procedure_system": ("OBR-4.3", "OBR-44.3", "OBR-4.6", "OBR-44.6"),
    "modality": (
        *("ZRD-3.1", PROCEDURE, "OBR-24.1", "IPC-5.1", "OBR-4.1[word 1]"),
        # Where some put it besides, or instead of the accession; the last is French.
        *("OBR-18.1", "OBR-19.1", "OBR-20.1", "OBR-21.1", "OBX-5[code MODALITE_IMAGERIE]"),
    ),
    "body_part": (
        "ZRD-5.1",
        PROCEDURE,
        "OBR-15.4.1",
        "OBR-10.4.1",
        "OBR-4.1[word 2]",
        "OBX-5[code REGION_ANATOMIQUE]",
    ),
    "urgency": ("ZRD-4.1", "TQ1-9.1", "ORC-7.6", "OBR-27.6", "OBR-5.1"),
    "indication": ("OBX-5[type TX ST FT CE CWE]", "OBR-13", "OBR-31"),
    "exam_at": ("OBR-7.1",),
    "scheduled_at": ("OBR-36.1",),
    "ordered_at": ("ORC-9.1",),
    "sent_at": ("MSH-7.1",),
    "ordering_provider": ("ORC-12", "OBR-16"),
    "provider_contact": ("ORC-14", "OBR-17"),
    "patient_id": ("PID-3", "PID-2"),
    "patient_name": ("PID-5",),
    "birth_date": ("PID-7",),
    "sex": ("PID-8",),
    "patient_class": ("PV1-2.1",),
    "patient_location": ("PV1-3",),
    "visit_number": ("PV1-19.1",),
}

TABLE_FACTS = frozenset({"modality", "body_part"})
"""What the procedure table can say."""
WHOLE_FACTS = frozenset({"patient_id", "patient_name"})
"""What is read from a whole field with its repetitions and components."""


class Candidate(NamedTuple):
    """A filled place and its value; ``@procedure`` has no value, the caller looks it up."""

    place: str
    value: str


class Place(NamedTuple):
    """A place that was read from its text.

    ``kind`` is empty, word, type, code, match, fixed or procedure. ``words`` are what stands in
    the brackets, of a fixed place its value; ``pattern`` is there for match alone.
    """

    text: str
    path: Path
    kind: str = ""
    words: tuple[str, ...] = ()
    pattern: Pattern | None = None


class PlaceProblem(NamedTuple):
    """What is wrong with one line of a mapping."""

    fact: str
    place: str
    reason: str


@lru_cache(maxsize=2048)
def parse_place(text: str) -> Place:
    """Return the place that a text of a mapping names.

    Raises:
        PathError: it is not written as one; a pattern's error says where.
    """
    written = text.strip()
    if written == PROCEDURE:
        return Place(text, _NOWHERE, "procedure")
    if written.startswith(_FIXED):
        return _fixed(text, written.removeprefix(_FIXED).strip())
    match = _PLACE.fullmatch(written)
    if match is None:
        message = f"{text!r} is not a place such as OBR-4.1[word 2]"
        raise PathError(message)
    path = parse_path(match["path"])
    kind, inside = match["kind"] or "", match["words"] or ""
    if kind == "match":
        return Place(text, path, kind, (inside,), _pattern(text, inside))
    words = tuple(inside.upper().split())
    _check_words(text, path, kind, words)
    return Place(text, path, kind, words)


def _fixed(text: str, value: str) -> Place:
    if not value:
        message = f"{text!r}: a fixed value is written =CT"
        raise PathError(message)
    return Place(text, _NOWHERE, "fixed", (value,))


def _pattern(text: str, written: str) -> Pattern:
    try:
        return compile_pattern(written)
    except PatternError as error:
        message = f"{text!r}: {error}"
        raise PathError(message) from error


def _check_words(text: str, path: Path, kind: str, words: tuple[str, ...]) -> None:
    if kind == "word" and (len(words) != 1 or not words[0].isdecimal() or words[0] == "0"):
        message = f"{text!r}: [word N] needs one number from 1"
        raise PathError(message)
    if kind in ("type", "code") and path.segment != "OBX":
        message = f"{text!r}: [{kind} ...] is for OBX only"
        raise PathError(message)
    if any("[" in word or "]" in word for word in words):
        message = f"{text!r}: one pair of brackets, at the end"
        raise PathError(message)


def is_own(fact: str) -> bool:
    """Say whether a fact is a field of the sender's own, and well named."""
    return _OWN_FACT.fullmatch(fact) is not None


def check_facts(facts: FactMap) -> list[PlaceProblem]:
    """Return what is wrong with a mapping that a person edited; nothing when it can be used."""
    problems: list[PlaceProblem] = []
    own = [fact for fact in facts if is_own(fact)]
    if len(own) > MAX_OWN:
        problems.append(PlaceProblem(own[MAX_OWN], "", f"at most {MAX_OWN} fields of its own"))
    for fact, places in facts.items():
        if fact not in DEFAULT_FACTS and not is_own(fact):
            problems.append(PlaceProblem(fact, "", f"{fact!r} is not a fact that is read"))
            continue
        if len(places) > MAX_PLACES:
            problems.append(PlaceProblem(fact, "", f"at most {MAX_PLACES} places"))
        problems += [
            PlaceProblem(fact, place, reason)
            for place in places
            if (reason := _reason(fact, place))
        ]
    return problems


def _names_the_patient(path: Path) -> bool:
    fields = _OF_THE_PATIENT.get(path.segment, frozenset())
    return fields is None or path.field in fields


def _reason(fact: str, place: str) -> str:
    try:
        parsed = parse_place(place)
    except PathError as error:
        return str(error)
    if parsed.kind == "procedure" and fact not in TABLE_FACTS:
        return f"{PROCEDURE} is for {' and '.join(sorted(TABLE_FACTS))} only"
    if is_own(fact) and _names_the_patient(parsed.path):
        return f"{place!r}: what names the patient is no field of its own"
    is_part = parsed.kind not in ("", "fixed") or parsed.path.component is not None
    if is_part and fact in WHOLE_FACTS:
        return f"{place!r}: {fact} is read from a whole field"
    return ""
