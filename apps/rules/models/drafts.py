"""Drafts of rules: several changes that are tried, agreed to and go live together; their shadows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.audit.triggers import audited
from apps.core.triggers import raises_version
from apps.rules.choices import DraftState, ShadowState


class RuleDraft(models.Model):
    """Changes of rules that are not in force yet."""

    name = models.CharField(max_length=120)
    reason = models.CharField(
        max_length=300, blank=True, default="", help_text="Why; kept with every version it makes."
    )
    state = models.CharField(max_length=12, choices=DraftState, default=DraftState.OPEN)
    made_by = models.CharField(max_length=160)
    made_at = models.DateTimeField()
    edited_by = models.CharField(max_length=160, blank=True, default="")
    submitted_by = models.CharField(max_length=160, blank=True, default="")
    submitted_at = models.DateTimeField(null=True, blank=True)
    agreed_by = models.CharField(max_length=160, blank=True, default="")
    agreed_at = models.DateTimeField(null=True, blank=True)
    live_from = models.DateTimeField(
        null=True, blank=True, help_text="When it goes live; empty: at once when it is agreed to."
    )
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="When it went live or was dropped."
    )
    problem = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="Why it could not go live when it was due.",
    )

    class Meta:
        ordering = ["-made_at"]
        triggers = [audited()]

    def __str__(self) -> str:
        return self.name


class DraftChange(models.Model):
    """One rule as the draft would have it: new, changed or deleted.

    ``content`` holds the columns of ``AssignmentRule`` without its id, as a ``RuleVersion`` does;
    None deletes the rule. ``rule_id`` is None for a new one. ``base_version`` is the rule's
    version that was changed: the draft is stale once there is a later one.
    """

    draft = models.ForeignKey(RuleDraft, on_delete=models.CASCADE, related_name="changes")
    rule_id = models.BigIntegerField(null=True, blank=True)
    base_version = models.PositiveIntegerField(default=0)
    content = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["draft", "pk"]
        verbose_name = "change of a draft"
        verbose_name_plural = "changes of drafts"
        constraints = [
            models.UniqueConstraint(fields=["draft", "rule_id"], name="one_change_of_a_rule"),
            models.CheckConstraint(
                condition=Q(rule_id__isnull=False) | Q(content__isnull=False),
                name="a_change_does_something",
            ),
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"{self.draft_id}: {self.rule_id or 'new'}"


class Shadow(models.Model):
    """A draft that is asked beside the live rules, for each order, and decides nothing."""

    draft = models.ForeignKey(RuleDraft, on_delete=models.CASCADE, related_name="shadows")
    state = models.CharField(max_length=8, choices=ShadowState, default=ShadowState.RUNNING)
    started_by = models.CharField(max_length=160)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(
        max_length=120, blank=True, default="", help_text="Why it ended, in words."
    )

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["draft"],
                condition=Q(state="running"),
                name="one_running_shadow_of_a_draft",
            )
        ]
        triggers = [audited(), raises_version("rules")]

    def __str__(self) -> str:
        return f"shadow of {self.draft_id}"
