"""Assignment rules and their immutable versions, SLA policies, scoring weights."""

from __future__ import annotations

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from apps.audit.triggers import audited
from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Site
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import keeps_versions, raises_version
from apps.rules import checks
from apps.rules.choices import ActionChoices, ClockStart
from apps.rules.tiers import Tier, read_tiers, tier_problems

TERMINAL_ACTIONS = frozenset(
    {
        ActionChoices.ASSIGN_TO_SHIFT.value,
        ActionChoices.ASSIGN_TO_RADIOLOGIST.value,
        ActionChoices.HOLD.value,
    }
)


class AssignmentRule(NaturalKeyModel):
    """When the conditions hold, the action happens; lower priority_order first, then id."""

    natural_fields = ("name",)

    name = models.CharField(max_length=120)
    priority_order = models.IntegerField(default=100)
    condition_filters = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"all": [{"field": …, "op": …, "value": …}]}; {} is always true.',
    )
    action_type = models.CharField(max_length=32, choices=ActionChoices)
    action_target = models.TextField(
        blank=True,
        default="",
        help_text="A shift code, a radiologist id, a reason, an urgency or a JSON list, by action.",
    )
    is_terminal = models.BooleanField(default=True)
    is_strict = models.BooleanField(
        default=False, help_text="When its target cannot take the order, leave it unassigned."
    )
    enabled = models.BooleanField(default=True)
    active_from = models.DateTimeField(null=True, blank=True)
    active_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["priority_order", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(active_from__isnull=True)
                | Q(active_until__isnull=True)
                | Q(active_until__gt=F("active_from")),
                name="rule_window_ends_after_start",
                violation_error_message="The active window ends before it starts.",
            ),
        ]
        triggers = [
            audited(),
            raises_version("rules"),
            keeps_versions("rules_ruleversion", "rule_id"),
        ]

    def __str__(self) -> str:
        return f"{self.priority_order} {self.name}"

    def clean(self) -> None:
        """Refuse conditions and targets that could not be carried out, naming the place.

        Effects (ESCALATE, EXCLUDE, SET_PRIORITY) never end the run of the rules, whatever the
        form said. Source: spec 2, step 3.
        """
        self.is_terminal = self.is_terminal and self.action_type in TERMINAL_ACTIONS
        problems = checks.rule_problems(self)
        if problems:
            raise ValidationError(problems)


class RuleVersion(models.Model):
    """A rule as it was between two edits; never changed, kept when the rule is deleted."""

    rule_id = models.BigIntegerField(db_index=True)
    version = models.PositiveIntegerField()
    is_deleted = models.BooleanField(default=False)
    content = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=160)

    class Meta:
        ordering = ["rule_id", "-version"]
        verbose_name = "rule version"
        constraints = [
            models.UniqueConstraint(fields=["rule_id", "version"], name="one_row_per_rule_version")
        ]
        triggers = [
            pgtrigger.Protect(name="immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"rule {self.rule_id} version {self.version}"


class SlaPolicy(NaturalKeyModel):
    """Minutes to acknowledge and to report; the most specific policy counts.

    A policy that names the site goes before one that names the modality, before one that names
    neither. ``tiers`` are its ``escalation_steps``, read.
    """

    natural_fields = ("urgency", "modality", "site__code")

    urgency = models.CharField(max_length=8, choices=UrgencyChoices)
    modality = models.CharField(max_length=16, blank=True, default="")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, blank=True)
    clock_start = models.CharField(max_length=16, choices=ClockStart, default=ClockStart.RECEIVED)
    acknowledge_minutes = models.PositiveIntegerField(null=True, blank=True)
    report_minutes = models.PositiveIntegerField(null=True, blank=True)
    escalation_steps = models.JSONField(
        default=list,
        blank=True,
        help_text='[{"after_minutes": 0, "action": "flag"}, …]; the actions are flag, alert, '
        "reassign and supervisor. Empty: flag at once, alert after 15 minutes, reassign after "
        "30, supervisor after 60.",
    )

    class Meta:
        ordering = ["urgency", "modality", "site"]
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"
        constraints = [
            models.UniqueConstraint(
                fields=["urgency", "modality", "site"],
                nulls_distinct=False,
                name="one_sla_policy_per_case",
                violation_error_message="There is a policy for this urgency, modality and site "
                "already.",
            )
        ]
        triggers = [audited(), raises_version("rules")]

    def __str__(self) -> str:
        return " ".join(str(word) for word in (self.urgency, self.modality, self.site) if word)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Return what is done after a breach, in the order in which it happens."""
        return read_tiers(self.escalation_steps)

    def clean(self) -> None:
        """Refuse steps that could not be carried out, and put the others in their order."""
        problems = tier_problems(self.escalation_steps)
        if problems:
            raise ValidationError({"escalation_steps": problems})
        self.escalation_steps = sorted(
            self.escalation_steps, key=lambda step: int(step["after_minutes"])
        )


class ScoringWeights(models.Model):
    """The terms of a candidate's score; a single row."""

    start = models.DecimalField(max_digits=7, decimal_places=2, default=100)
    open_share = models.DecimalField(max_digits=7, decimal_places=2, default=-50)
    subspecialty_match = models.DecimalField(max_digits=7, decimal_places=2, default=20)
    stat_seniority = models.DecimalField(max_digits=7, decimal_places=2, default=15)
    seniority_over_years = models.PositiveSmallIntegerField(default=5)
    recently_active = models.DecimalField(max_digits=7, decimal_places=2, default=10)
    active_within_minutes = models.PositiveSmallIntegerField(default=5)
    quick_turnaround = models.DecimalField(max_digits=7, decimal_places=2, default=10)
    quick_under_minutes = models.PositiveSmallIntegerField(default=20)
    slow_turnaround = models.DecimalField(max_digits=7, decimal_places=2, default=-10)
    slow_over_minutes = models.PositiveSmallIntegerField(default=40)

    class Meta:
        verbose_name = "scoring weights"
        verbose_name_plural = "scoring weights"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_row_of_weights")]
        triggers = [audited(), raises_version("rules")]

    def __str__(self) -> str:
        return "scoring weights"
