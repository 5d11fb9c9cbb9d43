"""Who may give which role to whom: never wider than one's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from apps.accounts.roles import ROLES
from apps.core.access import Permission, Scope

MANAGES_PEOPLE = frozenset(role for role, can in ROLES.items() if Permission.USER_CHANGE in can)
"""The roles that may give roles."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a role holds: at a site, in a cluster, or (neither named) everywhere."""

    cluster_id: int | None = None
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class Granter:
    """Somebody who may change people.

    Attributes:
        scope: the sites at which they may.
        cluster_ids: the clusters they may for as such, and not only for the sites these have
            today: a cluster's role grows with the cluster.
        is_superuser: a superuser may do everything.
    """

    scope: Scope
    cluster_ids: frozenset[int] = frozenset()
    is_superuser: bool = False

    def covers(self, reach: Reach) -> bool:
        """Return whether a role may be given, changed or taken away there."""
        if self.is_superuser or self.scope.everywhere:
            return True
        if reach.site_id is not None:
            return self.scope.covers(reach.site_id)
        return reach.cluster_id in self.cluster_ids

    def may_change(
        self,
        held: Iterable[Reach],
        *,
        is_superuser: bool,
        home_ids: Collection[int] | None = None,
    ) -> bool:
        """Return whether a person may be changed: nobody who may more than oneself.

        Who may set a person's password may become them.

        Args:
            held: where the person's roles hold.
            is_superuser: whether the person is one.
            home_ids: the home sites of the radiologist that the person is; of none listed means
                of every site. None: the person is no radiologist.
        """
        if is_superuser and not self.is_superuser:
            return False
        # Who becomes a reader sees the reader's patients, at whichever site these are.
        if home_ids is not None and not self.scope.changes(home_ids):
            return False
        return bool(self.scope) and all(self.covers(reach) for reach in held)
