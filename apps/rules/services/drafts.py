"""How drafts of rules are handed on, agreed to and put in force.

A draft is changed while it is open. Submitted, it waits for a second person where the policy asks
for one, then for its time, and goes live as one transaction: every rule, and the draft's state.
Rules that somebody changed meanwhile are never written over: such a draft has to be settled first.
Whoever changes a draft holds its row, so two people never do two things to it at once; and who saw
it on a page says which one they saw (``seen``, of ``token_of``), so that nobody agrees to a rule that
came in meanwhile. None is who saw none: the clock.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.core import due, events
from apps.rules.choices import DraftState
from apps.rules.events import DraftEnded
from apps.rules.exceptions import DraftChangedError, DraftError, StaleDraftError
from apps.rules.models import DecisionPolicy, DraftChange, RuleDraft
from apps.rules.queries.drafts import UNFINISHED, stale_changes, token_of
from apps.rules.services.writing import add, because, lock_rules, put

LIVE_KIND = "rule_draft_live"
"""The due time at which a draft goes live; its subject is the draft's id."""
_CHANGED = "Somebody changed the draft after you opened this page. This is how it is now."
_STALE = "Somebody changed rules that it changes too. Settle these first."


@transaction.atomic
def submit(
    draft_id: int,
    *,
    live_from: datetime | None,
    actor: str,
    at: datetime,
    seen: str | None = None,
) -> RuleDraft:
    """Hand the draft on: to a second person, to its time, or at once into force.

    Args:
        draft_id: an open draft.
        live_from: when it goes live; None or past: as soon as it may.
        actor: who submits it.
        at: the moment.
        seen: the draft that the person saw.

    Raises:
        DraftChangedError: it is another one by now.
        DraftError: it is not open or changes nothing.
        StaleDraftError: rules that it changes were changed in force.
    """
    draft = held(draft_id, DraftState.OPEN, seen=seen)
    if not draft.changes.exists():
        raise DraftError("The draft changes no rule yet.")
    _check_fresh(draft)
    draft.submitted_by, draft.submitted_at = actor, at
    draft.agreed_by, draft.agreed_at = "", None
    draft.live_from, draft.problem = live_from, ""
    if needs_second_person():
        return _move(draft, DraftState.WAITING)
    return _go_on(draft, at)


@transaction.atomic
def agree(draft_id: int, *, actor: str, at: datetime, seen: str | None = None) -> RuleDraft:
    """Agree to a draft that somebody else submitted; it goes live at its time, or at once.

    Raises:
        DraftChangedError: it is not the one that was seen.
        DraftError: it does not wait for a second person, or the actor is the first.
        StaleDraftError: rules that it changes were changed in force.
    """
    draft = held(draft_id, DraftState.WAITING, seen=seen)
    if not can_agree(draft, actor):
        raise DraftError("Who submitted or last changed a draft cannot agree to it.")
    _check_fresh(draft)
    draft.agreed_by, draft.agreed_at = actor, at
    return _go_on(draft, at)


def can_agree(draft: RuleDraft, actor: str) -> bool:
    """Return whether somebody is a second person for the draft."""
    return actor not in {draft.submitted_by, draft.edited_by or draft.made_by}


def needs_second_person() -> bool:
    """Return whether drafts go live only when somebody else has agreed."""
    return DecisionPolicy.objects.filter(needs_second_person=True).exists()


@transaction.atomic
def take_up_again(draft_id: int, *, actor: str) -> RuleDraft:
    """Open a submitted draft for changes; it must be submitted, and agreed to, anew.

    Raises:
        DraftError: it was not submitted, or is over.
    """
    draft = held(draft_id, DraftState.WAITING, DraftState.SCHEDULED)
    draft.agreed_by, draft.agreed_at = "", None
    draft.problem, draft.edited_by = "", actor
    # Its due time stays: an Undo would need it, and it finds nothing to do otherwise.
    return _move(draft, DraftState.OPEN)


@transaction.atomic
def drop(draft_id: int, *, at: datetime, seen: str | None = None) -> RuleDraft:
    """Give the draft up; it is kept for the records.

    Raises:
        DraftChangedError: it is not the one that was seen.
        DraftError: it is over already.
    """
    draft = held(draft_id, *UNFINISHED, seen=seen)
    draft.ended_at = at
    _move(draft, DraftState.DROPPED)
    events.publish(DraftEnded(draft.pk, is_live=False))
    return draft


@transaction.atomic
def go_live(draft_id: int, *, at: datetime, seen: str | None = None) -> RuleDraft:
    """Put a draft in force whose time has come.

    Raises:
        DraftChangedError: it is not the one that was seen.
        DraftError: it is not scheduled, its time has not come, or nobody agreed who must.
        StaleDraftError: rules that it changes were changed in force.
    """
    draft = held(draft_id, DraftState.SCHEDULED, seen=seen)
    if draft.live_from is not None and at < draft.live_from:
        raise DraftError("Its time has not come yet.")
    return _put_in_force(draft, at)


def on_due(found: due.Due, at: datetime) -> None:
    """Put a draft in force at its time; one that cannot be says why and is open again."""
    try:
        go_live(int(found.subject), at=at)
    except StaleDraftError as error:
        _send_back(int(found.subject), str(error))
    except DraftError:
        _look_again(int(found.subject), at)


def _go_on(draft: RuleDraft, at: datetime) -> RuleDraft:
    """Schedule the draft, or put it in force where there is nothing to wait for."""
    if draft.live_from is None or draft.live_from <= at:
        return _put_in_force(draft, at)
    due.schedule_due(LIVE_KIND, str(draft.pk), draft.live_from)
    return _move(draft, DraftState.SCHEDULED)


def _put_in_force(draft: RuleDraft, at: datetime) -> RuleDraft:
    if needs_second_person() and not draft.agreed_by:
        raise DraftError("A second person has to agree first.")
    with because(_why(draft)):
        lock_rules()
        _check_fresh(draft)
        # Heard before anything is written: whoever stops its shadow holds the shadow's row and then
        # wants that of the rules' version, which what is written here holds until the end.
        events.publish(DraftEnded(draft.pk, is_live=True))
        for change in draft.changes.order_by("pk"):
            _apply(change)
    draft.ended_at, draft.problem = at, ""
    return _move(draft, DraftState.LIVE)


def _apply(change: DraftChange) -> None:
    if change.rule_id is not None:
        put(change.rule_id, change.content)
    elif change.content is not None:
        # Kept, so that the draft tells which rule it made.
        change.rule_id = add(change.content)
        change.save(update_fields=["rule_id"])


def _why(draft: RuleDraft) -> str:
    return f"Draft “{draft.name}”: {draft.reason}" if draft.reason else f"Draft “{draft.name}”"


def _check_fresh(draft: RuleDraft) -> None:
    if stale_changes(draft):
        raise StaleDraftError(_STALE)


def _send_back(draft_id: int, problem: str) -> None:
    draft = held(draft_id, DraftState.SCHEDULED)
    draft.problem = problem
    draft.agreed_by, draft.agreed_at = "", None
    _move(draft, DraftState.OPEN)


def _look_again(draft_id: int, at: datetime) -> None:
    """Wait on where the draft's time was moved; whatever else it became needs no clock."""
    draft = RuleDraft.objects.filter(pk=draft_id, state=DraftState.SCHEDULED).first()
    if draft is None:
        return
    if draft.live_from is not None and draft.live_from > at:
        due.schedule_due(LIVE_KIND, str(draft.pk), draft.live_from)
    else:
        _move(draft, DraftState.WAITING)  # the policy asks for a second person since


def held(draft_id: int, *states: DraftState, seen: str | None = None) -> RuleDraft:
    """Return the draft, locked; refuse it in none of the states, or if it is not what was seen."""
    draft = RuleDraft.objects.select_for_update().filter(pk=draft_id).first()
    if draft is None:
        raise DraftError("There is no such draft.")
    if draft.state not in states:
        said = DraftState(draft.state).label.lower()
        raise DraftError(f"The draft is no longer where it was: it is “{said}” now.")
    if seen is not None and seen != token_of(draft):
        raise DraftChangedError(_CHANGED)
    return draft


def _move(draft: RuleDraft, state: DraftState) -> RuleDraft:
    draft.state = state
    draft.save()
    return draft
