"""The lists of rows and overrides: filtered, found, sorted."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.roster.models import (
    RosterOverride,
)
from tests.roster.pages.support import (
    THURSDAY,
    WEDNESDAY,
    address,
    placed_shift,
    reader,
    seat,
    signed_in,
    stored,
    swap_on,
)

pytestmark = pytest.mark.db


@pytest.fixture
def many(site: Site) -> None:
    shift = placed_shift("MRI", site)
    for name, start, end, status in (
        ("NOW", "2026-01-01", None, "active"),
        ("LATER", "2026-03-01", None, "active"),
        ("PAST", "2025-01-01", "2025-12-31", "active"),
        ("GONE", "2026-01-01", None, "cancelled"),
    ):
        seat(shift, reader(name), start_date=start, end_date=end, status=status)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["NOW", "LATER"]),
        ("?when=now", ["NOW"]),
        ("?when=later", ["LATER"]),
        ("?when=past", ["PAST"]),
        ("?when=cancelled", ["GONE"]),
        ("?when=all&sort=radiologist", ["GONE", "LATER", "NOW", "PAST"]),
        ("?when=all&sort=-radiologist", ["PAST", "NOW", "LATER", "GONE"]),
        ("?when=all&sort=to", ["PAST", "NOW", "GONE", "LATER"]),
        ("?q=lat", ["LATER"]),
        ("?q=mri&sort=nonsense", ["NOW", "LATER"]),
    ],
)
def test_rows_are_filtered_found_and_sorted(
    manager: Client, query: str, expected: list[str]
) -> None:
    page = manager.get(address("roster-rows", query=query)).context["page"]
    assert [row.radiologist_id for row in page.rows] == expected


@pytest.mark.usefixtures("many")
def test_only_who_may_change_gets_the_links_and_only_who_may_open_it_the_way_to_the_admin() -> (
    None
):
    auditor = signed_in(Role.AUDITOR).get(address("roster-rows")).content.decode()
    administrator = signed_in(Role.ADMINISTRATOR).get(address("roster-rows")).content.decode()
    assert (">Edit<" in auditor, "Import or export" in auditor) == (False, False)
    assert (">Edit<" in administrator, "Import or export" in administrator) == (True, True)


def test_overrides_are_filtered_by_kind_and_person(manager: Client) -> None:
    swap_on(placed_shift("MRI"))
    RosterOverride.objects.create(
        kind="leave", radiologist=reader("ANN"), start_date=WEDNESDAY, end_date=THURSDAY
    )

    def found(query: str) -> list[str]:
        page = manager.get(address("roster-overrides", query=query)).context["page"]
        return [row.kind for row in page.rows]

    assert found("?kind=leave") == ["leave"]
    assert found("?q=ann") == ["leave"]
    assert found("?q=mri") == ["swap"]
    assert found("?when=past") == []
    assert sorted(found("")) == ["leave", "swap"]


def test_nothing_is_changed_by_looking(manager: Client) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"))
    for name in ("roster-row-delete", "roster-row-off", "roster-row"):
        manager.get(address(name, row))
    assert manager.post(address("roster")).status_code == 405
    assert manager.post(address("roster-rows")).status_code == 405
    assert stored() == [("ANN", "2026-01-01", None, "active")]
