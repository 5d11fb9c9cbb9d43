"""Admin pages of people who sign in, with their roles, and of tries to sign in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from axes.utils import reset
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from typing_extensions import override

from apps.accounts.exceptions import LastAdministratorError
from apps.accounts.models import RoleGrant, User
from apps.accounts.policies import Granter
from apps.accounts.queries import people
from apps.accounts.services.last_administrator import keeping_an_administrator
from apps.core.admin_base import HistoryAdmin, RecordAdmin, TabularInline
from apps.core.admin_scope import RowScope
from apps.core.guard import access_of

if TYPE_CHECKING:
    BaseUserAdmin = DjangoUserAdmin[User]
    GrantFormSet = forms.BaseInlineFormSet[RoleGrant, User, Any]
else:
    BaseUserAdmin = DjangoUserAdmin
    GrantFormSet = forms.BaseInlineFormSet

# There is one matrix: roles. Django's groups and permission rows would be a second one.
admin.site.unregister(Group)
for _unscoped in (AccessAttempt, AccessFailureLog, AccessLog):
    admin.site.unregister(_unscoped)


def _granter(request: HttpRequest) -> Granter:
    viewer = request.user
    assert isinstance(viewer, User)  # noqa: S101 -- the admin's door lets nobody else in
    return people.granter(viewer, access_of(request))


class RoleGrantFormSet(GrantFormSet):
    """A person's roles; nobody gives or takes one where they may not."""

    granter: Granter

    @override
    def clean(self) -> None:
        """Refuse roles that reach further than the viewer's own, or that come twice."""
        super().clean()
        known: set[tuple[object, ...]] = set()
        for form in self.forms:
            grant = form.instance
            key = (grant.role, grant.site_id, grant.cluster_id)
            if grant.role and key in known and form not in self.deleted_forms:
                form.add_error(None, "The person has this role there already.")
            known.add(key)
            is_told = form.has_changed() and not form.errors
            if is_told and not self.granter.covers(people.reach_of(form.instance)):
                form.add_error(None, "This reaches further than your own role.")


class RoleGrantInline(TabularInline):
    """The roles of a person: at a site, in a cluster, or, with neither, everywhere."""

    model = RoleGrant
    formset = RoleGrantFormSet
    extra = 0
    fields = ("role", "site", "cluster")
    autocomplete_fields = ("site", "cluster")
    verbose_name = "role"
    verbose_name_plural = "roles (without site and cluster a role holds everywhere)"

    @override
    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the formset that knows who gives the roles."""
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.granter = _granter(request)
        return formset


@admin.register(User)
class UserAdmin(RecordAdmin, BaseUserAdmin):
    """A sign-in with its roles; a radiologist's is tied to them on the radiologist's page."""

    row_scope = RowScope(limiter=people.people_at)
    list_display = (
        "username",
        "first_name",
        "last_name",
        "roles",
        "radiologist_shown",
        "is_active",
        "is_superuser",
        "last_login",
    )
    list_select_related = ("radiologist",)
    list_filter = ("is_active", "is_superuser", "grants__role", "last_login")
    search_fields = ("username", "first_name", "last_name", "email", "radiologist__id")
    ordering = ("username",)
    inlines = (RoleGrantInline,)
    actions = ("unlock",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "time_zone")}),
        ("Referring provider", {"fields": ("provider_id",)}),
        (
            "May",
            {
                "description": "What a person may do follows from their roles below. A "
                "superuser may do everything, without any role.",
                "fields": ("is_active", "is_superuser"),
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    @override
    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        """Return the people with their roles."""
        return super().get_queryset(request).prefetch_related("grants__site", "grants__cluster")

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Let only a superuser make one."""
        dates = ("last_login", "date_joined")
        return dates if request.user.is_superuser else (*dates, "is_superuser")

    @override
    def may_change_row(self, request: HttpRequest, row: models.Model | None) -> bool:
        """Return whether the person may be changed: nobody who may more than the viewer."""
        found = _granter(request)
        if not isinstance(row, User):
            return bool(found.scope)
        return found.may_change(
            people.held_by(row),
            is_superuser=row.is_superuser,
            home_ids=people.home_ids_of(row),
        )

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the viewer may let people in, at whichever site."""
        return bool(_granter(request).scope)

    @override
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save a person; the last administrator stays one."""
        show = super().changeform_view
        return self._kept(request, lambda: show(request, object_id, form_url, extra_context))

    @override
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask and delete; the last administrator stays."""
        show = super().delete_view
        return self._kept(request, lambda: show(request, object_id, extra_context))

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List people and run actions; the last administrator stays."""
        show = super().changelist_view
        return self._kept(request, lambda: show(request, extra_context))

    def _kept(self, request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
        if request.method != "POST":
            return answer()
        try:
            with keeping_an_administrator():
                return answer()
        except LastAdministratorError as error:
            # What was said already is no longer true.
            list(messages.get_messages(request))
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    @admin.action(description="Let them try to sign in again", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """End the lockout after wrong passwords."""
        chosen = [user for user in queryset if self.has_change_permission(request, user)]
        for user in chosen:
            reset(username=user.get_username())
        self.message_user(request, f"{len(chosen)} people may try again.")

    @admin.display
    def roles(self, user: User) -> str:
        """Show the roles with their places."""
        return "; ".join(str(grant) for grant in user.grants.all())

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


class _SignInAdmin(HistoryAdmin):
    """Tries to sign in, newest first; people of any site are among them."""

    list_filter = ("attempt_time",)
    search_fields = ("username__exact", "ip_address__exact")
    search_help_text = "A username or an address, in full."
    ordering = ("-attempt_time",)


@admin.register(AccessAttempt)
class AccessAttemptAdmin(_SignInAdmin):
    """Wrong passwords that count towards a lockout; a person's page lifts it."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start")


@admin.register(AccessLog)
class AccessLogAdmin(_SignInAdmin):
    """Who signed in and out."""

    list_display = ("attempt_time", "logout_time", "username", "ip_address")
    fields = ("attempt_time", "logout_time", "username", "ip_address", "user_agent")


@admin.register(AccessFailureLog)
class AccessFailureLogAdmin(_SignInAdmin):
    """Every wrong password."""

    list_display = ("attempt_time", "username", "ip_address", "locked_out")
    fields = ("attempt_time", "username", "ip_address", "user_agent", "locked_out")
