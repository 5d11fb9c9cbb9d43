"""A reader's list: whose it is."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from tests.assignment.hand import state
from tests.assignment.reader_pages import (
    PART,
    do,
    order_id,
    other_reader,
    rows,
    said,
    sign_in,
)
from tests.factories import AssignmentFactory, SiteFactory, UserFactory
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db


def test_nobody_signed_in_is_sent_to_sign_in(client: Client) -> None:
    response = client.get("/my-list/")

    assert (response.status_code, response["Location"]) == (302, "/login/?next=/my-list/")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RADIOLOGIST])
@pytest.mark.usefixtures("db")
def test_only_radiologists_have_a_list(client: Client, role: Role) -> None:
    user = UserFactory()
    RoleGrant.objects.create(user=user, role=role)
    client.force_login(user)

    assert client.get("/my-list/").status_code == 403
    assert client.post("/my-list/1/start/", {"token": "x"}).status_code == 403


@pytest.mark.usefixtures("db")
def test_sign_in_without_a_radiologist_is_told_whom_to_ask(client: Client) -> None:
    user = UserFactory()
    RoleGrant.objects.create(user=user, role=Role.RADIOLOGIST)
    client.force_login(user)

    shown = client.get("/my-list/")
    pressed = client.post("/my-list/1/start/", {"token": "x"})

    assert shown.status_code == 200
    assert "not tied to a radiologist" in shown.content.decode()
    assert pressed.status_code == 403


@pytest.mark.parametrize("action", ["acknowledge", "start", "done", "reopen"])
@pytest.mark.usefixtures("mine")
def test_study_of_another_reader_does_not_exist(department: Department, action: str) -> None:
    stranger = other_reader(department)
    before = state()

    answer = do(stranger, action)

    assert answer.status_code == 404
    assert said(answer) == ["There is no such study on your list."]
    assert ">P1<" not in answer.content.decode()
    assert state() == before


def test_hand_back_page_of_another_readers_study_does_not_exist(
    mine: Client, department: Department
) -> None:
    stranger = other_reader(department)
    address = f"/my-list/{order_id()}/hand-back/"

    assert stranger.get(address).status_code == 404
    answer = stranger.post(address, {"token": state().token, "reason": "not mine at all"})
    assert answer.status_code == 404
    assert mine.get(address).status_code == 200


@pytest.mark.parametrize("id_", [0, 10**12, 2**63, 10**30])
def test_study_that_never_was_does_not_exist(mine: Client, id_: int) -> None:
    for action in ("start", "take"):
        answer = mine.post(f"/my-list/{id_}/{action}/", {"token": "x"}, headers=PART)
        assert answer.status_code == 404
    assert mine.get(f"/my-list/{id_}/hand-back/").status_code == 404


def test_buttons_are_not_links(mine: Client) -> None:
    for path in ("next", "presence", "activity", f"{order_id()}/start", f"{order_id()}/take"):
        assert mine.get(f"/my-list/{path}/").status_code == 405


def test_unknown_action_does_not_exist(mine: Client) -> None:
    assert do(mine, "unassign").status_code == 404


def test_only_own_studies_are_shown(mine: Client) -> None:
    AssignmentFactory(order__accession="THEIRS", radiologist__id="DR_C")

    assert rows(mine.get("/my-list/")) == ["P1"]


def test_own_study_is_shown_whatever_site_the_role_is_for(department: Department) -> None:
    """What the engine gave to a reader must never be invisible to them."""
    reader = department.add_reader("DR_A")
    client = sign_in(reader, site=SiteFactory(code="ELSEWHERE"))
    send(*order(placer="P1"))

    assert rows(client.get("/my-list/")) == ["P1"]
    assert do(client, "start").status_code == 200
