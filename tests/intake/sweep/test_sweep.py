"""Every message of a collection comes to what a person has reviewed, file by file.

The messages stay where they are; here stands what must come of each, by file name. To review
anew after a change of the reading: ``RADASSIGN_SWEEP_WRITE=1 pytest tests/intake/sweep`` writes
the outcomes, and the diff is what to look at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import transaction

from tests import factories
from tests.hl7v2.test_corpus import CORPUS, FOLDER
from tests.intake.sweep.outcome import REVIEWED, Outcome, line, outcomes, reviewed
from tests.support.department import Department, forget_caches

pytestmark = [
    pytest.mark.db,
    pytest.mark.skipif(not FOLDER, reason="RADASSIGN_HL7_CORPUS names no folder of real messages"),
]


@pytest.fixture
def everywhere(db: None) -> Iterator[None]:  # noqa: ARG001 -- a fixture for its effect
    """A department that reads anything, of senders that nobody has described."""
    department = Department()
    shift = department.add_shift("ALL")
    department.add_reader("DR_A", shift=shift, max_concurrent_studies=100_000)
    factories.SenderProfileFactory(facility="", application="", default_site=department.site)
    yield
    forget_caches()


def _alone(file: str, raw: bytes) -> list[Outcome]:
    """Return what comes of a file, and leave nothing of it behind."""
    with transaction.atomic():
        found = outcomes(file, raw)
        transaction.set_rollback(True)
    forget_caches()
    return found


@pytest.mark.usefixtures("everywhere")
def test_every_file_comes_to_what_was_reviewed() -> None:
    found = {file: _alone(file, raw) for file, _, raw in CORPUS}
    if os.environ.get("RADASSIGN_SWEEP_WRITE"):
        lines = [line(outcome) for rows in found.values() for outcome in rows]
        REVIEWED.write_text("\n".join(lines) + "\n", encoding="utf-8")

    expected = reviewed()

    assert {file: list(map(line, rows)) for file, rows in found.items()} == {
        file: list(map(line, expected.get(file, []))) for file in found
    }


def test_reviewed_outcomes_keep_the_promises_of_each_category() -> None:
    """Whoever reviews may err; these hold for any collection of the kind."""
    wrong = [
        f"{outcome.file} ({category}): {line(outcome)}"
        for file, category, _ in CORPUS
        for outcome in reviewed().get(file, [])
        if not _is_kept(category, outcome)
    ]
    assert wrong == []
    assert {file for file, _, _ in CORPUS} <= reviewed().keys()


def _is_kept(category: str, outcome: Outcome) -> bool:
    if category in ("ack", "orr"):
        return outcome.answer == "none" and not outcome.orders
    if category == "order-partial":
        return outcome.state == "refused" and not outcome.orders
    if category == "order":
        is_quiet = outcome.answer == "none"
        return (is_quiet or outcome.answer.endswith("A")) and outcome.state == "processed"
    if category in ("adt", "a40", "oml", "oru"):
        return outcome.state in ("processed", "ignored") and "assigned" not in outcome.orders
    return outcome.state != "waiting"
