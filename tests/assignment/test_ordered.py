from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.orders.models import Order
from tests.factories import AssignmentFactory, OrderFactory, SiteFactory, UserFactory
from tests.factories.times import NOON
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db

MINE = {"ordering_provider": "P77 Referrer, Rita", "ordering_provider_id": "P77"}


@pytest.fixture
def provider(db: None) -> User:  # noqa: ARG001 -- a fixture for its effect
    user = UserFactory(provider_id="P77")
    RoleGrant.objects.create(user=user, role=Role.REFERRING_PROVIDER)
    return user


@pytest.fixture
def rita(provider: User, client: Client) -> Client:
    client.force_login(provider)
    return client


def studies(response: HttpResponse) -> list[str]:
    return re.findall(r'<td class="study">([^<]*)</td>', response.content.decode())


def test_nobody_signed_in_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/ordered/")["Location"] == "/login/?next=/ordered/"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.REFERRING_PROVIDER])
@pytest.mark.usefixtures("db")
def test_only_referring_providers_have_orders(client: Client, role: Role) -> None:
    user = UserFactory(provider_id="P77")
    RoleGrant.objects.create(user=user, role=role)
    client.force_login(user)

    assert client.get("/ordered/").status_code == 403


def test_provider_sees_their_own_orders_the_latest_first(rita: Client) -> None:
    OrderFactory(accession="OLD", **MINE)
    OrderFactory(accession="NEW", received_at=NOON + timedelta(hours=1), **MINE)
    OrderFactory(accession="P77X", ordering_provider="P77X Other", ordering_provider_id="P77X")
    OrderFactory(accession="NAMED", ordering_provider="P77 is my name")
    OrderFactory(accession="NONE")

    assert studies(rita.get("/ordered/")) == ["NEW", "OLD"]


def test_order_that_another_provider_took_over_is_gone(rita: Client) -> None:
    OrderFactory(accession="TAKEN", ordering_provider="Somebody, Else", ordering_provider_id="P77")

    assert studies(rita.get("/ordered/")) == []


def test_orders_of_sites_that_the_role_does_not_hold_are_not_shown(
    rita: Client, provider: User
) -> None:
    here = SiteFactory(code="HERE")
    RoleGrant.objects.filter(user=provider).update(site=here)
    OrderFactory(accession="HERE", site=here, **MINE)
    OrderFactory(accession="THERE", site=SiteFactory(code="THERE"), **MINE)
    OrderFactory(accession="LOST", site=None, **MINE)

    page = rita.get("/ordered/")
    assert studies(page) == ["HERE"]
    assert studies(rita.get("/ordered/?q=THERE")) == []


def test_page_names_the_reader_and_the_status_but_neither_patient_nor_indication(
    rita: Client,
) -> None:
    AssignmentFactory(
        order__accession="A1",
        order__indication="a secret",
        radiologist__family_name="Reader",
        radiologist__contact="0400 000 000",
        **{f"order__{name}": value for name, value in MINE.items()},
    )

    page = rita.get("/ordered/").content.decode()

    assert "Rae Reader" in page
    assert "Assigned" in page
    for hidden in ("Hidden", "MRN", "secret", "0400"):
        assert hidden not in page


def test_accession_is_found_by_its_beginning_among_own_orders(rita: Client) -> None:
    for name in ("CT-1", "CT-2", "MR-1"):
        OrderFactory(accession=name, **MINE)
    OrderFactory(accession="CT-9")

    assert sorted(studies(rita.get("/ordered/?q=ct-"))) == ["CT-1", "CT-2"]
    assert studies(rita.get("/ordered/?q=%25")) == []
    nothing = rita.get("/ordered/?q=ZZ").content.decode()
    assert "No order of yours has that accession." in nothing


def test_who_has_no_provider_number_is_told_whom_to_ask(rita: Client) -> None:
    OrderFactory(accession="NONE")
    User.objects.update(provider_id="")

    page = rita.get("/ordered/")

    assert studies(page) == []
    assert "Ask an administrator to enter your provider number" in page.content.decode()


def test_empty_list_says_what_happens_next(rita: Client) -> None:
    assert "No order names you yet." in rita.get("/ordered/").content.decode()


def test_search_asks_for_the_part_alone(rita: Client) -> None:
    part = rita.get("/ordered/?q=x", headers={"HX-Request": "true"}).content.decode()

    assert part.lstrip().startswith('<div id="ordered">')


def test_list_costs_the_same_at_1_and_50_rows_and_turns_pages(rita: Client) -> None:
    counts = []
    for more in (1, 50):
        for _ in range(more):
            AssignmentFactory(**{f"order__{name}": value for name, value in MINE.items()})
        with CaptureQueriesContext(connection) as seen:
            page = rita.get("/ordered/")
        counts.append((len(seen), len(studies(page))))

    assert [rows for _, rows in counts] == [1, 50]
    assert counts[0][0] == counts[1][0] <= 15
    assert len(studies(rita.get("/ordered/?page=2"))) == 1


def test_ordering_provider_is_taken_from_the_message(rita: Client, department: Department) -> None:
    department.add_reader("DR_A")
    segments = list(order(placer="P1"))
    (at,) = (number for number, line in enumerate(segments) if line.startswith("ORC"))
    fields = (segments[at].split("|") + [""] * 12)[:12]
    segments[at] = "|".join([*fields, "P77^Referrer^Rita"])
    send(*segments)

    placed = Order.objects.get()
    assert (placed.ordering_provider_id, placed.ordering_provider) == (
        "P77",
        "P77 Referrer, Rita",
    )
    assert studies(rita.get("/ordered/")) == ["P1"]


def test_my_orders_are_found_by_their_index(rita: Client) -> None:
    for _ in range(3):
        OrderFactory(**MINE)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    with CaptureQueriesContext(connection) as seen:
        rita.get("/ordered/")
    (sql,) = (
        query["sql"] for query in seen if 'ORDER BY "orders_order"."received_at"' in query["sql"]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "order_by_provider" in plan


def test_words_with_a_nul_byte_are_words(rita: Client) -> None:
    OrderFactory(accession="MINE", **MINE)

    answer = rita.get("/ordered/", {"q": "MI\0NE"})

    assert (answer.status_code, studies(answer)) == (200, ["MINE"])
    assert "no-store" in answer["Cache-Control"]
