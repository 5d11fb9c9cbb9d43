"""The pages of the procedure table."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import history
from apps.catalog.effects import PROCEDURE_CHANGED
from apps.catalog.forms.procedures import ProcedureFilterForm, ProcedureForm
from apps.catalog.models import Procedure
from apps.catalog.queries import procedures as queries
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of


@require_safe
@require(Permission.PROCEDURE_VIEW)
def procedures(request: GuardedRequest) -> HttpResponse:
    """List the procedures."""
    form = ProcedureFilterForm(request.GET)
    sort = queries.known_sort(request.GET.get("sort", ""))
    rows = queries.procedures(form.wanted(), sort=sort)
    context = {
        "filters": form,
        "page": page_of(rows, page_number(request)),
        "sorted_by": sort,
        "may_change": request.access.scope(Permission.PROCEDURE_CHANGE) == EVERYWHERE,
    }
    return render_part(request, "catalog/procedures.html", "catalog/_procedures.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a procedure."""
    form = ProcedureForm(request.POST or None)
    return edit_page(request, form, _EDITING, back=reverse("procedures"))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def edit(request: GuardedRequest, procedure_id: int) -> HttpResponse:
    """Edit a procedure; its history stands below."""
    procedure = get_object_or_404(Procedure, pk=procedure_id)
    subject = queries.subject_of(procedure)
    form = ProcedureForm(request.POST or None, instance=procedure)
    editing = _EDITING.showing(history=history(subject), at=clock.now())
    return edit_page(request, form, editing, back=reverse("procedures"), subject=subject)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def delete(request: GuardedRequest, procedure_id: int) -> HttpResponse:
    """Delete a procedure, once its effect was shown."""
    procedure = get_object_or_404(Procedure, pk=procedure_id)
    effects = [
        *PROCEDURE_CHANGED.answers(procedure),
        Effect("Studies that it was read into keep their modality, body part and RVU."),
        Effect("New orders are filled from their own words: RVU 1.0, flagged.", "warn"),
    ]
    return delete_page(
        request, procedure, noun="Procedure", back=reverse("procedures"), effects=effects
    )


def _effects(form: ProcedureForm) -> Sequence[Effect]:
    if form.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
        return [Effect("Orders with this code are filled from it from the next message on.")]
    changed = set(form.changed_data)
    effects = [effect for names, effect in _FOLLOWS if names & changed]
    return [*effects, *(PROCEDURE_CHANGED.answers(form.instance) if _ASKED & changed else ())]


_ASKED = frozenset({"required_credentials", "required_subspecialty"})
_FOLLOWS = (
    (
        frozenset({"code"}),
        Effect(
            "Orders under the old code are no longer recognised, unless it stays as a local "
            "code; rules that name it no longer match.",
            "warn",
        ),
    ),
    (
        frozenset(
            {
                "modality",
                "body_part",
                "subspecialty",
                "rvu",
                "turnaround_minutes",
                "default_urgency",
                "is_sensitive",
            }
        ),
        Effect("Counts for orders that arrive from now on; those that are here keep theirs."),
    ),
    (
        _ASKED,
        Effect("Counts from the next decision on; studies that have a reader keep them."),
    ),
    (
        frozenset({"aliases"}),
        Effect("Counts from the next message on; parked orders are read anew."),
    ),
)
_EDITING = Editing(noun="Procedure", effects=_effects, template="catalog/record.html")
