"""The pages of drafts: the list, one draft with what it changes, and how it is handed on."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import say_done
from apps.audit.queries.wording import actor_in_words
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.paging import page_number, page_of
from apps.rules.choices import DraftState
from apps.rules.exceptions import DraftChangedError, DraftError
from apps.rules.forms.drafts import DraftForm, SettleForm, SubmitForm
from apps.rules.models import AssignmentRule, DraftChange, RuleDraft
from apps.rules.queries import drafted
from apps.rules.queries.drafts import UNFINISHED, stale_changes, token_of
from apps.rules.queries.versions import latest_versions
from apps.rules.queries.warnings import consequences
from apps.rules.services import drafting, drafts


@require_safe
@require(Permission.RULE_VIEW)
def drafts_list(request: GuardedRequest) -> HttpResponse:
    """List the drafts, those that may still change something first."""
    context = {
        "page": page_of(drafted.drafts(), page_number(request)),
        "at": clock.now(),
        "may_change": may_change(request),
    }
    return render(request, "rules/drafts.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Make a draft, and go on to the rule from which that was asked."""
    rule = AssignmentRule.objects.filter(pk=_number(request, "rule") or 0).first()
    initial = {"name": f"Change of {rule.name}"[:120]} if rule is not None else {}
    form = DraftForm(request.POST or None, initial=initial)
    if not form.is_valid():
        return _draft_form(request, form, rule=rule)
    draft = drafting.make(**form.cleaned_data, actor=actor(request), at=clock.now())
    if rule is not None:
        return redirect("rule-draft-rule", draft.pk, rule.pk)
    return redirect("rule-draft", draft.pk)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def rename(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Give a draft another name and reason."""
    draft = get_object_or_404(RuleDraft, pk=draft_id)
    form = DraftForm(request.POST or None, initial={"name": draft.name, "reason": draft.reason})
    if not form.is_valid():
        return _draft_form(request, form, draft=draft)
    return done(
        request,
        draft_id,
        lambda: drafting.rename(draft_id, **form.cleaned_data, actor=actor(request)),
        "Draft saved.",
    )


@require_safe
@require(Permission.RULE_VIEW)
def draft(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Show what a draft changes, what would follow, and where it stands."""
    found = get_object_or_404(RuleDraft, pk=draft_id)
    return render(request, "rules/draft.html", _shown(request, found))


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def submit(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Hand a draft on."""
    found = get_object_or_404(RuleDraft, pk=draft_id)
    form = SubmitForm(request.POST)
    if not form.is_valid():
        context = _shown(request, found) | {"submitting": form}
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "rules/draft.html", context, status=status)
    live_from = form.cleaned_data["live_from"]

    def handed_on() -> RuleDraft:
        return drafts.submit(
            draft_id,
            live_from=live_from,
            actor=actor(request),
            at=clock.now(),
            seen=_seen(request),
        )

    return done(request, draft_id, handed_on)


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def agree(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Agree to a draft that somebody else submitted."""
    return done(
        request,
        draft_id,
        lambda: drafts.agree(draft_id, actor=actor(request), at=clock.now(), seen=_seen(request)),
    )


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def take_up_again(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Open a submitted draft for changes."""
    return done(request, draft_id, lambda: drafts.take_up_again(draft_id, actor=actor(request)))


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def go_live(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Put a draft in force whose time passed without anybody doing so."""
    seen = _seen(request)
    return done(request, draft_id, lambda: drafts.go_live(draft_id, at=clock.now(), seen=seen))


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def drop(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Give a draft up."""
    seen = _seen(request)
    return done(request, draft_id, lambda: drafts.drop(draft_id, at=clock.now(), seen=seen))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def settle(request: GuardedRequest, draft_id: int, change_id: int) -> HttpResponse:
    """Settle a change whose rule somebody else changed in force, each way out shown before."""
    change = get_object_or_404(DraftChange, pk=change_id, draft_id=draft_id)
    if change not in stale_changes(change.draft):
        return redirect("rule-draft", draft_id)
    newest = latest_versions([change.rule_id or 0])
    seen = newest[change.rule_id].version if change.rule_id in newest else 0
    ways = drafted.settlements(change)
    form = SettleForm(request.POST or None)
    chosen = {way.name: way for way in ways}
    if (
        form.is_valid()
        and form.cleaned_data["way"] in chosen
        and form.cleaned_data["seen"] == seen
    ):
        way = chosen[form.cleaned_data["way"]]
        return done(
            request,
            draft_id,
            lambda: drafting.settle(draft_id, change_id, way.content, actor=actor(request)),
            "Settled.",
        )
    context = {
        "draft": change.draft,
        "row": drafted.described_change(change),
        "ways": ways,
        "seen": seen,
        "at": clock.now(),
        "is_late": request.method == "POST",
    }
    status = HTTPStatus.CONFLICT if request.method == "POST" else HTTPStatus.OK
    return render(request, "rules/draft_settle.html", context, status=status)


def done(
    request: GuardedRequest, draft_id: int, act: Callable[[], object], words: str = ""
) -> HttpResponse:
    """Do it and show the draft; what was in the way is told there, and nothing was done."""
    shown = get_object_or_404(RuleDraft, pk=draft_id)
    try:
        found = act()
    except DraftChangedError as error:
        messages.error(request, str(error))
        context = _shown(request, shown)
        return render(request, "rules/draft.html", context, status=HTTPStatus.CONFLICT)
    except DraftError as error:
        messages.error(request, str(error))
    else:
        say_done(request, words or _words_of(found))
    return redirect("rule-draft", draft_id)


def _seen(request: GuardedRequest) -> str:
    """Return which draft the page showed from which this is asked; none is never the right one."""
    return request.POST.get("seen", "")


def actor(request: GuardedRequest) -> str:
    """Return who acts, as drafts keep it."""
    return str(Actor.user(request.user))


def may_change(request: GuardedRequest) -> bool:
    """Return whether the viewer may change rules."""
    return request.access.scope(Permission.RULE_CHANGE) == EVERYWHERE


def _words_of(found: object) -> str:
    assert isinstance(found, RuleDraft)  # noqa: S101 -- what hands a draft on returns it
    return _DONE[DraftState(found.state)].format(found.name)


_DONE = {
    DraftState.OPEN: "{} can be changed again.",
    DraftState.WAITING: "{} waits for a second person to agree.",
    DraftState.SCHEDULED: "{} goes live at its time.",
    DraftState.LIVE: "{} is in force.",
    DraftState.DROPPED: "{} was dropped.",
}


def _draft_form(request: GuardedRequest, form: DraftForm, **context: Any) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "rules/draft_form.html", {"form": form, **context}, status=status)


def _shown(request: GuardedRequest, found: RuleDraft) -> dict[str, Any]:
    at = clock.now()
    known = drafted.analysis_of(found, at=at)
    is_open, mine = found.state == DraftState.OPEN, actor(request)
    changes = drafted.described(found, known)
    return {
        "draft": found,
        "token": token_of(found),
        "state": DraftState(found.state).label,
        "changes": changes,
        "is_stale": any(row.theirs for row in changes),
        "consequences": consequences(known, {row.key for row in changes}, at=at),
        "at": at,
        "submitting": SubmitForm(),
        "is_unfinished": found.state in UNFINISHED,
        "is_open": is_open,
        "needs_second": drafts.needs_second_person(),
        "is_second": drafts.can_agree(found, mine),
        "is_overdue": found.state == DraftState.SCHEDULED and (found.live_from or at) <= at,
        "may_change": may_change(request),
        "people": {
            name: actor_in_words(getattr(found, name))
            for name in ("made_by", "submitted_by", "agreed_by")
        },
    }


def _number(request: GuardedRequest, name: str) -> int | None:
    said = request.GET.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None
