"""Admin pages of rules, their versions, SLA policies and scoring weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.catalog.words import VocabularyFields
from apps.core.admin_base import HistoryAdmin, RecordAdmin, pretty_json
from apps.core.admin_scope import FOR_ALL, at_sites
from apps.engine.conditions import FIELDS, in_words
from apps.engine.conditions.fields import OPS_BY_KIND
from apps.rules.fields import ConditionsField
from apps.rules.models import (
    AssignmentRule,
    DecisionPolicy,
    DraftChange,
    RuleDraft,
    RuleVersion,
    ScoringWeights,
    Shadow,
    SlaPolicy,
)

if TYPE_CHECKING:
    RuleModelForm = forms.ModelForm[AssignmentRule]
else:
    RuleModelForm = forms.ModelForm

_SINGLE_ROW = 1


class RuleForm(RuleModelForm):
    """A rule; what is wrong with its conditions is named by place and cause."""

    condition_filters = ConditionsField(
        required=False,
        label="Conditions",
        initial=dict,
        widget=forms.Textarea(attrs={"rows": 14, "cols": 80, "spellcheck": "false"}),
        help_text="JSON: groups all, any and none hold conditions or further groups, as in "
        '{"all": [{"field": "modality", "op": "in", "value": ["MR"]}]}. {} is always true.',
    )


@admin.register(AssignmentRule)
class RuleAdmin(RecordAdmin):
    """The rules in the order in which they are tried."""

    row_scope = FOR_ALL
    form = RuleForm
    list_display = (
        "priority_order",
        "name",
        "conditions",
        "action_type",
        "action_target",
        "is_terminal",
        "is_strict",
        "enabled",
    )
    list_display_links = ("name",)
    list_filter = ("enabled", "action_type", "is_terminal", "is_strict")
    search_fields = ("name", "action_target")
    readonly_fields = ("conditions", "language", "versions")
    fieldsets = (
        (None, {"fields": ("name", "priority_order", "enabled", ("active_from", "active_until"))}),
        ("When", {"fields": ("condition_filters", "conditions")}),
        (
            "Then",
            {
                "description": "Targets: a shift's code, a radiologist's id, the reason of a "
                "hold, an urgency (STAT, URGENT, ROUTINE), or for EXCLUDE an id or a JSON list "
                "of ids. A terminal rule decides and ends the run; an effect (ESCALATE, EXCLUDE, "
                "SET_PRIORITY) never does. A strict rule leaves the order unassigned when its "
                "target cannot take it.",
                "fields": ("action_type", "action_target", ("is_terminal", "is_strict")),
            },
        ),
        ("Fields and operators", {"classes": ("collapse",), "fields": ("language",)}),
        ("History", {"fields": ("versions",)}),
    )

    @admin.display(description="in words")
    def conditions(self, rule: AssignmentRule) -> str:
        """Show the conditions in words."""
        return in_words(rule.condition_filters)

    @admin.display(description="")
    def language(self, rule: AssignmentRule) -> SafeString:  # noqa: ARG002 -- the same for every rule
        """List the fields a condition may name, and the operators of each."""
        rows = (
            (field.name, field.words, "  ".join(OPS_BY_KIND[field.kind]))
            for field in FIELDS.values()
        )
        lines = format_html_join("", "<li><code>{}</code> {}: <code>{}</code></li>", rows)
        return format_html('<ul class="conditions">{}</ul>', lines)

    @admin.display
    def versions(self, rule: AssignmentRule) -> SafeString:
        """Link to every version of the rule."""
        if rule._state.adding:  # noqa: SLF001 -- Django's documented API
            return SafeString("None yet")
        url = reverse("admin:rules_ruleversion_changelist")
        return format_html('<a href="{}?rule_id={}">Every version</a>', url, rule.pk)


@admin.register(RuleVersion)
class RuleVersionAdmin(HistoryAdmin):
    """Rules as they were, kept when the rule is gone."""

    row_scope = FOR_ALL
    list_display = ("rule_id", "version", "name", "conditions", "is_deleted", "at", "actor")
    list_filter = ("is_deleted", "at")
    search_fields = ("rule_id__exact", "content__name", "actor__exact")
    search_help_text = "A rule's number or part of its name, or an actor such as user:manager."
    fields = (
        *("rule_id", "version", "is_deleted", "conditions", "content_shown"),
        *("at", "actor", "reason"),
    )
    readonly_fields = ("conditions", "content_shown")

    @override
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow the link from a rule to its versions."""
        return lookup == "rule_id" or super().lookup_allowed(lookup, value, request)

    @admin.display
    def name(self, version: RuleVersion) -> str:
        """Show the rule's name at the time."""
        return str(version.content.get("name", ""))

    @admin.display
    def conditions(self, version: RuleVersion) -> str:
        """Show the conditions at the time in words."""
        return in_words(version.content.get("condition_filters") or {})

    @admin.display(description="content")
    def content_shown(self, version: RuleVersion) -> SafeString:
        """Show the whole row at the time."""
        return pretty_json(version.content)


@admin.register(SlaPolicy)
class SlaPolicyAdmin(VocabularyFields, RecordAdmin):
    """How soon a study must be acknowledged and reported; the most specific policy counts."""

    row_scope = at_sites("site")
    list_display = (
        "urgency",
        "modality",
        "site",
        "clock_start",
        "acknowledge_minutes",
        "report_minutes",
    )
    list_filter = ("urgency", "modality", "site", "clock_start")
    list_select_related = ("site",)
    search_fields = ("modality", "site__code", "site__name")
    autocomplete_fields = ("site",)
    fieldsets = (
        (
            "For which studies",
            {
                "description": "A policy that names the site goes before one that names the "
                "modality, before one that names neither.",
                "fields": ("urgency", "modality", "site"),
            },
        ),
        (
            "How soon",
            {
                "description": "Minutes from the event at which the clock starts. Empty: no limit.",
                "fields": ("clock_start", "acknowledge_minutes", "report_minutes"),
            },
        ),
        ("Escalation", {"classes": ("collapse",), "fields": ("escalation_steps",)}),
    )


@admin.register(ScoringWeights)
class ScoringWeightsAdmin(RecordAdmin):
    """The single row of weights behind the strategy SCORED."""

    row_scope = FOR_ALL
    fieldsets = (
        ("Start", {"fields": ("start",)}),
        (
            "Load",
            {
                "description": "Multiplied by the share of the concurrent limit that is open.",
                "fields": ("open_share",),
            },
        ),
        ("Subspecialty", {"fields": ("subspecialty_match",)}),
        ("STAT to seniors", {"fields": ("stat_seniority", "seniority_over_years")}),
        ("Recently active", {"fields": ("recently_active", "active_within_minutes")}),
        (
            "Mean turnaround of the last four hours",
            {
                "fields": (
                    ("quick_turnaround", "quick_under_minutes"),
                    ("slow_turnaround", "slow_over_minutes"),
                )
            },
        ),
    )

    @override
    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Go straight to the row, or to the form that makes it."""
        if ScoringWeights.objects.filter(pk=_SINGLE_ROW).exists():
            url = reverse("admin:rules_scoringweights_change", args=[_SINGLE_ROW])
        else:
            url = reverse("admin:rules_scoringweights_add")
        return HttpResponseRedirect(url)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow one row."""
        is_first = not ScoringWeights.objects.exists()
        return is_first and super().has_add_permission(request)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: decisions need the weights."""
        return False

    @override
    def save_model(
        self,
        request: HttpRequest,
        obj: ScoringWeights,
        form: Any,
        change: bool,
    ) -> None:
        """Save under the one key that the table allows."""
        obj.pk = _SINGLE_ROW
        super().save_model(request, obj, form, change)


@admin.register(DecisionPolicy)
class DecisionPolicyAdmin(HistoryAdmin):
    """How far fairness and company go; changed on the page of decisions."""

    row_scope = FOR_ALL
    list_display = ("__str__", "catch_up_units", "together", "prefer_priors", "company_share")
    search_fields = ("together",)


@admin.register(RuleDraft)
class RuleDraftAdmin(HistoryAdmin):
    """Changes of rules that are not in force yet; made, agreed to and dropped on their own page."""

    row_scope = FOR_ALL
    list_display = ("name", "state", "made_by", "made_at", "live_from")
    list_filter = ("state",)
    search_fields = ("name", "made_by")


@admin.register(DraftChange)
class DraftChangeAdmin(HistoryAdmin):
    """One rule as a draft would have it."""

    row_scope = FOR_ALL
    list_display = ("draft", "rule_id", "base_version")
    list_select_related = ("draft",)
    search_fields = ("draft__name",)


@admin.register(Shadow)
class ShadowAdmin(HistoryAdmin):
    """A draft that is asked beside the live rules; started and ended on its own page."""

    row_scope = FOR_ALL
    list_display = ("draft", "state", "started_by", "started_at", "ends_at")
    list_filter = ("state",)
    list_select_related = ("draft",)
    search_fields = ("draft__name",)
