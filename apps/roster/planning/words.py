"""Says why somebody cannot take a turn, and why a demand is not filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.roster.planning.facts import Bar

_NAMED = 3

OF_ONE: Mapping[Bar, str] = {
    Bar.COMPETENCE: "may not read its work",
    Bar.AWAY: "is away",
    Bar.ALREADY_ON: "is on it already",
    Bar.ELSEWHERE: "is on another shift then",
    Bar.REST: "would not have rested",
    Bar.NIGHTS: "has as many nights in a row as are allowed",
    Bar.DAYS: "works as many days in a row as are allowed",
    Bar.HOURS: "has the week's hours already",
}
OF_SEVERAL: Mapping[Bar, str] = {
    Bar.COMPETENCE: "may not read its work",
    Bar.AWAY: "are away",
    Bar.ALREADY_ON: "are on it already",
    Bar.ELSEWHERE: "are on another shift then",
    Bar.REST: "would not have rested",
    Bar.NIGHTS: "have as many nights in a row as are allowed",
    Bar.DAYS: "work as many days in a row as are allowed",
    Bar.HOURS: "have the week's hours already",
}


def reasons_words(barred: Mapping[Bar, Sequence[str]], free: Sequence[str], everybody: int) -> str:
    """Return why nobody was left: ``Dr A is away; 4 people would not have rested``.

    Args:
        barred: names by what kept each from it.
        free: names of those whom nothing did.
        everybody: how many were looked at.
    """
    if everybody == 0:
        return "there is nobody to ask"
    said = [_reason(one, names, everybody) for one, names in barred.items()]
    if free:
        said.append(f"{_who(free, everybody)} could take it without breaking a rule")
    return "; ".join(said)


def _reason(one: Bar, names: Sequence[str], everybody: int) -> str:
    if len(names) == everybody and one is Bar.COMPETENCE:
        return "nobody may read its work"
    words = OF_ONE if len(names) == 1 else OF_SEVERAL
    return f"{_who(names, everybody)} {words[one]}"


def _who(names: Sequence[str], everybody: int) -> str:
    if len(names) == everybody and everybody > 1:
        return f"all {everybody}"
    if len(names) <= _NAMED:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{len(names)} people"
