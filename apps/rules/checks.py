"""What is wrong with a rule, told when it is saved and never at run time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from apps.engine.codes import ActionType
from apps.engine.conditions import check
from apps.engine.conditions.check import ConditionProblem
from apps.engine.targets import NAMES, Names, read_target
from apps.roster.models import Radiologist, Shift
from apps.rules.words import problem_place, problem_words


class RuleLike(Protocol):
    """The parts of a rule that are checked."""

    condition_filters: Mapping[str, object]
    action_type: str
    action_target: str


def rule_problems(rule: RuleLike) -> dict[str, list[str]]:
    """Return messages by field name; empty when the rule can be carried out."""
    problems: dict[str, list[str]] = {}
    conditions = [_said(problem) for problem in check(rule.condition_filters)]
    if conditions:
        problems["condition_filters"] = conditions
    target = _target_problem(rule.action_type, rule.action_target.strip())
    if target:
        problems["action_target"] = [target]
    return problems


def _said(problem: ConditionProblem) -> str:
    place, what = problem_place(problem.path), problem_words(problem.message)
    return f"{place}: {what}." if place else f"{what[0].upper()}{what[1:]}."


def _target_problem(action: str, text: str) -> str | None:
    if action not in set(ActionType):
        return None  # the field of the action says so itself
    try:
        target = read_target(ActionType(action), text)
    except ValueError as error:
        said = str(error)
        return f"{said[0].upper()}{said[1:]}."
    if action == ActionType.HOLD and not target.named:
        return "Say why the order is held."
    checker = _NAMED_CHECKS.get(NAMES[ActionType(action)])
    return checker(target.named) if checker else None


def _shift_problem(codes: Sequence[str]) -> str | None:
    known = set(Shift.objects.filter(code__in=codes).values_list("code", flat=True))
    return _unknown("shift with the code", codes, known)


def _radiologist_problem(ids: Sequence[str]) -> str | None:
    known = set(Radiologist.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return _unknown("radiologist with the id", ids, known)


def _sharing_problem(names: Sequence[str]) -> str | None:
    known = set(Shift.objects.filter(code__in=names).values_list("code", flat=True))
    known |= set(Radiologist.objects.filter(pk__in=names).values_list("pk", flat=True))
    return _unknown("shift with the code or radiologist with the id", names, known)


def _unknown(what: str, names: Sequence[str], known: Collection[str]) -> str | None:
    unknown = [name for name in names if name not in known]
    return f"There is no {what} “{'”, “'.join(unknown)}”." if unknown else None


_NAMED_CHECKS: Mapping[Names, Callable[[Sequence[str]], str | None]] = {
    Names.SHIFT: _shift_problem,
    Names.SHIFTS: _shift_problem,
    Names.READER: _radiologist_problem,
    Names.READERS: _radiologist_problem,
    Names.READERS_OR_SHIFTS: _sharing_problem,
}
