"""What studies count for: the tables, their versions, and the pages that keep them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import UnitTable
from apps.catalog.queries.units import UnitBook, UnitsFrom, Work
from apps.core import clock
from tests.factories import ProcedureFactory
from tests.support.people import signed_in

JAN, FEB = date(2026, 1, 1), date(2026, 2, 1)
KNEE = Work(7, "MR", "KNEE", Decimal("1.25"))


def test_a_procedure_goes_before_a_kind_and_that_before_the_rvu() -> None:
    table = UnitsFrom(
        JAN,
        "min",
        Decimal("6.5"),
        {7: Decimal(9)},
        {("MR", "KNEE"): Decimal(8), ("MR", ""): Decimal(7)},
    )

    told = [
        table.units(work)
        for work in (
            KNEE,
            Work(8, "MR", "KNEE", Decimal(1)),
            Work(None, "MR", "HEAD", Decimal(1)),
            Work(None, "CT", "HEAD", Decimal("1.25")),
        )
    ]

    assert told == [Decimal(9), Decimal(8), Decimal(7), Decimal("8.12")]


def test_the_latest_table_whose_day_has_come_counts() -> None:
    old, new = UnitsFrom(JAN, "RVU", Decimal(2)), UnitsFrom(FEB, "RVU", Decimal(3))
    book = UnitBook((new, old))

    told = [book.units(KNEE, on) for on in (JAN - timedelta(days=1), JAN, FEB)]

    assert told == [Decimal("1.25"), Decimal("2.50"), Decimal("3.75")]


# -- pages ------------------------------------------------------------------------------------


@pytest.fixture
def manager(db: None) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.MANAGER)


def later(days: int = 30) -> date:
    return clock.now().date() + timedelta(days=days)


def filled(**changes: str) -> dict[str, str]:
    said = {
        "name": "Minutes",
        "unit": "min",
        "from_date": later().isoformat(),
        "per_rvu": "6.5",
        "reason": "Measured",
        "values": "MR | KNEE | 12\nct\t\t9",
    }
    return said | changes


@pytest.mark.db
def test_a_table_is_added_with_the_values_of_a_spreadsheet(manager: Client) -> None:
    ProcedureFactory.create(code="XR CHEST")

    answer = manager.post(
        reverse("unit-table-add"), filled(values="xr chest;2,5\nMR | knee | 12\nct\t\t9")
    )

    assert answer.status_code == 302
    (table,) = UnitTable.objects.all()
    assert (table.version, table.unit, table.per_rvu) == (1, "min", Decimal("6.5"))
    values = {
        (row.procedure.code if row.procedure else "", row.modality, row.body_part): row.units
        for row in table.values_of.all()
    }
    assert values == {
        ("XR CHEST", "", ""): Decimal("2.5"),
        ("", "MR", "KNEE"): Decimal(12),
        ("", "CT", ""): Decimal(9),
    }


@pytest.mark.db
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"values": "NO SUCH | 3"}, "No procedure has the code NO SUCH"),
        ({"values": "MR | KNEE | many"}, "many is not a number"),
        ({"values": "QQ | KNEE | 1"}, "is not a DICOM modality"),
        ({"values": "MR | KNEE | -1"}, "units are 0 or more"),
        ({"values": "MR | KNEE | 1e99"}, "units are 0 or more"),
        ({"values": "MR | KNEE | NaN"}, "units are 0 or more"),
        ({"values": "MR | KNEE | 1\nMRI | KNEE | 2"}, "Said twice"),
        ({"from_date": date(2020, 1, 1).isoformat()}, "has come already"),
        ({"per_rvu": "-1"}, "greater than or equal to 0"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    manager: Client, changes: dict[str, str], said: str
) -> None:
    answer = manager.post(reverse("unit-table-add"), filled(**changes))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not UnitTable.objects.exists()


@pytest.mark.db
def test_a_new_version_begins_from_the_old_one(manager: Client) -> None:
    manager.post(reverse("unit-table-add"), filled())
    first = UnitTable.objects.get()

    page = manager.get(reverse("unit-table-add"), {"of": first.pk}).content.decode()
    manager.post(
        f"{reverse('unit-table-add')}?of={first.pk}", filled(from_date=later(60).isoformat())
    )

    assert "MR | KNEE | 12.00" in page
    assert list(UnitTable.objects.order_by("version").values_list("version", flat=True)) == [1, 2]


@pytest.mark.db
def test_a_table_whose_day_has_come_is_never_changed(manager: Client) -> None:
    table = UnitTable.objects.create(name="Now", from_date=clock.now().date())

    for name in ("unit-table-edit", "unit-table-delete"):
        for answer in (
            manager.get(reverse(name, args=[table.pk])),
            manager.post(reverse(name, args=[table.pk]), filled()),
        ):
            assert answer.status_code == 403
    page = manager.get(reverse("unit-table", args=[table.pk])).content.decode()
    assert "never changed" in page


@pytest.mark.db
def test_a_coming_table_is_edited_and_a_stale_form_is_told(manager: Client) -> None:
    manager.post(reverse("unit-table-add"), filled())
    table = UnitTable.objects.get()
    address = reverse("unit-table-edit", args=[table.pk])

    changed = manager.post(address, filled(values="MR | KNEE | 13") | {"seen": ""})
    stale = manager.post(address, filled(values="MR | KNEE | 14") | {"seen": "1"})

    assert (changed.status_code, stale.status_code) == (302, 409)
    assert [row.units for row in table.values_of.all()] == [Decimal(13)]


@pytest.mark.db
def test_the_list_costs_the_same_at_one_and_at_many(manager: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert manager.get(reverse("units")).status_code == 200
        return len(queries)

    assert "There are no tables yet" in manager.get(reverse("units")).content.decode()
    UnitTable.objects.create(name="T0", from_date=later(1))
    one = cost()
    for number in range(1, 60):
        UnitTable.objects.create(name=f"T{number}", from_date=later(1 + number))
    assert cost() == one <= 15


@pytest.mark.db
def test_a_table_shows_what_kinds_and_single_procedures_count_for(manager: Client) -> None:
    table = UnitTable.objects.create(name="minutes", unit="min", from_date=JAN)
    knee = ProcedureFactory.create(code="MRKNEE", modality="MR", body_part="KNEE")
    table.values_of.create(procedure=knee, units=Decimal(9))
    table.values_of.create(modality="CT", units=Decimal(7))

    page = manager.get(reverse("unit-table", args=[table.pk]))

    assert page.status_code == 200
    shown = [
        tuple(re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row))
        for row in re.findall(r"<tr>(.*?)</tr>", page.content.decode(), flags=re.DOTALL)
    ]
    assert [row for row in shown if row] == [
        (f"MRKNEE {knee.description}", "MR", "KNEE", "9"),
        ("Every study", "CT", "any", "7"),
    ]
