"""The pages on which rules are made, changed and deleted, and what their builder asks."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.actor import say_why
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import wants_part
from apps.engine.conditions import FIELDS, schema
from apps.engine.conditions.fields import OPS_BY_KIND
from apps.rules.forms.codes import CodesForm
from apps.rules.forms.conditions import ConditionsForm, Said
from apps.rules.forms.listing import WhyForm
from apps.rules.forms.rules import RuleForm
from apps.rules.language import language
from apps.rules.models import AssignmentRule
from apps.rules.queries import rules as queries
from apps.rules.queries.effects import deleting_effects, saving_effects
from apps.rules.queries.history import edits
from apps.rules.services.drafts import needs_second_person

_LANGUAGE = [(field, OPS_BY_KIND[field.kind]) for field in FIELDS.values()]


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a rule."""
    form = RuleForm(request.POST or None)
    return edit_page(request, form, _live(request), back=reverse("rules"))


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def edit(request: GuardedRequest, rule_id: int) -> HttpResponse:
    """Edit a rule; its history stands below."""
    found = get_object_or_404(AssignmentRule, pk=rule_id)
    subject = queries.subject_of(rule_id)
    form = RuleForm(request.POST or None, instance=found)
    editing = _live(request).showing(edits=edits(rule_id), at=clock.now())
    return edit_page(request, form, editing, back=reverse("rules"), subject=subject)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.RULE_CHANGE)
def delete(request: GuardedRequest, rule_id: int) -> HttpResponse:
    """Delete a rule, once its effect was shown; its last version keeps why."""
    found = get_object_or_404(AssignmentRule, pk=rule_id)
    if request.method == "POST":
        say_why(WhyForm(request.POST).reason())
    return delete_page(
        request,
        found,
        noun="Rule",
        back=reverse("rules"),
        effects=deleting_effects(found, at=clock.now()),
        template="rules/rule_delete.html",
    )


@require_POST
@require_everywhere(Permission.RULE_CHANGE)
def check(request: GuardedRequest) -> HttpResponse:
    """Say conditions in words while they are typed, and what they would have met."""
    return render(request, "rules/_conditions_said.html", _said(request))


@require_safe
@require_everywhere(Permission.RULE_CHANGE)
def codes(request: GuardedRequest) -> HttpResponse:
    """Answer with the codes of a field that match what is typed, for the builder's pickers."""
    form = CodesForm(request.GET)
    return JsonResponse(form.answer(), status=form.status)


@require_safe
@require(Permission.RULE_VIEW)
def published_schema(request: GuardedRequest) -> JsonResponse:  # noqa: ARG001 -- the same for all
    """Publish the JSON Schema of conditions."""
    return JsonResponse(schema())


def builder(request: GuardedRequest) -> Editing:
    """Return how a rule is edited, with what its builder needs."""
    said = _said(request) if request.method == "POST" and not wants_part(request) else {}
    return _EDITING.showing(**said)


def _live(request: GuardedRequest) -> Editing:
    """Return how a rule in force is edited; a second person is never asked about that."""
    return builder(request).showing(passes_second=needs_second_person())


def _said(request: GuardedRequest) -> dict[str, object]:
    said: Said = ConditionsForm(request.POST).said(at=clock.now())
    # An accession leads to a study: it is shown to who may see the studies of every site.
    may_look = request.access.scope(Permission.STUDY_VIEW) == EVERYWHERE
    return {"said": said, "may_look": may_look}


def _effects(form: RuleForm) -> Sequence[Effect]:
    return saving_effects(form.instance, at=clock.now())


_EDITING = Editing(
    noun="Rule",
    effects=_effects,
    template="rules/rule_form.html",
    context={"language": _LANGUAGE, "builder": language()},
)
