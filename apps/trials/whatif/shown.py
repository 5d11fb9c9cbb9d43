"""What a report says, ready to be shown: measures and differences, readers, kinds of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.core.spans import in_words
from apps.engine.codes import Urgency
from apps.trials.models import WhatIf
from apps.trials.whatif.seeing import Names, told

Told = Mapping[str, Any]
_MOST_WORKS = 6
_BAR = 100
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure either way, and as it really was; ``tone`` is what the difference means.

    ``verdict`` says it in a word: better, worse, or nothing where more is neither.
    """

    label: str
    before: str
    after: str
    difference: str
    tone: str
    verdict: str
    actual: str


@dataclass(frozen=True, slots=True)
class Change:
    """A number either way; bars are as wide as the largest of the table is 100."""

    before: float
    after: float
    before_bar: float = 0
    after_bar: float = 0

    @property
    def difference(self) -> str:
        """Return the difference with its sign."""
        return signed(self.after - self.before)


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """What one reader has either way; ``works`` are the kinds of work that differ most."""

    id: str
    name: str
    hours: Change
    studies: Change
    rvu: Change
    rate: Change
    breached: Change
    most_open: Change
    works: Sequence[tuple[str, Change]]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """What became of one kind of work either way; times in words."""

    name: str
    studies: int
    breached: Change
    unassigned: Change
    before_p90: str
    after_p90: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a measure is read from a report, written, and judged: less is better, or neither."""

    label: str
    value: Callable[[Told], float | None]
    write: Callable[[float], str]
    less_is_better: bool = True


def measures(found: WhatIf) -> list[Measure]:
    """Return the headline: what differs between the two ways, and what it means."""
    report = found.report
    return [
        _measure(asked, report["before"], report["after"], report.get("actual", {}))
        for asked in _ASKED
    ]


def agreement(found: WhatIf) -> int | None:
    """Return in how many of a hundred the replay gave the reader who really was given it."""
    compared = found.report.get("compared", 0)
    return round(100 * found.report["agreed"] / compared) if compared else None


def readers(found: WhatIf, names: Names) -> tuple[list[ReaderRow], int]:
    """Return who reads either way, and how many others do whom the viewer may not see.

    Those whose work changes most come first.
    """
    before, after = found.report["before"]["readers"], found.report["after"]["readers"]
    ids, others = told(found.report, names)
    rates = {id_: _pair(before.get(id_), after.get(id_), _rate) for id_ in ids}
    widest = max((max(pair) for pair in rates.values()), default=0) or 1
    rows = [
        _reader(id_, names.of(id_), before.get(id_), after.get(id_), rates[id_], widest)
        for id_ in ids
    ]
    rows.sort(key=lambda row: (-abs(row.rvu.after - row.rvu.before), row.name))
    return rows, others


def works(found: WhatIf) -> list[WorkRow]:
    """Return the kinds of work, the most frequent first."""
    before, after = found.report["before"]["works"], found.report["after"]["works"]
    rows = [_work(name, before.get(name), after.get(name)) for name in {*before, *after}]
    return sorted(rows, key=lambda row: (-row.studies, row.name))


def signed(number: float) -> str:
    """Return a difference as people write it; nothing is ±0."""
    rounded = round(number, 2)
    if not rounded:
        return "±0"
    text = f"{abs(rounded):,.2f}".rstrip("0").rstrip(".")
    return f"{'+' if rounded > 0 else _MINUS}{text}"


def _share(value: Callable[[Told], float]) -> Callable[[Told], float | None]:
    def share(told: Told) -> float | None:
        return value(told) / told["studies"] if told.get("studies") else None

    return share


def _turnaround(part: str) -> Callable[[Told], float | None]:
    def seconds(told: Told) -> float | None:
        return (told.get("turnaround") or {}).get(part)

    return seconds


def _breached(urgency: Urgency) -> Callable[[Told], float | None]:
    def breached(told: Told) -> float | None:
        part = told.get("urgencies", {}).get(urgency.value)
        return part["breached"] if part else None

    return breached


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _percent(number: float) -> str:
    return f"{100 * number:.2f} %"


def _span(seconds: float) -> str:
    return in_words(timedelta(seconds=seconds))


def _plain(number: float) -> str:
    return f"{number:.2f}"


_ASKED = (
    _Asked("Reports late", lambda told: told.get("breached"), _count),
    *(_Asked(f"of these {one.value}", _breached(one), _count) for one in Urgency),
    _Asked("Late, share of all", _share(lambda told: told["breached"]), _percent),
    _Asked("Never had a reader", lambda told: told.get("unassigned"), _count),
    _Asked("Waited for a reader", lambda told: told.get("delayed"), _count),
    _Asked("Moved when overdue", lambda told: told.get("moves"), _count),
    _Asked("Received to read, half within", _turnaround("p50"), _span),
    _Asked("90 of 100 within", _turnaround("p90"), _span),
    _Asked("99 of 100 within", _turnaround("p99"), _span),
    _Asked("Unevenness of RVU per hour", lambda told: told.get("spread"), _plain),
)


def _measure(asked: _Asked, before: Told, after: Told, actual: Told) -> Measure:
    was, is_now, really = asked.value(before), asked.value(after), asked.value(actual)
    difference = (is_now or 0) - (was or 0)
    is_same = asked.write(is_now or 0) == asked.write(was or 0)
    is_better = (difference < 0) is asked.less_is_better
    verdict = "same" if is_same else "better" if is_better else "worse"
    sign = "" if is_same else "+" if difference > 0 else _MINUS
    return Measure(
        label=asked.label,
        before="none" if was is None else asked.write(was),
        after="none" if is_now is None else asked.write(is_now),
        difference=f"{sign}{asked.write(abs(difference))}" if sign else "±0",
        tone={"better": "good", "worse": "alarm"}.get(verdict, "calm"),
        verdict=verdict,
        actual="" if really is None else asked.write(really),
    )


def _pair(
    before: Told | None, after: Told | None, value: Callable[[Told], float]
) -> tuple[float, float]:
    return (value(before) if before else 0, value(after) if after else 0)


def _rate(told: Told) -> float:
    return float(told["rvu"] / told["hours"]) if told["hours"] else 0.0


def _reader(
    id_: str,
    name: str,
    before: Told | None,
    after: Told | None,
    rate: tuple[float, float],
    widest: float,
) -> ReaderRow:
    def change(part: str) -> Change:
        return Change(*_pair(before, after, lambda told: told[part]))

    return ReaderRow(
        id=id_,
        name=name,
        hours=change("hours"),
        studies=change("studies"),
        rvu=change("rvu"),
        rate=Change(*rate, *(round(_BAR * one / widest, 1) for one in rate)),
        breached=change("breached"),
        most_open=change("most_open"),
        works=list(_works_of(before, after))[:_MOST_WORKS],
    )


def _works_of(before: Told | None, after: Told | None) -> Iterator[tuple[str, Change]]:
    was, is_now = (told["works"] if told else {} for told in (before, after))
    changes = {work: Change(was.get(work, 0), is_now.get(work, 0)) for work in {*was, *is_now}}
    yield from sorted(
        changes.items(), key=lambda one: (-abs(one[1].after - one[1].before), one[0])
    )


def _work(name: str, before: Told | None, after: Told | None) -> WorkRow:
    return WorkRow(
        name=name or "unknown",
        studies=(before or after or {}).get("studies", 0),
        breached=Change(*_pair(before, after, lambda told: told["breached"])),
        unassigned=Change(*_pair(before, after, lambda told: told["unassigned"])),
        before_p90=_p90(before),
        after_p90=_p90(after),
    )


def _p90(told: Told | None) -> str:
    seconds = _turnaround("p90")(told) if told else None
    return "" if seconds is None else _span(seconds)
