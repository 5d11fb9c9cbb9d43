"""The list of unknown codes: what it shows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.catalog.models import Procedure, ProcedureAlias
from apps.intake.models import UnknownCode
from tests.factories import (
    OrderFactory,
    ProcedureFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.intake.codes.listed import (
    ACCEPT,
    LIST,
    code_row,
    listed,
)
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.mark.usefixtures("head")
def test_most_frequent_first_with_its_best_guess(manager: Client) -> None:
    code_row("RARE", count=1, text="Urinalysis")
    code_row("OFTEN", count=900)
    page = manager.get(LIST)
    rows = [(row.code.code, row.guess and str(row.guess.entry)) for row in page.context["rows"]]
    assert rows == [("OFTEN", "CT HEAD CT HEAD WITHOUT CONTRAST"), ("RARE", None)]
    assert "same CT, HEAD, without contrast" in page.text


def test_nothing_to_map_is_said(manager: Client) -> None:
    assert "Every code is known." in words_of(manager, LIST)
    assert "No unknown code is like that." in words_of(manager, f"{LIST}?q=x")
    assert "No code is set aside." in words_of(manager, f"{LIST}?show=aside")


def test_filters_narrow_and_unknown_ones_do_not(manager: Client) -> None:
    code_row("A", count=3, modality="CT")
    code_row("B", count=2, issuer="Bondi", text="US NECK", modality="US")
    queries = ["?issuer=Bondi", "?q=neck", "?q=b", "?modality=CT", "?issuer=Nobody", "?q=%00"]
    assert [listed(manager, query) for query in queries] == [
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
    code_row(coding_system="L")
    issuer, system, code = alias
    made = ProcedureAlias.objects.create(
        procedure=head, issuer=issuer, coding_system=system, local_code=code
    )
    assert listed(manager) == []
    made.delete()
    assert listed(manager) == ["CTH"]


def test_a_code_is_gone_once_a_procedure_has_it(manager: Client) -> None:
    code_row()
    ProcedureFactory.create(code="cth")
    assert listed(manager) == []


@pytest.mark.parametrize(
    "alias", [("Bondi", "", "CTH"), ("Robina", "X", "CTH"), ("Robina", "L", "CTHX")]
)
def test_somebody_elses_alias_leaves_it(
    manager: Client, head: Procedure, alias: tuple[str, str, str]
) -> None:
    code_row(coding_system="L")
    issuer, system, code = alias
    ProcedureAlias.objects.create(
        procedure=head, issuer=issuer, coding_system=system, local_code=code
    )
    assert listed(manager) == ["CTH"]


def test_waiting_studies_are_those_the_viewer_may_see() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    row = code_row()
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
    code_row()
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

    code_row(last_order_id=OrderFactory.create().pk)
    one = cost()
    for number in range(100):
        code_row(f"X{number}", text=f"MRI KNEE {number}", last_order_id=OrderFactory.create().pk)
    assert (cost(), one <= 15) == (one, True)


def test_an_issuer_with_too_many_codes_is_named(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.intake.queries.codes.MOST_OF_ONE_ISSUER", 2)
    code_row("A")
    assert "further new ones" not in words_of(manager, LIST)
    code_row("B")
    assert "2 different codes of Robina are kept" in words_of(manager, LIST)


def test_the_procedures_page_leads_here_with_their_number(manager: Client) -> None:
    code_row("A")
    code_row("B")
    assert "Unknown codes 2" in words_of(manager, "/procedures/")
