"""The condition language of assignment rules: its fields, schema, check, evaluation and words."""

from __future__ import annotations

from apps.engine.conditions.check import ConditionProblem, check
from apps.engine.conditions.evaluate import Predicate, compile_conditions
from apps.engine.conditions.fields import FIELDS, OWN, OWN_NAME, Field, Kind, Op, field_named
from apps.engine.conditions.schema import schema
from apps.engine.conditions.subject import Subject
from apps.engine.conditions.words import in_words

__all__ = [
    "FIELDS",
    "OWN",
    "OWN_NAME",
    "ConditionProblem",
    "Field",
    "Kind",
    "Op",
    "Predicate",
    "Subject",
    "check",
    "compile_conditions",
    "field_named",
    "in_words",
    "schema",
]
