"""The pages of the unit tables: what studies count for in fairness."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import history
from apps.catalog.effects import UNITS_CHANGED, UnitsChange
from apps.catalog.forms.units import UnitTableForm, value_lines
from apps.catalog.models import UnitTable
from apps.catalog.queries import units as queries
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.paging import page_number, page_of

_EARLIEST_CLOCK = timedelta(hours=14)
"""How far ahead of UTC the first place on earth is."""


@require_safe
@require(Permission.PROCEDURE_VIEW)
def units(request: GuardedRequest) -> HttpResponse:
    """List the tables: coming, in force, past."""
    today = _today()
    in_force = queries.table_in_force(today)
    context = {
        "page": page_of(queries.unit_tables(), page_number(request)),
        "today": today,
        "in_force": in_force.pk if in_force else None,
        "may_change": _may_change(request),
    }
    return render(request, "catalog/units.html", context)


@require_safe
@require(Permission.PROCEDURE_VIEW)
def unit_table(request: GuardedRequest, table_id: int) -> HttpResponse:
    """Show a table with its values and its history."""
    table = get_object_or_404(UnitTable, pk=table_id)
    context = {
        "table": table,
        "values": page_of(queries.values_of(table), page_number(request)),
        "has_come": table.from_date <= _today(),
        "may_change": _may_change(request),
        "history": history(queries.subject_of(table)),
        "at": clock.now(),
    }
    return render(request, "catalog/unit_table.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a table, or a new version of the one that ``of`` names."""
    base = UnitTable.objects.filter(pk=_number(request.GET.get("of", ""))).first()
    initial: dict[str, object] = {"from_date": _today() + timedelta(days=1)}
    if base is not None:
        known = {"name": base.name, "unit": base.unit, "per_rvu": base.per_rvu}
        initial |= known | {"values": value_lines(base)}
    form = UnitTableForm(request.POST or None, initial=initial, today=_today())
    return edit_page(request, form, _EDITING, back=reverse("units"))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def edit(request: GuardedRequest, table_id: int) -> HttpResponse:
    """Change a table whose day has not come."""
    table = _coming(table_id)
    form = UnitTableForm(request.POST or None, instance=table, today=_today())
    back, subject = reverse("unit-table", args=[table_id]), queries.subject_of(table)
    return edit_page(request, form, _EDITING, back=back, subject=subject)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def delete(request: GuardedRequest, table_id: int) -> HttpResponse:
    """Delete a table whose day has not come."""
    table = _coming(table_id)
    effects = [Effect("On its day nothing changes: what counts now goes on counting.")]
    back = reverse("units")
    return delete_page(request, table, noun="Unit table", back=back, effects=effects)


# -- inside -----------------------------------------------------------------------------------


def _today() -> date:
    """Return the day that it is by now at the first place on earth."""
    return (clock.now() + _EARLIEST_CLOCK).date()


def _coming(table_id: int) -> UnitTable:
    table = get_object_or_404(UnitTable, pk=table_id)
    if table.from_date <= _today():
        raise PermissionDenied
    return table


def _may_change(request: GuardedRequest) -> bool:
    return request.access.scope(Permission.PROCEDURE_CHANGE) == EVERYWHERE


def _number(said: str) -> int:
    return int(said) if said.isdecimal() and len(said) < 10 else 0


def _effects(form: UnitTableForm) -> Sequence[Effect]:
    table = form.instance
    change = UnitsChange(table.unit, queries.units_from(table, form.proposed()))
    effects = [Effect(f"Counts for orders that come from {table.from_date:%-d %B %Y} on.")]
    before = queries.table_in_force(_today())
    if table.unit != (before.unit if before else queries.PLAIN_UNIT):
        words = (
            "The unit is another: look at the decision policy too, whose catching up counts in it."
        )
        effects.append(Effect(words, "warn"))
    return [*effects, *UNITS_CHANGED.answers(change)]


_EDITING = Editing(noun="Unit table", effects=_effects, template="catalog/unit_edit.html")
