"""What follows from a change of a radiologist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain

from django.utils import timezone

from apps.audit.editing import Effect
from apps.catalog.models import Procedure, Site
from apps.engine.facts import Credential, Dated, RadiologistFacts
from apps.roster.effects.cover import Cover
from apps.roster.models import Radiologist
from apps.roster.queries import uses
from apps.roster.queries.person import shifts_of
from apps.roster.queries.turns import calendars_of, hours_of
from apps.roster.standing import SOON
from apps.roster.words import counted, day_words, listed, run_words

_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PersonEdit:
    """A radiologist as they are and as they are to be; None where they are not there."""

    person: Radiologist
    before: RadiologistFacts | None
    after: RadiologistFacts | None


def radiologist_effects(edit: PersonEdit, *, at: datetime) -> Sequence[Effect]:
    """Return what follows, the gravest first."""
    if edit.before is None:
        return [Effect("Gets work once they are on a roster or a rule names them.")]
    if edit.after is None or not edit.after.is_active:
        return list(chain(_alone(edit, at), _named_by_rules(edit), _left_open(edit)))
    found = list(
        chain(
            _licences(edit.before, edit.after, at),
            _credentials(edit.before, edit.after, at),
            _limits(edit),
            _returns(edit),
        )
    )
    if edit.before != edit.after:
        found.append(Effect("Counts from the next decision on; studies they have stay theirs."))
    return found


def _alone(edit: PersonEdit, at: datetime) -> Iterator[Effect]:
    """Name the runs that have nobody else, where the person is switched off."""
    if edit.before is None or not edit.before.is_active:
        return
    until = at + _AHEAD
    rows = list(shifts_of(edit.person).filter(priority_level__gte=0))
    calendars = calendars_of(rows)
    shifts = {row.pk: hours_of(row, calendars) for row in rows}
    cover = Cover(at, until, shift_ids=shifts)
    bare = [
        (part.start_at, part.end_at, shift)
        for shift in shifts.values()
        for part, people in cover.parts(shift)
        if people == {edit.person.pk}
    ]
    if bare:
        runs = [
            f"{shift.code} {run_words(start, end, shift.zone)}"
            for start, end, shift in sorted(bare, key=lambda one: one[:2])
        ]
        have = "has" if len(bare) == 1 else "have"
        turns = counted(len(bare), "turn")
        yield Effect(
            f"In the next 14 days {turns} {have} nobody else: {listed(runs, most=2)}.", "alarm"
        )


def _named_by_rules(edit: PersonEdit) -> Iterator[Effect]:
    rules = uses.rules_naming_person(edit.person.pk)
    if rules:
        name = "names" if len(rules) == 1 else "name"
        yield Effect(f"{counted(len(rules), 'rule')} {name} them: {listed(rules)}.", "warn")


def _left_open(edit: PersonEdit) -> Iterator[Effect]:
    studies = edit.person.workload.open_studies
    if studies:
        stay = "stays" if studies == 1 else "stay"
        words = counted(studies, "open study", "open studies")
        yield Effect(f"{words} {stay} with them until moved.", "warn")
    if edit.before and edit.before.is_active:
        yield Effect("Nothing new comes to them from the next decision on.")


def _returns(edit: PersonEdit) -> Iterator[Effect]:
    if edit.before and not edit.before.is_active:
        yield Effect("Gets work again wherever the roster or a rule names them.")


def _limits(edit: PersonEdit) -> Iterator[Effect]:
    before, after = edit.before, edit.after
    if before is None or after is None:
        return
    load = edit.person.workload
    limit, rvu = after.max_concurrent_studies, after.max_concurrent_rvu
    if limit < before.max_concurrent_studies and load.open_studies >= limit:
        yield Effect(
            f"{load.open_studies} studies are open: nothing new until fewer than {limit} are.",
            "warn",
        )
    if rvu is not None and rvu != before.max_concurrent_rvu and load.open_rvu >= rvu:
        yield Effect(
            f"{load.open_rvu} RVU are open: nothing new until less than {rvu} are.", "warn"
        )


def _licences(before: RadiologistFacts, after: RadiologistFacts, at: datetime) -> Iterator[Effect]:
    """Say which sites lose the reader, now or when a licence ends."""
    if before.licences == after.licences:
        return
    for jurisdiction in sorted({item.jurisdiction for item in before.licences}):
        yield from _licence(jurisdiction, before, after, timezone.localdate(at))


def _licence(
    jurisdiction: str, before: RadiologistFacts, after: RadiologistFacts, today: date
) -> Iterator[Effect]:
    was, will = (
        _last_day(before.licences, jurisdiction, today),
        _last_day(after.licences, jurisdiction, today),
    )
    if will == was or was is None:
        return
    sites = Site.objects.filter(jurisdiction=jurisdiction, requires_licence=True, is_active=True)
    codes = list(sites.values_list("code", flat=True))
    asking = f"nothing from {listed(codes)}" if codes else "no site asks for it yet"
    if will is None:
        yield Effect(f"No licence for {jurisdiction} from now on: {asking}.", "alarm")
    elif will < was:
        tone = "warn" if will - today <= SOON else "calm"
        yield Effect(f"Licence for {jurisdiction} ends {day_words(will)}: then {asking}.", tone)


def _last_day(items: Sequence[Dated], jurisdiction: str, today: date) -> date | None:
    """Return the last day of the licence that is valid today, None without one."""
    days = [
        item.end_on or date.max
        for item in items
        if item.jurisdiction == jurisdiction and _is_valid(item, today)
    ]
    return max(days, default=None)


def _credentials(
    before: RadiologistFacts, after: RadiologistFacts, at: datetime
) -> Iterator[Effect]:
    today = timezone.localdate(at)
    held = {item.name for item in after.credentials if _is_valid(item, today)}
    lost = sorted({item.name for item in before.credentials if _is_valid(item, today)} - held)
    for name in lost:
        codes = Procedure.objects.filter(required_credentials__contains=[name])
        needed = listed(list(codes.order_by("code").values_list("code", flat=True)))
        if needed:
            yield Effect(f"Without {name} nothing with procedure {needed}.", "alarm")


def _is_valid(item: Credential | Dated, on: date) -> bool:
    return (item.start_on is None or item.start_on <= on) and (
        item.end_on is None or on <= item.end_on
    )
