"""The role matrix: a role is a list of permissions. Source: spec 6, roles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from apps.accounts.choices import Role
from apps.core.access import EVERYWHERE, Access, Scope
from apps.core.access import Permission as Can

_LOOKS = frozenset(
    {
        *(
            Can.SITE_VIEW,
            Can.PROCEDURE_VIEW,
            Can.SHIFT_VIEW,
            Can.ROSTER_VIEW,
            Can.RADIOLOGIST_VIEW,
        ),
        *(Can.RULE_VIEW, Can.DESTINATION_VIEW, Can.SENDER_VIEW, Can.MESSAGE_VIEW),
    }
)

ROLES: Mapping[Role, frozenset[Can]] = {
    # Sets up sites, people and interfaces; does not hand out work.
    Role.ADMINISTRATOR: _LOOKS
    | {
        *(Can.BOARD_VIEW, Can.STUDY_VIEW, Can.MESSAGE_OPEN, Can.MESSAGE_RUN),
        *(Can.SITE_CHANGE, Can.PROCEDURE_CHANGE, Can.SHIFT_CHANGE, Can.ROSTER_CHANGE),
        *(Can.RADIOLOGIST_CHANGE, Can.RULE_CHANGE, Can.DESTINATION_CHANGE, Can.SENDER_CHANGE),
        *(Can.USER_VIEW, Can.USER_CHANGE, Can.AUDIT_VIEW, Can.SYSTEM_VIEW, Can.ADMIN_OPEN),
    },
    Role.MANAGER: _LOOKS
    | {
        *(Can.BOARD_VIEW, Can.STUDY_VIEW, Can.STUDY_ASSIGN, Can.PATIENT_VIEW, Can.MESSAGE_RUN),
        *(Can.PROCEDURE_CHANGE, Can.SHIFT_CHANGE, Can.ROSTER_CHANGE, Can.RADIOLOGIST_CHANGE),
        Can.RULE_CHANGE,
    },
    Role.RADIOLOGIST: frozenset({Can.STUDY_READ}),
    Role.TECHNICIAN: frozenset({Can.STUDY_VIEW}),
    Role.REFERRING_PROVIDER: frozenset({Can.ORDERED_VIEW}),
    # Sees everything but patients and what messages hold; changes nothing.
    Role.AUDITOR: _LOOKS
    | {
        Can.BOARD_VIEW,
        Can.STUDY_VIEW,
        Can.USER_VIEW,
        Can.AUDIT_VIEW,
        Can.SYSTEM_VIEW,
        Can.ADMIN_OPEN,
    },
}


Held = tuple[Role, frozenset[int] | None]
"""A role and the sites it is held at; None is everywhere."""


@lru_cache(maxsize=1024)
def access_from(granted: tuple[Held, ...]) -> Access:
    """Return what roles come to.

    Args:
        granted: each role with the sites it is held at; None is everywhere.
    """
    scopes: dict[Can, Scope] = {}
    for role, site_ids in granted:
        for permission in ROLES[role]:
            scopes[permission] = _widened(scopes.get(permission), site_ids)
    return Access(scopes)


def _widened(scope: Scope | None, site_ids: frozenset[int] | None) -> Scope:
    if site_ids is None or (scope is not None and scope.everywhere):
        return EVERYWHERE
    return Scope(site_ids=site_ids | (scope.site_ids if scope else frozenset()))
