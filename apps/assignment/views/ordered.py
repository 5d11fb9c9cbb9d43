"""What a referring provider ordered."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.assignment.queries.ordered import ordered as orders_of
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number


@never_cache
@require_safe
@require(Permission.ORDERED_VIEW)
def ordered(request: GuardedRequest) -> HttpResponse:
    """List the viewer's own orders, the latest first."""
    at, words = clock.now(), _words(request.GET)
    provider_id = request.user.provider_id if request.user.is_authenticated else ""
    context = {
        "at": at,
        "provider_id": provider_id,
        "words": words,
        "page": orders_of(
            provider_id,
            words=words,
            scope=request.scope,
            at=at,
            zone=timezone.get_current_timezone(),
            number=page_number(request),
        ),
    }
    return render_part(request, "reading/ordered.html", "reading/_ordered.html", context)


def _words(asked: QueryDict) -> str:
    """Return what was typed; PostgreSQL knows no NUL."""
    return asked.get("q", "").replace("\0", "").strip()
