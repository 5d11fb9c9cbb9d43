"""The trail in the admin: found by who, by what, and by table."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.catalog.models import Cluster
from apps.core.actor import Actor, acting_as
from tests.factories.catalog import ClusterFactory, SiteFactory
from tests.factories.people import UserFactory
from tests.support.admin_forms import admin_url

pytestmark = pytest.mark.db


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return signed_in


def listed(client: Client, **query: str) -> list[tuple[str, str]]:
    changelist = client.get(admin_url("audit.auditevent", "changelist"), query).context["cl"]
    return list(changelist.queryset.values_list("entity", "action"))


def test_changes_are_found_by_actor_by_request_and_by_table(client: Client) -> None:
    site = SiteFactory.create()
    with acting_as(Actor("user", "bob"), "request-7"):
        Cluster.objects.filter(pk=site.cluster_id).update(name="Renamed")
    assert listed(client, q="user:bob") == [("catalog_cluster", "update")]
    assert listed(client, q="request-7") == [("catalog_cluster", "update")]
    assert listed(client, entity="catalog_site") == [("catalog_site", "insert")]


def test_update_names_the_columns_it_changed(client: Client) -> None:
    cluster = ClusterFactory.create(name="Old")
    Cluster.objects.filter(pk=cluster.pk).update(name="New")
    page = client.get(admin_url("audit.auditevent", "changelist")).content.decode()
    assert '<td class="field-changed">name</td>' in page
