"""The pages of the past: what was done to all rules, and the way back for one or for all."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import say_done
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import render_part
from apps.rules.exceptions import ChangedSinceError
from apps.rules.forms.versions import AskMomentForm, BackForm, HistoryFilterForm, MomentForm
from apps.rules.models import RuleVersion
from apps.rules.queries import versions as queries
from apps.rules.queries.goingback import would_be, would_be_all
from apps.rules.services.versions import take_all_back, take_rule_back
from apps.rules.views.drafts import may_change
from apps.rules.words import moment_words


@require_safe
@require(Permission.RULE_VIEW)
def versions(request: GuardedRequest) -> HttpResponse:
    """List what was done to the rules, one entry for each request."""
    form = HistoryFilterForm(request.GET, actors=queries.actors())
    context = {
        "filters": form,
        "page": queries.entries(form.wanted(request.GET.get("below", ""))),
        "is_later": "below" in request.GET,
        "asking": AskMomentForm(),
        "at": clock.now(),
        "may_change": may_change(request),
    }
    return render_part(request, "rules/versions.html", "rules/_versions.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def all_back(request: GuardedRequest) -> HttpResponse:
    """Show what would differ if all rules were as at a moment, and on POST make them so."""
    moment = MomentForm(request.GET).moment()
    if moment is None or moment > clock.now():
        return redirect("rule-versions")
    form = BackForm(request.POST or None)
    context = {"moment": moment, **would_be_all(moment, at=clock.now())._asdict()}
    seen = queries.newest_version()
    if not form.is_valid():
        return _page(request, "rules/versions_back.html", context, seen)
    try:
        count = take_all_back(moment=moment, seen=form.seen, reason=form.why)
    except ChangedSinceError:
        return _page(request, "rules/versions_back.html", context, seen, late=form)
    rules = "1 rule is" if count == 1 else f"{count} rules are"
    say_done(request, f"{rules} as on {moment_words(moment)} again.")
    return redirect("rules")


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def rule_back(request: GuardedRequest, rule_id: int, number: int) -> HttpResponse:
    """Show what would differ if a rule were as in a version, and on POST make it so."""
    version = get_object_or_404(RuleVersion, rule_id=rule_id, version=number)
    form = BackForm(request.POST or None)
    context = {"version": version, **would_be(version, at=clock.now())._asdict()}
    seen = queries.latest_versions([rule_id])[rule_id].version
    if not form.is_valid():
        return _page(request, "rules/version_back.html", context, seen)
    try:
        take_rule_back(version=version, seen=form.seen, reason=form.why)
    except ChangedSinceError:
        return _page(request, "rules/version_back.html", context, seen, late=form)
    say_done(
        request, f"{version.content.get('name', 'The rule')} is as in version {number} again."
    )
    return redirect("rule", rule_id)


def _page(
    request: GuardedRequest,
    template: str,
    context: Mapping[str, Any],
    seen: int,
    late: BackForm | None = None,
) -> HttpResponse:
    """Show what would follow; who saw something else before gets what is so now."""
    form = BackForm(initial={"seen_version": seen, "reason": late.why if late else ""})
    status = HTTPStatus.CONFLICT if late else HTTPStatus.OK
    shown = {**context, "form": form, "at": clock.now(), "is_late": late is not None}
    return render(request, template, shown, status=status)
