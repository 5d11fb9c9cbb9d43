"""What the admin asks of Django's permissions is answered from the roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission as DjangoPermission

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from tests.factories import SiteFactory, UserFactory
from tests.support.people import person

pytestmark = pytest.mark.db


@pytest.mark.parametrize(
    ("role", "permission", "is_allowed"),
    [
        (Role.ADMINISTRATOR, "catalog.change_site", True),
        (Role.ADMINISTRATOR, "catalog.add_site", True),
        (Role.ADMINISTRATOR, "accounts.delete_rolegrant", True),
        (Role.AUDITOR, "catalog.view_site", True),
        (Role.AUDITOR, "catalog.change_site", False),
        (Role.AUDITOR, "orders.view_patient", False),
        (Role.MANAGER, "orders.view_patient", True),
        (Role.MANAGER, "orders.change_order", False),
        (Role.MANAGER, "accounts.view_user", False),
        (Role.MANAGER, "auth.view_group", False),
        (Role.RADIOLOGIST, "catalog.view_site", False),
        (Role.ADMINISTRATOR, "catalog.view_nothing", False),
        (Role.ADMINISTRATOR, "nonsense", False),
    ],
)
def test_a_role_answers_djangos_permissions(
    role: Role, permission: str, *, is_allowed: bool
) -> None:
    assert person(role, site=SiteFactory.create()).has_perm(permission) is is_allowed


def test_djangos_own_permission_rows_count_for_nothing() -> None:
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(DjangoPermission.objects.get(codename="change_site"))
    assert not user.has_perm("catalog.change_site")
    assert user.get_all_permissions() == set()


def test_whole_apps_are_shown_to_who_sees_something_of_them() -> None:
    auditor, radiologist = person(Role.AUDITOR), person(Role.RADIOLOGIST)
    assert (auditor.has_module_perms("catalog"), radiologist.has_module_perms("catalog")) == (
        True,
        False,
    )


def test_roles_are_read_once_for_a_request() -> None:
    user = person(Role.ADMINISTRATOR)
    asked = [user.has_perm("catalog.change_site")]
    RoleGrant.objects.filter(user=user).delete()
    asked.append(user.has_perm("catalog.change_cluster"))
    later = User.objects.get(pk=user.pk)

    assert (asked, later.has_perm("catalog.change_site")) == ([True, True], False)
