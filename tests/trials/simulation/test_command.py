"""``manage.py simulate``, on the stated department and on the roster of the database."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.orders.models import Order
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db


def said(*options: str) -> str:
    out = StringIO()
    call_command("simulate", *options, stdout=out)
    return out.getvalue()


def test_stated_department_is_simulated_and_written(tmp_path: Path) -> None:
    text = said("--days", "1", "--strategy", "FAIR", "--out", str(tmp_path / "new"))

    assert "Stated department, 1 days, seed 7" in text
    assert all(name in text for name in ("fair", "fewest open studies", "common list"))
    assert (tmp_path / "new" / "index.html").exists()


@pytest.mark.usefixtures("db")
def test_roster_of_the_database_reads_what_came_in_and_changes_nothing() -> None:
    department = Department()
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    for number in range(6):
        send(*order(placer=f"P{number}", mrn=f"MRN{number}"))
    before = Order.objects.count()

    text = said("--from-roster", "--days", "2", "--utilisation", "0.5", "--strategy", "SHIFTS")

    assert "Department of the roster, 2 days" in text
    assert "as the shifts say" in text
    assert Order.objects.count() == before


@pytest.mark.usefixtures("db")
def test_roster_without_past_orders_says_so() -> None:
    Department()

    with pytest.raises(CommandError, match="no orders"):
        said("--from-roster")


@pytest.mark.parametrize(
    "options", [("--days", "0"), ("--utilisation", "9"), ("--strategy", "BEST")]
)
def test_what_makes_no_sense_is_refused(options: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        said(*options)
