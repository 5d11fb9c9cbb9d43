"""Whether stored decisions can be made again: the nightly checks."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.assignment.queries.replay_checks import checks_page
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.paging import page_number


@require_safe
@require(Permission.RULE_VIEW)
def replay_checks(request: GuardedRequest) -> HttpResponse:
    """List the checks, newest first, with the place of each first difference."""
    page = checks_page(page_number(request), scope=request.scope)
    context = {"page": page, "at": clock.now()}
    return render(request, "assignment/why_checks.html", context)
