"""The pages on which rules are changed within a draft, by the form of the rules in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Effect, edit_page, say_done
from apps.audit.queries.history import Subject
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import render_part
from apps.core.paging import page_number
from apps.rules.choices import DraftState
from apps.rules.exceptions import DraftError, OrderChangedError
from apps.rules.forms.drafts import DraftedRuleForm, DraftMoveForm, FindForm
from apps.rules.models import AssignmentRule, DraftChange, RuleDraft
from apps.rules.ordering import next_priority
from apps.rules.queries.drafted import rows_of
from apps.rules.queries.drafts import drafted_rule, places_of, rules_with
from apps.rules.queries.effects import drafting_effects
from apps.rules.queries.rules import order_token, subject_of
from apps.rules.services import drafting
from apps.rules.views.builder import builder
from apps.rules.views.drafts import actor, done, may_change

_MOVES = (
    ("top", "vertical_align_top", "to the top"),
    ("up", "arrow_upward", "up"),
    ("down", "arrow_downward", "down"),
    ("bottom", "vertical_align_bottom", "to the bottom"),
)


@require_safe
@require(Permission.RULE_VIEW)
def rules(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """List all rules as the draft would have them."""
    draft = get_object_or_404(RuleDraft, pk=draft_id)
    find = FindForm(request.GET)
    found = rules_with(draft)
    page = rows_of(draft, found, words=find.words(), number=page_number(request), at=clock.now())
    context = {
        "draft": draft,
        "page": page,
        "find": find,
        "order": order_token(places_of(found)),
        "may_change": may_change(request) and draft.state == DraftState.OPEN,
        "is_narrowed": bool(find.words()),
        "moves": _MOVES,
    }
    return render_part(request, "rules/draft_rules.html", "rules/_draft_rules.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def add(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Add a rule in the draft."""
    draft = _open_draft(draft_id)
    return _form(request, draft, None, AssignmentRule(), None)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def rule(request: GuardedRequest, draft_id: int, rule_id: int) -> HttpResponse:
    """Change a rule in force within the draft."""
    draft = _open_draft(draft_id)
    change = draft.changes.filter(rule_id=rule_id).first()
    if change is not None and change.content is not None:
        return _form(request, draft, rule_id, drafted_rule(change), _subject(change))
    found = get_object_or_404(AssignmentRule, pk=rule_id)
    subject = _subject(change) if change is not None else subject_of(rule_id)
    return _form(request, draft, rule_id, found, subject)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def new_rule(request: GuardedRequest, draft_id: int, change_id: int) -> HttpResponse:
    """Change a rule that the draft adds."""
    draft = _open_draft(draft_id)
    change = get_object_or_404(draft.changes, pk=change_id, rule_id=None)
    return _form(request, draft, -change.pk, drafted_rule(change), _subject(change))


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def delete(request: GuardedRequest, draft_id: int, rule_id: int) -> HttpResponse:
    """Delete a rule in the draft."""
    act = partial(drafting.delete_rule, draft_id, rule_id, actor=actor(request))
    return done(request, draft_id, act, "The draft deletes the rule.")


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def leave_alone(request: GuardedRequest, draft_id: int, change_id: int) -> HttpResponse:
    """Take a change out of the draft."""
    act = partial(drafting.leave_alone, draft_id, change_id, actor=actor(request))
    return done(request, draft_id, act, "Taken out of the draft.")


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def move(request: GuardedRequest, draft_id: int) -> HttpResponse:
    """Move a rule in the draft; whoever saw another order is told to look again."""
    get_object_or_404(RuleDraft, pk=draft_id)
    form = DraftMoveForm(request.POST)
    if not form.is_valid():
        return HttpResponse("There is no such place.", status=HTTPStatus.BAD_REQUEST)
    seen, who = form.cleaned_data["order"], actor(request)
    try:
        changed = drafting.move_rule(draft_id, form.key, to=form.to, seen=seen, actor=who)
    except (OrderChangedError, DraftError) as error:
        messages.error(request, str(error) or "The order was changed meanwhile. Move again.")
    else:
        say_done(
            request,
            f"Moved; {changed} rule{'s get' if changed != 1 else ' gets'} another priority.",
        )
    return redirect("rule-draft-rules", draft_id)


def _form(
    request: GuardedRequest,
    draft: RuleDraft,
    key: int | None,
    instance: AssignmentRule,
    subject: Subject | None,
) -> HttpResponse:
    # Its key is its own or a drafted one: no other rule is asked whether it has that too.
    instance._state.adding = key is None  # noqa: SLF001 -- Django's public name for it
    keep = partial(_keep, draft.pk, key, actor(request))
    form = DraftedRuleForm(request.POST or None, instance=instance, keep=keep)
    if key is None:
        form.initial["priority_order"] = next_priority(places_of(rules_with(draft)))
    editing = replace(
        builder(request), template="rules/draft_rule.html", effects=partial(_effects, draft)
    ).showing(draft=draft)
    try:
        return edit_page(
            request, form, editing, back=reverse("rule-draft", args=[draft.pk]), subject=subject
        )
    except DraftError as error:
        messages.error(request, str(error))
        return redirect("rule-draft", draft.pk)


def _keep(draft_id: int, key: int | None, who: str, content: dict[str, object]) -> None:
    drafting.keep_rule(draft_id, key, content, actor=who)


def _effects(draft: RuleDraft, form: DraftedRuleForm) -> Sequence[Effect]:
    return drafting_effects(form.instance, draft.pk, at=clock.now())


def _subject(change: DraftChange) -> Subject:
    return Subject("rules_draftchange", str(change.pk))


def _open_draft(draft_id: int) -> RuleDraft:
    draft = get_object_or_404(RuleDraft, pk=draft_id)
    if draft.state != DraftState.OPEN:
        raise Http404
    return draft
