"""Opening the files that prove competencies: kept in the trail, and never run by a browser."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.roster.choices import DocumentType
from apps.roster.models import CompetencyDocument
from apps.roster.queries import radiologists as queries
from apps.roster.services.documents import open_document


@never_cache
@require_POST
@require(Permission.RADIOLOGIST_VIEW)
def document(request: GuardedRequest, radiologist_id: str, document_id: int) -> HttpResponse:
    """Hand out a document of somebody in sight."""
    people = queries.seen(request.scope).filter(pk=radiologist_id)
    found = CompetencyDocument.objects.filter(radiologist__in=people.values("pk"))
    return _handed_out(get_object_or_404(found, pk=document_id))


@never_cache
@require_POST
@require(Permission.STUDY_READ)
def own_document(request: GuardedRequest, document_id: int) -> HttpResponse:
    """Hand out a document to whose it is."""
    found = CompetencyDocument.objects.filter(radiologist__user=request.user.pk)
    return _handed_out(get_object_or_404(found, pk=document_id))


def _handed_out(found: CompetencyDocument) -> HttpResponse:
    """Return the file to be saved: no type but the known ones, no origin, no guess by the browser."""
    content = open_document(found, at=clock.now())
    response = HttpResponse(content, content_type=DocumentType(found.content_type).value)
    response["Content-Disposition"] = content_disposition_header(True, found.name)  # noqa: FBT003 -- as Django declares it
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
