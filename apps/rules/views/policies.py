"""The pages of the SLA policies."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.paging import page_number, page_of
from apps.rules.forms.policies import PolicyForm
from apps.rules.models import SlaPolicy
from apps.rules.queries import policies as queries


@require_safe
@require(Permission.RULE_VIEW)
def policies(request: GuardedRequest) -> HttpResponse:
    """List the policies of the viewer's sites and those of every site."""
    page = page_of(queries.policies(scope=request.scope), page_number(request))
    change = request.access.scope(Permission.RULE_CHANGE)
    context = {
        "page": page,
        "rows": queries.changeable(page.rows, scope=change),
        "may_add": bool(change),
    }
    return render(request, "rules/policies.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.RULE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a policy."""
    form = PolicyForm(request.POST or None, scope=request.scope)
    return edit_page(request, form, _EDITING, back=reverse("policies"))


@require_http_methods(["GET", "POST"])
@require(Permission.RULE_CHANGE)
def edit(request: GuardedRequest, policy_id: int) -> HttpResponse:
    """Edit a policy; its history stands below."""
    policy = _changeable(request, policy_id)
    form = PolicyForm(request.POST or None, instance=policy, scope=request.scope)
    editing = _EDITING.showing(history=queries.told(policy), at=clock.now())
    subject = queries.subject_of(policy)
    return edit_page(request, form, editing, back=reverse("policies"), subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.RULE_CHANGE)
def delete(request: GuardedRequest, policy_id: int) -> HttpResponse:
    """Delete a policy, once its effect was shown."""
    policy = _changeable(request, policy_id)
    effects = [
        Effect(f"New orders go by {queries.next_best(policy)}."),
        Effect("Orders that have their due times keep them."),
    ]
    back = reverse("policies")
    return delete_page(request, policy, noun="Policy", back=back, effects=effects)


def _changeable(request: GuardedRequest, policy_id: int) -> SlaPolicy:
    """Return the policy; one of another's site is not there, one of every site not to change."""
    rows = queries.policies(scope=request.scope)
    policy = get_object_or_404(rows, pk=policy_id)
    if not request.scope.covers(policy.site_id):
        raise PermissionDenied
    return policy


def _effects(form: PolicyForm) -> Sequence[Effect]:
    return queries.effects(form.instance)


_EDITING = Editing(noun="Policy", effects=_effects, template="rules/policy_form.html")
