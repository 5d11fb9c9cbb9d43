"""The page of one study."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.assignment.policies import allowed_actions
from apps.assignment.queries.acting import MANAGERS
from apps.assignment.queries.study import StudyPage, study_page
from apps.assignment.views.deeds import DEEDS, Deed
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part


@never_cache
@require_safe
@require(Permission.STUDY_VIEW)
def study(request: GuardedRequest, order_id: int) -> HttpResponse:
    """Show one study: what it is, who reads it, what happened to it."""
    at = clock.now()
    page = study_page(
        order_id,
        scope=request.scope,
        access=request.access,
        at=at,
        zone=timezone.get_current_timezone(),
    )
    if page is None:
        raise Http404
    context = {"at": at, "study": page, "deeds": _deeds(request, page)}
    return render_part(request, "assignment/study.html", "assignment/_study.html", context)


def _deeds(request: GuardedRequest, page: StudyPage) -> list[Deed]:
    """Return what the viewer may do to the study now."""
    if not request.access.scope(Permission.STUDY_ASSIGN).covers(page.order.site_id):
        return []
    allowed = allowed_actions(page.state)
    return [DEEDS[action] for action in MANAGERS if action in allowed]
