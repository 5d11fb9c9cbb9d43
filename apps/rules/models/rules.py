"""Assignment rules and their immutable versions."""

from __future__ import annotations

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from apps.audit.triggers import audited
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import keeps_versions, raises_version
from apps.engine.rules import CAN_BE_TERMINAL
from apps.rules import checks
from apps.rules.choices import ActionChoices

TERMINAL_ACTIONS = frozenset(action.value for action in CAN_BE_TERMINAL)


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
            keeps_versions("rules_ruleversion", "rule_id", with_reason=True),
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
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    request_id = models.CharField(max_length=64, blank=True, default="", db_default="")

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
