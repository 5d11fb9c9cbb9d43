"""The roster as a file: shift code, radiologist id, dates and status, one row a line."""

from __future__ import annotations

import re
from typing import Any

from django.utils.safestring import SafeString
from import_export.fields import Field
from import_export.resources import Diff, ModelResource
from import_export.widgets import DateWidget, ForeignKeyWidget
from typing_extensions import override

from apps.core.admin_base import check_deferred_constraints
from apps.roster.choices import RosterStatus
from apps.roster.models import Radiologist, RosterAssignment, Shift

_STYLE = re.compile(r' style="[^"]*"')


class PlainDiff(Diff):  # type: ignore[misc] # an untyped base
    """The preview's differences as <ins> and <del>, without the inline colours that CSP forbids."""

    @override
    def as_html(self) -> list[SafeString]:
        """Return one cell for each column; the values are escaped already."""
        return [SafeString(_STYLE.sub("", cell)) for cell in super().as_html()]


class RosterResource(ModelResource):  # type: ignore[misc] # an untyped base
    """A row is known by shift, radiologist and start date; a known row is brought up to date.

    Each row is checked as if it were entered in the form, in the order of the file; one that
    fails leaves the whole file out.
    """

    shift = Field("shift", "shift", ForeignKeyWidget(Shift, "code"))
    radiologist = Field("radiologist", "radiologist", ForeignKeyWidget(Radiologist, "id"))
    start_date = Field("start_date", "start_date", DateWidget("%Y-%m-%d"))
    end_date = Field("end_date", "end_date", DateWidget("%Y-%m-%d"))
    status = Field("status", "status", default=RosterStatus.ACTIVE.value)

    class Meta:
        model = RosterAssignment
        fields = ("shift", "radiologist", "start_date", "end_date", "status")
        import_id_fields = ("shift", "radiologist", "start_date")
        clean_model_instances = True
        skip_unchanged = True
        use_transactions = True

    @classmethod
    @override
    def get_diff_class(cls) -> type[PlainDiff]:
        """Return the differences that the policy lets through."""
        return PlainDiff

    @override
    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Let deferred constraints speak while the import can still report them."""
        super().after_import(dataset, result, **kwargs)
        check_deferred_constraints()
