"""Form fields of rules: conditions as JSON that say where they are wrong, and moments."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from apps.core.validators import validate_year
from apps.rules.words import conditions_words

_LONGEST = 65_536
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Conditions(dict[str, Any]):
    """Conditions that say themselves in words, for the preview of a change."""

    def __str__(self) -> str:
        return conditions_words(self)


class ConditionsField(forms.JSONField):
    """Conditions as JSON, one condition a line."""

    @override
    def to_python(self, value: Any) -> Any:
        """Return what was typed, read.

        Raises:
            ValidationError: it is no JSON (line and column are named), or none that is kept.
        """
        if isinstance(value, str) and value.strip():
            return _readable(value)
        return super().to_python(value)

    @override
    def prepare_value(self, value: Any) -> Any:
        """Return the text for the box; what could not be read is shown as it was typed."""
        if isinstance(value, str):
            return value
        return conditions_text(value)

    @override
    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, as it was typed."""
        return initial if self.disabled else (data or "")

    @override
    def clean(self, value: Any) -> Any:
        """Return the conditions; an empty box is {}, which is always true."""
        cleaned = super().clean(value)
        if cleaned is None:
            return Conditions()
        return Conditions(cleaned) if isinstance(cleaned, dict) else cleaned

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the conditions differ; how they are written does not count."""
        try:
            new = self.clean(data)
        except ValidationError:
            return True
        return json.dumps(initial, sort_keys=True) != json.dumps(new, sort_keys=True)


def _readable(text: str) -> object:
    """Return JSON that PostgreSQL can keep."""
    if len(text) > _LONGEST:
        raise ValidationError("The conditions are too long: 64 KB are the most.")
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_members)
        if _NUL.search(json.dumps(value)):
            raise ValidationError("The conditions hold a NUL character.")
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = f"Line {error.lineno}, column {error.colno}"
        raise ValidationError(f"This is no JSON. {place}: {error.msg}.") from error
    except RecursionError as error:
        raise ValidationError("The conditions are nested too deep.") from error
    except ValueError as error:
        raise ValidationError("The conditions hold a number or text that is none.") from error
    return value


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the members of an object; of two of one name JSON would keep the last and say nothing."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValidationError(
            f"“{twice}” stands twice in one group; only one of them would count."
        )
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def conditions_text(value: object, indent: str = "") -> str:
    """Return conditions as JSON, one condition a line, its field before its operator.

    The database keeps JSON without the order of its members.
    """
    if not isinstance(value, dict) or "field" in value or not value:
        return json.dumps(_in_order(value), ensure_ascii=False)
    inner = indent + "  "
    groups = (f"{inner}{json.dumps(name)}: {_list(value[name], inner)}" for name in value)
    return "{\n" + ",\n".join(groups) + f"\n{indent}}}"


def _list(members: object, indent: str) -> str:
    if not isinstance(members, list) or not members:
        return json.dumps(members, ensure_ascii=False)
    inner = indent + "  "
    lines = (inner + conditions_text(member, inner) for member in members)
    return "[\n" + ",\n".join(lines) + f"\n{indent}]"


def _in_order(condition: object) -> object:
    if not isinstance(condition, dict):
        return condition
    first = [name for name in ("field", "op", "value") if name in condition]
    return {name: condition[name] for name in dict.fromkeys((*first, *condition))}


class MomentField(forms.DateTimeField):
    """A moment on the viewer's clock."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    default_validators = [validate_year]  # noqa: RUF012 -- Django's
