"""Admin page of people who sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.http import HttpRequest
from typing_extensions import override

from apps.accounts.models import User
from apps.core.admin_base import RecordAdmin

if TYPE_CHECKING:
    BaseUserAdmin = DjangoUserAdmin[User]
else:
    BaseUserAdmin = DjangoUserAdmin


@admin.register(User)
class UserAdmin(RecordAdmin, BaseUserAdmin):
    """A sign-in; a radiologist's is tied to their record on the radiologist's page."""

    list_display = (
        "username",
        "first_name",
        "last_name",
        "radiologist_shown",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
    )
    list_select_related = ("radiologist",)
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "last_login")
    search_fields = ("username", "first_name", "last_name", "email", "radiologist__id")
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "time_zone")}),
        (
            "May",
            {
                "description": "Staff may open this administration, and do in it what their "
                "permissions say; a superuser may do everything.",
                "fields": (
                    "is_active",
                    "is_staff",
                    "is_superuser",
                    "groups",
                    "user_permissions",
                ),
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    @admin.display(description="radiologist", ordering="radiologist")
    def radiologist_shown(self, user: User) -> str:
        """Show which reader the person is."""
        radiologist: models.Model | None = getattr(user, "radiologist", None)
        return str(radiologist.pk) if radiologist else ""

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[User], search_term: str
    ) -> tuple[models.QuerySet[User], bool]:
        """Search active people only where a form asks for one."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if request.path.endswith("/autocomplete/"):
            found = found.filter(is_active=True)
        return found, may_repeat
