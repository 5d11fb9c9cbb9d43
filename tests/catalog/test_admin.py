"""Places and procedures in the admin."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.catalog.models import Procedure, Site, SiteAlias
from tests.factories.catalog import ClusterFactory, SiteFactory
from tests.factories.orders import OrderFactory
from tests.factories.people import UserFactory
from tests.support.admin_forms import added_row, admin_url, errors_of, shown_form

pytestmark = pytest.mark.db


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return signed_in


def test_site_is_entered_with_its_aliases(client: Client) -> None:
    address = admin_url("catalog.site", "add")
    data = shown_form(client, address) | {
        "code": "ROBINA",
        "name": "Robina Imaging",
        "cluster": ClusterFactory.create().pk,
        "time_zone": "Australia/Brisbane",
        "jurisdiction": "QLD",
        "is_active": "on",
        "aliases-0-value": "Robina",
    }
    assert errors_of(client.post(address, data)) == []
    assert list(SiteAlias.objects.values_list("site__code", "value")) == [("ROBINA", "Robina")]


def test_alias_of_another_site_is_a_form_error_whatever_its_case(client: Client) -> None:
    SiteAlias.objects.create(site=SiteFactory.create(), value="Robina")
    address = admin_url("catalog.site", "change", SiteFactory.create().pk)
    data = shown_form(client, address) | {"aliases-0-value": "ROBINA"}
    assert errors_of(client.post(address, data)) == [
        "Another site has this alias; case does not count."
    ]


def test_procedure_is_entered_in_everyday_words_and_kept_in_the_vocabularys(
    client: Client,
) -> None:
    address = admin_url("catalog.procedure", "add")
    data = shown_form(client, address) | {
        "code": "MRI KNEE",
        "description": "MRI knee",
        "modality": "MRI",
        "body_part": "Knees",
        "subspecialty": "Musculoskeletal",
        "required_credentials": "FRANZCR,CARDIAC IMAGING",
    }
    data = added_row(data, "aliases", local_code="MRKNEE")
    assert errors_of(client.post(address, data)) == []
    procedure = Procedure.objects.get()
    assert (procedure.modality, procedure.body_part, procedure.subspecialty) == (
        "MR",
        "KNEE",
        "musculoskeletal",
    )
    assert procedure.required_credentials == ["FRANZCR", "CARDIAC IMAGING"]
    assert [alias.local_code for alias in procedure.aliases.all()] == ["MRKNEE"]


def test_site_with_orders_is_kept_and_the_page_says_why(client: Client) -> None:
    site = OrderFactory.create().site
    response = client.post(admin_url("catalog.site", "delete", site.pk), {"post": "yes"})
    assert response.status_code == 200
    assert len(response.context["protected"]) == 1
    assert Site.objects.filter(pk=site.pk).exists()
