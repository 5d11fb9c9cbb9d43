"""Says what senders' codes mean: local codes of procedures, or nothing that we read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Upper

from apps.catalog.models import Procedure, ProcedureAlias
from apps.core.access import Scope
from apps.intake.models import SetAsideCode, UnknownCode
from apps.intake.queries.code_plan import Answer, Line, NewProcedure, plan


class CodesChangedError(Exception):
    """Some codes cannot mean what a person said; nothing was written.

    ``lines`` is the plan as it would be by now, with the problems.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        super().__init__(f"{sum(bool(line.problem) for line in lines)} codes cannot be mapped")


def accept(answers: Sequence[Answer], *, scope: Scope) -> list[Line]:
    """Let codes mean what a person says, all or none; return what was done.

    Parked orders with these codes are read again by themselves, as after every change of the
    table. An order that has a reader keeps what it was assigned with until its next message.

    Args:
        answers: one a code; a code that means it already is left alone.
        scope: where the person may see studies.

    Raises:
        CodesChangedError: at least one of them was mapped otherwise meanwhile, or cannot be.
    """
    try:
        return _accept(answers, scope)
    except IntegrityError:
        # Somebody else mapped one of them in this very moment: it is known by now.
        return _accept_again(answers, scope)


def _accept_again(answers: Sequence[Answer], scope: Scope) -> list[Line]:
    try:
        return _accept(answers, scope)
    except IntegrityError as error:
        # Others go on writing the same: the person looks at how things are, then says it again.
        raise CodesChangedError(plan(answers, scope=scope)) from error


@transaction.atomic
def _accept(answers: Sequence[Answer], scope: Scope) -> list[Line]:
    lines = plan(answers, scope=scope)
    if any(line.problem for line in lines):
        raise CodesChangedError(lines)
    made: dict[int, Procedure] = {}
    # In the order of their keys, so that two people who accept the same never wait in a circle.
    for line in sorted(lines, key=_key):
        if not line.is_done:
            _map(line.row, line.target or _made(line.new, made))
    return lines


def add_local_code(row: UnknownCode, procedure: Procedure) -> None:
    """Let a code mean a procedure."""
    _map(row, procedure)


def set_aside(code_ids: Iterable[int]) -> int:
    """Take codes from the list that are no imaging; return how many were in it."""
    rows = UnknownCode.objects.filter(pk__in=list(code_ids)).order_by("pk")
    made = [
        SetAsideCode(issuer=row.issuer, coding_system=row.coding_system, code=row.code)
        for row in rows
        if not _aside(row).exists()
    ]
    SetAsideCode.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


@transaction.atomic
def take_back(code_ids: Iterable[int]) -> int:
    """Put codes that were set aside back into the list; return how many."""
    rows = UnknownCode.objects.filter(pk__in=list(code_ids)).order_by("pk")
    return sum(_aside(row).delete()[0] for row in rows)


def _aside(row: UnknownCode) -> QuerySet[Any]:
    same = SetAsideCode.objects.annotate(word=Upper("code"))
    return same.filter(
        issuer=row.issuer, coding_system=row.coding_system, word=Upper(Value(row.code))
    )


def _key(line: Line) -> tuple[str, str, str]:
    return line.row.issuer, line.row.coding_system, line.row.code.upper()


def _map(row: UnknownCode, procedure: Procedure) -> None:
    ProcedureAlias.objects.create(
        procedure=procedure,
        issuer=row.issuer,
        coding_system=row.coding_system,
        local_code=row.code,
    )


def _made(new: NewProcedure | None, made: dict[int, Procedure]) -> Procedure:
    assert new is not None  # noqa: S101 -- a line has a target, a new procedure or a problem
    if id(new) not in made:
        made[id(new)] = Procedure.objects.create(
            code=new.code,
            description=new.description,
            modality=new.modality,
            body_part=new.body_part,
            subspecialty=new.subspecialty,
        )
    return made[id(new)]
