"""Orders in the admin: found by any of their numbers, shown with their segments."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.orders.models import Order, OrderSegments
from apps.orders.search import order_ids
from tests.factories.orders import OrderFactory, OrderIdentifierFactory, PatientFactory
from tests.factories.people import UserFactory
from tests.support.admin_forms import admin_url
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return signed_in


def test_orders_are_found_by_each_of_their_numbers_newest_first() -> None:
    older = OrderFactory.create(accession="ACC")
    newer = OrderFactory.create(accession="OTHER")
    OrderIdentifierFactory.create(order=older, kind="placer", value="P1")
    OrderIdentifierFactory.create(order=newer, kind="placer", value="P1")
    OrderIdentifierFactory.create(order=newer, kind="study_uid", value="1.2.3")
    assert order_ids("P1") == [newer.pk, older.pk]
    assert order_ids(" ACC ") == [older.pk]
    assert order_ids("1.2.3") == [newer.pk]
    assert order_ids("") == order_ids("nothing") == []


def test_list_is_searched_by_a_number(client: Client) -> None:
    wanted = OrderIdentifierFactory.create(kind="filler", value="F1").order
    OrderFactory.create()
    listed = client.get(admin_url("orders.order", "changelist"), {"q": "F1"})
    assert list(listed.context["cl"].queryset) == [wanted]


def test_segments_are_read_in_the_messages_character_set(client: Client) -> None:
    order = OrderFactory.create()
    header = b"MSH|^~\\&|PACS|M\xfcnchen||||||||||||||8859/1\rPID|1||1||M\xfcller\r"
    OrderSegments.objects.create(order=order, header=header, group=b"OBR|1|Fu\xdf\r")
    page = client.get(admin_url("orders.order", "change", order.pk)).content.decode()
    assert "|München|" in page
    assert "PID|1||•||••••••\nOBR|1|Fuß</pre>" in page
    assert "Müller" not in page


SECRET = "SECRETNAME"


def secret_order(**values: object) -> Order:
    """Return an order everything of which that tells of the patient says so."""
    order: Order = OrderFactory.create(
        patient__family_name=SECRET,
        patient__mrn=f"{SECRET}-{OrderSegments.objects.count()}",
        indication=f"{SECRET} fell",
        patient_class=f"{SECRET}-2",
        patient_location=f"{SECRET}-3",
        visit_number=f"{SECRET}-4",
        **values,
    )
    OrderSegments.objects.create(
        order=order,
        header=f"MSH|^~\\&|PACS\rPID|1||{SECRET}||{SECRET}^Pat\r".encode(),
        group=f"ORC|NW\rOBR|1|P1|||||||||||{SECRET}\rOBX|1|TX|||{SECRET}\r".encode(),
    )
    return order


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_may_not_see_patients_sees_none_on_an_orders_pages(role: Role) -> None:
    order = secret_order(accession="ACC-9", last_message_id=7)
    client = signed_in(role)
    page = client.get(admin_url("orders.order", "change", order.pk)).content.decode()
    assert "ACC-9" in page
    assert "OBR|1|P1|" in page
    assert reverse("message-in", args=[7]) in page
    pages = [page, client.get(admin_url("orders.order", "changelist")).content.decode()]
    pages += [client.get(admin_url("orders.orderidentifier", "changelist")).content.decode()]
    pages += [client.get(admin_url("orders.ordersegments", "changelist")).content.decode()]
    segments = client.get(admin_url("orders.ordersegments", "change", order.pk))
    assert segments.status_code == (200 if role == Role.ADMINISTRATOR else 404)
    assert [SECRET in text for text in [*pages, segments.content.decode()]] == [False] * 5
    assert f"patient {order.patient_id}" not in page


def test_managers_who_open_the_admin_see_patients_of_their_own_site_alone() -> None:
    mine, other = secret_order(), secret_order()
    user = person(Role.AUDITOR)
    RoleGrant.objects.create(user=user, role=Role.MANAGER, site=mine.site)
    client = client_of(user)
    shown = [
        client.get(admin_url("orders.order", "change", order.pk)).content.decode()
        for order in (mine, other)
    ]
    assert [f"{SECRET} fell" in page for page in shown] == [True, False]
    assert [f"{SECRET}-4" in page for page in shown] == [True, False]


@pytest.mark.parametrize("field", ["indication", "visit_number", "patient_location"])
def test_what_is_not_shown_is_not_guessed_by_the_lists_address(field: str) -> None:
    secret_order()
    address = admin_url("orders.order", "changelist")
    answer = signed_in(Role.AUDITOR).get(address, {f"{field}__startswith": "S"})
    assert answer.status_code == 400


def test_patients_are_found_by_their_whole_number_alone(client: Client) -> None:
    patient = PatientFactory.create(mrn="MRN-77")
    address = admin_url("orders.patient", "changelist")
    assert list(client.get(address, {"q": "MRN-77"}).context["cl"].queryset) == [patient]
    assert list(client.get(address, {"q": "Hidden"}).context["cl"].queryset) == []
