"""Keeps the files that prove competencies, drops what nothing names any more, and opens them.

What a file holds lies apart from what tells of it, by its digest. A removal takes away only the
telling; the content goes a day later, so that the removal can be taken back until then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from apps.audit.models import AuditEvent
from apps.core import actor, due, request_id
from apps.core.actor import Actor
from apps.roster.models import (
    CompetencyDocument,
    DocumentContent,
    Licence,
    Privilege,
    Radiologist,
    RadiologistCredential,
)
from apps.roster.proof import Proof

SWEEP = "documents_sweep"
_ALL = "all"
_KEPT = timedelta(days=1)
_ENTITY = "roster_competencydocument"


def keep(person: Radiologist, proof: Proof, *, at: datetime) -> CompetencyDocument:
    """Store a file of the person's; runs in the caller's transaction."""
    # Written also where it is there: the row is locked until its document can be seen.
    DocumentContent.objects.bulk_create(
        [DocumentContent(digest=proof.digest, content=proof.content)],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["content"],
    )
    due.schedule_by(SWEEP, _ALL, at + _KEPT)
    return CompetencyDocument.objects.create(
        radiologist=person,
        name=proof.name,
        content_type=proof.content_type,
        size=len(proof.content),
        digest=proof.digest,
        uploaded_at=at,
        uploaded_by=_who(),
    )


def drop_unnamed(person: Radiologist) -> None:
    """Remove the person's documents that no competency of theirs names any more."""
    rows = CompetencyDocument.objects.filter(radiologist=person)
    for part in (RadiologistCredential, Licence, Privilege):
        rows = rows.exclude(Exists(part.objects.filter(document=OuterRef("pk"))))
    rows.delete()


def open_document(document: CompetencyDocument, *, at: datetime) -> bytes:
    """Return what a document holds, and keep in the trail who asked.

    Raises:
        DocumentContent.DoesNotExist: its content is gone.
    """
    content = DocumentContent.objects.get(pk=document.digest).content
    AuditEvent.objects.create(
        at=at,
        entity=_ENTITY,
        entity_id=str(document.pk),
        action="open",
        new_values={"name": document.name, "radiologist_id": document.radiologist_id},
        actor=_who(),
        request_id=request_id.current(),
    )
    return bytes(content)


def on_sweep(_what: due.Due, at: datetime) -> None:
    """Drop the content that no document names; the handler of ``SWEEP``.

    What lost its document in the last day stays. The rows are locked first and asked again
    then: an upload of the same bytes that began meanwhile has ended or waits.
    """
    unnamed = _unnamed(at).values_list("pk", flat=True)
    locked = list(unnamed.select_for_update(of=("self",)))
    _unnamed(at).filter(pk__in=locked).delete()
    if DocumentContent.objects.exists():
        due.schedule_by(SWEEP, _ALL, at + _KEPT)


def _unnamed(at: datetime) -> QuerySet[DocumentContent]:
    lately = AuditEvent.objects.filter(entity=_ENTITY, action="delete", at__gt=at - _KEPT)
    gone = {values["digest"] for values in lately.values_list("old_values", flat=True) if values}
    named = CompetencyDocument.objects.filter(digest=OuterRef("pk"))
    return DocumentContent.objects.filter(~Exists(named)).exclude(pk__in=gone)


def _who() -> str:
    return str(actor.current() or Actor.system("roster"))
