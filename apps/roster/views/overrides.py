"""Leave, other work, swaps, extra turns: the list; the pages that add, change, delete them."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number, page_of
from apps.roster.choices import OverrideKind
from apps.roster.effects.roster import effects_of, over_effects
from apps.roster.forms.overrides import FORMS, OverrideForm
from apps.roster.forms.roster import TakeOffOverrideForm
from apps.roster.forms.week import OverrideFilterForm
from apps.roster.models import RosterOverride
from apps.roster.patterns import part_words
from apps.roster.queries import overrides as queries
from apps.roster.queries import places
from apps.roster.views.back import back_to
from apps.roster.views.roster import TAKING_OFF, days_off, prefilled


@require_safe
@require(Permission.ROSTER_VIEW)
def overrides(request: GuardedRequest) -> HttpResponse:
    """List leave, other work, swaps and extra turns."""
    form, today = OverrideFilterForm(request.GET), timezone.localdate(clock.now())
    sort = queries.known_sort(request.GET.get("sort", ""))
    found = queries.overrides(form.wanted_overrides(), request.scope, today=today, sort=sort)
    page = page_of(found, page_number(request))
    may = request.access.scope(Permission.ROSTER_CHANGE)
    shown = places.changed_overrides(may).filter(pk__in=[row.pk for row in page.rows])
    context = {
        "filters": form,
        "page": page,
        "sorted_by": sort,
        "today": today,
        "changeable": set(shown.values_list("pk", flat=True)),
    }
    return render_part(request, "roster/overrides.html", "roster/_overrides.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest, kind: str) -> HttpResponse:
    """Enter leave, other work, a swap or an extra turn."""
    if kind not in OverrideKind.values:
        raise Http404
    form = FORMS[OverrideKind(kind)](
        request.POST or None,
        scope=request.scope,
        initial=prefilled(request),
        instance=RosterOverride(kind=kind),
    )
    editing = _EDITING.showing(title=_NEW[OverrideKind(kind)])
    return edit_page(request, form, editing, back=back_to(request, "roster-overrides"))


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def edit(request: GuardedRequest, override_id: int) -> HttpResponse:
    """Change one; its history stands below."""
    override = _override(request, override_id)
    subject = queries.subject_of(override)
    made = FORMS[OverrideKind(override.kind)]
    form = made(request.POST or None, scope=request.scope, instance=override)
    editing = _EDITING.showing(history=history(subject), at=clock.now(), title=_title(override))
    back = back_to(request, "roster-overrides")
    return edit_page(request, form, editing, back=back, subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def take_off(request: GuardedRequest, override_id: int) -> HttpResponse:
    """Take some days off leave, a swap or an extra turn."""
    override = _override(request, override_id)
    form = TakeOffOverrideForm(request.POST or None, instance=override, initial=days_off(request))
    editing = TAKING_OFF.showing(title=f"Take days off: {_title(override)}")
    back, subject = back_to(request, "roster-overrides"), queries.subject_of(override)
    return edit_page(request, form, editing, back=back, subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def delete(request: GuardedRequest, override_id: int) -> HttpResponse:
    """Delete one, once its effect was shown."""
    override = _override(request, override_id)
    return delete_page(
        request,
        override,
        noun=override.get_kind_display(),
        back=back_to(request, "roster-overrides"),
        effects=effects_of([override], [], at=clock.now()),
        template="roster/roster_delete.html",
    )


def _override(request: GuardedRequest, override_id: int) -> RosterOverride:
    found = places.changed_overrides(request.scope)
    return get_object_or_404(found.select_related("shift", "radiologist", "taker"), pk=override_id)


def _title(override: RosterOverride) -> str:
    name = override.radiologist.full_name
    if override.taker is not None:
        name = f"{override.taker.full_name} for {name}"
    on = f" on {override.shift.code}" if override.shift is not None else ""
    return f"{override.get_kind_display()}: {name}{on}"


def _effects(form: OverrideForm) -> Sequence[Effect]:
    if not form.has_changed():
        return ()
    stored = RosterOverride.objects.filter(pk=form.instance.pk)
    without = list(stored.select_related("shift", "radiologist", "taker"))
    at, said = clock.now(), form.instance
    found = effects_of(without, [said], at=at)
    return [*over_effects(said, at=at), *_hours_said(said), *found]


def _hours_said(override: RosterOverride) -> Sequence[Effect]:
    """Say on whose clock hours are."""
    zone = override.shift.time_zone if override.shift is not None else override.time_zone
    words = part_words(override.start_local, override.end_local, zone)
    return [Effect(f"Only {words}.")] if words else ()


_EDITING = Editing("Override", template="roster/roster_edit.html", effects=_effects)
_NEW = {
    OverrideKind.LEAVE: "New leave",
    OverrideKind.OTHER_WORK: "New other work",
    OverrideKind.SWAP: "New swap",
    OverrideKind.EXTRA: "New extra turn",
}
