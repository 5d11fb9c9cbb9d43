"""``manage.py simulate``, on the stated department and on the roster of the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.orders.models import Order
from apps.rules.models import RuleDraft
from apps.trials.management.commands import simulate as command
from apps.trials.queries.simulated import hourly_rates, hours_of_week
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db


def said(*options: str) -> str:
    out = StringIO()
    call_command("simulate", *options, stdout=out)
    return out.getvalue()


def test_stated_department_is_simulated_and_written(tmp_path: Path) -> None:
    text = said("--days", "1", "--strategy", "FAIR", "--out", str(tmp_path / "new"))

    assert "Stated department, 1 day, seed 7" in text
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
def test_draft_is_decided_beside_the_live_rules_and_written(tmp_path: Path) -> None:
    department = Department()
    department.add_reader("DR_A")
    for number in range(6):
        send(*order(placer=f"P{number}", mrn=f"MRN{number}"))
    draft = RuleDraft.objects.create(
        name="Nothing new", made_by="user:ann", made_at=timezone.now()
    )

    text = said("--draft", str(draft.pk), "--days", "2", "--out", str(tmp_path / "new"))

    assert f"draft {draft.pk}" in text
    assert "as the shifts say" in text
    assert (tmp_path / "new" / "turnaround.svg").exists()


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("state", "why"), [("live", "is finished"), (None, "no draft")])
def test_draft_that_is_done_with_or_never_was_is_refused(state: str | None, why: str) -> None:
    Department()
    pk = 999
    if state is not None:
        at = timezone.now()
        pk = RuleDraft.objects.create(name="Old", made_by="user:a", made_at=at, state=state).pk

    with pytest.raises(CommandError, match=why):
        said("--draft", str(pk))


def test_hours_that_nobody_has_seen_take_what_is_known_of_others() -> None:
    """Since Monday 8:30, until Tuesday 10:00: twice 8 and 9 o'clock, no hour of Wednesday."""
    start_at = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    seen = hours_of_week(start_at, start_at + timedelta(hours=25, minutes=30), ZoneInfo("UTC"))

    rates = hourly_rates({8: 3, 9: 6, 24 + 8: 5}, seen)

    assert sum(seen.values()) == 26
    assert (rates[8], rates[9], rates[10], rates[24 + 8], rates[24 + 9]) == (3, 6, 0, 5, 0)
    assert (rates[48 + 8], rates[48 + 9], rates[48 + 10]) == (4, 3, 0)
    assert hourly_rates({8: 4}, {8: 2, 9: 2})[100] == 1


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


def test_draft_of_the_stated_department_is_refused() -> None:
    with pytest.raises(CommandError, match="not --stated"):
        said("--stated", "--draft", "1")


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_folder_that_cannot_be_written_is_found_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(command, "simulate", lambda *_args, **_named: pytest.fail("it ran"))

    with pytest.raises(CommandError, match=f"cannot write to {tmp_path / place}: "):
        said("--out", str(tmp_path / place))


def test_ctrl_c_ends_it_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "simulate", interrupted)

    with pytest.raises(SystemExit) as ended:
        command.Command().run_from_argv(["manage.py", "simulate", "--days", "1"])

    assert ended.value.code == 130
    assert capsys.readouterr().err == "CommandError: interrupted\n"
