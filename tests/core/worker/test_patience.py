from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.core.worker.patience import Patience, Seen, Verdict

NOON = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)
NOTHING = Seen(None)
STUCK = Seen(NOON, {"a": 1})


def _verdicts(patience: Patience, looks: list[tuple[float, Seen]]) -> list[tuple[float, str]]:
    """Return the moments at which something was done, and what."""
    judged = [(at, patience.judge(seen, at).value) for at, seen in looks]
    return [(at, verdict) for at, verdict in judged if verdict != "fine"]


def test_nothing_waiting_is_fine_for_ever() -> None:
    assert _verdicts(Patience(), [(float(at), NOTHING) for at in range(1000)]) == []


def test_what_waits_is_nudged_for_every_two_seconds_and_restarted_for_after_fifteen() -> None:
    verdicts = _verdicts(Patience(), [(float(at), STUCK) for at in range(17)])

    nudges = [(float(at), "nudge") for at in range(2, 15, 2)]
    assert verdicts == [*nudges, (15.0, "restart")]


def test_a_restart_that_does_not_help_is_repeated_ever_more_slowly() -> None:
    verdicts = _verdicts(Patience(), [(float(at), STUCK) for at in range(800)])

    restarts = [at for at, verdict in verdicts if verdict == "restart"]
    assert restarts == [15, 45, 105, 225, 465, 705]


def test_patience_is_short_again_once_nothing_waits() -> None:
    patience = Patience()
    for at in range(20):
        patience.judge(STUCK, float(at))
    patience.judge(NOTHING, 20.0)

    verdicts = _verdicts(patience, [(float(at), STUCK) for at in range(21, 40)])

    assert (36.0, "restart") in verdicts


def test_a_backlog_that_moves_is_not_a_stall() -> None:
    by_age = [(float(at), Seen(NOON + timedelta(seconds=at), {})) for at in range(100)]
    by_count = [(float(at), Seen(NOON, {"a": at})) for at in range(100)]

    assert _verdicts(Patience(), by_age) == []
    assert _verdicts(Patience(), by_count) == []


def test_work_that_is_old_when_first_seen_is_nudged_for_at_once_but_not_blamed() -> None:
    patience = Patience()

    first = patience.judge(STUCK, 100.0, waited_seconds=3600)
    second = patience.judge(STUCK, 101.0, waited_seconds=3601)

    assert (first, second) == (Verdict.NUDGE, Verdict.FINE)


def test_a_cluster_that_was_just_started_has_the_full_time() -> None:
    patience = Patience()
    patience.judge(STUCK, 0.0)
    patience.forgive(10.0)

    assert patience.judge(STUCK, 20.0) is Verdict.NUDGE
    assert patience.judge(STUCK, 25.0) is Verdict.RESTART
