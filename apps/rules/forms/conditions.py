"""The conditions alone, as they are typed: what they come to, and what they would have met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms

from apps.engine.conditions import check
from apps.rules import insight
from apps.rules.fields import ConditionsField
from apps.rules.insight import Trial
from apps.rules.words import conditions_words


@dataclass(frozen=True, slots=True)
class Said:
    """What conditions come to: words and a trial, or every problem with its place."""

    words: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    trial: Trial | None = None


class ConditionsForm(forms.Form):
    """The conditions alone, as they are typed."""

    condition_filters = ConditionsField(required=False)

    def said(self, *, at: datetime) -> Said:
        """Return the conditions in words and what they would have met, or what is wrong where."""
        if not self.is_valid():
            errors = self.errors["condition_filters"]
            return Said(problems=tuple(("", str(error)) for error in errors))
        conditions = self.cleaned_data["condition_filters"]
        problems = check(conditions)
        if problems:
            return Said(problems=tuple((one.path, one.message) for one in problems))
        trial = insight.known().trial(conditions, at=at)
        return Said(words=conditions_words(conditions), trial=trial)
