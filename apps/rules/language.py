"""The condition language as the builder offers it: fields in groups, operators in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TypedDict

from apps.engine.conditions import FIELDS, Field, Kind, Op
from apps.engine.conditions.check import MAX_DEPTH
from apps.engine.conditions.fields import OPS_BY_KIND
from apps.engine.conditions.words import phrase
from apps.rules.queries.codes import CODED

OWN = "own."
"""What the names of fields begin with that a sender's own profile reads."""

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Study": (
        *("modality", "body_part", "subspecialty", "urgency", "procedure", "procedure_text"),
        *("rvu", "units", "indication", "accession"),
    ),
    "Place": ("site", "cluster", "issuer", "sender"),
    "Patient and who ordered": (
        *("patient_class", "patient_location", "patient_age", "patient_sex", "ordering_provider"),
        "visit",
    ),
    "Time": ("age_minutes", "time_of_day", "weekday", "date", "holiday"),
}
_OTHER = "More"
_FIRST: Mapping[Kind, Op] = {Kind.WORD: Op.IN, Kind.TIME: Op.BETWEEN}
"""The commonest operator in a sentence goes first."""


class FieldOffer(TypedDict):
    """A field as the builder offers it."""

    name: str
    words: str
    kind: str
    coded: bool


class Language(TypedDict):
    """All that the builder knows of the language."""

    groups: list[tuple[str, list[FieldOffer]]]
    operators: dict[str, list[tuple[str, str]]]
    depth: int
    own: str


@cache
def language() -> Language:
    """Return the fields by group and the operators of each type, in words."""
    grouped: dict[str, list[FieldOffer]] = {group: [] for group in (*_GROUPS, _OTHER)}
    by_name = {name: group for group, names in _GROUPS.items() for name in names}
    order = [name for names in _GROUPS.values() for name in names if name in FIELDS]
    for name in dict.fromkeys([*order, *FIELDS]):
        grouped[by_name.get(name, _OTHER)].append(_offer(FIELDS[name]))
    return Language(
        groups=[(group, offers) for group, offers in grouped.items() if offers],
        operators={kind.value: _operators(kind) for kind in Kind},
        depth=MAX_DEPTH,
        own=OWN,
    )


def _offer(field: Field) -> FieldOffer:
    return FieldOffer(
        name=field.name,
        words=field.words,
        kind=field.kind.value,
        coded=field.name in CODED,
    )


def _operators(kind: Kind) -> list[tuple[str, str]]:
    """Return the operators with their words; ``exists`` is asked as two."""
    said = [(op.value, phrase(kind, op)) for op in OPS_BY_KIND[kind] if op is not Op.EXISTS]
    first = _FIRST.get(kind)
    said.sort(key=lambda one: one[0] != first)
    return [*said, ("exists", "is known"), ("exists-not", "is unknown")]
