"""The procedure table as it is, read once for a whole file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.catalog.models import Procedure, ProcedureAlias
from apps.catalog.services.aliases import LocalCode
from apps.catalog.services.importing.localcodes import key_of

COLUMNS = (
    *("code", "description", "modality", "body_part", "subspecialty", "rvu"),
    *("turnaround_minutes", "default_urgency", "required_credentials"),
    *("required_subspecialty", "is_sensitive"),
)

ProcedureValues = Mapping[str, Any]
"""A procedure's columns, ``id`` among them."""


@dataclass(frozen=True, slots=True)
class KnownAlias:
    """A local code that is there."""

    id: int
    procedure_id: int
    code: LocalCode


@dataclass(frozen=True, slots=True)
class Known:
    """All procedures and local codes.

    Attributes:
        procedures: by primary key.
        by_code: the procedures of a code in capitals; two may differ in case alone.
        aliases: by what makes a local code one.
        aliases_of: those of each procedure.
    """

    procedures: Mapping[int, ProcedureValues]
    by_code: Mapping[str, Sequence[ProcedureValues]]
    aliases: Mapping[LocalCode, KnownAlias]
    aliases_of: Mapping[int, Sequence[KnownAlias]]

    def procedure(self, code: str) -> ProcedureValues | None:
        """Return the procedure of a code; case counts only where two differ in nothing else."""
        found = self.by_code.get(code.upper(), ())
        exact = [row for row in found if row["code"] == code]
        return next(iter(exact or found), None)


def read_known() -> Known:
    """Read the procedure table, in two queries."""
    procedures = {
        row["id"]: row for row in Procedure.objects.order_by("pk").values("id", *COLUMNS)
    }
    by_code: defaultdict[str, list[ProcedureValues]] = defaultdict(list)
    for row in procedures.values():
        by_code[row["code"].upper()].append(row)
    aliases: dict[LocalCode, KnownAlias] = {}
    aliases_of: defaultdict[int, list[KnownAlias]] = defaultdict(list)
    stored = ProcedureAlias.objects.order_by("issuer", "coding_system", "local_code")
    for pk, owner, *code in stored.values_list(
        "id", "procedure_id", "issuer", "coding_system", "local_code"
    ):
        alias = KnownAlias(pk, owner, (code[0], code[1], code[2]))
        aliases[key_of(alias.code)] = alias
        aliases_of[owner].append(alias)
    return Known(procedures, by_code, aliases, aliases_of)
