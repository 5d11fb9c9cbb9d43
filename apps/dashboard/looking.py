"""What each part of the board shows of what a lens lets through, and which changes touch it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.assignment.queries.replay_checks import newest_drift
from apps.dashboard.days import Day
from apps.dashboard.lens import Lens
from apps.dashboard.live import PULSE, SHELF, Touches, always, never
from apps.dashboard.queries.changes import Touched
from apps.dashboard.queries.due import due_next, nobody_left, overdue
from apps.dashboard.queries.figures import Figures, figures
from apps.dashboard.queries.readers import AtWork, Held, at_work, held, readers
from apps.dashboard.queries.recent import recent_assignments
from apps.dashboard.queries.tallies import Tally, made, now
from apps.dashboard.queries.unassigned import unassigned_head
from apps.intake.queries.silence import WatchedSender, silent_senders

_DIGEST_BYTES = 8
_SETTLED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Looking:
    """A lens at a moment of a day."""

    lens: Lens
    day: Day
    at: datetime

    @property
    def key(self) -> str:
        """Return what lens and day have in common on every page; it tells nothing of either."""
        lens = self.lens
        sites = "all" if lens.site_ids is None else sorted(lens.site_ids)
        return digest_of(f"{lens.zone.key}|{self.day.on}|{sites}|{lens.modality}|{lens.query}")

    def touches(self, touched: Touched) -> bool:
        """Return whether orders changed that the lens shows."""
        return self.lens.shows_any(touched.places)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a part's template gets, and which changes touch it."""

    context: Mapping[str, Any]
    touches: Touches


def _alarm(looking: Looking) -> Shown:
    sites = looking.lens.site_ids
    context = {
        "nobody_left": nobody_left(looking.lens, at=looking.at),
        "drift": newest_drift() if PULSE.has_drift else None,
        "silent": [sender for sender in _silent(looking.at) if sender.concerns(sites)],
    }
    return Shown(context, looking.touches)


def _figures(looking: Looking) -> Shown:
    return Shown({"figures": _counted(looking)}, looking.touches)


def _due(looking: Looking) -> Shown:
    return Shown({"due": due_next(looking.lens, at=looking.at)}, looking.touches)


def _overdue(looking: Looking) -> Shown:
    rows = overdue(looking.lens, at=looking.at)
    return Shown({"overdue": rows, "figures": _counted(looking)}, looking.touches)


def _unassigned(looking: Looking) -> Shown:
    rows = unassigned_head(looking.lens, at=looking.at)
    return Shown({"unassigned": rows, "figures": _counted(looking)}, looking.touches)


def _readers(looking: Looking) -> Shown:
    lens, at = looking.lens, looking.at
    found = readers(_at_work(at), lens, _held(at) if lens.is_narrow else None)

    def touches(touched: Touched) -> bool:
        return looking.touches(touched) or not found.ids.isdisjoint(touched.readers)

    return Shown({"readers": found}, touches)


def _recent(looking: Looking) -> Shown:
    rows = recent_assignments(looking.lens, at=looking.at)
    return Shown({"recent": rows}, looking.touches)


SHOWN: Mapping[str, Callable[[Looking], Shown]] = {
    "alarm": _alarm,
    "figures": _figures,
    "due": _due,
    "overdue": _overdue,
    "unassigned": _unassigned,
    "readers": _readers,
    "recent": _recent,
}
"""The parts, in the order of the page."""


def digest_of(text: str) -> str:
    """Return a short text that differs when the text does."""
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _counted(looking: Looking) -> Figures:
    return SHELF.take_or_make(
        ("figures", looking.key),
        looking.at,
        lambda: (figures(_tallies(looking.day, looking.at), looking.lens), looking.touches),
    )


def _tallies(day: Day, at: datetime) -> Sequence[Tally]:
    """Return the day's counts; assignments that were made a while ago are not counted again."""
    until, before = SHELF.take_or_make(("made", day), at, lambda: (_made(day, at), never))
    return SHELF.take_or_make(
        ("tallies", day),
        at,
        lambda: ([*before, *now(day, since=until, at=at)], always),
    )


def _made(day: Day, at: datetime) -> tuple[datetime, Sequence[Tally]]:
    until = max(day.start, at - _SETTLED)
    return until, made(day.start, until)


def _silent(at: datetime) -> Sequence[WatchedSender]:
    if not PULSE.has_silences:
        return ()
    return SHELF.take_or_make("silent", at, lambda: (silent_senders(), never))


def _at_work(at: datetime) -> AtWork:
    return SHELF.take_or_make("at work", at, lambda: (at_work(at), always))


def _held(at: datetime) -> Held:
    return SHELF.take_or_make("held", at, lambda: (held(), always))
