"""Whom pasted names mean, and which days pasted dates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.roster.models import Radiologist

_DAY = timedelta(days=1)
_FORMATS = ("%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%d.%m.%Y", "%d/%m/%Y")
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom names mean; ``unknown`` mean nobody, ``unclear`` several."""

    people: Sequence[Radiologist]
    unknown: Sequence[str]
    unclear: Sequence[str]


def people_named(lines: Iterable[str], people: Iterable[Radiologist]) -> Named:
    """Return whom lines name: by id, by both names in any order, or by a family name alone.

    Case, title and signs between the words do not count.
    """
    known: defaultdict[frozenset[str], dict[str, Radiologist]] = defaultdict(dict)
    for person in people:
        for words in _names_of(person):
            known[words][person.pk] = person
    found: dict[str, Radiologist] = {}
    unknown: list[str] = []
    unclear: list[str] = []
    for line in lines:
        meant = known.get(_words(line), {})
        if len(meant) == 1:
            found |= meant
        else:
            (unclear if meant else unknown).append(line)
    return Named(list(found.values()), unknown, unclear)


def _names_of(person: Radiologist) -> list[frozenset[str]]:
    both = _words(f"{person.given_name} {person.family_name}")
    titled = both | _words(person.title)
    family = _words(person.family_name)
    return [_words(person.pk), both, titled, family, family | _words(person.title)]


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORDS.findall(text))


def date_of(text: str) -> date | None:
    """Return the date that a line means, day before month; None where it means none."""
    for pattern in _FORMATS:
        try:
            return datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 -- a date has no zone
        except ValueError:
            continue
    return None


def spans_of(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return dates as first and last days of what lies side by side, in order."""
    spans: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if spans and spans[-1][1] + _DAY == day:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
