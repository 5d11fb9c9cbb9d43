"""Says what a draft came to, and what publishing it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.audit.editing import Effect
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterDraft,
    RosterOverride,
    Shift,
)
from apps.roster.planning.facts import Bar
from apps.roster.planning.wishes import Wishes
from apps.roster.planning.words import reasons_words
from apps.roster.queries.drafting.sheet import Sheet
from apps.roster.services.drafting.publishing import Publication
from apps.roster.words import counted

_SHOWN = 50
_TOLD_GAP = 0.001
_ENDINGS: Mapping[str, str] = {
    "best": "No better roster is possible: this is proved.",
    "cancelled": "It was stopped; this is the best that was found until then.",
    "time": "The time was up before more was proved; this is the best that was found.",
}


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A run that lacks somebody, and why, in words."""

    shift: Shift
    on: date
    lacking: int
    words: str


def unfilled(
    draft: RosterDraft, shifts: Mapping[int, Shift], people: Iterable[Radiologist]
) -> list[Unfilled]:
    """Return why runs could not be filled when the draft was last worked out."""
    names = {person.pk: person.full_name for person in people}
    report = draft.report
    found = []
    for one in report.get("unmet", ())[:_SHOWN]:
        if one["shift"] not in shifts:
            continue
        barred = {
            Bar(bar): [names.get(key, key) for key in keys] for bar, keys in one["barred"].items()
        }
        free = [names.get(key, key) for key in one["free"]]
        words = reasons_words(barred, free, report["people"])
        on = date.fromisoformat(one["on"])
        found.append(Unfilled(shifts[one["shift"]], on, one["lacking"], words))
    return found


def outcome_words(draft: RosterDraft) -> str:
    """Return how good the draft is, as far as the solver could tell."""
    report = draft.report
    if "ending" not in report:
        return ""
    ending = _ending_of(report)
    said = [_ENDINGS.get(ending, "")]
    if ending != "best":
        if report.get("fewest_missing"):
            said.append("It is proved that no roster fills more turns.")
        words = gap_words(report)
        if words:
            said.append(words)
    return " ".join([*filter(None, said), f"Searched for {report['seconds']} s."])


def _ending_of(report: Mapping[str, Any]) -> str:
    """Return why the search ended; what meets its bound is proved, whatever ended it."""
    is_proved = bool(report.get("fewest_missing")) and gap_of(report) == 0
    return "best" if is_proved else str(report["ending"])


def gap_words(said: Mapping[str, Any]) -> str:
    """Return how far the best found is from what could be possible; nothing where it is not."""
    gap = gap_of(said)
    if not gap:
        return ""
    most = "less than 0.1%" if gap < _TOLD_GAP else f"{gap:.1%} at most"
    return f"A better one could be better by {most}."


def gap_of(said: Mapping[str, Any]) -> float | None:
    """Return the gap between the best found and what could be possible, as a part of the best."""
    best, bound = said.get("best"), said.get("bound")
    if best is None or bound is None:
        return None
    return float(abs(best - bound) / max(abs(best), 1.0))


def publish_effects(found: Publication, sheet: Sheet) -> list[Effect]:
    """Return what publishing would do, the worst first."""
    said = [Effect(words, "alarm") for words in found.clashes[:_SHOWN]]
    if len(found.clashes) > _SHOWN:
        said.append(Effect(f"{len(found.clashes) - _SHOWN} more like these.", "alarm"))
    said += [Effect(f"{words} A person decided so.", "warn") for words in found.warnings]
    if sheet.missing:
        lack = counted(sheet.missing, "place stays", "places stay")
        said.append(Effect(f"{lack} empty.", "warn"))
    said += _done_effects(found)
    return said


def _done_effects(found: Publication) -> Sequence[Effect]:
    records: list[RosterAssignment | RosterOverride] = [*found.rows, *found.extras]
    if not records:
        return [Effect("Nothing is proposed, so nobody's turns change.")]
    people = {record.radiologist_id for record in records}
    said = [
        Effect(
            f"{counted(len(people), 'person is', 'people are')} put on shifts by "
            f"{counted(len(found.rows), 'roster row')}."
        )
    ]
    if found.extras:
        extras = counted(len(found.extras), "span", "spans")
        said.append(
            Effect(f"{extras} become extra turns, as a row of the same person lies over them.")
        )
    return [*said, Effect("It counts from the next decision on, and can be taken back at once.")]


def summary(wishes: Wishes) -> str:
    """Return how much a draft is about."""
    shifts = counted(len(wishes.shifts), "shift")
    return f"{shifts}, {counted(len(wishes.people), 'person', 'people')}"
