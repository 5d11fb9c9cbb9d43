"""What a take-over comes to: whose turns go to whom, and what becomes of each open study.

The preview and the deed are worked out by the same code; only the deed stores the records
first, takes the lock and flushes the desk. ``TakeOver.token`` says whether both agree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps.assignment.desk import Case, load_cases
from apps.assignment.desk.take_over import Fate, TakeOverDesk, Wish, open_take_over_desk
from apps.assignment.lifecycle import HOLDS_A_SEAT
from apps.assignment.models import Assignment
from apps.assignment.snapshot.ahead import with_overrides
from apps.assignment.snapshot.cache import ConfigView
from apps.core.access import Access, Permission, Scope
from apps.roster.models import Radiologist, RosterOverride
from apps.roster.queries.competence import Lacks, demands_of, lacks, with_competencies
from apps.roster.queries.places import seen_people
from apps.roster.queries.plan import Run
from apps.roster.queries.standing_in import records_of
from apps.roster.queries.take_over import Left, Period, Turns, left_by
from apps.roster.words import listed, run_words

NO_SHIFT = 0
"""Whom the studies go to where no turn is left behind; shifts go by their keys."""
_TOKEN_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Places:
    """Where the viewer may change rosters, and where they may assign studies."""

    roster: Scope
    studies: Scope

    @classmethod
    def of(cls, access: Access) -> Places:
        """Return them from what somebody may do."""
        return cls(access.scope(Permission.ROSTER_CHANGE), access.scope(Permission.STUDY_ASSIGN))


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is ill, when, and what shall happen.

    ``takers`` are ids by the key of the shift (``NO_SHIFT`` for none), first choice first; a
    shift that is missing was not asked about yet. The others are as in ``Wish``.
    """

    ill: str
    period: Period
    takers: Mapping[int, Sequence[str]] = field(default_factory=dict)
    ticked: frozenset[int] = frozenset()
    past_limits: bool = False
    decide_rest: bool = True
    reason: str = ""


@dataclass(frozen=True)
class Scene:
    """Who is ill, what they leave behind, and whose people (``roster``) may take it over.

    ``order_ids`` are the open studies that the viewer may move, ``elsewhere`` counts the others.
    """

    left: Left
    order_ids: Sequence[int]
    elsewhere: int
    roster: Scope

    @property
    def groups(self) -> list[int]:
        """Return for what takers are chosen: each shift that may be changed, or the studies."""
        found = [turns.shift.pk for turns in self.left.turns if turns.may_change]
        return found or ([NO_SHIFT] if self.order_ids else [])


@dataclass(frozen=True)
class Handed:
    """Who takes over by group, and the records that say so.

    ``partial`` says what takers lack for some of a shift's work, by its key and their id.
    """

    takers: Mapping[int, Sequence[Radiologist]]
    records: Sequence[RosterOverride]
    partial: Mapping[tuple[int, str], Lacks]


@dataclass(frozen=True)
class TakeOver:
    """What would be done, or was.

    ``after`` are the runs as they will be, by shift and start; ``names`` full names by id;
    ``problems`` what stands against it, in words.
    """

    scene: Scene
    asked: Asked
    handed: Handed
    fates: Sequence[Fate]
    after: Mapping[tuple[int, datetime], Run]
    names: Mapping[str, str]
    problems: Sequence[str]

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to hand over."""
        return not self.handed.records and not self.fates

    def run_after(self, run: Run) -> Run:
        """Return a run as it will be."""
        return self.after.get(_key(run), run)

    @property
    def token(self) -> str:
        """Return what a form sends back, to find out whether anything changed meanwhile.

        From which minute on the records count is not in it, nor whom the engine would choose.
        """
        said = [
            self.asked.ill,
            [
                [turns.shift.pk, run.start_on.isoformat(), run.end_at.isoformat()]
                for turns in self.scene.left.turns
                for run, _ in turns.own
            ],
            sorted(
                [row.kind, row.shift_id or 0, row.taker_id or ""] for row in self.handed.records
            ),
            sorted([one.case.order.pk, one.before.token, one.became] for one in self.fates),
            sorted(self.problems),
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:_TOKEN_LENGTH]


def scene_of(asked: Asked, places: Places) -> Scene:
    """Return what the ill person leaves behind.

    Raises:
        Radiologist.DoesNotExist: the viewer looks after nobody of that id.
    """
    if "\0" in asked.ill:
        raise Radiologist.DoesNotExist
    person = seen_people(places.roster).get(pk=asked.ill)
    left = left_by(person, asked.period, scope=places.roster)
    within, elsewhere = open_orders(asked, places)
    return Scene(left, within, elsewhere, places.roster)


def open_orders(asked: Asked, places: Places) -> tuple[list[int], int]:
    """Return the ill person's open studies that may be moved, and how many lie elsewhere.

    Who is ill only from a later day on keeps theirs until then.
    """
    if asked.period.from_on is not None:
        return [], 0
    held = Assignment.objects.filter(
        radiologist=asked.ill, is_current=True, state__in=[one.value for one in HOLDS_A_SEAT]
    )
    rows = list(held.values_list("order_id", "order__site_id").order_by("order_id"))
    within = [order_id for order_id, site_id in rows if places.studies.covers(site_id)]
    return within, len(rows) - len(within)


def hand_over_roster(asked: Asked, scene: Scene, base: ConfigView) -> Handed:
    """Return who takes over where, and the records that say so, not stored yet."""
    wanted = {one for group in scene.groups for one in asked.takers.get(group, ())} - {asked.ill}
    people = with_competencies(seen_people(scene.roster).filter(is_active=True)).in_bulk(wanted)
    takers = {
        group: [people[one] for one in dict.fromkeys(asked.takers.get(group, ())) if one in people]
        for group in scene.groups
    }
    partial = _partial(scene.left.turns, takers)
    records = records_of(
        scene.left,
        takers,
        not_partners=partial.keys(),
        is_sent_away=_is_sent_away(scene.left, base),
        note=asked.reason,
    )
    return Handed(takers, records, partial)


def hand_over_studies(
    asked: Asked, scene: Scene, handed: Handed, desk: TakeOverDesk, cases: Iterable[Case]
) -> TakeOver:
    """Move the studies at a desk that knows the roster as it will be; return all that is done."""
    changed = scene.left.plan.with_changes(plus=handed.records)
    days = (scene.left.period.last_on - scene.left.first_on).days + 1
    after = {_key(run): run for run in changed.runs_from(scene.left.first_on, days)}
    return TakeOver(
        scene,
        asked,
        handed,
        fates=desk.hand_over(cases, _wish(asked, scene, handed)),
        after=after,
        names={one.id: one.name for one in desk.view.compiled.people.values()},
        problems=_problems(scene.left.turns, handed, after),
    )


def look(asked: Asked, scene: Scene, base: ConfigView, *, actor: str) -> TakeOver:
    """Return what taking over would come to; nothing is locked and nothing written."""
    handed = hand_over_roster(asked, scene, base)
    view = with_overrides(base, handed.records, versions=base.versions)
    desk = open_take_over_desk(view, at=asked.period.at, actor=actor, is_real=False)
    cases = load_cases(scene.order_ids, lock=False).values()
    return hand_over_studies(asked, scene, handed, desk, cases)


# -- inside ------------------------------------------------------------------------------


def _key(run: Run) -> tuple[int, datetime]:
    return run.shift.pk, run.start_at


def _is_sent_away(left: Left, base: ConfigView) -> bool:
    """Return whether leave is entered: not for who is away already and leaves no turn behind."""
    absence = base.compiled.roster.absence(left.person.pk, left.period.today, left.period.at)
    return left.may_send_away and (bool(left.turns) or absence is None)


def _partial(
    turns: Iterable[Turns], takers: Mapping[int, Sequence[Radiologist]]
) -> dict[tuple[int, str], Lacks]:
    """Return what takers lack for the work of a shift on its first or last turn."""
    found = {}
    for one in turns:
        chosen = takers.get(one.shift.pk, ())
        runs = {run.start_on: run for run in (one.own[0][0], one.own[-1][0])} if chosen else {}
        demands = [
            demand
            for run in runs.values()
            for demand in demands_of(one.shift, run.start_at, run.end_at)
        ]
        for taker in chosen:
            lacking = lacks(taker, demands, one.shift.required_subspecialty)
            if lacking.words:
                found[one.shift.pk, taker.pk] = lacking
    return found


def _wish(asked: Asked, scene: Scene, handed: Handed) -> Wish:
    codes = {turns.shift.pk: turns.shift.code for turns in scene.left.turns}
    by_shift = {
        codes[group]: tuple(one.pk for one in chosen)
        for group, chosen in handed.takers.items()
        if group in codes
    }
    everybody = [one.pk for chosen in handed.takers.values() for one in chosen]
    return Wish(
        ill=asked.ill,
        reason=asked.reason,
        takers=by_shift,
        anybody=tuple(dict.fromkeys(everybody)),
        ticked=asked.ticked,
        past_limits=asked.past_limits,
        decide_rest=asked.decide_rest,
    )


def _problems(
    turns: Iterable[Turns], handed: Handed, after: Mapping[tuple[int, datetime], Run]
) -> list[str]:
    """Return who cannot take over what they were chosen for, in words."""
    problems = []
    for one in turns:
        for taker in handed.takers.get(one.shift.pk, ()):
            lacking = handed.partial.get((one.shift.pk, taker.pk))
            if lacking is not None and lacking.for_all:
                said = listed(lacking.words)
                problems.append(f"{taker.full_name} on {one.shift.code}: {said}.")
            elif missed := [run for run, at in _starts(one) if not _is_on(after, run, taker, at)]:
                when = listed([_when(run) for run in missed])
                problems.append(f"{taker.full_name} is away on {one.shift.code}: {when}.")
    return problems


def _starts(turns: Turns) -> Iterable[tuple[Run, datetime]]:
    return ((run, span.start_at) for run, spans in turns.own for span in spans)


def _is_on(
    after: Mapping[tuple[int, datetime], Run], run: Run, taker: Radiologist, at: datetime
) -> bool:
    changed = after.get(_key(run))
    return changed is not None and any(
        taker.pk in part.people for part in changed.stretches if part.start_at <= at < part.end_at
    )


def _when(run: Run) -> str:
    return run_words(run.start_at, run.end_at, run.shift.time_zone)
