"""The procedure table. It is the same for every site, so a scope of any size sees all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from apps.audit.queries.history import Subject
from apps.catalog.models import Procedure, ProcedureAlias

_SORTS: Mapping[str, str] = {
    "code": "code",
    "description": "description",
    "modality": "modality",
    "body_part": "body_part",
    "rvu": "rvu",
}
DEFAULT_SORT = "code"


@dataclass(frozen=True, slots=True)
class ProcedureFilter:
    """What a list is narrowed by; empty values narrow nothing."""

    words: str = ""
    modality: str = ""
    body_part: str = ""


def procedures(wanted: ProcedureFilter, *, sort: str = DEFAULT_SORT) -> QuerySet[Procedure]:
    """Return the procedures, sorted by a key of the list's columns, ``-`` before it for down."""
    rows = Procedure.objects.all()
    if wanted.words:
        rows = rows.filter(
            Q(code__icontains=wanted.words)
            | Q(description__icontains=wanted.words)
            | Q(pk__in=Procedure.objects.filter(aliases__local_code__iexact=wanted.words))
        )
    if wanted.modality:
        rows = rows.filter(modality=wanted.modality)
    if wanted.body_part:
        rows = rows.filter(body_part=wanted.body_part)
    column = F(_SORTS[sort.removeprefix("-")])
    return rows.order_by(column.desc() if sort.startswith("-") else column.asc(), "pk")


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def modalities() -> list[str]:
    """Return the modalities that procedures have."""
    return list(
        Procedure.objects.order_by("modality").values_list("modality", flat=True).distinct()
    )


def body_parts() -> list[str]:
    """Return the body parts that procedures have."""
    found = Procedure.objects.exclude(body_part="").order_by("body_part")
    return list(found.values_list("body_part", flat=True).distinct())


def issuers() -> list[str]:
    """Return the issuers that local codes have, in order."""
    found = ProcedureAlias.objects.exclude(issuer="").order_by("issuer")
    return list(found.values_list("issuer", flat=True).distinct())


def subject_of(procedure: Procedure) -> Subject:
    """Return whose history the procedure's page shows."""
    return Subject(
        "catalog_procedure", str(procedure.pk), {"catalog_procedurealias": "procedure_id"}
    )
