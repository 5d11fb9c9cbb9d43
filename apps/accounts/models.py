"""People who sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from apps.accounts.choices import Role
from apps.audit.triggers import audited
from apps.catalog.models import Cluster, Site
from apps.core.validators import validate_zone


class User(AbstractUser):
    """A person with a sign-in; ``time_zone`` decides what *today* means on their pages."""

    time_zone = models.CharField(
        max_length=64, default="Australia/Brisbane", validators=[validate_zone]
    )
    provider_id = models.CharField(
        max_length=120,
        blank=True,
        default="",
        help_text="ORC-12.1 or OBR-16.1 of a referring provider: whose orders they may follow.",
    )

    class Meta(AbstractUser.Meta):
        # Who could do what is told; a password's hash never, and a sign-in is no change.
        triggers = [audited(without=("password", "last_login"))]


class RoleGrant(models.Model):
    """A role that a person has at one site, in one cluster, or (neither named) everywhere."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=24, choices=Role)
    cluster = models.ForeignKey(
        Cluster, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )

    class Meta:
        ordering = ["user", "role", "cluster", "site"]
        verbose_name = "role"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "cluster", "site"],
                nulls_distinct=False,
                name="one_grant_per_place",
                violation_error_message="The person has this role there already.",
            ),
            models.CheckConstraint(
                condition=Q(cluster__isnull=True) | Q(site__isnull=True),
                name="a_grant_names_one_place",
                violation_error_message="Name a cluster or a site, not both.",
            ),
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.site or self.cluster or 'everywhere'}"
