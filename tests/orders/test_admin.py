"""Orders in the admin: found by any of their numbers, shown with their segments."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.orders.models import OrderSegments
from apps.orders.search import order_ids
from tests.factories.orders import OrderFactory, OrderIdentifierFactory, PatientFactory
from tests.factories.people import UserFactory
from tests.support.admin_forms import admin_url

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
    header = b"MSH|^~\\&|PACS|Robina||||||||||||||8859/1\rPID|1||1||M\xfcller\r"
    OrderSegments.objects.create(order=order, header=header, group=b"OBR|1|Fu\xdf\r")
    page = client.get(admin_url("orders.order", "change", order.pk)).content.decode()
    assert "PID|1||1||Müller\nOBR|1|Fuß</pre>" in page


def test_patients_are_found_by_their_whole_number_alone(client: Client) -> None:
    patient = PatientFactory.create(mrn="MRN-77")
    address = admin_url("orders.patient", "changelist")
    assert list(client.get(address, {"q": "MRN-77"}).context["cl"].queryset) == [patient]
    assert list(client.get(address, {"q": "Hidden"}).context["cl"].queryset) == []
