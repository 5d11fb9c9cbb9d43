"""The list of unknown codes: what stands in the way of a click."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from django.test import Client

from apps.catalog.models import Procedure, ProcedureAlias
from apps.core.access import EVERYWHERE
from apps.intake.models import SetAsideCode
from apps.intake.queries.code_plan import Answer
from apps.intake.services.codes import CodesChangedError, accept
from tests.factories import (
    ProcedureFactory,
)
from tests.intake.codes.listed import (
    ACCEPT,
    ASIDE,
    BACK,
    LIST,
    accepts,
    aliases,
    code_row,
    listed,
)
from tests.records.racing import race
from tests.support.pages import sent_form

pytestmark = pytest.mark.db


def test_a_second_click_changes_nothing_and_says_so(manager: Client, head: Procedure) -> None:
    row = code_row()
    for _ in range(2):
        answer = manager.post(ACCEPT, accepts([row], head.pk), follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert said[-1] == "Robina CTH means CT HEAD CT HEAD WITHOUT CONTRAST already."
    assert aliases() == [("CT HEAD", "Robina", "", "CTH")]


def test_a_second_click_on_new_adds_no_second_procedure(manager: Client) -> None:
    row = code_row("MRA", text="MRI ANKLE")
    for _ in range(2):
        manager.post(ACCEPT, accepts([row], "new MR ANKLE"))
    assert list(Procedure.objects.values_list("code", flat=True)) == ["MRA"]


def test_what_somebody_mapped_otherwise_meanwhile_stays(manager: Client, head: Procedure) -> None:
    row, other = code_row(), ProcedureFactory.create(code="OTHER", description="OTHER")
    fine = code_row("CTX")
    ProcedureAlias.objects.create(procedure=other, issuer="Robina", local_code="cth")
    answer = manager.post(ACCEPT, accepts([row, fine], head.pk))
    assert answer.status_code == 409
    assert "It means OTHER OTHER already: somebody mapped it meanwhile." in answer.text
    assert aliases() == [("OTHER", "Robina", "", "cth")]
    left = [line.row.code for line in answer.context["usable"]]
    assert left == ["CTX"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same", [True, False], ids=["same", "other"])
def test_two_who_accept_at_once_leave_one_meaning(*, is_same: bool) -> None:
    row = code_row(text="MRI ANKLE")
    first, second = ProcedureFactory.create(code="FIRST"), ProcedureFactory.create(code="SECOND")
    refused: list[str] = []

    def accepting(procedure: Procedure) -> None:
        try:
            accept([Answer(row.pk, procedure.pk)], scope=EVERYWHERE)
        except CodesChangedError as error:
            refused.extend(line.problem for line in error.lines)

    race(lambda: accepting(first), lambda: accepting(first if is_same else second))
    [(kept, *key)] = aliases()
    assert key == ["Robina", "", "CTH"]
    words = f"It means {kept} MRI knee already: somebody mapped it meanwhile."
    assert refused == ([] if is_same else [words])


def test_a_procedure_that_was_deleted_meanwhile_is_named(manager: Client, head: Procedure) -> None:
    row, gone = code_row(), head.pk
    head.delete()
    answer = manager.post(ACCEPT, accepts([row], gone))
    assert answer.status_code == 409
    assert "The procedure was deleted meanwhile." in answer.text
    assert aliases() == []


@pytest.mark.usefixtures("head")
def test_a_new_procedure_is_added_only_as_it_was_shown(manager: Client) -> None:
    row = code_row()
    answer = manager.post(ACCEPT, accepts([row], "new CT HEAD"))
    assert answer.status_code == 409
    assert "The best guess is another one by now." in answer.text
    assert Procedure.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"code": "x" * 121}, "Its code is longer than the 120 characters of a local code."),
        ({"issuer": "i" * 121}, "Its issuer is longer than the 120 characters of a local code."),
        ({"code": "A\rB"}, "Its code holds characters that cannot be seen."),
    ],
)
def test_a_code_that_cannot_be_a_local_code_is_refused_in_words(
    manager: Client, head: Procedure, values: dict[str, str], words: str
) -> None:
    row = code_row(**values)
    answer = manager.post(ACCEPT, accepts([row], head.pk))
    assert (answer.status_code, words in answer.text) == (409, True)
    assert aliases() == []


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"code": "1"},
        {"code": "x", "to-x": "1"},
        {"code": "9" * 19, f"to-{'9' * 19}": "1"},
        {"code": "1", "to-1": "new <b> HEAD"},
        {"code": "1", "to-1": "'; DROP"},
        {"code": "99999", "to-99999": "new CT HEAD"},
        {"one": "²", "to-²": "1"},
    ],
)
@pytest.mark.parametrize("path", [ACCEPT, ASIDE, BACK])
def test_a_form_of_nonsense_changes_nothing(
    manager: Client, path: str, sent: dict[str, str]
) -> None:
    answer = manager.post(path, sent)
    assert (answer.status_code, Procedure.objects.count(), SetAsideCode.objects.count()) == (
        302,
        0,
        0,
    )


def test_html_in_codes_stays_text(manager: Client, head: Procedure) -> None:
    row = code_row("<b>X</b>", text="CT HEAD <script>alert(1)</script>", issuer="<i>R</i>")
    for path in (LIST, f"{LIST}{row.pk}/", f"{LIST}{row.pk}/new/"):
        page = manager.get(path).text
        assert "<script>alert" not in page
        assert "<b>X</b>" not in page
        assert "<i>R</i>" not in page
    manager.post(ACCEPT, accepts([row], head.pk))
    assert "<b>X</b>" not in manager.get(LIST).text
    assert aliases() == [("CT HEAD", "<i>R</i>", "", "<b>X</b>")]


def test_a_bar_in_a_code_survives_the_procedures_page(manager: Client, head: Procedure) -> None:
    manager.post(ACCEPT, accepts([code_row("A|B"), code_row("C|D", issuer="")], head.pk))
    path = f"/procedures/{head.pk}/"
    manager.post(path, sent_form(manager, path, description="CT HEAD"))
    head.refresh_from_db()
    assert head.description == "CT HEAD"
    assert aliases() == [("CT HEAD", "", "", "C|D"), ("CT HEAD", "Robina", "", "A|B")]


def test_one_code_of_two_issuers_means_two_things(manager: Client, head: Procedure) -> None:
    ours, theirs = code_row("1001"), code_row("1001", issuer="Bondi", text="MRI ANKLE")
    manager.post(ACCEPT, accepts([ours], head.pk))
    assert listed(manager) == ["1001"]
    manager.post(ACCEPT, accepts([theirs], "new MR ANKLE"))
    assert aliases() == [
        ("Bondi 1001", "Bondi", "", "1001"),
        ("CT HEAD", "Robina", "", "1001"),
    ]
    assert listed(manager) == []


def test_a_new_procedure_takes_no_code_that_another_sender_uses_for_something_else(
    manager: Client,
) -> None:
    ours = code_row("1001", text="MRI ANKLE")
    code_row("1001", issuer="Bondi", text="XR CHEST 2V")
    manager.post(ACCEPT, accepts([ours], "new MR ANKLE"))
    assert aliases() == [("Robina 1001", "Robina", "", "1001")]
    assert [(row.code.code, row.code.issuer) for row in manager.get(LIST).context["rows"]] == [
        ("1001", "Bondi")
    ]


def test_two_new_procedures_accepted_at_once_get_codes_of_their_own() -> None:
    first = code_row("1", text="MRI ANKLE")
    second = code_row("1", coding_system="L2", text="MRI WRIST")
    made = [Answer(first.pk, None, "MR", "ANKLE"), Answer(second.pk, None, "MR", "WRIST")]
    lines = accept(made, scope=EVERYWHERE)
    codes = [line.new.code for line in lines if line.new is not None]
    assert codes == ["Robina 1", "Robina 1 2"]


def test_a_conflict_that_lasts_changes_nothing_and_is_said(
    manager: Client, head: Procedure, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = code_row()

    def fail(**_values: object) -> None:
        raise IntegrityError("taken again")

    monkeypatch.setattr(ProcedureAlias.objects, "create", fail)
    answer = manager.post(ACCEPT, accepts([row], head.pk))
    assert (answer.status_code, aliases()) == (409, [])
