"""The pages of the rules: the list and its order, one rule, its versions."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.audit.editing import say_done
from apps.audit.queries.wording import actor_in_words
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import render_part, wants_part
from apps.core.paging import Page, page_number, page_of
from apps.rules.exceptions import OrderChangedError, UnknownPlaceError
from apps.rules.forms.listing import MoveForm, RuleFilterForm, SwitchForm
from apps.rules.models import AssignmentRule, RuleVersion
from apps.rules.ordering import Place
from apps.rules.queries import rules as queries
from apps.rules.queries.history import TargetNames, edits, told
from apps.rules.queries.warnings import marks
from apps.rules.services.order import move_rule
from apps.rules.services.switch import switch_rule


@require_safe
@require(Permission.RULE_VIEW)
def rules(request: GuardedRequest) -> HttpResponse:
    """List the rules in the order in which they are tried."""
    form = RuleFilterForm(request.GET)
    found = page_of(queries.rules(form.wanted()), page_number(request))
    is_narrowed = bool(form.wanted())
    context = _listed(request, found) | {
        "filters": form,
        "is_narrowed": is_narrowed,
        "has_default": not is_narrowed and not found.has_next,
    }
    return render_part(request, "rules/rules.html", "rules/_rules.html", context)


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def move(request: GuardedRequest, rule_id: int) -> HttpResponse:
    """Move a rule; whoever saw another order gets 409 and the fresh one."""
    rule = get_object_or_404(AssignmentRule, pk=rule_id)
    form = MoveForm(request.POST)
    try:
        said = form.cleaned_data if form.is_valid() else {"to": "", "order": ""}
        done = move_rule(rule_id=rule_id, to=said["to"], seen=said["order"])
    except OrderChangedError:
        return _stale_order(request, rule_id)
    except UnknownPlaceError:
        return HttpResponse("There is no such place.", status=HTTPStatus.BAD_REQUEST)
    if done.changed:
        say_done(request, f"{rule.name} is number {done.number} now.")
    else:
        messages.info(request, f"{rule.name} is number {done.number} already.")
    page = queries.page_with(rule_id, queries.places())
    return redirect(f"{reverse('rules')}?page={page}#up-{rule_id}")


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def switch(request: GuardedRequest, rule_id: int) -> HttpResponse:
    """Enable or disable a rule, and show the list as it was narrowed."""
    rule = get_object_or_404(AssignmentRule, pk=rule_id)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return HttpResponse("It is on or off.", status=HTTPStatus.BAD_REQUEST)
    wanted = form.cleaned_data["enabled"] == "on"
    if switch_rule(rule, enabled=wanted):
        say_done(request, f"{rule.name} is {'on' if wanted else 'off'} now.")
    query = QueryDict(request.POST.get("query", "")).urlencode()
    return redirect(f"{reverse('rules')}?{query}#switch-{rule_id}")


@require_safe
@require(Permission.RULE_VIEW)
def rule(request: GuardedRequest, rule_id: int) -> HttpResponse:
    """Show a rule in words and what became of it; one that is gone shows its last version."""
    found = AssignmentRule.objects.filter(pk=rule_id).first()
    if found is None:
        last = RuleVersion.objects.filter(rule_id=rule_id).order_by("-version").first()
        if last is None:
            raise Http404
        return redirect("rule-version", rule_id, last.version)
    at = clock.now()
    context = {
        "row": queries.described([found], at=at)[0],
        "edits": edits(rule_id),
        "at": at,
        "may_change": _may_change(request),
    }
    return render(request, "rules/rule.html", context)


@require_safe
@require(Permission.RULE_VIEW)
def version(request: GuardedRequest, rule_id: int, number: int) -> HttpResponse:
    """Show a rule as it was."""
    found = get_object_or_404(RuleVersion, rule_id=rule_id, version=number)
    shown = edits(rule_id)
    context = {
        "version": found,
        "actor": actor_in_words(found.actor),
        "told": told(found.content, TargetNames()),
        "conditions": found.content.get("condition_filters"),
        "edits": shown,
        "is_there": AssignmentRule.objects.filter(pk=rule_id).exists(),
        "is_newest": not found.is_deleted and found.version == shown[0].version,
        "may_change": _may_change(request),
        "at": clock.now(),
    }
    return render(request, "rules/version.html", context)


def _listed(request: GuardedRequest, found: Page[AssignmentRule]) -> dict[str, Any]:
    at = clock.now()
    order = queries.places()
    return {
        "page": found,
        "rows": queries.described(found.rows, at=at),
        "marks": marks(found.rows, at=at),
        "order": queries.order_token(order),
        "moves": _moves(order),
        "may_change": _may_change(request),
        "is_part": wants_part(request),
        "days": queries.DECIDED_DAYS,
    }


def _moves(order: Sequence[Place]) -> list[tuple[str, str, str, str]]:
    """Return each row's buttons: where to, icon, words, and the rule that stands there already."""
    first, last = (str(order[0].id), str(order[-1].id)) if order else ("", "")
    return [
        ("top", "vertical_align_top", "to the top", first),
        ("up", "arrow_upward", "up", first),
        ("down", "arrow_downward", "down", last),
        ("bottom", "vertical_align_bottom", "to the bottom", last),
    ]


def _stale_order(request: GuardedRequest, rule_id: int) -> HttpResponse:
    messages.error(
        request, "Somebody else changed the order meanwhile. This is how it is now; move again."
    )
    number = queries.page_with(rule_id, queries.places())
    found = page_of(queries.rules(queries.RuleFilter()), number)
    context = _listed(request, found) | {"is_stale": True, "has_default": not found.has_next}
    response = render_part(request, "rules/rules.html", "rules/_rules.html", context)
    response.status_code = HTTPStatus.CONFLICT
    return response


def _may_change(request: GuardedRequest) -> bool:
    return request.access.scope(Permission.RULE_CHANGE) == EVERYWHERE
