"""What orders were decided from together is kept while a decision needs it, and then no more."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from apps.assignment.models import Assignment, DecisionBasis, Unassigned
from apps.assignment.services import proving, pruning
from apps.core import clock
from apps.roster.models import Radiologist, Shift
from tests.support.department import Department, order, receive, settle, take_effect

pytestmark = pytest.mark.db

LATER = timedelta(minutes=1)


def bursts() -> set[str]:
    areas = DecisionBasis.objects.filter(area__startswith="burst:")
    return {area.removeprefix("burst:") for area in areas.values_list("area", flat=True)}


def areas() -> int:
    """Return how many bases of configuration there are."""
    return DecisionBasis.objects.exclude(area__startswith="burst:").count()


def come(*numbers: int) -> None:
    for number in numbers:
        receive(*order(placer=f"P{number}", mrn=f"MRN{number}"))


@pytest.fixture
def decided(department: Department) -> datetime:
    """Two orders given and one waiting, all of one burst; returns when."""
    Shift.objects.update(strategy="OPTIMAL")
    department.add_reader("DR_A", max_concurrent_studies=2)
    come(1, 2, 3)
    take_effect()
    assert (Assignment.objects.count(), Unassigned.objects.count()) == (2, 1)
    return Assignment.objects.latest("pk").assigned_at


def test_a_burst_says_when_it_was_decided_and_stays_while_a_decision_names_it(
    decided: datetime,
) -> None:
    kept, of_rules = DecisionBasis.objects.get(area__startswith="burst:"), areas()

    assert kept.made_at == decided
    assert pruning.prune_bursts(decided + LATER) == 0
    Unassigned.objects.all().delete()
    assert pruning.prune_bursts(decided + LATER) == 0
    assert (len(bursts()), areas()) == (1, of_rules)


def test_one_that_only_an_unassigned_order_names_stays_until_that_names_another(
    decided: datetime,
) -> None:
    Assignment.objects.update(trace={})

    assert pruning.prune_bursts(decided + LATER) == 0
    Unassigned.objects.update(trace={})
    assert pruning.prune_bursts(decided) == 0
    assert pruning.prune_bursts(decided + LATER) == 1
    assert bursts() == set()


def test_each_goes_with_its_age_and_no_configuration_goes(decided: datetime) -> None:
    of_rules = areas()

    assert pruning.prune_bursts(decided + pruning.KEPT_FOR) == 0
    assert pruning.prune_bursts(decided + pruning.KEPT_FOR + LATER) == 1
    assert (bursts(), areas()) == (set(), of_rules)


@pytest.mark.usefixtures("decided")
def test_many_are_deleted_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_CHUNK", 2)
    at = clock.now()
    DecisionBasis.objects.bulk_create(
        DecisionBasis(area=f"burst:x{number}", version=0, payload=b"", made_at=at - made)
        for number, made in enumerate([LATER] * 5 + [pruning.KEPT_FOR + LATER] * 3)
    )

    assert pruning.prune_bursts(at) == 8
    assert len(bursts()) == 1


@pytest.mark.usefixtures("decided")
def test_the_nightly_check_removes_what_retries_left_behind() -> None:
    receive(*order(placer="P4", mrn="MRN4"))
    take_effect()
    Radiologist.objects.update(max_concurrent_studies=9)
    settle()
    DecisionBasis.objects.create(
        area="burst:of_nobody", version=0, payload=b"", made_at=clock.now() - LATER
    )

    assert proving.prove_nightly() == 1

    named = {row.trace.get("burst") for row in Assignment.objects.all()} - {None}
    assert (bursts(), len(named)) == (named, 2)
    check = proving.prove(since=clock.now() - timedelta(days=1), at=clock.now())
    assert check is not None
    assert (check.looked_at, check.same) == (4, 4)
