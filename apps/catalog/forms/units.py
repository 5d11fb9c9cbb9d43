"""Forms of the unit tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Upper
from typing_extensions import override

from apps.catalog.forms.lines import LinesField
from apps.catalog.models import Procedure, UnitTable, UnitValue
from apps.catalog.services.units import next_version, set_values
from apps.hl7v2.vocabulary import resolve_body_part, resolve_modality

if TYPE_CHECKING:
    UnitTableModelForm = forms.ModelForm[UnitTable]
else:
    UnitTableModelForm = forms.ModelForm

_SEPARATORS = ("|", "\t", ";")
_MOST = Decimal("9999999.99")
_MOST_SAID = 10
_HUNDREDTH = Decimal("0.01")


class Said(NamedTuple):
    """A line, read: a procedure's code, or a modality with a body part, and what it counts."""

    code: str
    modality: str
    body_part: str
    units: Decimal


def read_line(line: str) -> Said:
    """Return what a line says: ``code | units`` or ``modality | body part | units``.

    Raises:
        ValueError: it says something else, in words.
    """
    *names, number = parts_of(line)
    units = _units(number)
    if len(names) == 1 and names[0]:
        return Said(names[0], "", "", units)
    if len(names) == 2:
        modality = resolve_modality(names[0])
        if modality is None:
            raise ValueError(f"{names[0] or 'nothing'} is not a DICOM modality.")
        part = resolve_body_part(names[1]) or "_".join(names[1].upper().split())
        return Said("", modality, part, units)
    raise ValueError("write code | units, or modality | body part | units.")


def parts_of(line: str) -> list[str]:
    """Return the parts of a line, by the separator it has; what a spreadsheet copies has tabs."""
    separator = next((one for one in _SEPARATORS if one in line), "|")
    return [" ".join(part.split()) for part in line.split(separator)]


def _units(number: str) -> Decimal:
    try:
        units = Decimal(number.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"{number or 'nothing'} is not a number.") from None
    if not units.is_finite() or not 0 <= units <= _MOST or units != units.quantize(_HUNDREDTH):
        raise ValueError("units are 0 or more, with two places at most.")
    return units


class ValuesField(LinesField):
    """What studies count, one kind a line."""

    @override
    def normal(self, line: str) -> str:
        """Return the line with bars between its parts."""
        return " | ".join(parts_of(line)) if line.strip() else ""

    @override
    def validate(self, value: Any) -> None:
        """Refuse what is not a line of a table."""
        super().validate(value)
        wrong = list(_wrong(value))
        if wrong:
            more = [f"And {len(wrong) - _MOST_SAID} more."] if len(wrong) > _MOST_SAID else []
            raise ValidationError([*wrong[:_MOST_SAID], *more])


def _wrong(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        try:
            read_line(line)
        except ValueError as error:
            yield f"“{line[:60]}”: {error}"


class UnitTableForm(UnitTableModelForm):
    """A version of a unit table, whose day lies ahead, with its values."""

    values = ValuesField(
        longest=160,
        rows=14,
        label="Values",
        help_text="One a line: code | units for a procedure, modality | body part | units for a "
        "kind, where an empty body part means all of the modality. A procedure goes before its "
        "kind. Lines copied from a spreadsheet will do.",
    )

    class Meta:
        model = UnitTable
        fields: ClassVar[list[str]] = ["name", "unit", "from_date", "per_rvu", "reason"]
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "from_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        labels: ClassVar[dict[str, str]] = {
            "from_date": "Counts from",
            "per_rvu": "For each RVU",
            "reason": "Reason",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "from_date": "From midnight of each site's own clock. It must lie ahead: what was "
            "counted stays as it was counted.",
            "per_rvu": "What one RVU counts for, for studies that no line names.",
        }

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """Take the day that it is by now at the first place on earth."""
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["reason"].required = True
        self._procedures: dict[str, int] = {}
        if self.instance.pk is not None:
            self.initial["values"] = value_lines(self.instance)

    def clean_from_date(self) -> date:
        """Refuse a day that has come."""
        day: date = self.cleaned_data["from_date"]
        if day <= self._today:
            raise ValidationError("This day has come already somewhere; take a later one.")
        return day

    def clean_values(self) -> list[str]:
        """Refuse codes that no procedure has, and what is said twice."""
        lines: list[str] = self.cleaned_data["values"]
        said = [read_line(line) for line in lines]
        codes = {one.code.upper() for one in said if one.code}
        rows = Procedure.objects.annotate(word=Upper("code")).filter(word__in=codes)
        self._procedures = dict(rows.values_list("word", "pk"))
        unknown = sorted(codes - self._procedures.keys())
        if unknown:
            raise ValidationError(f"No procedure has the code {', '.join(unknown[:_MOST_SAID])}.")
        kinds = [(one.code.upper(), one.modality, one.body_part) for one in said]
        twice = (
            {kind for kind in kinds if kinds.count(kind) > 1}
            if len(set(kinds)) < len(kinds)
            else set()
        )
        if twice:
            named = sorted(" ".join(filter(None, kind)) for kind in twice)
            raise ValidationError(f"Said twice: {', '.join(named[:_MOST_SAID])}.")
        return lines

    def proposed(self) -> list[UnitValue]:
        """Return the values of a valid form, not stored."""
        said = [read_line(line) for line in self.cleaned_data["values"]]
        return [
            UnitValue(
                procedure_id=self._procedures[one.code.upper()] if one.code else None,
                modality=one.modality,
                body_part=one.body_part,
                units=one.units,
            )
            for one in said
        ]

    @override
    def save(self, commit: bool = True) -> UnitTable:
        """Save the table, numbered after those of its name, then its values."""
        if self.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
            self.instance.version = next_version(self.instance.name)
        table = super().save(commit)
        if commit:
            set_values(table, self.proposed())
        return table


def value_lines(table: UnitTable) -> list[str]:
    """Return the lines that say a table's values."""
    rows = table.values_of.select_related("procedure").order_by(
        "procedure__code", "modality", "body_part"
    )
    return [_line_of(row) for row in rows]


def _line_of(row: UnitValue) -> str:
    named = [row.procedure.code] if row.procedure else [row.modality, row.body_part]
    return " | ".join([*named, f"{row.units:f}"])
