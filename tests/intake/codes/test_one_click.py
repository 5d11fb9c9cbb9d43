"""The list of unknown codes: what one click does."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.catalog.models import Procedure
from apps.intake.models import SetAsideCode, UnknownCode
from apps.orders.models import Order
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
    undo,
)
from tests.intake.processing.checks import broken_promises
from tests.support.department import Department, order, readers, reasons, send, settle
from tests.support.pages import sent_form, words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


def test_one_click_maps_the_code_and_what_waited_is_assigned(
    department: Department, manager: Client
) -> None:
    department.add_reader("DR_A")
    ProcedureFactory.create(code="MRI KNEE", description="MRI KNEE", modality="MR")
    send(*order(placer="P1", code="X1^Something", modality=""))
    assert reasons() == {"P1": "unknown_procedure"}
    [row] = manager.get(LIST).context["rows"]
    assert row.waiting == 1
    knee = Procedure.objects.get()
    answer = manager.post(ACCEPT, {"one": row.code.pk, f"to-{row.code.pk}": knee.pk}, follow=True)
    [said] = answer.context["messages"]
    assert str(said) == (
        "“X1” means MRI KNEE MRI KNEE. 1 study waits for that and will be read anew within seconds."
    )
    settle()
    found = Order.objects.get()
    assert (readers(), found.flags, found.procedure) == ({"P1": "DR_A"}, [], knee)
    assert listed(manager) == []
    assert broken_promises() == []


def test_a_study_that_has_a_reader_keeps_its_flag_until_its_next_message(
    department: Department, manager: Client
) -> None:
    department.add_reader("DR_A")
    ProcedureFactory.create(code="MRI KNEE", modality="MR", rvu=2)
    send(*order(placer="P1", code="X1^MRI KNEE"))
    row = UnknownCode.objects.get()
    manager.post(ACCEPT, accepts([row], Procedure.objects.get().pk))
    settle()
    assert Order.objects.get().flags == ["unknown_procedure"]
    send(*order(control="XO", placer="P1", code="X1^MRI KNEE"))
    found = Order.objects.get()
    assert (found.flags, float(found.rvu), readers()) == ([], 2.0, {"P1": "DR_A"})


def test_accepting_is_undone_as_one(manager: Client, head: Procedure) -> None:
    row, knee = code_row(), code_row("MRK", text="MRI KNEE")
    said = accepts([row], head.pk) | accepts([knee], "new MR KNEE")
    manager.post(ACCEPT, {**said, "code": [row.pk, knee.pk]})
    assert (Procedure.objects.count(), len(aliases())) == (2, 2)
    assert undo(manager) == "Taken back."
    assert (list(Procedure.objects.all()), aliases()) == ([head], [])
    assert sorted(listed(manager)) == ["CTH", "MRK"]


def test_a_new_procedure_has_what_the_words_say(manager: Client) -> None:
    row = code_row("MRA", text="MRI ANKLE LT", coding_system="L")
    manager.post(ACCEPT, {"one": row.pk, f"to-{row.pk}": "new MR ANKLE"})
    made = Procedure.objects.get()
    kept = (made.code, made.description, made.modality, made.body_part, made.subspecialty)
    assert kept == ("MRA", "MRI ANKLE LT", "MR", "ANKLE", "musculoskeletal")
    assert float(made.rvu) == 1.0
    assert aliases() == [("MRA", "Robina", "L", "MRA")]


def test_codes_of_the_same_new_procedure_share_it(manager: Client) -> None:
    rows = [code_row("MRA", text="MRI ANKLE LT"), code_row("ANK", text="MR ankle", issuer="Bondi")]
    page = words_of(manager, ACCEPT, accepts(rows, "new MR ANKLE", preview="ticked"))  # type: ignore[arg-type] # lists are sent as repeats
    assert "the same new procedure" in page
    assert Procedure.objects.count() == 0
    manager.post(ACCEPT, accepts(rows, "new MR ANKLE"))
    assert aliases() == [("MRA", "Bondi", "", "ANK"), ("MRA", "Robina", "", "MRA")]


def test_preview_shows_all_and_changes_nothing(manager: Client, head: Procedure) -> None:
    rows = [code_row("A"), code_row("B")]
    answer = manager.post(ACCEPT, accepts(rows, head.pk, preview="ticked"))
    shown = [(line.row.code, str(line.target)) for line in answer.context["lines"]]
    assert shown == [(code, "CT HEAD CT HEAD WITHOUT CONTRAST") for code in ("A", "B")]
    assert (answer.status_code, "Accept 2 codes" in answer.text, aliases()) == (200, True, [])


@pytest.mark.usefixtures("head")
def test_all_close_matches_of_the_page_are_previewed(manager: Client) -> None:
    code_row("A")
    code_row("B", text="Urinalysis")
    sent: dict[str, object] = {"preview": "close"}
    for row in manager.get(LIST).context["rows"]:
        if row.guess and row.guess.is_close:
            sent |= {"close": str(row.code.pk), f"to-{row.code.pk}": str(row.guess.entry.id)}
    answer = manager.post(ACCEPT, sent)
    assert [line.row.code for line in answer.context["lines"]] == ["A"]


def test_another_procedure_is_found_and_chosen(manager: Client, head: Procedure) -> None:
    row = code_row("X1", text="Something")
    page = manager.get(f"{LIST}{row.pk}/?q=head")
    assert list(page.context["found"]) == [head]
    manager.post(ACCEPT, accepts([row], head.pk))
    assert aliases() == [("CT HEAD", "Robina", "", "X1")]
    assert "It means CT HEAD CT HEAD WITHOUT CONTRAST by now." in words_of(
        manager, f"{LIST}{row.pk}/"
    )


def test_not_imaging_is_set_aside_and_undone(manager: Client) -> None:
    row = code_row("LAB", text="Urinalysis")
    for _ in range(2):
        manager.post(ASIDE, {"one": row.pk})
    assert (listed(manager), listed(manager, "?show=aside")) == ([], ["LAB"])
    assert SetAsideCode.objects.count() == 1
    manager.post(BACK, {"code": [row.pk]})
    assert listed(manager) == ["LAB"]


def test_setting_aside_is_undone_though_the_code_came_again(manager: Client) -> None:
    row = code_row("LAB", text="Urinalysis")
    manager.post(ASIDE, {"one": row.pk})
    UnknownCode.objects.filter(pk=row.pk).update(count=99)
    assert undo(manager) == "Taken back."
    assert listed(manager) == ["LAB"]


def test_a_code_set_aside_in_another_case_stays_so(manager: Client) -> None:
    row = code_row("lab", text="Urinalysis")
    SetAsideCode.objects.create(issuer="Robina", code="LAB")
    assert (listed(manager), row.code) == ([], "lab")


def test_a_new_procedure_is_edited_before_it_is_added(manager: Client) -> None:
    row = code_row("MRA", text="MRI ANKLE")
    path = f"{LIST}{row.pk}/new/"
    sent = sent_form(manager, path, rvu="2.5", description="MRI of the ankle")
    assert sent["modality"] == "MR"
    shown = words_of(manager, path, {**sent, "preview": "1"})
    assert "“MRA” of Robina means it from the next message on." in shown
    assert manager.post(path, sent)["Location"] == LIST
    made = Procedure.objects.get()
    assert (made.code, made.description, float(made.rvu)) == ("MRA", "MRI of the ankle", 2.5)
    assert aliases() == [("MRA", "Robina", "", "MRA")]
    again = manager.post(path, {**sent, "code": "MRA2"})
    assert again.status_code == 422
    assert "“MRA” means MRA MRI of the ankle already." in again.text


def test_readers_have_no_business_here() -> None:
    client = signed_in(Role.RADIOLOGIST)
    assert client.get(LIST).status_code == 403
