"""The steps after a breach as a small table: a form field of minutes and actions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from typing_extensions import override

from apps.rules.choices import TierAction
from apps.rules.tiers import Tier
from apps.rules.widgets import SiteWidget

_SPARE_ROWS = 2
_FEWEST_ROWS = 5


class Step(dict[str, Any]):
    """A step as it is stored; says itself in words, for the preview of a change."""

    def __str__(self) -> str:
        return f"{_label(self.get('action'))} after {self.get('after_minutes')} min"


def tier_words(tier: Tier) -> str:
    """Return a step in words."""
    when = f"after {tier.after_minutes} min" if tier.after_minutes else "at once"
    return f"{tier.action.label} {when}"


class StepsWidget(SiteWidget):
    """Rows of a minute and an action; those left empty do not count."""

    template_name = "rules/_steps.html"
    use_fieldset = True

    @override
    def get_context(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return the rows filled so far, and some empty ones."""
        rows = [(row.get("after_minutes", ""), row.get("action", "")) for row in value or ()]
        count = max(len(rows) + _SPARE_ROWS, _FEWEST_ROWS)
        rows += [("", "")] * (count - len(rows))
        context = super().get_context(name, value, dict(attrs or {}))
        return {**context, "rows": rows, "actions": TierAction.choices}

    @override
    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> list[dict[str, str]]:
        """Return the rows that hold anything, as they were typed."""
        minutes = _listed(data, f"{name}_minutes")
        actions = _listed(data, f"{name}_action")
        rows = zip(minutes, actions, strict=False)
        return [
            {"after_minutes": one.strip(), "action": other}
            for one, other in rows
            if one.strip() or other
        ]

    @override
    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return False: no row at all is an answer too."""
        return False


class StepsField(forms.Field):
    """Steps after a breach; what they must be beyond numbers and words the record checks."""

    widget = StepsWidget

    @override
    def to_python(self, value: Any) -> list[Step]:
        """Return the steps as they are stored.

        Raises:
            ValidationError: a row lacks its minutes or its action; all such rows are named.
        """
        problems = []
        steps = []
        for number, row in enumerate(value or (), start=1):
            minutes, action = str(row["after_minutes"]), row["action"]
            if not (minutes.isascii() and minutes.isdecimal() and len(minutes) < 10):
                problems.append(f"Step {number}: say after how many minutes, in a whole number.")
            elif action not in TierAction.values:
                problems.append(f"Step {number}: say what is done.")
            else:
                steps.append(Step(after_minutes=int(minutes), action=action))
        if problems:
            raise ValidationError(problems)
        return steps

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the steps differ."""
        try:
            new = self.to_python(data)
        except ValidationError:
            return True
        return json.dumps(initial or [], sort_keys=True) != json.dumps(new, sort_keys=True)


def _listed(data: Mapping[str, Any], name: str) -> list[str]:
    if isinstance(data, MultiValueDict):
        return [str(value) for value in data.getlist(name)]
    value = data.get(name, [])
    return [str(one) for one in (value if isinstance(value, list) else [value])]


def _label(action: object) -> str:
    return TierAction(action).label if action in TierAction.values else str(action)
