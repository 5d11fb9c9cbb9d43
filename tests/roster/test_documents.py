"""Proof of competencies: kept with the row, opened by who may, never run, taken back whole."""

from __future__ import annotations

from datetime import date, timedelta
from http import HTTPStatus

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.due import Due
from apps.roster.models import (
    CompetencyDocument,
    DocumentContent,
    Licence,
    Privilege,
    Radiologist,
    RadiologistCredential,
    RadiologistSite,
)
from apps.roster.proof import Proof
from apps.roster.services.documents import keep, on_sweep
from tests.factories import RadiologistFactory, SiteFactory
from tests.roster.shown_form import Sent, sending, shown_form
from tests.roster.test_proof import JPEG, PDF, PNG
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

DAY = timedelta(days=1)


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER, username="ann")


def edit_of(who: Radiologist) -> str:
    return f"/radiologists/{who.pk}/edit/"


def upload(name: str = "licence.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    # What a browser says of a file's type is nobody's business.
    return SimpleUploadedFile(name, content, content_type="text/html")


def licensed(document: CompetencyDocument | None = None, **fields: object) -> Licence:
    who = RadiologistFactory.create(**fields)
    return Licence.objects.create(radiologist=who, jurisdiction="QLD", document=document)


def proven(content: bytes = PDF, **fields: object) -> Licence:
    licence = licensed(**fields)
    licence.document = keep(licence.radiologist, Proof("old.pdf", content=content), at=clock.now())
    licence.save()
    return licence


def save(client: Client, who: Radiologist, **changes: object) -> HttpResponse:
    """Send the person's form as the browser does, with files among the changes."""
    files = {
        name.replace("__", "-"): changes.pop(name)
        for name in [*changes]
        if isinstance(changes[name], SimpleUploadedFile)
    }
    form: Sent = shown_form(client, edit_of(who))
    return client.post(edit_of(who), {**sending(form, **changes), **files})  # type: ignore[dict-item]


def undo(client: Client, response: HttpResponse) -> str:
    message = list(get_messages(response.wsgi_request))[-1]
    address = f"/undo/{message.extra_tags.removeprefix('undo:')}/"
    return client.post(address, follow=True).content.decode()


def documents(who: Radiologist) -> list[tuple[str, str, int]]:
    rows = CompetencyDocument.objects.filter(radiologist=who).order_by("pk")
    return [(row.name, row.content_type, row.size) for row in rows]


def test_each_kind_of_competency_keeps_its_proof(manager: Client) -> None:
    site = SiteFactory.create()
    who = licensed().radiologist
    RadiologistCredential.objects.create(radiologist=who, name="MAMMO")
    Privilege.objects.create(radiologist=who, site=site, modality="MR")
    response = save(
        manager,
        who,
        credentials__0__document=upload("course.png", PNG),
        licences__0__document=upload("QLD.pdf", PDF),
        privileges__0__document=upload("letter.jpeg", JPEG),
    )
    assert response.status_code == HTTPStatus.FOUND
    assert [
        (part.get().document.name, part.get().document.content_type)
        for part in (who.credentials, who.licences, who.privileges)
    ] == [
        ("course.png", "image/png"),
        ("QLD.pdf", "application/pdf"),
        ("letter.jpg", "image/jpeg"),
    ]
    kept = who.licences.get().document
    assert (kept.size, kept.uploaded_by) == (len(PDF), "user:ann")
    assert bytes(DocumentContent.objects.get(pk=kept.digest).content) == PDF


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (
            upload("licence.pdf", b"<html><script>alert(1)</script></html>"),
            "Not a PDF, PNG or JPEG",
        ),
        (upload("scan.svg", b"<svg onload='alert(1)'/>"), "Not a PDF, PNG or JPEG"),
        (upload("empty.pdf", b""), "empty"),
        (upload("large.pdf", PDF + bytes(10 * 1024 * 1024) + b"%%EOF"), "larger than 10 MiB"),
    ],
    ids=["html", "svg", "empty", "large"],
)
def test_what_proves_nothing_is_refused(
    manager: Client, sent: SimpleUploadedFile, problem: str
) -> None:
    who = licensed().radiologist
    sent.seek(0)
    response = save(manager, who, licences__0__document=sent)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert problem in response.content.decode()
    assert (documents(who), DocumentContent.objects.count()) == ([], 0)


def test_a_preview_names_the_file_and_keeps_nothing(manager: Client) -> None:
    who = licensed().radiologist
    form = sending(shown_form(manager, edit_of(who)), licences__0__document="QLD.pdf", preview="1")
    response = manager.post(edit_of(who), form)
    assert [(one.label, one.old, one.new) for one in response.context["changes"]] == [
        ("Licences", "QLD", "QLD with QLD.pdf")
    ]
    # A name alone is no file, also where it comes with Save.
    manager.post(edit_of(who), {**form, "save": "1"} | {"preview": ""})
    manager.post(edit_of(who), {key: value for key, value in form.items() if key != "preview"})
    assert (documents(who), who.licences.get().document) == ([], None)


def test_replacing_and_undoing_brings_the_old_file_back(manager: Client) -> None:
    who = proven().radiologist
    response = save(manager, who, licences__0__document=upload("new.png", PNG))
    assert documents(who) == [("new.png", "image/png", len(PNG))]
    assert "Taken back." in undo(manager, response)
    assert documents(who) == [("old.pdf", "application/pdf", len(PDF))]
    assert download(manager, who) == PDF


def test_removing_and_undoing_brings_the_file_back(manager: Client) -> None:
    who = proven().radiologist
    response = save(manager, who, licences__0__drop_document="on")
    assert (documents(who), who.licences.get().document) == ([], None)
    assert "Taken back." in undo(manager, response)
    assert download(manager, who) == PDF


def test_a_row_that_goes_takes_its_file_along_and_others_keep_theirs(manager: Client) -> None:
    who = proven().radiologist
    other = proven().radiologist
    save(manager, who, licences__0__remove="on")
    assert (documents(who), len(documents(other))) == ([], 1)
    assert download(manager, other) == PDF


def test_nobody_takes_over_the_file_of_somebody_elses_row(manager: Client) -> None:
    mine, theirs = licensed(), proven()
    save(manager, mine.radiologist, licences__0__row_id=theirs.pk)
    assert [row.document for row in mine.radiologist.licences.all()] == [None]
    theirs.refresh_from_db()
    assert theirs.document is not None


def download(client: Client, who: Radiologist) -> bytes:
    document = who.licences.get().document
    assert document is not None
    response = client.post(f"/radiologists/{who.pk}/documents/{document.pk}/")
    assert response.status_code == HTTPStatus.OK
    return response.content


def test_a_file_is_handed_out_so_that_no_browser_runs_it(manager: Client) -> None:
    licence = proven()
    address = f"/radiologists/{licence.radiologist_id}/documents/{licence.document_id}/"
    response = manager.post(address)
    assert response.content == PDF
    assert {
        name: response[name]
        for name in (
            "Content-Type",
            "Content-Disposition",
            "Content-Security-Policy",
            "X-Content-Type-Options",
        )
    } == {
        "Content-Type": "application/pdf",
        "Content-Disposition": 'attachment; filename="old.pdf"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    assert "no-store" in response["Cache-Control"]
    assert manager.get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_who_opened_what_is_kept(manager: Client) -> None:
    licence = proven()
    download(manager, licence.radiologist)
    event = AuditEvent.objects.get(entity="roster_competencydocument", action="open")
    assert (event.entity_id, event.actor, event.new_values) == (
        str(licence.document_id),
        "user:ann",
        {"name": "old.pdf", "radiologist_id": licence.radiologist_id},
    )


def test_a_file_of_another_site_or_person_is_not_there() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    licence, elsewhere = proven(), proven(content=PNG)
    RadiologistSite.objects.create(radiologist=licence.radiologist, site=mine)
    RadiologistSite.objects.create(radiologist=elsewhere.radiologist, site=other)
    client = signed_in(Role.MANAGER, site=mine)
    for who, document, status in (
        (licence.radiologist_id, licence.document_id, HTTPStatus.OK),
        (elsewhere.radiologist_id, elsewhere.document_id, HTTPStatus.NOT_FOUND),
        (licence.radiologist_id, elsewhere.document_id, HTTPStatus.NOT_FOUND),
    ):
        address = f"/radiologists/{who}/documents/{document}/"
        assert client.post(address).status_code == status
    for role in (Role.TECHNICIAN, Role.REFERRING_PROVIDER, Role.RADIOLOGIST):
        address = f"/radiologists/{licence.radiologist_id}/documents/{licence.document_id}/"
        assert signed_in(role).post(address).status_code == HTTPStatus.FORBIDDEN


def test_readers_see_their_own_and_nobody_elses() -> None:
    user = person(Role.RADIOLOGIST)
    own, other = proven(user=user), proven()
    client = client_of(user)
    page = client.get("/my-list/competencies/").content.decode()
    assert ("QLD" in page, f"/my-list/competencies/{own.document_id}/" in page) == (True, True)
    assert client.post(f"/my-list/competencies/{own.document_id}/").content == PDF
    address = f"/my-list/competencies/{other.document_id}/"
    assert client.post(address).status_code == HTTPStatus.NOT_FOUND
    nobody = signed_in(Role.RADIOLOGIST).get("/my-list/competencies/").content.decode()
    assert "no radiologist" in nobody


def test_content_goes_a_day_after_its_last_document() -> None:
    licence = proven()
    keep(licence.radiologist, Proof("b.png", content=PNG), at=clock.now())
    Licence.objects.filter(pk=licence.pk).update(document=None)
    CompetencyDocument.objects.all().delete()
    shared = keep(RadiologistFactory.create(), Proof("copy.pdf", content=PDF), at=clock.now())
    now = clock.now()
    due = Due("documents_sweep", "all", now)

    on_sweep(due, now)
    assert DocumentContent.objects.count() == 2
    on_sweep(due, now + DAY + timedelta(minutes=1))
    assert [row.pk for row in DocumentContent.objects.all()] == [shared.digest]


def test_the_trail_tells_of_a_document_without_its_content(manager: Client) -> None:
    who = licensed().radiologist
    save(manager, who, licences__0__document=upload())
    events = AuditEvent.objects.filter(entity="roster_competencydocument")
    told = [(event.action, event.actor, event.new_values["name"]) for event in events]
    assert told == [("insert", "user:ann", "licence.pdf")]
    assert not AuditEvent.objects.filter(entity="roster_documentcontent").exists()
    assert "licence.pdf" in manager.get(f"/radiologists/{who.pk}/").content.decode()


def test_somebody_elses_upload_makes_an_open_form_stale(manager: Client) -> None:
    who = licensed(family_name="Lee").radiologist
    form = shown_form(manager, edit_of(who))
    save(signed_in(Role.MANAGER), who, licences__0__document=upload())
    stale = manager.post(edit_of(who), sending(form, licences__0__end_date=date(2027, 1, 1)))
    assert stale.status_code == HTTPStatus.CONFLICT
    assert len(documents(who)) == 1
