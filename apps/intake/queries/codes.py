"""Codes of senders that nobody has mapped yet, as their list shows them.

Whether a code is known is asked of the procedure table itself, by the rules that messages are
read by (``processing.catalogue.Catalogue.procedure``), so that a row is gone the moment its code
is mapped, however that happened, and back when it is undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Concat, Left, NullIf, Trim, Upper

from apps.assignment.choices import ReasonChoices
from apps.assignment.models import Unassigned
from apps.catalog.models import Procedure, ProcedureAlias
from apps.core.access import Scope
from apps.intake.models import SetAsideCode, UnknownCode
from apps.intake.processing.recognising import TEXT_CHARS
from apps.intake.processing.unknown import MOST_OF_ONE_ISSUER
from apps.intake.queries.guess import Entry, Guess, Table
from apps.intake.queries.likeness import Likeness, modalities_of, parts_of, read_likeness
from apps.orders.models import Order

COUNTED_MOST = 1_000
_ISSUERS_SHOWN = 200
_MENDED_BY_A_PROCEDURE = (
    ReasonChoices.UNKNOWN_PROCEDURE.value,
    ReasonChoices.UNKNOWN_MODALITY.value,
)


@dataclass(frozen=True, slots=True)
class CodeFilter:
    """What the list is narrowed by; empty values narrow nothing."""

    issuer: str = ""
    words: str = ""
    modality: str = ""
    is_set_aside: bool = False


class IssuerCodes(NamedTuple):
    """How many different codes are kept of an issuer, known ones included."""

    issuer: str
    number: int

    @property
    def is_full(self) -> bool:
        """Return whether further new codes of it are no longer listed."""
        return self.number >= MOST_OF_ONE_ISSUER


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One unknown code, how many parked studies wait for it, and its best guess.

    ``order`` is the last that said it, None where the viewer may not see that one.
    """

    code: UnknownCode
    guess: Guess | None
    waiting: int
    order: Order | None


def codes(wanted: CodeFilter) -> QuerySet[UnknownCode]:
    """Return the codes that the table does not know, the most frequent first."""
    is_set_aside = Exists(SetAsideCode.objects.filter(**_SAME))
    rows = _unknown().filter(is_set_aside if wanted.is_set_aside else ~is_set_aside)
    if wanted.issuer:
        rows = rows.filter(issuer=wanted.issuer)
    if wanted.words:
        rows = rows.filter(Q(code__icontains=wanted.words) | Q(text__icontains=wanted.words))
    if wanted.modality:
        rows = rows.filter(modality=wanted.modality)
    return rows.order_by("-count", "id")


def unknown_count() -> int:
    """Return how many codes wait to be mapped; counting stops at ``COUNTED_MOST``."""
    return codes(CodeFilter()).order_by()[:COUNTED_MOST].count()


def issuers() -> list[IssuerCodes]:
    """Return who sends unknown codes, by name; of very many those with the most."""
    counted = UnknownCode.objects.values_list("issuer").annotate(number=Count("id"))
    return sorted(IssuerCodes(*row) for row in counted.order_by("-number")[:_ISSUERS_SHOWN])


def modalities() -> list[str]:
    """Return the modalities that unknown codes seem to be of."""
    found = UnknownCode.objects.exclude(modality="").order_by("modality")
    return list(found.values_list("modality", flat=True).distinct())


def rows_of(found: Sequence[UnknownCode], *, scope: Scope) -> list[CodeRow]:
    """Return the codes with what the list shows of them, in a few reads whatever their number.

    Args:
        found: in the list's order.
        scope: where the viewer may see studies.
    """
    table, waits, orders = table_near(found), waiting(found, scope=scope), _orders(found, scope)
    return [
        CodeRow(row, guess_of(row, table), waits[row.pk], orders.get(row.last_order_id or 0))
        for row in found
    ]


def guess_of(row: UnknownCode, table: Table) -> Guess | None:
    """Return what the code most likely means."""
    found = table.guesses(_likeness(row), most=1)
    return found[0] if found else None


def guesses_of(row: UnknownCode) -> Sequence[Guess]:
    """Return what the code may mean, best first, a new procedure last."""
    return table_near([row]).guesses(_likeness(row))


def new_guess_of(row: UnknownCode) -> Guess | None:
    """Return the new procedure that the code's words describe, None where they name none."""
    return guess_of(row, Table(()))


def table_near(found: Iterable[UnknownCode]) -> Table:
    """Return the part of the procedure table that codes may mean, ready to guess from."""
    said = [like for row in found if (like := _likeness(row)) is not None]
    if not said:
        return Table(())
    near = Procedure.objects.order_by().filter(
        modality__in=modalities_of(like.family for like in said),
        body_part__in={*parts_of(like.place for like in said), ""},
    )
    columns = ("id", "code", "description", "modality", "body_part")
    return Table(Entry(*row) for row in near.values_list(*columns))


def _likeness(row: UnknownCode) -> Likeness | None:
    return read_likeness(row.text, code=row.code, modality=row.modality, body_part=row.body_part)


def waiting(found: Sequence[UnknownCode], *, scope: Scope) -> Mapping[int, int]:
    """Return, by row, how many parked studies of the scope say the code.

    Orders do not keep the coding system: two codes that differ in nothing else share them.
    """
    if not found:
        return Counter()
    said = Unassigned.objects.filter(
        is_waiting=True, reason__in=_MENDED_BY_A_PROCEDURE, order__procedure=None
    )
    said = scope.limit(said, "order__site").annotate(word=Upper(_SAID))
    said = said.filter(
        order__issuer__in={row.issuer for row in found},
        word__in=[Upper(Value(row.code)) for row in found],
    )
    counted = said.values_list("order__issuer", "word").annotate(number=Count("order_id"))
    numbers = {(issuer, word): number for issuer, word, number in counted}
    return Counter({row.pk: numbers.get((row.issuer, row.code.upper()), 0) for row in found})


_SAID = Coalesce(
    NullIf("order__procedure_code", Value("")),
    Trim(Left("order__procedure_text", TEXT_CHARS)),
    output_field=TextField(),
)
"""The code that an order says; without one its text stands for it."""


def meanings(found: Sequence[UnknownCode]) -> Mapping[int, Procedure]:
    """Return what codes mean by now, by row; those that are still unknown are left out."""
    words = [Upper(Value(row.code)) for row in found]
    aliases = ProcedureAlias.objects.annotate(word=Upper("local_code")).filter(word__in=words)
    named = {
        (alias.issuer, alias.coding_system, alias.local_code.upper()): alias.procedure
        for alias in aliases.select_related("procedure")
    }
    coded = Procedure.objects.annotate(word=Upper("code")).filter(word__in=words)
    table = {procedure.code.upper(): procedure for procedure in coded}
    meant = {row.pk: _meaning(row, named, table) for row in found}
    return {key: procedure for key, procedure in meant.items() if procedure is not None}


def _meaning(
    row: UnknownCode,
    named: Mapping[tuple[str, str, str], Procedure],
    table: Mapping[str, Procedure],
) -> Procedure | None:
    word = row.code.upper()
    owners = ((row.issuer, row.coding_system), (row.issuer, ""), ("", row.coding_system), ("", ""))
    found = (named.get((issuer, system, word)) for issuer, system in owners)
    return next(filter(None, found), None) or table.get(word)


def _unknown() -> QuerySet[UnknownCode]:
    """Return the rows that neither a procedure's own code nor a local code names.

    Asked with lists, not with EXISTS: each is hashed once, so that it costs the same whether
    none of the most frequent codes is known or all of them are.
    """
    rows = UnknownCode.objects.annotate(word=Upper("code"))
    rows = rows.exclude(word__in=Procedure.objects.order_by().values_list(Upper("code")))
    for number, owners in enumerate(_OWNERS):
        covers_all = {column: "" for column in _OWNERS[0] if column not in owners}
        named = ProcedureAlias.objects.filter(**covers_all)
        key = f"key_{number}"
        rows = rows.alias(**{key: _joined(*owners, Upper("code"))}).exclude(
            **{f"{key}__in": named.values_list(_joined(*owners, Upper("local_code")))}
        )
    return rows


_OWNERS = (("issuer", "coding_system"), ("issuer",), ("coding_system",), ())
"""What a local code may be limited to; the others are empty and so hold for all."""


def _joined(*parts: str | Upper) -> Concat:
    separated = (piece for part in parts for piece in (part, Value("\x1f")))
    return Concat(*separated, Value(""), output_field=TextField())


_SAME: Mapping[str, Any] = {
    "issuer": OuterRef("issuer"),
    "coding_system": OuterRef("coding_system"),
    "code__iexact": OuterRef("code"),
}


def _orders(found: Iterable[UnknownCode], scope: Scope) -> Mapping[int, Order]:
    ids = {row.last_order_id for row in found if row.last_order_id is not None}
    rows = scope.limit(Order.objects.filter(pk__in=ids)).only("accession", "site")
    return {order.pk: order for order in rows}
