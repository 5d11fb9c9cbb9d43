"""What holds for every page on which a record is made, edited or deleted."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from django.test import Client

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.forms.procedures import ProcedureForm
from apps.catalog.models import Procedure
from tests.factories import ProcedureFactory
from tests.support.pages import sent_form, words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def ann() -> Client:
    return signed_in(Role.MANAGER, username="ann")


@pytest.fixture
def procedure() -> Procedure:
    return ProcedureFactory.create(code="MRI KNEE", description="Old words")


@pytest.fixture
def path(procedure: Procedure) -> str:
    return f"/procedures/{procedure.pk}/"


def test_a_preview_tells_old_and_new_and_writes_nothing(
    ann: Client, procedure: Procedure, path: str
) -> None:
    before, told = Procedure.objects.values().get(), AuditEvent.objects.count()
    sent = sent_form(ann, path, description="New words", is_sensitive="on", preview="1")
    words = words_of(ann, path, sent)
    assert "Description Old words New words" in words
    assert "Sensitive no yes" in words
    assert (Procedure.objects.values().get(), AuditEvent.objects.count()) == (before, told)
    assert procedure.description == "Old words"


def test_a_preview_for_htmx_is_the_part_alone(ann: Client, path: str) -> None:
    sent = sent_form(ann, path, description="New words", preview="1")
    part = ann.post(path, sent, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<section class="preview"')
    assert "New words" in part
    assert "<form" not in part


def test_nothing_changed_says_so(ann: Client, path: str) -> None:
    assert "What will change Nothing yet." in words_of(
        ann, path, sent_form(ann, path, preview="1")
    )


def test_a_form_with_errors_is_previewed_and_saved_as_such(ann: Client, path: str) -> None:
    sent = sent_form(ann, path, rvu="minus one")
    assert "The form has to be mended first." in words_of(ann, path, {**sent, "preview": "1"})
    assert "RVU: Enter a number." in words_of(ann, path, {**sent, "preview": "1"})
    answer = ann.post(path, sent)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["rvu"])


def test_who_saves_second_sees_who_was_first_and_nothing_is_written_over(
    ann: Client, path: str
) -> None:
    late = sent_form(ann, path, description="Ann's")
    bob = signed_in(Role.MANAGER, username="bob")
    bob.post(path, sent_form(bob, path, description="Bob's"))
    warned = words_of(ann, path, {**late, "preview": "1"})
    answer = ann.post(path, late)
    assert "bob changed this after you opened it." in warned
    assert answer.status_code == 409
    assert Procedure.objects.get().description == "Bob's"
    # What was typed is still there, and saves once the page is loaded anew.
    assert answer.context["form"]["description"].value() == "Ann's"
    ann.post(path, sent_form(ann, path, description="Ann's"))
    assert Procedure.objects.get().description == "Ann's"


@pytest.mark.parametrize("seen", ["", "x", "-1", "²", "9" * 40])
def test_a_forged_version_never_breaks_the_page(ann: Client, path: str, seen: str) -> None:
    sent = sent_form(ann, path, description="New", seen=seen)
    assert ann.post(path, sent).status_code in (302, 409)


def test_a_race_into_a_constraint_is_a_message(
    ann: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(_form: ProcedureForm) -> Procedure:
        # As the database answers when the other's row was committed after our check.
        raise IntegrityError("duplicate key value violates unique constraint")

    sent = sent_form(ann, path, description="New")
    monkeypatch.setattr(ProcedureForm, "save", lose)
    answer = ann.post(path, sent)
    assert answer.status_code == 409
    assert "Somebody else&#x27;s change got in the way." in answer.content.decode()
    assert "duplicate key" not in answer.content.decode()


def test_saving_says_what_was_done_with_an_undo(ann: Client, path: str) -> None:
    answer = ann.post(path, sent_form(ann, path, description="New words"))
    page = ann.get("/procedures/").content.decode()
    assert "Procedure MRI KNEE New words saved." in page
    assert f'action="/undo/{answer["X-Request-ID"]}/"' in page


def test_a_page_that_fails_after_saving_leaves_nothing(
    ann: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError

    sent = sent_form(ann, path, description="New")
    monkeypatch.setattr("apps.audit.editing.say_done", fail)
    ann.raise_request_exception = False
    assert ann.post(path, sent).status_code == 500
    assert Procedure.objects.get().description == "Old words"


def test_asking_to_delete_deletes_nothing(ann: Client, path: str) -> None:
    assert ann.get(f"{path}delete/").status_code == 200
    assert Procedure.objects.exists()


def test_what_is_gone_already_is_not_found(ann: Client, path: str) -> None:
    ann.post(f"{path}delete/")
    assert [ann.get(path).status_code, ann.post(f"{path}delete/").status_code] == [404, 404]
