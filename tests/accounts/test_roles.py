"""The role matrix, written out a second time: a change of it must be meant."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.accounts.queries.access import access_of
from apps.accounts.roles import ROLES, access_from
from apps.core.access import (
    EVERYWHERE,
    FULL_ACCESS,
    NO_ACCESS,
    NOWHERE,
    RECORDS,
    Access,
    Permission,
    Scope,
)
from tests.factories import ClusterFactory, SiteFactory, UserFactory
from tests.support.people import person

_ROLES = "administrator manager radiologist technician referring_provider auditor"
# A row a permission, a column a role in the order above.
MATRIX = """
board_view          x x . . . x
study_view          x x . x . x
study_assign        . x . . . .
study_read          . . x . . .
ordered_view        . . . . x .
patient_view        . x . . . .
message_view        x x . . . x
message_open        x . . . . .
message_run         x x . . . .
destination_view    x x . . . x
destination_change  x . . . . .
sender_view         x x . . . x
sender_change       x . . . . .
procedure_view      x x . . . x
procedure_change    x x . . . .
site_view           x x . . . x
site_change         x . . . . .
shift_view          x x . . . x
shift_change        x x . . . .
roster_view         x x . . . x
roster_change       x x . . . .
radiologist_view    x x . . . x
radiologist_change  x x . . . .
rule_view           x x . . . x
rule_change         x x . . . .
user_view           x . . . . x
user_change         x . . . . .
audit_view          x . . . . x
system_view         x . . . . x
admin_open          x . . . . x
"""


def _matrix() -> dict[str, set[str]]:
    held: dict[str, set[str]] = {role: set() for role in _ROLES.split()}
    for line in MATRIX.strip().splitlines():
        permission, *marks = line.split()
        for role, mark in zip(held, marks, strict=True):
            held[role] |= {permission} if mark == "x" else set()
    return held


def test_each_role_is_exactly_these_permissions() -> None:
    assert {role.value: {can.value for can in held} for role, held in ROLES.items()} == _matrix()


def test_the_table_knows_every_permission() -> None:
    told = {line.split()[0] for line in MATRIX.strip().splitlines()}
    assert told == {permission.value for permission in Permission}


def test_who_only_looks_may_change_no_record() -> None:
    changes = {rule.change for rule in RECORDS.values() if rule.change}
    assert ROLES[Role.AUDITOR] & changes == set()


def test_roles_at_several_places_add_up() -> None:
    access = access_from(
        (
            (Role.TECHNICIAN, frozenset({1})),
            (Role.TECHNICIAN, frozenset({2, 3})),
            (Role.RADIOLOGIST, None),
            (Role.RADIOLOGIST, frozenset({1})),
        )
    )
    assert access == Access(
        {
            Permission.STUDY_VIEW: Scope(site_ids=frozenset({1, 2, 3})),
            Permission.STUDY_READ: EVERYWHERE,
        }
    )


@pytest.mark.db
class TestAccessOfAPerson:
    def test_a_site(self) -> None:
        site = SiteFactory.create()
        SiteFactory.create(cluster=site.cluster)
        access = access_of(person(Role.TECHNICIAN, site=site))
        assert access == Access({Permission.STUDY_VIEW: Scope(site_ids=frozenset({site.pk}))})

    def test_a_cluster_with_its_sites_of_today(self) -> None:
        one, _elsewhere = SiteFactory.create(), SiteFactory.create()
        other = SiteFactory.create(cluster=one.cluster)
        user = person(Role.TECHNICIAN, cluster=one.cluster)
        assert access_of(user).scope(Permission.STUDY_VIEW).site_ids == {one.pk, other.pk}

    def test_a_cluster_without_sites_is_nowhere_not_everywhere(self) -> None:
        access = access_of(person(Role.MANAGER, cluster=ClusterFactory.create()))
        assert access.scope(Permission.BOARD_VIEW) == NOWHERE
        assert not access.may(Permission.BOARD_VIEW)

    def test_everywhere_swallows_a_site(self) -> None:
        user = person(Role.TECHNICIAN)
        RoleGrant.objects.create(user=user, role=Role.TECHNICIAN, site=SiteFactory.create())
        assert access_of(user).scope(Permission.STUDY_VIEW) == EVERYWHERE

    def test_a_site_and_a_cluster_add_up(self) -> None:
        site, clustered = SiteFactory.create(), SiteFactory.create()
        user = person(Role.TECHNICIAN, site=site)
        RoleGrant.objects.create(user=user, role=Role.TECHNICIAN, cluster=clustered.cluster)
        scope = access_of(user).scope(Permission.STUDY_VIEW)
        assert scope == Scope(site_ids=frozenset({site.pk, clustered.pk}))

    def test_who_is_switched_off_may_nothing_superuser_or_not(self) -> None:
        assert access_of(person(Role.MANAGER, is_active=False)) == NO_ACCESS
        assert access_of(UserFactory.create(is_superuser=True, is_active=False)) == NO_ACCESS

    def test_a_superuser_may_everything_and_who_has_no_role_nothing(self) -> None:
        assert access_of(UserFactory.create(is_superuser=True)) == FULL_ACCESS
        assert access_of(UserFactory.create(is_staff=True)) == NO_ACCESS
        assert access_of(AnonymousUser()) == NO_ACCESS
