"""Forms of how a file or a feed is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.catalog.services.importing.sheets import Sheet
from apps.roster.importing import feeds, patterns
from apps.roster.importing.dates import DateOrder
from apps.roster.importing.layouts import COLUMN_WORDS, Column, Layout, Shape, column_names
from apps.roster.importing.names import Known, label
from apps.roster.importing.planning import TOLERANCE_MINUTES
from apps.roster.models import RosterSource


class HowReadForm(forms.Form):
    """What counts, of a file or a feed."""

    tolerance = forms.IntegerField(
        label="Hours may differ by (minutes)",
        min_value=0,
        max_value=240,
        help_text="And still mean the whole run of the shift.",
    )
    past = forms.BooleanField(
        label="The past too",
        required=False,
        help_text="Otherwise turns before today are left as they are.",
    )

    def options(self) -> dict[str, Any]:
        """Return the choices as the source keeps them."""
        return {"tolerance": self.cleaned_data["tolerance"], "past": self.cleaned_data["past"]}


class LayoutForm(HowReadForm):
    """Where a table keeps what."""

    shape = forms.ChoiceField(
        label="The table has",
        choices=[
            (Shape.LINES.value, "a line for each turn"),
            (Shape.PEOPLE_DOWN.value, "people down, dates across"),
            (Shape.SHIFTS_DOWN.value, "shifts down, dates across"),
        ],
        widget=forms.RadioSelect,
    )
    head = forms.TypedChoiceField(label="Its headings or dates stand in", coerce=int)
    order = forms.ChoiceField(
        label="Dates such as 03/04/2026",
        required=False,
        choices=[
            ("", "tell by themselves"),
            (DateOrder.DAY.value, "3 April: day first"),
            (DateOrder.MONTH.value, "March 4: month first"),
        ],
    )

    def __init__(
        self, data: Mapping[str, Any] | None, *, sheet: Sheet, layout: Layout, source: RosterSource
    ) -> None:
        """Offer the table's rows and columns."""
        super().__init__(data, initial=_initial(source, layout))
        self._offer(
            "head", [(at, _row_words(sheet, at)) for at in range(min(25, len(sheet.rows)))]
        )
        columns = [("", "none"), *column_names(sheet, layout.head)]
        for column, words in COLUMN_WORDS.items():
            self.fields[f"column_{column}"] = forms.TypedChoiceField(
                label=words, coerce=int, empty_value=None, required=False, choices=columns
            )
        self.order_fields(["shape", "head", "order"])

    def options(self) -> dict[str, Any]:
        """Return the choices as the source keeps them."""
        return {**super().options(), "layout": self.layout().stored()}

    def layout(self) -> Layout:
        """Return what was chosen."""
        said = self.cleaned_data
        chosen = {column: said.get(f"column_{column}") for column in Column}
        columns = {column: at for column, at in chosen.items() if at is not None}
        shape = Shape(said["shape"])
        if shape is not Shape.LINES:
            columns = _names_column(shape, columns)
        order = DateOrder(said["order"]) if said["order"] else None
        return Layout(shape, said["head"], columns, order)

    def _offer(self, name: str, choices: Sequence[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # a ChoiceField


class PartsForm(HowReadForm):
    """Where a feed's events name the person and the shift."""

    pattern = forms.CharField(
        label="The summary reads",
        max_length=120,
        help_text="With {person}, {shift} and {other} where these stand.",
        widget=forms.TextInput(attrs={"list": "patterns"}),
    )
    person = forms.ChoiceField(label="The person is")
    shift = forms.ChoiceField(label="The shift is")
    shift_code = forms.ChoiceField(label="Or all of it is one shift", required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        parts: feeds.Parts,
        known: Known,
        source: RosterSource,
    ) -> None:
        """Offer the places and the shifts."""
        super().__init__(data, initial={**_how(source), **parts.stored()})
        codes = [(shift.code, label(shift)) for shift in known.shifts.records.values()]
        self._offer("person", [(place, feeds.PLACES[place]) for place in feeds.PERSON_PLACES])
        self._offer("shift", [(place, feeds.PLACES[place]) for place in feeds.SHIFT_PLACES])
        self._offer("shift_code", [("", "no"), *codes])
        self.order_fields(["pattern", "person", "shift", "shift_code"])

    def clean_pattern(self) -> str:
        """Refuse a pattern that says nothing."""
        pattern: str = self.cleaned_data["pattern"]
        wrong = patterns.check(pattern)
        if wrong:
            raise ValidationError(wrong)
        return pattern

    def options(self) -> dict[str, Any]:
        """Return the choices as the source keeps them."""
        return {**super().options(), "parts": self.parts().stored()}

    def parts(self) -> feeds.Parts:
        """Return what was chosen."""
        return feeds.Parts.of(self.cleaned_data)

    def _offer(self, name: str, choices: Sequence[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # a ChoiceField


def _how(source: RosterSource) -> dict[str, Any]:
    return {
        "tolerance": source.options.get("tolerance", TOLERANCE_MINUTES),
        "past": source.options.get("past", False),
    }


def _initial(source: RosterSource, layout: Layout) -> dict[str, Any]:
    columns = {f"column_{column}": at for column, at in layout.columns.items()}
    order = layout.order.value if layout.order else ""
    chosen = {"shape": layout.shape.value, "head": layout.head, "order": order}
    return {**_how(source), **chosen, **columns}


def _row_words(sheet: Sheet, at: int) -> str:
    row = sheet.rows[at]
    words = ", ".join(filter(None, row.cells))[:60]
    return f"row {row.number}: {words}"


def _names_column(shape: Shape, columns: Mapping[Column, int]) -> dict[Column, int]:
    """Return the one column that a matrix has: of its names."""
    wanted = Column.SHIFT if shape is Shape.SHIFTS_DOWN else Column.PERSON
    at = columns.get(wanted, next(iter(columns.values()), 0))
    return {wanted: at}
