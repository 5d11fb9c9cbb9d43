"""What shadows came to: a row for each order that they were asked about, and counts."""

# ruff: noqa: RUF012 -- Django reads Meta as plain lists, as in models.py

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.catalog.models import Site
from apps.orders.models import Order
from apps.rules.models import Shadow


class ShadowResult(models.Model):
    """What a shadow would have decided for an order, beside what was decided.

    ``live`` and ``draft`` hold the result as its trace says it and, where nothing else keeps it,
    the trace without what it knew of the patient; both are empty where the two were the same. Of
    an order the first decision is always kept, a later one only where it differs.
    """

    shadow = models.ForeignKey(Shadow, on_delete=models.CASCADE, related_name="results")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    is_same = models.BooleanField()
    is_first = models.BooleanField(
        default=True, help_text="The first decision of the order that the shadow was asked about."
    )
    live = models.JSONField(default=dict, help_text="The result as its trace says it.")
    draft = models.JSONField(
        default=dict, help_text="The draft's result; empty where it is the same."
    )

    class Meta:
        verbose_name = "result of a shadow"
        verbose_name_plural = "results of shadows"
        constraints = [
            models.UniqueConstraint(
                fields=["shadow", "order"],
                condition=Q(is_first=True),
                name="one_first_result_of_an_order",
            )
        ]
        indexes = [
            models.Index(fields=["shadow", "is_same", "-id"], name="shadow_result_by_kind"),
        ]

    def __str__(self) -> str:
        return f"shadow {self.shadow_id}, order {self.order_id}"


class ShadowTally(models.Model):
    """How often a shadow agreed, counted as it happens: a page never counts the results.

    ``rule_id`` is the live rule that decided, 0 where none did. ``decided`` and ``agreed`` count
    the first decision of each order; ``again`` the later ones that differed; ``failed`` how often
    the draft gave no answer.
    """

    shadow = models.ForeignKey(Shadow, on_delete=models.CASCADE, related_name="tallies")
    on_date = models.DateField()
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    modality = models.CharField(max_length=16, blank=True, default="")
    body_part = models.CharField(max_length=32, blank=True, default="")
    rule_id = models.BigIntegerField(default=0)
    decided = models.PositiveIntegerField(default=0)
    agreed = models.PositiveIntegerField(default=0)
    again = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "count of a shadow"
        verbose_name_plural = "counts of shadows"
        constraints = [
            models.UniqueConstraint(
                fields=["shadow", "on_date", "site", "modality", "body_part", "rule_id"],
                nulls_distinct=False,
                name="one_count_of_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"shadow {self.shadow_id}, {self.on_date}"
