"""Leave, other work or extra turns of several people at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from apps.audit.editing import Editing, Effect, edit_page
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.roster.choices import OverrideKind
from apps.roster.effects.roster import effects_of
from apps.roster.forms.many import ManyForm
from apps.roster.models import RosterOverride
from apps.roster.views.back import back_to
from apps.roster.views.roster import prefilled


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def add(request: GuardedRequest, kind: str) -> HttpResponse:
    """Enter the same for several people, as one change that is undone as one."""
    if kind not in _NOUNS:
        raise Http404
    form = ManyForm(
        request.POST or None,
        scope=request.scope,
        initial=prefilled(request),
        instance=RosterOverride(kind=kind),
    )
    editing = Editing(_NOUNS[kind], template="roster/many.html", effects=_effects).showing(
        title=f"{_NOUNS[kind]} of several people", kinds=_NOUNS.items(), kind=kind
    )
    return edit_page(request, form, editing, back=back_to(request, "roster-overrides"))


def _effects(form: ManyForm) -> Sequence[Effect]:
    return effects_of([], form.records(), at=clock.now())


_NOUNS = {
    OverrideKind.LEAVE.value: "Leave",
    OverrideKind.OTHER_WORK.value: "Other work",
    OverrideKind.EXTRA.value: "Extra turn",
}
