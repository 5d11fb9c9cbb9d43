"""The procedure table: seen from any site, changed from everywhere, effects with numbers."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.catalog.models import Procedure, ProcedureAlias
from apps.roster.models import RadiologistCredential
from tests.factories import OrderFactory, ProcedureFactory, RadiologistFactory, SiteFactory
from tests.support.pages import sent_form, words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def _aliases(procedure: Procedure) -> list[tuple[str, ...]]:
    rows = procedure.aliases.order_by("pk")
    return list(rows.values_list("issuer", "coding_system", "local_code"))


def test_everyday_words_are_kept_in_the_vocabularys(manager: Client) -> None:
    sent = sent_form(
        manager,
        "/procedures/new/",
        code="MRI KNEE",
        description="MRI knee",
        modality="MRI",
        body_part="Knees",
        subspecialty="Musculoskeletal",
        required_credentials="FRANZCR,CARDIAC IMAGING",
        aliases="MRK\nRobina | L | MRKNEE",
    )
    assert manager.post("/procedures/new/", sent)["Location"] == "/procedures/"
    procedure = Procedure.objects.get()
    kept = (procedure.modality, procedure.body_part, procedure.subspecialty)
    assert kept == ("MR", "KNEE", "musculoskeletal")
    assert procedure.required_credentials == ["FRANZCR", "CARDIAC IMAGING"]
    assert _aliases(procedure) == [("", "", "MRK"), ("Robina", "L", "MRKNEE")]


def test_local_codes_are_shown_and_saved_as_they_were(manager: Client) -> None:
    procedure = ProcedureFactory.create()
    for issuer, system, code in (("", "", "A"), ("Robina", "", "B"), ("", "L", "C")):
        ProcedureAlias.objects.create(
            procedure=procedure, issuer=issuer, coding_system=system, local_code=code
        )
    before = list(procedure.aliases.order_by("pk").values())
    path = f"/procedures/{procedure.pk}/"
    sent = sent_form(manager, path)
    assert sent["aliases"].splitlines() == ["A", " | L | C", "Robina |  | B"]
    manager.post(path, sent)
    assert list(procedure.aliases.order_by("pk").values()) == before
    manager.post(path, {**sent, "aliases": "a\nRobina | | B"})
    assert sorted(_aliases(procedure)) == [("", "", "a"), ("Robina", "", "B")]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("Robina | B", "“Robina | B”: write the code alone, or issuer | coding system | code."),
        ("a|b|c|d", "“a | b | c | d”: write the code alone, or issuer | coding system | code."),
        ("Robina | L |", "“Robina | L | ”: the code is missing."),
        ("R | " + "s" * 65 + " | C", "the coding system is longer than 64 characters."),
        ("TAKEN", "“TAKEN” means the procedure OTHER MRI knee already."),
        ("taken", "“taken” means the procedure OTHER MRI knee already."),
    ],
)
def test_a_line_that_cannot_be_is_named(manager: Client, line: str, error: str) -> None:
    other = ProcedureFactory.create(code="OTHER")
    ProcedureAlias.objects.create(procedure=other, local_code="TAKEN")
    path = f"/procedures/{ProcedureFactory.create().pk}/"
    answer = manager.post(path, sent_form(manager, path, aliases=f"FINE\n{line}"))
    assert answer.status_code == 422
    [found] = answer.context["form"].errors["aliases"]
    assert found.endswith(error)


def test_the_same_local_code_of_another_issuer_is_another_code(manager: Client) -> None:
    ProcedureAlias.objects.create(
        procedure=ProcedureFactory.create(), issuer="Robina", local_code="XR1"
    )
    procedure = ProcedureFactory.create()
    path = f"/procedures/{procedure.pk}/"
    manager.post(path, sent_form(manager, path, aliases="Bondi | | XR1\nXR1"))
    assert sorted(_aliases(procedure)) == [("", "", "XR1"), ("Bondi", "", "XR1")]


def test_credentials_say_who_has_them_and_who_waits(manager: Client) -> None:
    procedure = ProcedureFactory.create()
    for end_date, is_active in ((None, True), (date(2020, 1, 1), True), (None, False)):
        RadiologistCredential.objects.create(
            radiologist=RadiologistFactory.create(is_active=is_active),
            name="CARDIAC",
            end_date=end_date,
        )
    for status in ("unassigned", "final"):
        OrderFactory.create(procedure=procedure, status=status)
    path = f"/procedures/{procedure.pk}/"

    def effects(credentials: str) -> str:
        sent = sent_form(manager, path, required_credentials=credentials, preview="1")
        return words_of(manager, path, sent)

    assert "1 active reader has these credentials today." in effects("CARDIAC")
    assert "0 active readers have these credentials today." in effects("CARDIAC,NUCLEAR")
    assert "1 study of it waits for a reader, and will be decided anew." in effects("CARDIAC")
    assert Procedure.objects.get().required_credentials == []


def test_deleting_says_what_follows_and_can_be_undone(manager: Client) -> None:
    procedure = ProcedureFactory.create()
    ProcedureAlias.objects.create(procedure=procedure, local_code="MRK")
    OrderFactory.create(procedure=procedure, status="unassigned")
    path = f"/procedures/{procedure.pk}/delete/"
    assert "1 study of it waits for a reader" in words_of(manager, path)
    assert Procedure.objects.exists()
    answer = manager.post(path)
    assert not Procedure.objects.exists()
    manager.post(f"/undo/{answer['X-Request-ID']}/")
    assert _aliases(Procedure.objects.get()) == [("", "", "MRK")]


def test_who_has_a_site_sees_the_table_and_changes_nothing() -> None:
    procedure = ProcedureFactory.create()
    client = signed_in(Role.MANAGER, site=SiteFactory.create())
    page = client.get("/procedures/")
    assert [row.pk for row in page.context["page"].rows] == [procedure.pk]
    assert "New procedure" not in page.content.decode()
    for path in ("new/", f"{procedure.pk}/", f"{procedure.pk}/delete/"):
        assert client.post(f"/procedures/{path}").status_code == 403


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["CT HEAD", "MRI KNEE"]),
        ("q=knee", ["MRI KNEE"]),
        ("q=ctb", ["CT HEAD"]),
        ("modality=CT", ["CT HEAD"]),
        ("modality=XX", ["CT HEAD", "MRI KNEE"]),
        ("sort=-modality", ["MRI KNEE", "CT HEAD"]),
        ("sort=drop table", ["CT HEAD", "MRI KNEE"]),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(
    manager: Client, query: str, codes: list[str]
) -> None:
    ProcedureFactory.create(code="MRI KNEE")
    head = ProcedureFactory.create(code="CT HEAD", modality="CT", description="Head")
    ProcedureAlias.objects.create(procedure=head, local_code="CTB")
    rows = manager.get(f"/procedures/?{query}").context["page"].rows
    assert [row.code for row in rows] == codes


def test_a_hundred_rows_cost_what_one_does(manager: Client) -> None:
    ProcedureFactory.create()
    manager.get("/procedures/")
    with CaptureQueriesContext(connection) as one:
        manager.get("/procedures/")
    for _ in range(99):
        ProcedureFactory.create()
    with CaptureQueriesContext(connection) as hundred:
        page = manager.get("/procedures/").context["page"]
    assert (len(hundred), len(page.rows), page.has_next) == (len(one), 50, True)
    assert len(one) <= 15
