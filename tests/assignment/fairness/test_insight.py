"""What is said before a unit table or weights are saved, from the studies that there are."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import UnitTable, UnitValue
from apps.core import clock
from apps.orders.models import Order
from apps.rules.models import ScoringWeights
from tests.factories import ProcedureFactory
from tests.support.department import Department, order, send
from tests.support.people import signed_in


def _table(**changes: str) -> dict[str, str]:
    day = clock.now().date() + timedelta(days=30)
    said = {"name": "Minutes", "unit": "min", "from_date": day.isoformat(), "per_rvu": "6.5"}
    return said | {"reason": "Measured", "values": ""} | changes


def _weights(**changes: str) -> dict[str, str]:
    fields = [one.name for one in ScoringWeights._meta.concrete_fields if one.name != "id"]
    return {name: str(getattr(ScoringWeights(), name)) for name in fields} | changes


@pytest.mark.db
def test_an_order_counts_by_the_table_of_the_day_on_its_sites_clock(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    here = clock.now().astimezone(ZoneInfo("Australia/Brisbane")).date()
    for name, day, per_rvu in (("Now", here, 10), ("Soon", here + timedelta(days=1), 20)):
        UnitTable.objects.create(name=name, from_date=day, per_rvu=per_rvu)
    procedure = ProcedureFactory.create(code="MRI HEAD", modality="MR", rvu=2)
    table = UnitTable.objects.get(name="Now")
    UnitValue.objects.create(table=table, procedure=procedure, units=Decimal("33.5"))

    send(*order(placer="P1"))
    send(*order(placer="P2", code="MRI HEAD^HEAD"))
    send(*order(placer="P2", code="MRI KNEE^MRI KNEE", control="XO"))

    units = dict(Order.objects.values_list("accession", "units"))
    assert units == {"P1": Decimal(10), "P2": Decimal(10)}


@pytest.mark.db
def test_the_preview_says_what_would_have_been_counted(department: Department) -> None:
    department.add_reader("DR_A", family_name="Ames", given_name="Ann", title="DR")
    for number in range(3):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
    manager = signed_in(Role.MANAGER)

    page = manager.post(
        reverse("unit-table-add"), _table(values="MR | | 4") | {"preview": "1"}
    ).content.decode()

    assert "The last 7 days: 3.00 counted, 12.00 min by this table." in page
    assert "DR Ann Ames: 3.00 → 12.00, 100.0 % → 100.0 % of all" in page
    assert not UnitTable.objects.exists()


@pytest.mark.db
def test_the_preview_says_how_many_decisions_would_be_others(department: Department) -> None:
    """By score the one with less open wins; turned round, whoever has more open does."""
    department.shift.strategy = "SCORED"
    department.shift.save()
    for name in ("DR_A", "DR_B"):
        department.add_reader(name, max_concurrent_studies=10)
    for number in range(4):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))

    page = (
        signed_in(Role.MANAGER)
        .post(reverse("scoring-weights"), _weights(open_share="50") | {"preview": "1"})
        .content.decode()
    )

    assert "2 of the last 4 decisions would go to another reader." in page
    assert "Who has more open would be preferred." in page
    assert not ScoringWeights.objects.exists()
