"""What a picker asks: the codes of a field, by what is typed or one by one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django import forms
from django.http import QueryDict

from apps.rules.queries.codes import CODED, SHOWN, codes_of


class CodesForm(forms.Form):
    """A field of the condition language, and what its codes are narrowed by."""

    field = forms.ChoiceField(choices=[(name, name) for name in sorted(CODED)])
    q = forms.CharField(required=False, max_length=100)

    def __init__(self, data: QueryDict) -> None:
        """Take the codes asked for one by one too."""
        super().__init__(data)
        self._exactly = [code for code in data.getlist("code") if "\0" not in code][:SHOWN]

    @property
    def status(self) -> HTTPStatus:
        """Return whether the question made sense."""
        return HTTPStatus.OK if self.is_valid() else HTTPStatus.BAD_REQUEST

    def answer(self) -> dict[str, Any]:
        """Return the codes with their names, and whether these are all."""
        if not self.is_valid():
            return {"codes": [], "whole": True, "closed": False}
        asked = self.cleaned_data
        found = codes_of(asked["field"], words=asked["q"], exactly=self._exactly)
        assert found is not None  # noqa: S101 -- the choices are the fields that have codes
        return {
            "codes": [list(code) for code in found.codes],
            "whole": found.is_whole,
            "closed": found.is_closed,
        }
