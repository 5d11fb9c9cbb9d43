"""What a reader sees of themselves: competencies with their documents, hours, time away."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.roster.models import Radiologist
from apps.roster.queries import person as person_queries


@require_safe
@require(Permission.STUDY_READ)
def competencies(request: GuardedRequest) -> HttpResponse:
    """Show the reader what they may read and until when, and how much they are rostered."""
    at = clock.now()
    context: dict[str, object] = {"at": at}
    person = Radiologist.objects.filter(user=request.user.pk).first()
    if person is not None:
        today, rota = timezone.localdate(at), person_queries.rota_for(person, at=at)
        context |= {
            "person": person,
            "competencies": person_queries.competencies(person, today=today),
            "away": person_queries.away(person, today=today),
            "measured": person_queries.measured([person], rota, at=at)[person.pk],
        }
    return render(request, "roster/own.html", context)
