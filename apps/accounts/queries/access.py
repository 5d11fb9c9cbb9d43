"""What a person may do, read from their roles."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.accounts.roles import access_from
from apps.core.access import FULL_ACCESS, NO_ACCESS, Access


def access_of(user: User | AnonymousUser) -> Access:
    """Return what the person may do; who is not signed in or switched off may do nothing."""
    if isinstance(user, AnonymousUser) or not user.is_active:
        return NO_ACCESS
    if user.is_superuser:
        return FULL_ACCESS
    grants = (
        RoleGrant.objects.filter(user=user)
        .annotate(
            in_cluster=ArrayAgg(
                "cluster__sites__id", filter=Q(cluster__sites__isnull=False), default=[]
            )
        )
        .order_by("pk")
    )
    return access_from((Role(grant.role), _sites_of(grant, grant.in_cluster)) for grant in grants)


def _sites_of(grant: RoleGrant, in_cluster: list[int]) -> frozenset[int] | None:
    if grant.site_id is not None:
        return frozenset({grant.site_id})
    # A cluster that has no sites is a scope without sites, never one without limits.
    return frozenset(in_cluster) if grant.cluster_id is not None else None
