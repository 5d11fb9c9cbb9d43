"""The list of unknown codes: what it shows, what one click does, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.catalog.models import Procedure, ProcedureAlias
from apps.core.access import EVERYWHERE
from apps.intake.models import SetAsideCode, UnknownCode
from apps.intake.queries.code_plan import Answer
from apps.intake.services.codes import CodesChangedError, accept
from apps.orders.models import Order
from tests.factories import (
    OrderFactory,
    ProcedureFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.factories.intake import UnknownCodeFactory
from tests.intake.processing.checks import broken_promises
from tests.records.racing import race
from tests.support.department import Department, order, readers, reasons, send, settle
from tests.support.pages import sent_form, words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db

LIST = "/procedures/unknown/"
ACCEPT, ASIDE, BACK = f"{LIST}accept/", f"{LIST}set-aside/", f"{LIST}take-back/"


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    return Department()


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


@pytest.fixture
def head() -> Procedure:
    found: Procedure = ProcedureFactory.create(
        code="CT HEAD", description="CT HEAD WITHOUT CONTRAST", modality="CT", body_part="HEAD"
    )
    return found


def _code(code: str = "CTH", **values: object) -> UnknownCode:
    row: UnknownCode = UnknownCodeFactory.create(code=code, **values)
    return row


def _listed(client: Client, query: str = "") -> list[str]:
    return [row.code.code for row in client.get(f"{LIST}{query}").context["rows"]]


def _aliases() -> list[tuple[str, str, str, str]]:
    rows = ProcedureAlias.objects.order_by("issuer", "coding_system", "local_code")
    return list(rows.values_list("procedure__code", "issuer", "coding_system", "local_code"))


def _accepts(rows: Iterable[UnknownCode], to: object, **more: str) -> dict[str, object]:
    found = list(rows)
    keys = [str(row.pk) for row in found]
    return {"code": keys, **{f"to-{key}": str(to) for key in keys}, **more}


def _undo(client: Client, path: str = LIST) -> str:
    """Press the Undo button of the page; return what it says."""
    [notice] = client.get(path).context["messages"]
    changed_in = notice.extra_tags.removeprefix("undo:")
    answer = client.post(f"/undo/{changed_in}/", {"next": path}, follow=True)
    return str(next(iter(answer.context["messages"])))


# -- what stands in the way ---------------------------------------------------------------------


def test_a_second_click_changes_nothing_and_says_so(manager: Client, head: Procedure) -> None:
    row = _code()
    for _ in range(2):
        answer = manager.post(ACCEPT, _accepts([row], head.pk), follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert said[-1] == "Robina CTH means CT HEAD CT HEAD WITHOUT CONTRAST already."
    assert _aliases() == [("CT HEAD", "Robina", "", "CTH")]


def test_a_second_click_on_new_adds_no_second_procedure(manager: Client) -> None:
    row = _code("MRA", text="MRI ANKLE")
    for _ in range(2):
        manager.post(ACCEPT, _accepts([row], "new MR ANKLE"))
    assert list(Procedure.objects.values_list("code", flat=True)) == ["MRA"]


def test_what_somebody_mapped_otherwise_meanwhile_stays(manager: Client, head: Procedure) -> None:
    row, other = _code(), ProcedureFactory.create(code="OTHER", description="OTHER")
    fine = _code("CTX")
    ProcedureAlias.objects.create(procedure=other, issuer="Robina", local_code="cth")
    answer = manager.post(ACCEPT, _accepts([row, fine], head.pk))
    assert answer.status_code == 409
    assert "It means OTHER OTHER already: somebody mapped it meanwhile." in answer.text
    assert _aliases() == [("OTHER", "Robina", "", "cth")]
    left = [line.row.code for line in answer.context["usable"]]
    assert left == ["CTX"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same", [True, False], ids=["same", "other"])
def test_two_who_accept_at_once_leave_one_meaning(*, is_same: bool) -> None:
    row = _code(text="MRI ANKLE")
    first, second = ProcedureFactory.create(code="FIRST"), ProcedureFactory.create(code="SECOND")
    refused: list[str] = []

    def accepting(procedure: Procedure) -> None:
        try:
            accept([Answer(row.pk, procedure.pk)], scope=EVERYWHERE)
        except CodesChangedError as error:
            refused.extend(line.problem for line in error.lines)

    race(lambda: accepting(first), lambda: accepting(first if is_same else second))
    [(kept, *key)] = _aliases()
    assert key == ["Robina", "", "CTH"]
    words = f"It means {kept} MRI knee already: somebody mapped it meanwhile."
    assert refused == ([] if is_same else [words])


def test_a_procedure_that_was_deleted_meanwhile_is_named(manager: Client, head: Procedure) -> None:
    row, gone = _code(), head.pk
    head.delete()
    answer = manager.post(ACCEPT, _accepts([row], gone))
    assert answer.status_code == 409
    assert "The procedure was deleted meanwhile." in answer.text
    assert _aliases() == []


@pytest.mark.usefixtures("head")
def test_a_new_procedure_is_added_only_as_it_was_shown(manager: Client) -> None:
    row = _code()
    answer = manager.post(ACCEPT, _accepts([row], "new CT HEAD"))
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
    row = _code(**values)
    answer = manager.post(ACCEPT, _accepts([row], head.pk))
    assert (answer.status_code, words in answer.text) == (409, True)
    assert _aliases() == []


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
    row = _code("<b>X</b>", text="CT HEAD <script>alert(1)</script>", issuer="<i>R</i>")
    for path in (LIST, f"{LIST}{row.pk}/", f"{LIST}{row.pk}/new/"):
        page = manager.get(path).text
        assert "<script>alert" not in page
        assert "<b>X</b>" not in page
        assert "<i>R</i>" not in page
    manager.post(ACCEPT, _accepts([row], head.pk))
    assert "<b>X</b>" not in manager.get(LIST).text
    assert _aliases() == [("CT HEAD", "<i>R</i>", "", "<b>X</b>")]


def test_a_bar_in_a_code_survives_the_procedures_page(manager: Client, head: Procedure) -> None:
    manager.post(ACCEPT, _accepts([_code("A|B"), _code("C|D", issuer="")], head.pk))
    path = f"/procedures/{head.pk}/"
    manager.post(path, sent_form(manager, path, description="CT HEAD"))
    head.refresh_from_db()
    assert head.description == "CT HEAD"
    assert _aliases() == [("CT HEAD", "", "", "C|D"), ("CT HEAD", "Robina", "", "A|B")]


def test_one_code_of_two_issuers_means_two_things(manager: Client, head: Procedure) -> None:
    ours, theirs = _code("1001"), _code("1001", issuer="Bondi", text="MRI ANKLE")
    manager.post(ACCEPT, _accepts([ours], head.pk))
    assert _listed(manager) == ["1001"]
    manager.post(ACCEPT, _accepts([theirs], "new MR ANKLE"))
    assert _aliases() == [
        ("Bondi 1001", "Bondi", "", "1001"),
        ("CT HEAD", "Robina", "", "1001"),
    ]
    assert _listed(manager) == []


def test_a_new_procedure_takes_no_code_that_another_sender_uses_for_something_else(
    manager: Client,
) -> None:
    ours = _code("1001", text="MRI ANKLE")
    _code("1001", issuer="Bondi", text="XR CHEST 2V")
    manager.post(ACCEPT, _accepts([ours], "new MR ANKLE"))
    assert _aliases() == [("Robina 1001", "Robina", "", "1001")]
    assert [(row.code.code, row.code.issuer) for row in manager.get(LIST).context["rows"]] == [
        ("1001", "Bondi")
    ]


def test_two_new_procedures_accepted_at_once_get_codes_of_their_own() -> None:
    first = _code("1", text="MRI ANKLE")
    second = _code("1", coding_system="L2", text="MRI WRIST")
    made = [Answer(first.pk, None, "MR", "ANKLE"), Answer(second.pk, None, "MR", "WRIST")]
    lines = accept(made, scope=EVERYWHERE)
    codes = [line.new.code for line in lines if line.new is not None]
    assert codes == ["Robina 1", "Robina 1 2"]


def test_a_conflict_that_lasts_changes_nothing_and_is_said(
    manager: Client, head: Procedure, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _code()

    def fail(**_values: object) -> None:
        raise IntegrityError("taken again")

    monkeypatch.setattr(ProcedureAlias.objects, "create", fail)
    answer = manager.post(ACCEPT, _accepts([row], head.pk))
    assert (answer.status_code, _aliases()) == (409, [])


# -- what it shows ------------------------------------------------------------------------------


@pytest.mark.usefixtures("head")
def test_most_frequent_first_with_its_best_guess(manager: Client) -> None:
    _code("RARE", count=1, text="Urinalysis")
    _code("OFTEN", count=900)
    page = manager.get(LIST)
    rows = [(row.code.code, row.guess and str(row.guess.entry)) for row in page.context["rows"]]
    assert rows == [("OFTEN", "CT HEAD CT HEAD WITHOUT CONTRAST"), ("RARE", None)]
    assert "same CT, HEAD, without contrast" in page.text


def test_nothing_to_map_is_said(manager: Client) -> None:
    assert "Every code is known." in words_of(manager, LIST)
    assert "No unknown code is like that." in words_of(manager, f"{LIST}?q=x")
    assert "No code is set aside." in words_of(manager, f"{LIST}?show=aside")


def test_filters_narrow_and_unknown_ones_do_not(manager: Client) -> None:
    _code("A", count=3, modality="CT")
    _code("B", count=2, issuer="Bondi", text="US NECK", modality="US")
    queries = ["?issuer=Bondi", "?q=neck", "?q=b", "?modality=CT", "?issuer=Nobody", "?q=%00"]
    assert [_listed(manager, query) for query in queries] == [
        ["B"],
        ["B"],
        ["B"],
        ["A"],
        ["A", "B"],
        ["A", "B"],
    ]


@pytest.mark.parametrize(
    "alias",
    [("Robina", "L", "cth"), ("Robina", "", "CTH"), ("", "L", "CTH"), ("", "", "CTH")],
    ids=["its own", "any system", "any issuer", "everybody's"],
)
def test_a_code_is_gone_once_an_alias_names_it(
    manager: Client, head: Procedure, alias: tuple[str, str, str]
) -> None:
    _code(coding_system="L")
    issuer, system, code = alias
    made = ProcedureAlias.objects.create(
        procedure=head, issuer=issuer, coding_system=system, local_code=code
    )
    assert _listed(manager) == []
    made.delete()
    assert _listed(manager) == ["CTH"]


def test_a_code_is_gone_once_a_procedure_has_it(manager: Client) -> None:
    _code()
    ProcedureFactory.create(code="cth")
    assert _listed(manager) == []


@pytest.mark.parametrize(
    "alias", [("Bondi", "", "CTH"), ("Robina", "X", "CTH"), ("Robina", "L", "CTHX")]
)
def test_somebody_elses_alias_leaves_it(
    manager: Client, head: Procedure, alias: tuple[str, str, str]
) -> None:
    _code(coding_system="L")
    issuer, system, code = alias
    ProcedureAlias.objects.create(
        procedure=head, issuer=issuer, coding_system=system, local_code=code
    )
    assert _listed(manager) == ["CTH"]


def test_waiting_studies_are_those_the_viewer_may_see() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    row = _code()
    for place in (site, other, other):
        waits = OrderFactory.create(site=place, issuer="Robina", procedure_code="cth")
        UnassignedFactory.create(order=waits, reason="unknown_procedure")
    hidden = OrderFactory.create(site=other, accession="HIDDEN")
    UnknownCode.objects.filter(pk=row.pk).update(last_order_id=hidden.pk)

    def seen(client: Client) -> tuple[int, bool]:
        page = client.get(LIST)
        return page.context["rows"][0].waiting, "HIDDEN" in page.text

    assert seen(signed_in(Role.MANAGER)) == (3, True)
    assert seen(signed_in(Role.MANAGER, site=site)) == (1, False)


def test_who_may_only_look_gets_no_buttons() -> None:
    _code()
    for client in (signed_in(Role.AUDITOR), signed_in(Role.MANAGER, site=SiteFactory.create())):
        page = client.get(LIST)
        assert (page.status_code, "Accept" in page.text, "Tick" in page.text) == (
            200,
            False,
            False,
        )
        assert client.post(ACCEPT).status_code == 403


@pytest.mark.usefixtures("head")
def test_the_list_costs_the_same_for_one_and_for_many(manager: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert manager.get(LIST).status_code == 200
        return len(queries)

    _code(last_order_id=OrderFactory.create().pk)
    one = cost()
    for number in range(100):
        _code(f"X{number}", text=f"MRI KNEE {number}", last_order_id=OrderFactory.create().pk)
    assert (cost(), one <= 15) == (one, True)


def test_an_issuer_with_too_many_codes_is_named(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.intake.queries.codes.MOST_OF_ONE_ISSUER", 2)
    _code("A")
    assert "further new ones" not in words_of(manager, LIST)
    _code("B")
    assert "2 different codes of Robina are kept" in words_of(manager, LIST)


def test_the_procedures_page_leads_here_with_their_number(manager: Client) -> None:
    _code("A")
    _code("B")
    assert "Unknown codes 2" in words_of(manager, "/procedures/")


# -- what it does -------------------------------------------------------------------------------


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
    assert _listed(manager) == []
    assert broken_promises() == []


def test_a_study_that_has_a_reader_keeps_its_flag_until_its_next_message(
    department: Department, manager: Client
) -> None:
    department.add_reader("DR_A")
    ProcedureFactory.create(code="MRI KNEE", modality="MR", rvu=2)
    send(*order(placer="P1", code="X1^MRI KNEE"))
    row = UnknownCode.objects.get()
    manager.post(ACCEPT, _accepts([row], Procedure.objects.get().pk))
    settle()
    assert Order.objects.get().flags == ["unknown_procedure"]
    send(*order(control="XO", placer="P1", code="X1^MRI KNEE"))
    found = Order.objects.get()
    assert (found.flags, float(found.rvu), readers()) == ([], 2.0, {"P1": "DR_A"})


def test_accepting_is_undone_as_one(manager: Client, head: Procedure) -> None:
    row, knee = _code(), _code("MRK", text="MRI KNEE")
    said = _accepts([row], head.pk) | _accepts([knee], "new MR KNEE")
    manager.post(ACCEPT, {**said, "code": [row.pk, knee.pk]})
    assert (Procedure.objects.count(), len(_aliases())) == (2, 2)
    assert _undo(manager) == "Taken back."
    assert (list(Procedure.objects.all()), _aliases()) == ([head], [])
    assert sorted(_listed(manager)) == ["CTH", "MRK"]


def test_a_new_procedure_has_what_the_words_say(manager: Client) -> None:
    row = _code("MRA", text="MRI ANKLE LT", coding_system="L")
    manager.post(ACCEPT, {"one": row.pk, f"to-{row.pk}": "new MR ANKLE"})
    made = Procedure.objects.get()
    kept = (made.code, made.description, made.modality, made.body_part, made.subspecialty)
    assert kept == ("MRA", "MRI ANKLE LT", "MR", "ANKLE", "musculoskeletal")
    assert float(made.rvu) == 1.0
    assert _aliases() == [("MRA", "Robina", "L", "MRA")]


def test_codes_of_the_same_new_procedure_share_it(manager: Client) -> None:
    rows = [_code("MRA", text="MRI ANKLE LT"), _code("ANK", text="MR ankle", issuer="Bondi")]
    page = words_of(manager, ACCEPT, _accepts(rows, "new MR ANKLE", preview="ticked"))  # type: ignore[arg-type] # lists are sent as repeats
    assert "the same new procedure" in page
    assert Procedure.objects.count() == 0
    manager.post(ACCEPT, _accepts(rows, "new MR ANKLE"))
    assert _aliases() == [("MRA", "Bondi", "", "ANK"), ("MRA", "Robina", "", "MRA")]


def test_preview_shows_all_and_changes_nothing(manager: Client, head: Procedure) -> None:
    rows = [_code("A"), _code("B")]
    answer = manager.post(ACCEPT, _accepts(rows, head.pk, preview="ticked"))
    shown = [(line.row.code, str(line.target)) for line in answer.context["lines"]]
    assert shown == [(code, "CT HEAD CT HEAD WITHOUT CONTRAST") for code in ("A", "B")]
    assert (answer.status_code, "Accept 2 codes" in answer.text, _aliases()) == (200, True, [])


@pytest.mark.usefixtures("head")
def test_all_close_matches_of_the_page_are_previewed(manager: Client) -> None:
    _code("A")
    _code("B", text="Urinalysis")
    sent: dict[str, object] = {"preview": "close"}
    for row in manager.get(LIST).context["rows"]:
        if row.guess and row.guess.is_close:
            sent |= {"close": str(row.code.pk), f"to-{row.code.pk}": str(row.guess.entry.id)}
    answer = manager.post(ACCEPT, sent)
    assert [line.row.code for line in answer.context["lines"]] == ["A"]


def test_another_procedure_is_found_and_chosen(manager: Client, head: Procedure) -> None:
    row = _code("X1", text="Something")
    page = manager.get(f"{LIST}{row.pk}/?q=head")
    assert list(page.context["found"]) == [head]
    manager.post(ACCEPT, _accepts([row], head.pk))
    assert _aliases() == [("CT HEAD", "Robina", "", "X1")]
    assert "It means CT HEAD CT HEAD WITHOUT CONTRAST by now." in words_of(
        manager, f"{LIST}{row.pk}/"
    )


def test_not_imaging_is_set_aside_and_undone(manager: Client) -> None:
    row = _code("LAB", text="Urinalysis")
    for _ in range(2):
        manager.post(ASIDE, {"one": row.pk})
    assert (_listed(manager), _listed(manager, "?show=aside")) == ([], ["LAB"])
    assert SetAsideCode.objects.count() == 1
    manager.post(BACK, {"code": [row.pk]})
    assert _listed(manager) == ["LAB"]


def test_setting_aside_is_undone_though_the_code_came_again(manager: Client) -> None:
    row = _code("LAB", text="Urinalysis")
    manager.post(ASIDE, {"one": row.pk})
    UnknownCode.objects.filter(pk=row.pk).update(count=99)
    assert _undo(manager) == "Taken back."
    assert _listed(manager) == ["LAB"]


def test_a_code_set_aside_in_another_case_stays_so(manager: Client) -> None:
    row = _code("lab", text="Urinalysis")
    SetAsideCode.objects.create(issuer="Robina", code="LAB")
    assert (_listed(manager), row.code) == ([], "lab")


def test_a_new_procedure_is_edited_before_it_is_added(manager: Client) -> None:
    row = _code("MRA", text="MRI ANKLE")
    path = f"{LIST}{row.pk}/new/"
    sent = sent_form(manager, path, rvu="2.5", description="MRI of the ankle")
    assert sent["modality"] == "MR"
    shown = words_of(manager, path, {**sent, "preview": "1"})
    assert "“MRA” of Robina means it from the next message on." in shown
    assert manager.post(path, sent)["Location"] == LIST
    made = Procedure.objects.get()
    assert (made.code, made.description, float(made.rvu)) == ("MRA", "MRI of the ankle", 2.5)
    assert _aliases() == [("MRA", "Robina", "", "MRA")]
    again = manager.post(path, {**sent, "code": "MRA2"})
    assert again.status_code == 422
    assert "“MRA” means MRA MRI of the ankle already." in again.text


def test_readers_have_no_business_here() -> None:
    client = signed_in(Role.RADIOLOGIST)
    assert client.get(LIST).status_code == 403
