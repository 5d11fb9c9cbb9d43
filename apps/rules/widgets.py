"""Pickers of rules' targets: real codes offered, what is unknown kept and marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from typing_extensions import override

_SPARE_ROWS = 2


class SiteWidget(forms.Widget):
    """A widget whose template lies among the site's own, not among Django's."""

    @override
    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the widget's HTML."""
        return render_to_string(str(self.template_name), self.get_context(name, value, attrs))


class PickedCode(SiteWidget, forms.TextInput):
    """A box that offers real codes while one types; works without JavaScript."""

    template_name = "rules/_picked_code.html"

    def __init__(self, choices: Iterable[tuple[str, str]] = ()) -> None:
        """Offer codes, each with what it stands for."""
        super().__init__(attrs={"autocomplete": "off", "spellcheck": "false"})
        self.choices = tuple(choices)

    @override
    def get_context(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return what the template needs; the list is named after the box."""
        listed = f"{name}_codes"
        context = super().get_context(name, value, {**(attrs or {}), "list": listed})
        return {**context, "listed": listed, "choices": self.choices}


class PickedMany(SiteWidget, forms.CheckboxSelectMultiple):
    """A list to tick, those ticked first; with JavaScript a box above it narrows it."""

    template_name = "rules/_picked_many.html"

    @override
    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Return the choices, the ticked ones first."""
        groups = super().optgroups(name, value, attrs)
        return sorted(groups, key=lambda group: not group[1][0]["selected"])


class PickedInOrder(SiteWidget):
    """Boxes for codes whose order counts, some spare; with JavaScript they move up and down."""

    template_name = "rules/_picked_in_order.html"
    use_fieldset = True

    def __init__(self, choices: Iterable[tuple[str, str]] = ()) -> None:
        """Offer codes, each with what it stands for."""
        super().__init__()
        self.choices = tuple(choices)

    @override
    def id_for_label(self, id_: str | None) -> str:
        """Return nothing: the label is a legend over several boxes."""
        return ""

    @override
    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Return what the boxes hold from the first on, without the empty ones."""
        typed = data.getlist(name) if isinstance(data, MultiValueDict) else data.get(name) or []
        return [code.strip() for code in typed if code.strip()]

    @override
    def get_context(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return what the template needs: the codes in order, then spare boxes."""
        rows = [*(value or []), *[""] * _SPARE_ROWS]
        context = super().get_context(name, None, dict(attrs or {}))
        listed = f"{name}_codes"
        return {**context, "rows": rows, "listed": listed, "choices": self.choices}


class InOrderField(forms.MultipleChoiceField):
    """Codes in order, each once; whether they are known is the rule's own check."""

    widget = PickedInOrder

    @override
    def validate(self, value: Any) -> None:
        """Ask nothing here: a rule says itself what it does not know."""

    @override
    def to_python(self, value: Any) -> list[str]:
        """Return the codes in order, each once."""
        return list(dict.fromkeys(super().to_python(value)))

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the codes or their order differ."""
        return list(initial or []) != self.to_python(data)
