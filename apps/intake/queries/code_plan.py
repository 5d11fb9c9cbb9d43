"""What would come of the answers that a person gives to unknown codes; nothing is written.

The preview shows it and the service does it, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet, Value
from django.db.models.functions import Upper

from apps.catalog.models import Procedure, ProcedureAlias
from apps.core.access import Scope
from apps.intake.models import UnknownCode
from apps.intake.queries.codes import guess_of, meanings, table_near, waiting
from apps.intake.queries.guess import Guess, Table

_ALIAS_CHARS = 120
_CODE_CHARS = 64
_TEXT_CHARS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says that a code means.

    ``procedure_id`` is None for a new procedure, of the modality and body part that they saw.
    """

    code_id: int
    procedure_id: int | None = None
    modality: str = ""
    body_part: str = ""


@dataclass(frozen=True, slots=True)
class NewProcedure:
    """A procedure that would be added."""

    code: str
    description: str
    modality: str
    body_part: str
    subspecialty: str

    def __str__(self) -> str:
        return f"{self.code} {self.description}"


@dataclass(frozen=True, slots=True)
class Line:
    """One code and what it would mean.

    ``problem`` says why it cannot; ``is_done`` that it means this already. Lines of codes that
    would be the same new procedure share one ``new``; all but the first ``shares`` it.
    """

    row: UnknownCode
    answer: Answer
    target: Procedure | None = None
    new: NewProcedure | None = None
    shares: bool = False
    reason: str = ""
    waiting: int = 0
    problem: str = ""
    is_done: bool = False


def plan(answers: Sequence[Answer], *, scope: Scope) -> list[Line]:
    """Return what would come of the answers, in their order; codes that are gone are left out.

    Args:
        answers: one a code.
        scope: where the viewer may see studies; of others the waiting ones are not counted.
    """
    found = UnknownCode.objects.in_bulk([answer.code_id for answer in answers])
    rows = list(found.values())
    state = _State(
        meant=meanings(rows),
        waits=waiting(rows, scope=scope),
        targets=Procedure.objects.in_bulk([a.procedure_id for a in answers if a.procedure_id]),
        table=table_near(rows),
    )
    lines = [_line(found[a.code_id], a, state) for a in answers if a.code_id in found]
    return list(_with_new(lines, state.table))


def unfit(row: UnknownCode) -> str:
    """Return why the code cannot be a local code of a procedure, empty when it can."""
    for what, value in (("code", row.code), ("issuer", row.issuer)):
        if len(value) > _ALIAS_CHARS:
            return f"Its {what} is longer than the {_ALIAS_CHARS} characters of a local code."
    if not row.code.isprintable():
        return "Its code holds characters that cannot be seen."
    return ""


def new_procedure(row: UnknownCode, guess: Guess, *, taken: Collection[str] = ()) -> NewProcedure:
    """Return the procedure that would be added for a code.

    Args:
        row: the code.
        guess: what it would be.
        taken: codes, in upper case, of procedures that would be added beside it.
    """
    return NewProcedure(
        code=_free_code(row, taken),
        description=(row.text or row.code)[:_TEXT_CHARS],
        modality=guess.modality,
        body_part=guess.body_part,
        subspecialty=guess.subspecialty,
    )


@dataclass(frozen=True, slots=True)
class _State:
    """What was read for all lines together."""

    meant: Mapping[int, Procedure]
    waits: Mapping[int, int]
    targets: Mapping[int, Procedure]
    table: Table


def _line(row: UnknownCode, answer: Answer, state: _State) -> Line:
    line = Line(row, answer, waiting=state.waits[row.pk])
    meant, target = state.meant.get(row.pk), state.targets.get(answer.procedure_id or 0)
    if meant is not None:
        is_done = _is_as_wanted(meant, answer)
        problem = "" if is_done else f"It means {meant} already: somebody mapped it meanwhile."
        return replace(line, target=meant, is_done=is_done, problem=problem)
    if problem := unfit(row):
        return replace(line, problem=problem)
    if target is not None:
        reason = _reason(row, target, state.table)
        return replace(line, target=target, reason=reason)
    if answer.procedure_id is not None:
        return replace(line, problem="The procedure was deleted meanwhile.")
    return line


def _is_as_wanted(meant: Procedure, answer: Answer) -> bool:
    if answer.procedure_id is not None:
        return meant.pk == answer.procedure_id
    return (meant.modality, meant.body_part) == (answer.modality, answer.body_part)


def _reason(row: UnknownCode, target: Procedure, table: Table) -> str:
    guess = guess_of(row, table)
    is_guessed = guess is not None and guess.entry is not None and guess.entry.id == target.pk
    return guess.reason if guess is not None and is_guessed else "chosen by hand"


def _with_new(lines: Iterable[Line], table: Table) -> Iterable[Line]:
    """Give the lines that ask for a new procedure theirs; equal ones get one."""
    made: dict[tuple[object, ...], NewProcedure] = {}
    for line in lines:
        if line.target is not None or line.problem:
            yield line
            continue
        guess = guess_of(line.row, table)
        asked = (line.answer.modality, line.answer.body_part)
        if guess is None or guess.entry is not None or (guess.modality, guess.body_part) != asked:
            yield replace(line, problem="The best guess is another one by now.")
            continue
        shares = guess.key in made
        if not shares:
            taken = {new.code.upper() for new in made.values()}
            made[guess.key] = new_procedure(line.row, guess, taken=taken)
        yield replace(line, new=made[guess.key], shares=shares, reason=guess.reason)


def _free_code(row: UnknownCode, taken: Collection[str]) -> str:
    """Return the sender's code, or one made of it where it may mean something else elsewhere.

    A procedure's own code counts for every sender, so one that two senders use must not be it.
    """
    candidates = [row.code, f"{row.issuer} {row.code}".strip()]
    candidates += [f"{candidates[1][: _CODE_CHARS - 5]} {number}" for number in range(2, 100)]
    fitting = [code for code in candidates if len(code) <= _CODE_CHARS]
    free = (code for code in fitting if code.upper() not in taken)
    return next(code for code in free if not _is_used(code, row))


def _is_used(code: str, row: UnknownCode) -> bool:
    word = Upper(Value(code))
    others: tuple[QuerySet[Procedure] | QuerySet[ProcedureAlias] | QuerySet[UnknownCode], ...] = (
        Procedure.objects.annotate(word=Upper("code")).filter(word=word),
        ProcedureAlias.objects.annotate(word=Upper("local_code")).filter(word=word),
        UnknownCode.objects.annotate(word=Upper("code")).filter(word=word).exclude(pk=row.pk),
    )
    return any(rows.exists() for rows in others)
