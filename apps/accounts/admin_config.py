"""How Django finds the admin; apart from ``apps``, where it would be taken for the app's own."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class RoleAdminConfig(AdminConfig):
    """Use the admin site that asks for roles."""

    default_site = "apps.accounts.admin_site.RoleAdminSite"
