"""The pages of the decision policy and of the scoring weights."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, edit_page
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.rules.forms.decisions import DecisionPolicyForm, ScoringWeightsForm
from apps.rules.queries import decisions as queries


@require_safe
@require(Permission.RULE_VIEW)
def decisions(request: GuardedRequest) -> HttpResponse:
    """Show how far fairness and company go, and the terms of a score."""
    context = {
        "policy": DecisionPolicyForm(instance=queries.decision_policy()),
        "weights": ScoringWeightsForm(instance=queries.scoring_weights()),
        "checks": reverse("replay-checks"),
        "may_change": request.access.scope(Permission.RULE_CHANGE) == EVERYWHERE,
    }
    return render(request, "rules/decisions.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def policy(request: GuardedRequest) -> HttpResponse:
    """Change the decision policy."""
    subject = queries.policy_subject()
    form = DecisionPolicyForm(request.POST or None, instance=queries.decision_policy())
    editing = _POLICY.showing(history=history(subject), at=clock.now())
    return edit_page(request, form, editing, back=reverse("decisions"), subject=subject)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def weights(request: GuardedRequest) -> HttpResponse:
    """Change the scoring weights."""
    subject = queries.weights_subject()
    form = ScoringWeightsForm(request.POST or None, instance=queries.scoring_weights())
    editing = _WEIGHTS.showing(history=history(subject), at=clock.now())
    return edit_page(request, form, editing, back=reverse("decisions"), subject=subject)


def _policy_effects(form: DecisionPolicyForm) -> Sequence[Effect]:
    return queries.policy_effects(form.instance)


def _weights_effects(form: ScoringWeightsForm) -> Sequence[Effect]:
    return queries.weights_effects(form.instance)


_POLICY = Editing(noun="The", effects=_policy_effects, template="rules/decision_form.html")
_WEIGHTS = Editing(noun="The", effects=_weights_effects, template="rules/decision_form.html")
