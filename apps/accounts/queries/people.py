"""Who may change people, and whom they see."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.models import RoleGrant, User
from apps.accounts.policies import MANAGES_PEOPLE, Granter, Reach
from apps.catalog.models import Cluster
from apps.core.access import Access, Permission, Scope


def granter(user: User, access: Access) -> Granter:
    """Return where the person may change people."""
    scope = access.scope(Permission.USER_CHANGE)
    if scope.everywhere or not scope:
        return Granter(scope, is_superuser=user.is_superuser)
    clusters = Cluster.objects.filter(grants__user=user, grants__role__in=MANAGES_PEOPLE)
    return Granter(scope, frozenset(clusters.values_list("pk", flat=True)))


def reach_of(grant: RoleGrant) -> Reach:
    """Return where a grant holds."""
    return Reach(cluster_id=grant.cluster_id, site_id=grant.site_id)


def held_by(user: User) -> list[Reach]:
    """Return where a person's roles hold."""
    return [reach_of(grant) for grant in RoleGrant.objects.filter(user=user)]


def home_ids_of(user: User) -> list[int] | None:
    """Return the home sites of the radiologist that a person is; None for who is none."""
    radiologist: Any = getattr(user, "radiologist", None)
    if radiologist is None:
        return None
    return list(radiologist.home_sites.values_list("site", flat=True))


def people_at(people: QuerySet[User], scope: Scope) -> QuerySet[User]:
    """Return those who have a role at one of the sites, or everywhere, or none at all."""
    here = (
        Q(site__in=scope.site_ids)
        | Q(cluster__sites__in=scope.site_ids)
        | Q(site__isnull=True, cluster__isnull=True)
    )
    granted = RoleGrant.objects.filter(here).values("user")
    return people.filter(Q(grants__isnull=True) | Q(pk__in=granted)).distinct()


def administrators() -> QuerySet[User]:
    """Return those who may change people everywhere."""
    everywhere = RoleGrant.objects.filter(
        role__in=MANAGES_PEOPLE, site__isnull=True, cluster__isnull=True
    )
    may = Q(is_superuser=True) | Q(pk__in=everywhere.values("user"))
    return User.objects.filter(may, is_active=True)
