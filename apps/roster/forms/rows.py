"""A field that holds rows: the parts of a record, edited in the record's own form.

Each row is a small form of its own. Without JavaScript there are a few spare rows at the end;
with it a button adds more. A row that is empty is none, and one that is ticked to be removed is
gone. The field's value is a list of ``Row``, so that "what will change" names rows as words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from typing_extensions import override

from apps.roster.services.parts import Row

_MOST = 300
SPARE = 2


class PlainSelect(forms.Select):
    """A select that is written at once: with hundreds of sites in every row it counts."""

    @override
    def render(
        self,
        name: str,
        value: object,
        attrs: Mapping[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the select with its options."""
        chosen = str(value) if value is not None else ""
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, mark_safe(" selected") if str(key) == chosen else "", label)
                for key, label in self.choices
            ),
        )
        given = flatatt({"name": name, **self.build_attrs(self.attrs, dict(attrs or {}))})
        return format_html("<select{}>{}</select>", given, options)


class RowForm(forms.Form):
    """One row. Subclasses add the fields, named as the record's columns."""

    row_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    remove = forms.BooleanField(required=False, label="Remove")

    prefix: str
    beside: frozenset[str] = frozenset({"remove"})
    """Fields that are shown beside the row's own, and do not fill it."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, note: str = "", **kwargs: Any
    ) -> None:
        """Make the row; ``note`` says in words what is worth knowing of it."""
        super().__init__(data, **kwargs)
        self.use_required_attribute = False
        self.note = note

    def words(self, values: Mapping[str, Any]) -> str:
        """Return the row in words, for "what will change"."""
        return " ".join(str(value) for value in values.values() if value)

    @property
    def entries(self) -> Sequence[forms.BoundField]:
        """Return the fields that a person fills in."""
        return [field for field in self.visible_fields() if field.name not in self.beside]

    def values(self) -> dict[str, Any]:
        """Return the valid row's values by column."""
        said = self.cleaned_data
        return {name: said[name] for name in self.fields if name not in ("row_id", "remove")}

    @property
    def is_spare(self) -> bool:
        """Return whether it is a row to be filled in that was not."""
        return self.is_empty() if self.is_bound else not self.initial

    def is_empty(self) -> bool:
        """Return whether nothing was filled in."""
        return all(field.data in (None, "", []) for field in self.entries)

    def is_removed(self) -> bool:
        """Return whether the row is to go."""
        return bool(self["remove"].data) or self.is_empty()

    def row(self) -> Row:
        """Return what the valid row says."""
        values = self.values()
        return Row(self.cleaned_data.get("row_id"), values, self.words(values))


class RowsWidget(forms.Widget):
    """Shows the rows that there are, and spare ones.

    ``make`` builds a row's form; ``note`` tells what is worth knowing of a row that is there.
    """

    use_fieldset = True

    def __init__(
        self,
        make: Callable[..., RowForm],
        *,
        add_label: str,
        note: Callable[[Mapping[str, Any]], str] | None = None,
        shown: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
    ) -> None:
        """Show rows of this kind; ``shown`` turns a row's values into its form's."""
        super().__init__()
        self.make = make
        self.needs_multipart_form = bool(make().is_multipart())
        self.add_label = add_label
        self.note = note or (lambda _values: "")
        self.shown = shown

    @override
    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> list[RowForm]:
        """Return the rows as they were sent, each a bound form."""
        asked = str(data.get(f"{name}-count", ""))
        count = min(int(asked), _MOST) if asked.isascii() and asked.isdigit() else 0
        rows = range(count)
        return [self.make(data, files=files, prefix=f"{name}-{row}") for row in rows]

    @override
    def render(
        self,
        name: str,
        value: Sequence[RowForm | Row] | None,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the rows, spare ones and an empty one for JavaScript to copy."""
        shown = [self._form(name, number, row) for number, row in enumerate(value or ())]
        spare = SPARE - sum(form.is_spare for form in shown)
        first = len(shown)
        shown += [self._form(name, first + number, None) for number in range(max(spare, 0))]
        context = {
            "name": name,
            "forms": shown,
            "blank": self._form(name, "__n__", None),
            "add_label": self.add_label,
        }
        return render_to_string("roster/_rows.html", context)

    def _form(self, name: str, number: int | str, row: RowForm | Row | None) -> RowForm:
        if isinstance(row, RowForm):
            return row
        prefix = f"{name}-{number}"
        if row is None:
            return self.make(prefix=prefix)
        initial = {**self.shown(row.values), "row_id": row.id}
        return self.make(prefix=prefix, initial=initial, note=self.note(row.values))


class RowsField(forms.Field):
    """Rows of a record; the value is a list of ``Row``, in the form's order."""

    widget: RowsWidget

    @override
    def clean(self, value: Sequence[RowForm]) -> list[Row]:
        """Return the rows that are to be.

        Raises:
            ValidationError: a row is wrong; what, stands beside it.
        """
        kept = [form for form in value if not form.is_removed()]
        wrong = [form for form in kept if not form.is_valid()]
        if wrong:
            raise ValidationError(f"{len(wrong)} of the rows below has to be mended.")
        rows = [form.row() for form in kept]
        twice = {str(row) for row in rows if [str(one) for one in rows].count(str(row)) > 1}
        if twice:
            raise ValidationError(f"Named twice: {', '.join(sorted(twice))}.")
        return rows

    @override
    def has_changed(self, initial: Sequence[Row] | None, data: Sequence[RowForm] | None) -> bool:
        """Return whether any row differs from what was there; wrong ones do."""
        kept = [form for form in data or () if not form.is_removed()]
        if not all(form.is_valid() for form in kept):
            return True
        return _told(initial or ()) != _told([form.row() for form in kept])


def _told(rows: Sequence[Row]) -> list[tuple[int, list[tuple[str, Any]]]]:
    told = [(row.id or 0, sorted(row.values.items())) for row in rows]
    return sorted(told, key=lambda one: (one[0], str(one[1])))
