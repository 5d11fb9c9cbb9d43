"""Says what it does that a gap in the roster is meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.audit.editing import Effect
from apps.roster.effects.roster import days_words, span_words
from apps.roster.models import PlannedGap
from apps.roster.queries.gaps import runs_in
from apps.roster.queries.plan import Run


def gap_effects(
    before: PlannedGap | None, after: PlannedGap | None, *, at: datetime
) -> list[Effect]:
    """Return what follows from declaring a gap, changing it, or taking it back; None is none.

    Nothing is assigned otherwise by it: it says whether nobody being there is a mistake.
    """
    was, will = (_bare(gap, at) for gap in (before, after))
    named = after or before
    code = named.shift.code if named is not None else ""
    found = []
    lost, won = _only_in(was, will), _only_in(will, was)
    if lost:
        found.append(Effect(f"Nobody is on {code} {days_words(lost)}: uncovered again.", "alarm"))
    if won:
        found.append(Effect(f"Nobody is on {code} {days_words(won)}, and is not asked for."))
    taken = [run for run in runs_in(after, at=at) if run.present] if after else []
    if taken:
        words = f"Somebody is on {code} {days_words(taken)} all the same, and stays on."
        found.append(Effect(words, "warn"))
    return found or [Effect("No turn of the next weeks is concerned.")]


def gap_words(gap: PlannedGap) -> str:
    """Return the dates of a gap in words."""
    return span_words(gap.start_date, gap.end_date)


def _bare(gap: PlannedGap | None, at: datetime) -> Sequence[Run]:
    return [run for run in runs_in(gap, at=at) if not run.present] if gap else ()


def _only_in(runs: Sequence[Run], others: Sequence[Run]) -> list[Run]:
    known = {(run.shift.pk, run.start_on) for run in others}
    return [run for run in runs if (run.shift.pk, run.start_on) not in known]
