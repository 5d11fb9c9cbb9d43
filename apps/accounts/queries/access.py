"""What a person may do, read from their roles."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import AnonymousUser

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.accounts.roles import Held, access_from
from apps.core import bulk
from apps.core.access import FULL_ACCESS, NO_ACCESS, Access

# Asked by every request of everybody: prepared, and without the ORM's own work.
_GRANTS = """
    SELECT held.role, held.site_id, held.cluster_id,
           ARRAY(SELECT site.id FROM catalog_site AS site
                 WHERE site.cluster_id = held.cluster_id ORDER BY site.id)
    FROM accounts_rolegrant AS held WHERE held.user_id = %s ORDER BY held.id
"""


def access_of(user: User | AnonymousUser) -> Access:
    """Return what the person may do; who is not signed in or switched off may do nothing."""
    if isinstance(user, AnonymousUser) or not user.is_active:
        return NO_ACCESS
    if user.is_superuser:
        return FULL_ACCESS
    return access_from(tuple(_held(user.pk)))


def _held(user_id: int) -> Iterator[Held]:
    for role, site_id, cluster_id, in_cluster in bulk.select(_GRANTS, [user_id]):
        if site_id is not None:
            yield Role(role), frozenset({site_id})
        else:
            # A cluster that has no sites is a scope without sites, never one without limits.
            yield Role(role), frozenset(in_cluster) if cluster_id is not None else None
