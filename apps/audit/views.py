"""Taking back what one did."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.audit.exceptions import UndoError
from apps.audit.services.undo import undo
from apps.core.actor import Actor
from apps.core.guard import access_of
from apps.core.htmx import HtmxHttpRequest, own_address, signed_in


@require_POST
@signed_in
def take_back(request: HtmxHttpRequest, changed_in: str) -> HttpResponse:
    """Take back all that the viewer changed in one request; what they may is asked per table."""
    try:
        undo(changed_in, actor=str(Actor.user(request.user)), access=access_of(request))
    except UndoError as error:
        messages.error(request, f"Not taken back. {error}")
    else:
        messages.success(request, "Taken back.")
    return redirect(own_address(request.POST.get("next", ""), "/"))
