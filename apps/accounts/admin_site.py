"""The admin site: open to who has a role for it."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from typing_extensions import override

from apps.core.access import Access, Permission


class RoleAdminSite(AdminSite):
    """Django's admin, with our roles at its door instead of the staff flag."""

    @override
    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may open the administration at all."""
        access: Access = request.access  # type: ignore[attr-defined] # by the middleware
        return access.may(Permission.ADMIN_OPEN)
