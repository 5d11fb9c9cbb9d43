from __future__ import annotations

import pytest
from django.apps import apps

from apps.catalog.models import Site
from apps.core.access import EVERYWHERE, NOWHERE, RECORDS, Scope
from apps.orders.models import Order
from apps.roster.models import Shift, ShiftSite
from tests.factories import OrderFactory, ShiftFactory, SiteFactory

HERE = Scope(site_ids=frozenset({1, 2}))


@pytest.mark.parametrize(
    ("scope", "site", "is_covered"),
    [
        (HERE, 1, True),
        (HERE, 3, False),
        (HERE, None, False),
        (EVERYWHERE, 3, True),
        (EVERYWHERE, None, True),
        (NOWHERE, None, False),
    ],
)
def test_a_record_of_one_site(scope: Scope, site: int | None, *, is_covered: bool) -> None:
    assert scope.covers(site) is is_covered


@pytest.mark.parametrize(
    ("scope", "sites", "seen", "changed"),
    [
        (HERE, {1}, True, True),
        (HERE, {1, 3}, True, False),
        (HERE, {3}, False, False),
        (HERE, set(), True, False),
        (EVERYWHERE, {3}, True, True),
        (EVERYWHERE, set(), True, True),
        (NOWHERE, set(), False, False),
        (NOWHERE, {1}, False, False),
    ],
)
def test_a_record_of_several_sites(
    scope: Scope, sites: set[int], *, seen: bool, changed: bool
) -> None:
    assert (scope.sees(sites), scope.changes(sites)) == (seen, changed)


def test_only_a_place_makes_a_scope_true() -> None:
    assert (bool(NOWHERE), bool(HERE), bool(EVERYWHERE)) == (False, True, True)


@pytest.mark.db
def test_rows_of_a_site_are_limited_and_those_of_none_are_everywheres() -> None:
    own, other, nowhere = (
        OrderFactory.create(),
        OrderFactory.create(),
        OrderFactory.create(site=None),
    )
    rows = Order.objects.order_by("pk")
    assert list(Scope(site_ids=frozenset({own.site_id})).limit(rows)) == [own]
    assert list(EVERYWHERE.limit(rows)) == [own, other, nowhere]
    assert list(NOWHERE.limit(rows)) == []


@pytest.mark.db
def test_rows_of_several_sites_are_each_seen_once() -> None:
    sites = [SiteFactory.create() for _ in range(3)]
    both, foreign, of_all = (ShiftFactory.create() for _ in range(3))
    for site in sites[:2]:
        ShiftSite.objects.create(shift=both, site=site)
    ShiftSite.objects.create(shift=foreign, site=sites[2])
    scope = Scope(site_ids=frozenset(site.pk for site in sites[:2]))
    rows = Shift.objects.order_by("pk")
    assert list(scope.limit_placed(rows, "site_rows__site")) == [both, of_all]
    assert list(EVERYWHERE.limit_placed(rows, "site_rows__site")) == [both, foreign, of_all]
    assert list(NOWHERE.limit_placed(rows, "site_rows__site")) == []


@pytest.mark.db
def test_a_scope_of_one_site_does_not_reach_the_rest_of_its_cluster() -> None:
    site = SiteFactory.create()
    SiteFactory.create(cluster=site.cluster)
    scope = Scope(site_ids=frozenset({site.pk}))
    assert list(scope.limit(Site.objects.all(), "pk")) == [site]


def test_every_table_that_is_guarded_exists() -> None:
    names = {
        f"{m._meta.app_label}_{m._meta.model_name}"
        for m in apps.get_models(include_auto_created=True)
    }
    assert set(RECORDS) - names == set()
