"""What follows from a change of a shift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import Q, QuerySet

from apps.audit.editing import Effect
from apps.engine.rota import ShiftFacts
from apps.roster.choices import RosterStatus
from apps.roster.effects.cover import Loss, lost_hours
from apps.roster.effects.roster import day_words, some
from apps.roster.effects.staffing import Staffing, staffing_effects
from apps.roster.hours import total
from apps.roster.models import Radiologist, RotationTurn, Shift
from apps.roster.queries import uses
from apps.roster.words import counted, length_words, listed, run_words

_HOURS = ("start_local", "end_local", "weekdays", "zone", "holiday_mode", "holidays")
_AHEAD = 366
_WORK = ("work_types", "sites")


@dataclass(frozen=True, slots=True)
class ShiftEdit:
    """A shift as it is and as it is to be; None where it is switched off or not there.

    ``code`` is the one it has now, empty for a new shift; ``was`` how it asked for people before,
    None where that stays.
    """

    shift: Shift
    code: str
    before: ShiftFacts | None
    after: ShiftFacts | None
    was: Staffing | None = None

    @property
    def asks_otherwise(self) -> bool:
        """Return whether it asks for people in another way than before."""
        now = Staffing(self.shift.readers_wanted, self.shift.is_exclusive)
        return self.was is not None and self.was != now


def shift_effects(edit: ShiftEdit, *, at: datetime) -> Sequence[Effect]:
    """Return what follows, the gravest first."""
    if not edit.code:
        return list(_beginning(edit.after))
    found = list(
        chain(
            _lost_cover(edit, at),
            _holidays(edit, at),
            staffing_effects(edit.shift, edit.was, at=at) if edit.asks_otherwise else (),
            _named_by_rules(edit),
            _renamed(edit),
            _lacking(edit, at),
            _beginning(edit.after) if edit.before is None else (),
            _negative(edit),
            _concerned(edit, at),
        )
    )
    return found if edit.before != edit.after or edit.asks_otherwise else []


def _beginning(after: ShiftFacts | None) -> Iterator[Effect]:
    if after is None:
        yield Effect("It is switched off: nothing is assigned on it.")
    else:
        yield Effect("Takes work from the next decision on, while somebody is on its roster.")
        if after.priority_level < 0:
            yield Effect("A negative level: nothing is assigned on it automatically.", "warn")


def _lost_cover(edit: ShiftEdit, at: datetime) -> Iterator[Effect]:
    if edit.before is None or edit.before.priority_level < 0 or not _may_lose(edit):
        return
    loss = lost_hours(edit.shift.pk, edit.before, edit.after, at=at)
    if loss.uncovered:
        yield _uncovered(loss, edit.before.zone)
    elif loss.hours:
        lost = length_words(total(loss.hours))
        yield Effect(f"Other shifts take its work in the {lost} it loses in the next 7 days.")


def _holidays(edit: ShiftEdit, at: datetime) -> Iterator[Effect]:
    """Name the days of the next year on which holidays make it run, or not, unlike before."""
    before, after = edit.before, edit.after
    if before is None or after is None or before.weekdays != after.weekdays:
        return
    days = [at.date() + timedelta(days=ahead) for ahead in range(_AHEAD)]
    lost = [on for on in days if before.runs_on(on) and not after.runs_on(on)]
    won = [on for on in days if after.runs_on(on) and not before.runs_on(on)]
    for dates, does in ((lost, "Does not run"), (won, "Runs")):
        if dates:
            when = some([day_words(on) for on in dates], " more days of the next year")
            yield Effect(f"{does} on {when}.")


def _may_lose(edit: ShiftEdit) -> bool:
    """Return whether hours, work or sites differ, or the shift ends."""
    if edit.after is None:
        return True
    return any(
        getattr(edit.before, name) != getattr(edit.after, name) for name in (*_HOURS, *_WORK)
    )


def _uncovered(loss: Loss, zone: str) -> Effect:
    runs = listed([run_words(*span, zone) for span in loss.uncovered], most=2)
    hours = length_words(total(loss.uncovered))
    work = listed(list(loss.work))
    return Effect(f"In the next 7 days nobody takes {work} for {hours}: {runs}.", "alarm")


def _named_by_rules(edit: ShiftEdit) -> Iterator[Effect]:
    is_lost = edit.after is None or edit.after.code != edit.code
    rules = uses.rules_naming_shift(edit.code) if is_lost else ()
    if rules:
        named = f"{counted(len(rules), 'rule')} {'sends' if len(rules) == 1 else 'send'} studies"
        yield Effect(f"{named} to {edit.code} and no longer can: {listed(list(rules))}.", "alarm")


def _renamed(edit: ShiftEdit) -> Iterator[Effect]:
    if edit.after is not None and edit.after.code != edit.code:
        yield Effect(
            f"ZRA-3 says {edit.after.code} from the next message on; what was assigned keeps "
            f"{edit.code}.",
            "warn",
        )


def _lacking(edit: ShiftEdit, at: datetime) -> Iterator[Effect]:
    needed = edit.after.required_subspecialty if edit.after else ""
    if not needed or (edit.before and edit.before.required_subspecialty == needed):
        return
    people = _rostered(edit.shift, at).exclude(specialties__contains=[needed])
    names = [person.full_name for person in people]
    if names:
        yield Effect(f"Get nothing on it, without {needed}: {listed(names)}.", "warn")


def _negative(edit: ShiftEdit) -> Iterator[Effect]:
    if edit.before and edit.after and edit.after.priority_level < 0 <= edit.before.priority_level:
        yield Effect("A negative level: nothing is assigned on it automatically any more.", "warn")


def _concerned(edit: ShiftEdit, at: datetime) -> Iterator[Effect]:
    people = _rostered(edit.shift, at).count()
    studies = uses.open_studies_on(edit.shift)
    if people and edit.after is None:
        get = "gets" if people == 1 else "get"
        who = counted(people, "person", "people")
        yield Effect(f"{who} on its roster {get} nothing on it any more.", "warn")
    elif edit.before and edit.after:
        who = counted(people, "person", "people") if people else "nobody"
        yield Effect(f"Counts from the next decision on, with {who} on its roster.")
    if studies:
        stay = "stays with its reader" if studies == 1 else "stay with their readers"
        yield Effect(f"{counted(studies, 'open study', 'open studies')} {stay}.")


def _rostered(shift: Shift, at: datetime) -> QuerySet[Radiologist]:
    is_ahead = Q(end_date__isnull=True) | Q(end_date__gte=at.date())
    is_ahead &= Q(status=RosterStatus.ACTIVE)
    rows, rotations = shift.roster.filter(is_ahead), shift.rotations.filter(is_ahead)
    turns = RotationTurn.objects.filter(rotation__in=rotations).exclude(radiologist=None)
    on_it = Q(pk__in=rows.values("radiologist")) | Q(pk__in=turns.values("radiologist"))
    return Radiologist.objects.filter(on_it, is_active=True)
