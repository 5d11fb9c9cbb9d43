"""People in two or three letters, for where there is no more room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from apps.roster.models import Radiologist

_LONGEST = 6


def initials_of(people: Iterable[Radiologist]) -> Mapping[str, str]:
    """Return each person's initials by id, longer where two people would have the same.

    ``JS`` is John Smith; with a Jane Small beside him they are ``JSmi`` and ``JSma``.
    """
    known = {person.pk: person for person in people}
    found: dict[str, str] = {}
    left = list(known.values())
    for letters in range(1, _LONGEST):
        said = {person.pk: _letters(person, letters) for person in left}
        times = Counter(said.values())
        found |= {pk: words for pk, words in said.items() if times[words] == 1}
        left = [person for person in left if person.pk not in found]
    return found | {person.pk: person.pk for person in left}


def _letters(person: Radiologist, letters: int) -> str:
    given, family = person.given_name.strip(), person.family_name.strip() or person.pk
    if not given:
        return family[: letters + 1]
    return f"{given[:1]}{family[:letters]}"
