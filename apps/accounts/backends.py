"""Signs people in, and answers the admin's questions from the same roles as the pages'."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from typing_extensions import override

from apps.accounts.models import User
from apps.accounts.queries.access import access_of
from apps.core.access import Access, Permission, guarded

_CACHED = "_radassign_access"


class RoleBackend(ModelBackend):
    """Django's permissions, such as ``roster.change_shift``, as the roles grant them.

    Django's own groups and permission rows are not asked: there is one matrix.
    """

    @override
    def has_perm(self, user_obj: Any, perm: str, obj: object = None) -> bool:
        """Return whether a role of the person's allows it somewhere."""
        app_label, _, code = perm.partition(".")
        action, _, model_name = code.partition("_")
        needed = _needed(app_label, model_name, action)
        return needed is not None and _access(user_obj).may(needed)

    @override
    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Return whether the person may see anything of the app."""
        return any(
            self.has_perm(user_obj, f"{app_label}.view_{model._meta.model_name}")  # noqa: SLF001
            for model in apps.get_app_config(app_label).get_models()
        )

    @override
    def get_all_permissions(self, user_obj: Any, obj: object = None) -> set[str]:
        """Return nothing: permissions are asked for one by one."""
        return set()


def _needed(app_label: str, model_name: str, action: str) -> Permission | None:
    try:
        rule = guarded(apps.get_model(app_label, model_name))
    except LookupError:
        return None
    if rule is None:
        return None
    return rule.view if action == "view" else rule.change


def _access(user: AbstractBaseUser | AnonymousUser) -> Access:
    """Return the person's access, read once for a user object, which lives for a request."""
    known = getattr(user, _CACHED, None)
    if isinstance(known, Access):
        return known
    assert isinstance(user, User | AnonymousUser)  # noqa: S101 -- the only user model here
    access = access_of(user)
    setattr(user, _CACHED, access)
    return access
