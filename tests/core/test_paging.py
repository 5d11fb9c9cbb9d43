from __future__ import annotations

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Cluster
from apps.core.paging import Page, page_number, page_of
from tests.factories import ClusterFactory


@pytest.mark.parametrize(
    ("asked", "number"),
    [("", 1), ("2", 2), ("0", 1), ("-3", 1), ("x", 1), ("²", 1), ("٣", 1), ("9" * 30, 200)],
)
def test_what_is_no_page_is_the_first_and_none_is_beyond_the_last(asked: str, number: int) -> None:
    assert page_number(RequestFactory().get("/", {"page": asked})) == number


def test_a_page_knows_its_neighbours() -> None:
    first, last = Page((), 1, has_next=True), Page((), 3, has_next=False)
    assert (first.previous, first.next, last.previous, last.next) == (None, 2, 2, None)


@pytest.mark.db
class TestRows:
    @pytest.fixture(autouse=True)
    def five(self) -> None:
        for number in range(5):
            ClusterFactory.create(code=f"C{number}")

    @pytest.mark.parametrize(
        ("number", "codes", "has_next"),
        [(1, ["C0", "C1"], True), (2, ["C2", "C3"], True), (3, ["C4"], False), (4, [], False)],
    )
    def test_each_row_is_on_one_page(
        self, number: int, codes: list[str], *, has_next: bool
    ) -> None:
        page = page_of(Cluster.objects.order_by("code"), number, per_page=2)
        assert ([row.code for row in page.rows], page.has_next) == (codes, has_next)

    def test_nothing_is_counted(self) -> None:
        with CaptureQueriesContext(connection) as asked:
            page_of(Cluster.objects.order_by("code"), 1, per_page=2)
        assert len(asked) == 1
        assert "COUNT" not in asked[0]["sql"]

    def test_a_full_last_page_has_no_next(self) -> None:
        page = page_of(Cluster.objects.order_by("code"), 1, per_page=5)
        assert (len(page.rows), page.has_next) == (5, False)
