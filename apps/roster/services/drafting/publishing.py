"""Puts a draft into force: its turns become rows of the roster, all or none.

What became impossible since the draft was made is never published; what a person fixed although
a rule speaks against it is theirs to decide, and is only told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from apps.audit.editing import check_constraints
from apps.core.access import Scope
from apps.roster.choices import DraftState, OverrideKind, RosterStatus
from apps.roster.models import DraftTurn, RosterAssignment, RosterDraft, RosterOverride
from apps.roster.planning.facts import Seat
from apps.roster.planning.rules import bar
from apps.roster.planning.wishes import Wishes
from apps.roster.planning.words import OF_ONE
from apps.roster.queries.drafting.asking import IMPOSSIBLE, without
from apps.roster.queries.drafting.drafts import turns_of, version_of
from apps.roster.queries.drafting.posing import Posed, pose
from apps.roster.queries.drafting.turns import RunKey
from apps.roster.queries.places import changed_shifts
from apps.roster.queries.records import within
from apps.roster.services.drafting.editing import StaleDraftError
from apps.roster.services.drafting.making import NotInThatStateError

_DAY = timedelta(days=1)


class ClashingDraftError(Exception):
    """The roster changed meanwhile, so that the draft no longer goes with it."""

    def __init__(self, clashes: Sequence[str]) -> None:
        """Remember what clashes, in words."""
        super().__init__(f"{len(clashes)} turns of the draft no longer go with the roster")
        self.clashes = clashes


@dataclass(frozen=True, slots=True)
class Line:
    """A new row or extra turn in words; both days are included."""

    person: str
    shift: str
    first_on: date
    last_on: date


@dataclass(slots=True)
class Publication:
    """What publishing would do: new rows, extra turns where a row's dates stand in the way.

    ``lines`` are both in words, by person and day. ``clashes`` forbid it, ``warnings`` are what a
    person decided against a rule.
    """

    rows: list[RosterAssignment] = field(default_factory=list)
    extras: list[RosterOverride] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def publication_of(draft: RosterDraft, turns: Sequence[DraftTurn]) -> Publication:
    """Return what publishing a draft would do now."""
    found = Publication()
    posed = pose(draft, turns=turns)
    seats = posed.seats(turns)
    names = _names(posed, draft, turns)
    for turn in turns:
        key = RunKey(turn.shift_id, turn.on)
        who, what = names[turn.radiologist_id], f"{names[turn.shift_id]} on {_day(turn.on)}"
        [seat] = posed.seats([turn]) or [None]
        if seat is None:
            gone = posed.demand_at(key) is None
            words = "does not run any more" if gone else f"{who} is switched off"
            found.clashes.append(f"{what}: {words}.")
            continue
        _judge(posed, seat, seats, turn, f"{who}, {what}", found)
    _write_rows(draft, turns, found)
    records: list[RosterAssignment | RosterOverride] = [*found.rows, *found.extras]
    lines = (
        Line(
            names[one.radiologist_id],
            names[one.shift_id or 0],
            one.start_date,
            one.end_date or date.max,
        )
        for one in records
    )
    found.lines = sorted(lines, key=lambda line: (line.person, line.first_on, line.shift))
    return found


def publish(*, draft_id: int, seen: str, scope: Scope, at: datetime) -> Publication:
    """Put a draft into force.

    Args:
        draft_id: which.
        seen: the version of it that was shown (``version_of``).
        scope: every shift of it must be one that may be changed from there.
        at: when.

    Raises:
        RosterDraft.DoesNotExist: a shift of it may not be changed from these sites.
        NotInThatStateError: it is worked out, or published already.
        StaleDraftError: it was changed after it was shown.
        ClashingDraftError: the roster was.
    """
    try:
        with transaction.atomic():
            return _publish(draft_id, seen, scope, at)
    except IntegrityError as error:
        raise ClashingDraftError(
            ["Somebody else put the same people on at this moment."]
        ) from error


def _publish(draft_id: int, seen: str, scope: Scope, at: datetime) -> Publication:
    draft = RosterDraft.objects.select_for_update().get(pk=draft_id)
    if draft.state != DraftState.READY:
        raise NotInThatStateError(f"{draft.name} is {draft.get_state_display().lower()}.")
    turns = turns_of(draft)
    if version_of(draft, turns) != seen:
        raise StaleDraftError
    shifts = set(Wishes.read(draft.wishes).shifts)
    if changed_shifts(scope).filter(pk__in=shifts).count() != len(shifts):
        raise RosterDraft.DoesNotExist("a shift is not theirs")
    found = publication_of(draft, turns)
    if found.clashes:
        raise ClashingDraftError(found.clashes)
    for record in (*found.rows, *found.extras):
        record.save()
    draft.state, draft.published_at = DraftState.PUBLISHED, at
    draft.save()
    check_constraints()
    return found


def _judge(
    posed: Posed,
    seat: Seat,
    seats: frozenset[Seat],
    turn: DraftTurn,
    said: str,
    found: Publication,
) -> None:
    held = without(posed.problem, seat).turns_of(seat.person, seats - {seat})
    why = bar(posed.problem, seat.person, seat.demand, held)
    if why is None:
        return
    words = f"{said}: {OF_ONE[why]}."
    is_decided = turn.is_fixed and why not in IMPOSSIBLE
    (found.warnings if is_decided else found.clashes).append(words)


def _write_rows(draft: RosterDraft, turns: Iterable[DraftTurn], found: Publication) -> None:
    standing = defaultdict(list)
    rows = RosterAssignment.objects.filter(
        within(draft.start_date, draft.end_date), status=RosterStatus.ACTIVE
    )
    for row in rows.filter(shift__in={turn.shift_id for turn in turns}):
        standing[row.shift_id, row.radiologist_id].append(row)
    days = defaultdict(list)
    for turn in turns:
        days[turn.shift_id, turn.radiologist_id].append(turn.on)
    for (shift, person), dates in sorted(days.items()):
        for first_on, last_on in merged_days(dates):
            # Rows of one person on one shift never share a date, even one that they leave out.
            if any(_shares(row, first_on, last_on) for row in standing[shift, person]):
                found.extras.append(_extra(draft, shift, person, first_on, last_on))
            else:
                found.rows.append(
                    RosterAssignment(
                        shift_id=shift,
                        radiologist_id=person,
                        start_date=first_on,
                        end_date=last_on,
                    )
                )


def merged_days(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return days as spans of days that follow each other, first and last included."""
    spans: list[tuple[date, date]] = []
    for on in sorted(set(days)):
        if spans and on == spans[-1][1] + _DAY:
            spans[-1] = (spans[-1][0], on)
        else:
            spans.append((on, on))
    return spans


def _shares(row: RosterAssignment, first_on: date, last_on: date) -> bool:
    return row.start_date <= last_on and (row.end_date is None or row.end_date >= first_on)


def _extra(
    draft: RosterDraft, shift: int, person: str, first_on: date, last_on: date
) -> RosterOverride:
    return RosterOverride(
        kind=OverrideKind.EXTRA,
        shift_id=shift,
        radiologist_id=person,
        start_date=first_on,
        end_date=last_on,
        note=f"From the draft {draft.name}",
    )


def _names(posed: Posed, draft: RosterDraft, turns: Sequence[DraftTurn]) -> dict[int | str, str]:
    """Return codes of shifts and names of people by their keys, of those gone too."""
    found: dict[int | str, str] = {person.pk: person.full_name for person in posed.people}
    found |= {key: shift.code for key, shift in posed.shifts.items()}
    known = set(found)
    if any(turn.shift_id not in known or turn.radiologist_id not in known for turn in turns):
        for turn in draft.turns.select_related("shift", "radiologist"):
            found[turn.shift_id] = turn.shift.code
            found[turn.radiologist_id] = turn.radiologist.full_name
    return found


def _day(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b}"
