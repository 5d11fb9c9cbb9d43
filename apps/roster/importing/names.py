"""Whom and which shift a name means.

Only what can mean one alone counts by itself: an id, an e-mail address, a whole name in either
order, a shift's code or name. A bare family name may be anybody's new colleague, so it is a guess
that a person confirms; what was confirmed is remembered.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from django.db.models import Q

from apps.core.access import Scope
from apps.roster.choices import NameKind
from apps.roster.models import Radiologist, RosterName, RosterSource, Shift
from apps.roster.queries.places import changed_shifts, seen_people

_TITLES = frozenset({"dr", "prof", "professor", "mr", "mrs", "ms", "md", "assoc", "a", "phd"})
_WORD = re.compile(r"[^\W_]+")
_MOST_GUESSES = 3
_LIKELY = 0.55
_Record = TypeVar("_Record", Radiologist, Shift)


@dataclass(frozen=True, slots=True)
class Meaning(Generic[_Record]):
    """What a name means: a record, or nothing that counts (``is_ignored``)."""

    record: _Record | None = None
    is_ignored: bool = False


class Directory(Generic[_Record]):
    """The records of a kind by the names that can mean them alone, and by what was remembered."""

    def __init__(
        self,
        records: Iterable[_Record],
        names: Iterable[tuple[str, _Record, bool]],
        remembered: Iterable[RosterName],
        kind: NameKind,
    ) -> None:
        """Gather the names.

        Args:
            records: those that may be meant.
            names: each with a record that it means, and whether it is an id, of which every sign
                counts; several records make it mean none.
            remembered: of any kind, those for every source before those of this one.
            kind: which of them count here.
        """
        self.records: dict[int | str, _Record] = {record.pk: record for record in records}
        self._kind = kind
        self._exact: defaultdict[str, dict[int | str, _Record]] = defaultdict(dict)
        self._by_name: defaultdict[str, dict[int | str, _Record]] = defaultdict(dict)
        for text, record, is_id in names:
            self._exact[_plain(text)][record.pk] = record
            if not is_id:
                self._by_name[key_of(text, kind)][record.pk] = record
        self._by_name.pop("", None)
        self._remembered: dict[str, Meaning[_Record]] = {}
        for name in remembered:
            if name.kind == kind:
                self._remember(name)
        self._found: dict[str, Meaning[_Record] | None] = {}

    def _remember(self, name: RosterName) -> None:
        key = name.radiologist_id or name.shift_id
        record = self.records.get(key) if key is not None else None
        if name.is_ignored or record is not None:
            self._remembered[key_of(name.text, self._kind)] = Meaning(record, name.is_ignored)

    def meaning(self, text: str) -> Meaning[_Record] | None:
        """Return what a name means, None if nobody knows yet."""
        if text not in self._found:
            self._found[text] = self._look_up(text)
        return self._found[text]

    def _look_up(self, text: str) -> Meaning[_Record] | None:
        key = key_of(text, self._kind)
        remembered = self._remembered.get(key)
        if remembered is not None:
            return remembered
        for found in (self._exact.get(_plain(text), {}), self._by_name.get(key, {})):
            if len(found) == 1:
                return Meaning(next(iter(found.values())))
        return None

    def guesses(self, text: str) -> list[_Record]:
        """Return whom or what it might mean, the best guess first, at most three."""
        wanted = key_of(text, self._kind)
        best: dict[int | str, tuple[float, _Record]] = {}
        for name, records in self._by_name.items():
            likeness = _likeness(wanted, name)
            for key, record in records.items() if likeness >= _LIKELY else ():
                if key not in best or best[key][0] < likeness:
                    best[key] = (likeness, record)
        ranked = sorted(best.values(), key=lambda found: (-found[0], str(found[1].pk)))
        return [record for _likeness, record in ranked[:_MOST_GUESSES]]


@dataclass(frozen=True)
class Known:
    """The people and the shifts that a roster may speak of."""

    people: Directory[Radiologist]
    shifts: Directory[Shift]


def read_known(source: RosterSource, scope: Scope) -> Known:
    """Read whom and what may be meant from these sites, and what was remembered."""
    people = list(seen_people(scope).order_by("pk"))
    rows = changed_shifts(scope).select_related("calendar").order_by("code")
    shifts = list(rows)
    # Those of every source first: what this one says in particular stands above them.
    named = Q(source=None) | Q(source=source)
    remembered = list(RosterName.objects.filter(named).order_by("-source_id", "pk"))
    remembered.sort(key=lambda name: name.source_id is not None)
    return Known(
        Directory(people, _people_names(people), remembered, NameKind.PERSON),
        Directory(shifts, _shift_names(shifts), remembered, NameKind.SHIFT),
    )


def key_of(text: str, kind: str) -> str:
    """Return a name without what does not count: case, spaces, signs; of a person the title."""
    words = _WORD.findall(_plain(text))
    if kind == NameKind.SHIFT:
        return " ".join(words)
    return " ".join([word for word in words if word not in _TITLES] or words)


def _plain(text: str) -> str:
    """Return an id or a code as it is compared: every sign counts but spaces around it."""
    # Files of a Mac write an ö as an o and two dots.
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())


def _people_names(people: Iterable[Radiologist]) -> Iterator[tuple[str, Radiologist, bool]]:
    for person in people:
        yield person.pk, person, True
        if person.email:
            yield person.email, person, True
        if person.given_name:
            yield f"{person.given_name} {person.family_name}", person, False
            yield f"{person.family_name} {person.given_name}", person, False


def _shift_names(shifts: Iterable[Shift]) -> Iterator[tuple[str, Shift, bool]]:
    for shift in shifts:
        yield shift.code, shift, True
        yield shift.code, shift, False
        yield shift.name, shift, False
        yield f"{shift.code} {shift.name}", shift, False


def _likeness(wanted: str, name: str) -> float:
    """Return how alike two names are, from 0 to 1; a shared word counts most."""
    own, other = set(wanted.split()), set(name.split())
    shared = {word for word in own & other if len(word) > 1}
    if shared:
        return 0.7 + 0.3 * len(shared) / max(len(own), len(other))
    matcher = SequenceMatcher(None, name, wanted, autojunk=False)
    if matcher.real_quick_ratio() < _LIKELY or matcher.quick_ratio() < _LIKELY:
        return 0.0
    return matcher.ratio()


def labels(records: Sequence[_Record]) -> list[tuple[str, str]]:
    """Return records to choose from: the key, and how it is shown."""
    return [(str(record.pk), label(record)) for record in records]


def label(record: Radiologist | Shift) -> str:
    """Return how a person or a shift is shown where one is chosen."""
    if isinstance(record, Shift):
        return f"{record.code} {record.name}"
    return f"{record.full_name} ({record.pk})"
