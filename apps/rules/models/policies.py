"""SLA policies, the weights of a score, and how far fairness and company go."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.audit.triggers import audited
from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Site
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raises_version
from apps.rules.choices import ClockStart, Together
from apps.rules.tiers import Tier, read_tiers, tier_problems


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


class DecisionPolicy(models.Model):
    """How far fairness and company go, and who must agree to new rules; a single row.

    Where there is no row the defaults of its columns hold.
    """

    catch_up_units = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        default=Decimal(3),
        validators=[MinValueValidator(Decimal(0))],
        help_text="How far behind the common rate a reader counts at most, in the department's "
        "unit of work; so that a late starter is not flooded.",
    )
    together = models.CharField(
        max_length=8,
        choices=Together,
        default=Together.PATIENT,
        help_text="Which unread studies of a patient go to one reader where that fits.",
    )
    together_most = models.PositiveSmallIntegerField(
        default=5,
        help_text="Who has this many of the patient's studies unread gets no more for it.",
    )
    prefer_priors = models.BooleanField(
        default=True, help_text="Prefer the reader of the patient's earlier studies."
    )
    priors_days = models.PositiveSmallIntegerField(
        default=730, help_text="How far back earlier studies count."
    )
    company_share = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        default=Decimal("0.25"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
        help_text="How much fuller than the least loaded, as a share of the concurrent limit, a "
        "reader may be to be preferred for the patient's other studies.",
    )
    needs_second_person = models.BooleanField(
        default=False, help_text="Drafts of rules go live only when somebody else has agreed."
    )

    class Meta:
        verbose_name = "decision policy"
        verbose_name_plural = "decision policy"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_row_of_decision_policy")
        ]
        triggers = [audited(), raises_version("rules")]

    def __str__(self) -> str:
        return "decision policy"
