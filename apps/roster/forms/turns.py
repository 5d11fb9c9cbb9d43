"""A field that holds people in order, some of the places nobody's.

Each place is a select of the same name, so that the order of the page is the order that is sent:
moving a place by drag or by its buttons needs nothing written into it. Without JavaScript there
are a few spare places at the end; one that is left empty is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from typing_extensions import override

NOBODY = "-"
_SPARE = 2
_MOST = 60

Choices = Sequence[tuple[str, str]]


class TurnsWidget(forms.Widget):
    """Shows the places that there are, and spare ones."""

    use_fieldset = True
    choices: Choices = ()

    @override
    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> list[str]:
        """Return what was sent, in order."""
        if isinstance(data, MultiValueDict):
            return [str(value) for value in data.getlist(name)]
        found = data.get(name, ())
        return [found] if isinstance(found, str) else list(found)

    @override
    def render(
        self,
        name: str,
        value: Iterable[str] | None,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the places, spare ones and an empty one for JavaScript to copy."""
        places = [place for place in value or () if place]
        context = {
            "name": name,
            "places": [*places, *[""] * _SPARE],
            "choices": self.choices,
            "nobody": NOBODY,
        }
        return render_to_string("roster/_turns_field.html", context)


class TurnsField(forms.Field):
    """People in order; the value is a list of ids, ``NOBODY`` for a turn that is nobody's."""

    widget = TurnsWidget

    @property
    def choices(self) -> Choices:
        """Return whom it offers, and nobody: an id and words for each."""
        return self._choices

    @choices.setter
    def choices(self, offered: Choices) -> None:
        self._choices = [*offered, (NOBODY, "nobody")]
        self.widget.choices = offered

    _choices: Choices = ()

    @override
    def clean(self, value: Sequence[str]) -> list[str]:
        """Return the places in order, the empty ones left out.

        Raises:
            ValidationError: nobody takes turns, too many do, or one of them is not offered.
        """
        places = [place for place in value if place]
        known = {key for key, _ in self._choices}
        if not set(places) <= known:
            raise ValidationError("One of these people cannot be chosen here.")
        if not set(places) - {NOBODY}:
            raise ValidationError("Name at least one person who takes turns.")
        if len(places) > _MOST:
            raise ValidationError(f"No more than {_MOST} turns.")
        return places

    @override
    def has_changed(self, initial: Sequence[str] | None, data: Sequence[str] | None) -> bool:
        """Return whether the places or their order differ; empty ones do not count."""
        return list(initial or ()) != [place for place in data or () if place]
