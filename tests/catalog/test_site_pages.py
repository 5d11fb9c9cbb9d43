"""Sites and clusters: who sees them, what follows from a change, and what is refused."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.models import Cluster, Site, SiteAlias
from apps.roster.models import ShiftSite
from tests.factories import ClusterFactory, OrderFactory, ShiftFactory, SiteFactory
from tests.support.pages import sent_form, words_of
from tests.support.people import person, signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def admin_client() -> Client:
    return signed_in(Role.ADMINISTRATOR, username="ada", time_zone="Australia/Perth")


def _codes(answer: object) -> list[str]:
    return [row.code for row in answer.context["page"].rows]  # type: ignore[attr-defined] # the test client's


def test_the_list_shows_the_viewers_sites_and_no_others() -> None:
    site = SiteFactory.create(code="OURS")
    SiteFactory.create(code="THEIRS", cluster=site.cluster)
    client = signed_in(Role.MANAGER, site=site)
    assert _codes(client.get("/sites/")) == ["OURS"]
    assert "THEIRS" not in client.get("/clusters/").content.decode()


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["A1", "B2", "C3"]),
        ("q=b2", ["B2"]),
        ("q=hospital", ["C3"]),
        ("q=alias of a", ["A1"]),
        ("cluster=EAST", ["A1", "B2"]),
        ("state=off", ["C3"]),
        ("state=on&cluster=EAST&q=b", ["B2"]),
        ("sort=-code", ["C3", "B2", "A1"]),
        ("sort=time_zone", ["C3", "A1", "B2"]),
        ("sort=password&cluster=NOWHERE&state=maybe&page=x", ["A1", "B2", "C3"]),
        ("q=%00", ["A1", "B2", "C3"]),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(query: str, codes: list[str]) -> None:
    east = ClusterFactory.create(code="EAST")
    first = SiteFactory.create(code="A1", name="One", cluster=east)
    SiteAlias.objects.create(site=first, value="Alias of A")
    SiteFactory.create(code="B2", name="Two", cluster=east)
    SiteFactory.create(code="C3", name="Hospital", is_active=False, time_zone="Africa/Cairo")
    assert _codes(signed_in(Role.AUDITOR).get(f"/sites/?{query}")) == codes


@pytest.mark.parametrize("path", ["/sites/", "/clusters/"])
def test_a_hundred_rows_cost_what_one_does(path: str) -> None:
    client = signed_in(Role.ADMINISTRATOR)

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    SiteAlias.objects.create(site=SiteFactory.create(), value="First")
    client.get(path)
    before = asked()
    for number in range(99):
        SiteAlias.objects.create(site=SiteFactory.create(), value=f"Word {number}")
    assert (asked(), before <= 15) == (before, True)


def test_an_empty_list_says_what_to_do_next() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    assert "There are no sites yet." in words_of(client, "/sites/")
    assert "No site is like that." in words_of(client, "/sites/?q=x")
    assert "There are no clusters yet." in words_of(client, "/clusters/")


def test_a_site_is_added_with_its_aliases(admin_client: Client) -> None:
    cluster = ClusterFactory.create()
    sent = sent_form(
        admin_client,
        "/sites/new/",
        code="ROBINA",
        name="Robina Imaging",
        cluster=str(cluster.pk),
        aliases="Robina\r\n\r\n  ROB  2 \r\nrobina\r\n",
    )
    answer = admin_client.post("/sites/new/", sent, follow=True)
    assert "Site ROBINA Robina Imaging added." in answer.content.decode()
    site = Site.objects.get()
    assert (site.time_zone, site.is_active) == ("Australia/Perth", True)
    assert sorted(site.aliases.values_list("value", flat=True)) == ["ROB 2", "Robina"]
    assert set(AuditEvent.objects.filter(entity="catalog_site").values_list("actor")) == {
        ("user:ada",)
    }


def test_only_the_aliases_that_changed_change(admin_client: Client) -> None:
    site = SiteFactory.create()
    kept, gone, recased = (
        SiteAlias.objects.create(site=site, value=word) for word in ("Kept", "Gone", "case")
    )
    path = f"/sites/{site.pk}/"
    admin_client.post(path, sent_form(admin_client, path, aliases="Kept\nCASE\nNew"))
    now = dict(site.aliases.values_list("value", "pk"))
    assert set(now) == {"Kept", "CASE", "New"}
    assert now["Kept"] == kept.pk
    assert not {gone.pk, recased.pk} & set(now.values())


def test_an_alias_that_another_site_has_is_named_with_its_site(admin_client: Client) -> None:
    other = SiteFactory.create(code="BONDI", name="Bondi Clinic")
    for word in ("Beach", "Bondi"):
        SiteAlias.objects.create(site=other, value=word)
    path = f"/sites/{SiteFactory.create().pk}/"
    for alias in ("BEACH", "bondi"):
        answer = admin_client.post(path, sent_form(admin_client, path, aliases=f"Fine\n{alias}"))
        assert answer.status_code == 422
        assert answer.context["form"].errors == {
            "aliases": [
                f"“{alias}” means the site BONDI Bondi Clinic already; case does not count."
            ]
        }
    taken = sent_form(admin_client, path, code="Beach")
    assert admin_client.post(path, taken).context["form"].errors == {
        "code": ["It is an alias of the site BONDI Bondi Clinic."]
    }


def test_a_foreign_site_is_not_named_to_who_may_not_see_it() -> None:
    site, other = SiteFactory.create(), SiteFactory.create(name="Secret Clinic")
    SiteAlias.objects.create(site=other, value="Beach")
    client, path = signed_in(Role.ADMINISTRATOR, site=site), f"/sites/{site.pk}/"
    answer = client.post(path, sent_form(client, path, aliases="Beach"))
    assert answer.context["form"].errors == {
        "aliases": ["“Beach” means another site already; case does not count."]
    }
    assert "Secret" not in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"aliases": "x" * 121}, "aliases"),
        ({"aliases": "nul\x00"}, "aliases"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"requires_licence": "on", "jurisdiction": ""}, "jurisdiction"),
        ({"cluster": "999999"}, "cluster"),
        ({"code": ""}, "code"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    admin_client: Client, changes: dict[str, str], field: str
) -> None:
    site = SiteFactory.create()
    before = Site.objects.values().get(pk=site.pk)
    path = f"/sites/{site.pk}/"
    answer = admin_client.post(path, sent_form(admin_client, path, **changes))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert Site.objects.values().get(pk=site.pk) == before


def test_switching_off_says_what_waits_there(admin_client: Client) -> None:
    site = SiteFactory.create()
    alone, shared, idle = (ShiftFactory.create(is_active=n < 2) for n in range(3))
    for shift in (alone, shared, idle):
        ShiftSite.objects.create(shift=shift, site=site)
    ShiftSite.objects.create(shift=shared, site=SiteFactory.create())
    for status in ("unassigned", "received", "final", "assigned"):
        OrderFactory.create(site=site, status=status)
    path = f"/sites/{site.pk}/"
    sent = sent_form(admin_client, path) | {"preview": "1"}
    del sent["is_active"]
    words = words_of(admin_client, path, sent)
    assert "New orders that name it are parked as unknown site." in words
    assert "1 shift serves only this site" in words
    assert "2 studies wait for a reader there" in words
    assert Site.objects.get(pk=site.pk).is_active


def test_a_new_zone_says_that_shifts_keep_theirs(admin_client: Client) -> None:
    path = f"/sites/{SiteFactory.create().pk}/"
    sent = sent_form(admin_client, path, time_zone="Australia/Perth") | {"preview": "1"}
    assert "Shifts keep their own zone." in words_of(admin_client, path, sent)


def test_a_limited_administrator_moves_a_site_only_to_clusters_of_their_own() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    client, path = signed_in(Role.ADMINISTRATOR, site=site), f"/sites/{site.pk}/"
    answer = client.post(path, sent_form(client, path, cluster=str(other.cluster_id)))
    assert list(answer.context["form"].errors) == ["cluster"]
    assert client.post(path, sent_form(client, path, name="Renamed")).status_code == 302


def test_a_site_that_something_refers_to_is_switched_off_instead(admin_client: Client) -> None:
    site = OrderFactory.create().site
    ShiftSite.objects.create(shift=ShiftFactory.create(), site=site)
    person(Role.TECHNICIAN, site=site)
    path = f"/sites/{site.pk}/delete/"
    words = words_of(admin_client, path)
    for reason in ("1 study", "1 shift that serves it", "1 role of a person"):
        assert reason in words
    assert admin_client.post(path).status_code == 409
    assert "Switch it off instead" in words
    answer = admin_client.post(f"/sites/{site.pk}/switch/", {"to": "off"}, follow=True)
    assert "switched off." in answer.content.decode()
    assert not Site.objects.get(pk=site.pk).is_active
    admin_client.post(f"/sites/{site.pk}/switch/", {"to": "on"})
    assert Site.objects.get(pk=site.pk).is_active
    assert ShiftSite.objects.count() == 1


def test_a_site_that_nothing_refers_to_goes_with_its_aliases_and_comes_back(
    admin_client: Client,
) -> None:
    site = SiteFactory.create()
    SiteAlias.objects.create(site=site, value="Robina")
    answer = admin_client.post(f"/sites/{site.pk}/delete/")
    assert (answer["Location"], Site.objects.count(), SiteAlias.objects.count()) == (
        "/sites/",
        0,
        0,
    )
    admin_client.post(f"/undo/{answer['X-Request-ID']}/")
    assert list(SiteAlias.objects.values_list("site", "value")) == [(site.pk, "Robina")]


def test_an_edit_over_somebody_elses_is_refused_with_their_name(admin_client: Client) -> None:
    site = SiteFactory.create(name="Old")
    path = f"/sites/{site.pk}/"
    mine = sent_form(admin_client, path, name="Mine")
    bob = signed_in(Role.ADMINISTRATOR, username="bob")
    bob.post(path, sent_form(bob, path, aliases="New alias"))
    answer = admin_client.post(path, mine)
    assert answer.status_code == 409
    assert "bob changed this after you opened it." in answer.content.decode()
    assert Site.objects.get(pk=site.pk).name == "Old"


def test_the_history_stands_below_thesent_form(admin_client: Client) -> None:
    path = f"/sites/{SiteFactory.create(name='Old').pk}/"
    admin_client.post(path, sent_form(admin_client, path, name="New", aliases="Robina"))
    words = words_of(admin_client, path)
    assert "ada added site alias Robina" in words
    assert "ada changed name: Old became → New" in words


def test_a_cluster_is_added_edited_and_deleted(admin_client: Client) -> None:
    admin_client.post("/clusters/new/", {"code": "EAST", "name": "East", "seen": "0"})
    cluster = Cluster.objects.get()
    path = f"/clusters/{cluster.pk}/"
    admin_client.post(path, sent_form(admin_client, path, name="Far East"))
    cluster.refresh_from_db()
    assert (cluster.code, cluster.name) == ("EAST", "Far East")
    SiteFactory.create(cluster=cluster)
    assert "1 site" in words_of(admin_client, f"{path}delete/")
    assert admin_client.post(f"{path}delete/").status_code == 409
    Site.objects.all().delete()
    assert admin_client.post(f"{path}delete/").status_code == 302
    assert Cluster.objects.count() == 0


def test_a_cluster_is_changed_only_by_who_has_all_of_its_sites() -> None:
    site = SiteFactory.create()
    client = signed_in(Role.ADMINISTRATOR, site=site)
    assert client.get(f"/clusters/{site.cluster_id}/").status_code == 200
    SiteFactory.create(cluster=site.cluster)
    assert client.get(f"/clusters/{site.cluster_id}/").status_code == 404
    assert client.get("/clusters/new/").status_code == 403
    assert client.get("/sites/new/").status_code == 403
