"""The fields and operators of the condition language, as one table each.

Beside the fields of the table there are those that a sender's profile adds to its orders:
``own.`` and a name. Any such name is a text, unknown wherever the sender does not fill it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from apps.engine.conditions.subject import Subject

FieldValue = str | int | bool | Decimal | date | datetime | None


class Kind(StrEnum):
    """The type of a field's value."""

    WORD = "word"
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    WEEKDAY = "weekday"
    DATE = "date"
    MOMENT = "moment"


class Op(StrEnum):
    """The operators, by the sign they are stored with."""

    EQUAL = "="
    NOT_EQUAL = "!="
    IN = "in"
    NOT_IN = "not-in"
    CONTAINS = "contains"
    MATCHES = "matches"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    BETWEEN = "between"
    EXISTS = "exists"


SPELLINGS: Mapping[str, Op] = {
    **{op.value: op for op in Op},
    "≠": Op.NOT_EQUAL,
    "≤": Op.AT_MOST,
    "≥": Op.AT_LEAST,
}
"""Every way an operator may be written."""

_EQUALITY = (Op.EQUAL, Op.NOT_EQUAL, Op.IN, Op.NOT_IN)
_ORDER = (Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST, Op.BETWEEN)

OPS_BY_KIND: Mapping[Kind, tuple[Op, ...]] = {
    Kind.WORD: (*_EQUALITY, Op.CONTAINS, Op.MATCHES, Op.EXISTS),
    Kind.TEXT: (*_EQUALITY, Op.CONTAINS, Op.MATCHES, Op.EXISTS),
    Kind.NUMBER: (*_EQUALITY, *_ORDER, Op.EXISTS),
    Kind.BOOLEAN: (Op.EQUAL, Op.NOT_EQUAL, Op.EXISTS),
    Kind.TIME: (*_EQUALITY, *_ORDER, Op.EXISTS),
    Kind.WEEKDAY: (*_EQUALITY, Op.BETWEEN, Op.EXISTS),
    Kind.DATE: (*_EQUALITY, *_ORDER, Op.EXISTS),
    Kind.MOMENT: (*_ORDER, Op.EXISTS),
}
"""Which operators make sense for which type."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in the JSON, its type, its words on screen and how it is read.

    ``facts`` names the attributes of ``OrderFacts`` that its value is made from, so that a
    trace can keep what the rules looked at, and no more of the patient than that. Of ``own`` it
    names the one entry, as ``own.room``.
    """

    name: str
    kind: Kind
    words: str
    get: Callable[[Subject], FieldValue]
    facts: tuple[str, ...] = ()


FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("modality", Kind.WORD, "modality", lambda s: s.order.modality),
        Field("body_part", Kind.WORD, "body part", lambda s: s.order.body_part),
        Field("subspecialty", Kind.WORD, "subspecialty", lambda s: s.subspecialty),
        Field("urgency", Kind.WORD, "urgency", lambda s: s.urgency.value),
        Field("site", Kind.WORD, "site", lambda s: s.order.site),
        Field("cluster", Kind.WORD, "cluster", lambda s: s.cluster),
        Field("issuer", Kind.WORD, "issuer", lambda s: s.order.issuer),
        Field("sender", Kind.WORD, "sender", lambda s: s.order.sender, ("sender",)),
        Field("procedure", Kind.WORD, "procedure", lambda s: s.order.procedure, ("procedure",)),
        Field(
            "procedure_text",
            Kind.TEXT,
            "procedure text",
            lambda s: s.order.procedure_text,
            ("procedure_text",),
        ),
        Field(
            "ordering_provider",
            Kind.TEXT,
            "ordering provider",
            lambda s: s.order.ordering_provider,
            ("ordering_provider",),
        ),
        Field(
            "patient_class",
            Kind.WORD,
            "patient class",
            lambda s: s.order.patient_class,
            ("patient_class",),
        ),
        Field(
            "patient_location",
            Kind.TEXT,
            "patient location",
            lambda s: s.order.patient_location,
            ("patient_location",),
        ),
        Field(
            "patient_sex",
            Kind.WORD,
            "patient sex",
            lambda s: s.order.patient_sex,
            ("patient_sex",),
        ),
        Field(
            "patient_age",
            Kind.NUMBER,
            "patient age in years",
            lambda s: s.patient_age,
            ("patient_birth_on",),
        ),
        Field("visit", Kind.WORD, "visit number", lambda s: s.order.visit, ("visit",)),
        Field("age_minutes", Kind.NUMBER, "minutes since received", lambda s: s.age_minutes),
        Field("rvu", Kind.NUMBER, "RVU", lambda s: s.order.rvu, ("rvu",)),
        Field("units", Kind.NUMBER, "units of work", lambda s: s.order.units, ("units",)),
        Field(
            "required_credentials",
            Kind.TEXT,
            "required credentials",
            lambda s: ", ".join(sorted(s.order.required_credentials)),
        ),
        Field(
            "required_subspecialty",
            Kind.WORD,
            "required subspecialty",
            lambda s: s.order.required_subspecialty,
        ),
        Field("accession", Kind.WORD, "accession", lambda s: s.order.accession),
        Field(
            "indication", Kind.TEXT, "indication", lambda s: s.order.indication, ("indication",)
        ),
        Field("time_of_day", Kind.TIME, "time of day", lambda s: s.minute_of_day),
        Field("weekday", Kind.WEEKDAY, "weekday", lambda s: s.weekday),
        Field("date", Kind.DATE, "date", lambda s: s.local_date),
        Field("holiday", Kind.BOOLEAN, "holiday", lambda s: s.is_holiday),
        Field(
            "ordered_at",
            Kind.MOMENT,
            "time ordered",
            lambda s: s.order.ordered_at,
            ("ordered_at",),
        ),
        Field(
            "scheduled_at",
            Kind.MOMENT,
            "scheduled time",
            lambda s: s.order.scheduled_at,
            ("scheduled_at",),
        ),
        Field("exam_at", Kind.MOMENT, "exam time", lambda s: s.order.exam_at, ("exam_at",)),
        Field("received_at", Kind.MOMENT, "time received", lambda s: s.order.received_at),
        Field("report_due_at", Kind.MOMENT, "report due time", lambda s: s.order.report_due_at),
    )
}
"""Every field that all orders have, in the order of the editor's list."""

OWN = "own."
"""What the name of a sender's own field begins with."""
OWN_NAME = "[a-z][a-z0-9_]{0,31}"
"""What follows, as a pattern: words of lower case, digits and ``_``, at most 32 characters."""
_OWN_FIELD = re.compile(rf"own\.({OWN_NAME})")


@lru_cache(maxsize=1_000)
def field_named(name: str) -> Field | None:
    """Return the field of a name, a sender's own ones included; None for no field."""
    own = _OWN_FIELD.fullmatch(name)
    return _own_field(own[1]) if own else FIELDS.get(name)


def _own_field(key: str) -> Field:
    words = f"the sender's {key.replace('_', ' ')}"
    return Field(f"{OWN}{key}", Kind.TEXT, words, lambda s: s.order.own.get(key), (f"{OWN}{key}",))
