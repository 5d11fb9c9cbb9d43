"""The sweep over the current configuration, remembered in the process.

A sweep follows from the configuration, the span and what is meant alone, so what is remembered
is used as long as these are the same, and an edit shows at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.assignment.coverage.load import intents
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.engine.timeline.facts import Asked, Intents
from apps.engine.timeline.sweep import EVERYTHING, Swept, sweep

LONGEST = timedelta(days=371)
"""Longer spans are refused; a year is looked at in one go."""
_MAX_REMEMBERED = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A sweep, with the configuration that it was made from: names of shifts and people."""

    swept: Swept
    view: ConfigView

    def shift_name(self, code: str) -> str:
        """Return what people call a shift."""
        shift = self.view.shifts.get(code)
        return shift.name if shift is not None else code

    def person_name(self, id_: str) -> str:
        """Return title, given and family name; the id of somebody unknown."""
        person = self.view.people.get(id_)
        if person is None:
            return id_
        names = (person.title, person.given_name, person.family_name)
        return " ".join(name for name in names if name)


@dataclass(frozen=True, slots=True)
class _Key:
    meant: Intents
    start_at: datetime
    end_at: datetime
    asked: Asked


_remembered: list[tuple[_Key, Found]] = []


def coverage(start_at: datetime, end_at: datetime, asked: Asked = EVERYTHING) -> Found:
    """Return who may be given which work from a moment to before another.

    Args:
        start_at: included.
        end_at: not included, at most ``LONGEST`` later.
        asked: which sites and modality are looked at.
    """
    global _remembered  # noqa: PLW0603 -- one copy per process is the point of a cache
    view, key = current_view(read_versions()), _Key(intents(), start_at, end_at, asked)
    for known, found in _remembered:
        # One configuration is one object, until it is read anew.
        if found.view is view and known == key:
            return found
    found = _look(view, key)
    # A new list, so that another thread never walks one that changes. What was found under
    # another configuration is never asked for again, and would keep all of that alive.
    others = [known for known in _remembered if known[1].view is view]
    _remembered = [(key, found), *others[: _MAX_REMEMBERED - 1]]
    return found


def coverage_once(start_at: datetime, end_at: datetime) -> Found:
    """Return what ``coverage`` does, for who asks for a moment that never comes again."""
    key = _Key(intents(), start_at, end_at, EVERYTHING)
    return _look(current_view(read_versions()), key, keep=False)


def _look(view: ConfigView, key: _Key, *, keep: bool = True) -> Found:
    span = (key.start_at, key.end_at)
    return Found(sweep(view.compiled, *span, key.meant, key.asked, keep=keep), view)
