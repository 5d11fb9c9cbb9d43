"""The codes that conditions and targets may name, with what they stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import models
from django.db.models import Case, F, Func, Q, When
from django.db.models.functions import Lower

from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Cluster, Procedure, ProcedureAlias, Site
from apps.engine.facts import OrderFacts
from apps.engine.vocabulary import REGIONS, Specialty
from apps.hl7v2.vocabulary import BODY_PARTS, MODALITIES
from apps.roster.models import Radiologist, RadiologistCredential
from apps.rules import insight

SHOWN = 200
"""How many codes are offered at once; beyond it one types more."""

Code = tuple[str, str]

_PATIENT_CLASSES = {
    "E": "Emergency",
    "I": "Inpatient",
    "O": "Outpatient",
    "P": "Preadmit",
    "R": "Recurring",
    "B": "Obstetrics",
    "C": "Commercial account",
    "N": "Not applicable",
    "U": "Unknown",
}
"""HL7 table 0004."""
_SEXES = {"F": "Female", "M": "Male", "O": "Other", "U": "Unknown", "A": "Ambiguous", "N": "None"}
"""HL7 table 0001."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of a field.

    ``is_whole`` says whether there are no others that match; ``is_closed`` whether a code that
    is not among those there are is unknown, rather than only not seen lately.
    """

    codes: Sequence[Code]
    is_whole: bool
    is_closed: bool


def codes_of(field: str, *, words: str = "", exactly: Collection[str] = ()) -> Codes | None:
    """Return the codes of a field of the condition language; None for one without codes.

    Args:
        field: its name, such as ``modality``.
        words: what code or name must hold; empty for any.
        exactly: these codes alone, without regard to case; empty for any.
    """
    rows = _ROWS.get(field)
    if rows is not None:
        found = list(rows(words, exactly)[: SHOWN + 1])
        return Codes(found[:SHOWN], len(found) <= SHOWN, is_closed=True)
    listed = _LISTS.get(field)
    if listed is None:
        return None
    kept = list(islice(_narrowed(listed(), words, exactly), SHOWN + 1))
    return Codes(kept[:SHOWN], len(kept) <= SHOWN, is_closed=field in _CLOSED)


def credentials() -> list[str]:
    """Return the credentials that readers have or procedures ask for, in order."""
    held = RadiologistCredential.objects.order_by().values_list("name", flat=True).distinct()
    asked = Procedure.objects.order_by().annotate(one=_each("required_credentials"))
    return sorted({*held, *asked.values_list("one", flat=True).distinct()})


def _each(column: str) -> Func:
    return Func(F(column), function="unnest")


def _narrowed(found: Iterable[Code], words: str, exactly: Collection[str]) -> Iterator[Code]:
    wanted = {code.casefold() for code in exactly}
    text = words.casefold()
    for code, name in found:
        is_wanted = not wanted or code.casefold() in wanted
        if is_wanted and (text in code.casefold() or text in name.casefold()):
            yield code, name


def _table(model: type[models.Model], name: str) -> _Rows:
    """Return how a table's codes are found: by a part of code or name, or exactly."""

    def rows(words: str, exactly: Collection[str]) -> models.QuerySet[Any, Any]:
        found = model._default_manager.order_by("code")  # noqa: SLF001 -- Django's name for it
        if words:
            found = found.filter(Q(code__icontains=words) | Q(**{f"{name}__icontains": words}))
            # What begins with the words must not be cut off behind what only holds them.
            found = found.order_by(Case(When(code__istartswith=words, then=0), default=1), "code")
        if exactly:
            wanted = [code.lower() for code in exactly]
            found = found.alias(lower=Lower("code")).filter(lower__in=wanted)
        return found.values_list("code", name)

    return rows


def _modalities() -> Iterable[Code]:
    return MODALITIES.items()


def _body_parts() -> Iterable[Code]:
    """Return regions, then parts, then the words that procedures have beside these."""
    own = Procedure.objects.exclude(body_part="").order_by("body_part")
    parts = {*BODY_PARTS, *own.values_list("body_part", flat=True).distinct()} - set(REGIONS)
    yield from ((region, f"region of {len(REGIONS[region])} parts") for region in REGIONS)
    yield from ((part, "") for part in sorted(parts))


def _subspecialties() -> Iterable[Code]:
    own = Procedure.objects.exclude(subspecialty="").order_by().values_list("subspecialty")
    held = Radiologist.objects.order_by().annotate(one=_each("specialties")).values_list("one")
    return ((word, "") for (word,) in sorted({(one.value,) for one in Specialty} | {*own, *held}))


def _urgencies() -> Iterable[Code]:
    return [(str(value), str(label)) for value, label in UrgencyChoices.choices]


def _seen(get: Callable[[OrderFacts], str]) -> Callable[[], Iterable[Code]]:
    """Return what the latest orders had, the most frequent first."""

    def found() -> Iterable[Code]:
        latest = insight.known().latest()
        counted = Counter(get(subject.order) for subject in latest)
        return [
            (code, f"{count:,} of the last {len(latest):,} orders")
            for code, count in counted.most_common()
            if code
        ]

    return found


def _issuers() -> Iterable[Code]:
    seen = list(_seen(lambda order: order.issuer)())
    rows = ProcedureAlias.objects.exclude(issuer="").order_by("issuer")
    mapped = {*rows.values_list("issuer", flat=True).distinct()} - {code for code, _ in seen}
    return [*seen, *((issuer, "in the local codes of procedures") for issuer in sorted(mapped))]


_Rows = Callable[[str, Collection[str]], "models.QuerySet[Any, Any]"]
_ROWS: Mapping[str, _Rows] = {
    "procedure": _table(Procedure, "description"),
    "site": _table(Site, "name"),
    "cluster": _table(Cluster, "name"),
}
_LISTS: Mapping[str, Callable[[], Iterable[Code]]] = {
    "modality": _modalities,
    "body_part": _body_parts,
    "subspecialty": _subspecialties,
    "urgency": _urgencies,
    "issuer": _issuers,
    "sender": _seen(lambda order: order.sender),
    "patient_class": _PATIENT_CLASSES.items,
    "patient_sex": _SEXES.items,
}
_CLOSED = frozenset({"modality", "body_part", "subspecialty", "urgency"})

CODED = frozenset({*_ROWS, *_LISTS})
"""The fields that have codes."""
