"""Which rows the admin shows to whom: the same sites as the pages, from the same roles.

Each admin page declares by ``row_scope`` how its rows belong to sites. One that declares nothing
is open only to those who have the permission everywhere, so that a page that is forgotten shows
too little, never too much.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.filters import FieldListFilter, RelatedFieldListFilter
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from typing_extensions import override

from apps.core.access import NOWHERE, Scope, guarded
from apps.core.guard import access_of

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class RowScope:
    """How a table's rows belong to sites.

    Attributes:
        path: from the row to its sites; empty: the rows belong to no site.
        is_shared: rows of no site are every site's: all see them, and who has the permission
            everywhere changes them.
        is_many: the path leads to several sites.
        new_everywhere: a row is added only by who has the permission everywhere.
        limiter: what ``path`` cannot say: the rows that lie in a scope.
    """

    path: str = ""
    is_shared: bool = False
    is_many: bool = False
    new_everywhere: bool = False
    limiter: Callable[[Rows, Scope], Rows] | None = None

    def opens(self, scope: Scope) -> bool:
        """Return whether there may be rows for this scope."""
        return scope.everywhere or (bool(scope) and self != EVERYWHERE_ONLY)

    def limit(self, rows: Rows, scope: Scope) -> Rows:
        """Return the rows that are seen."""
        if scope.everywhere:
            return rows
        if not self.opens(scope):
            return rows.none()
        if self.limiter is not None:
            return self.limiter(rows, scope)
        if not self.path:
            return rows
        if self.is_shared:
            return scope.limit_placed(rows, self.path)
        if self.is_many:
            found = scope.limit(rows.model._default_manager.all(), self.path)  # noqa: SLF001 -- Django's name
            return rows.filter(pk__in=found.values("pk"))
        return scope.limit(rows, self.path)

    def changes(self, scope: Scope, row: Model | None = None) -> bool:
        """Return whether the row, or without one any, may be changed."""
        if scope.everywhere:
            return True
        if not self.path or not scope:
            return False
        return row is None or scope.changes(self._sites_of(row))

    def adds(self, scope: Scope) -> bool:
        """Return whether a row may be added; where to is asked once it is there."""
        return scope.everywhere or (not self.new_everywhere and self.changes(scope))

    def _sites_of(self, row: Model) -> list[int]:
        rows = type(row)._default_manager.filter(pk=row.pk)  # noqa: SLF001 -- Django's name for it
        return [site for site in rows.values_list(self.path, flat=True) if site is not None]


EVERYWHERE_ONLY = RowScope()
"""The system's own rows: seen and changed by those who may everywhere."""
FOR_ALL = RowScope(is_shared=True)
"""Rows that hold for every site: all see them, who may everywhere changes them."""


def at_site(path: str = "site") -> RowScope:
    """Return the scope of rows that belong to one site each."""
    return RowScope(path=path)


def at_sites(path: str) -> RowScope:
    """Return the scope of rows that belong to several sites; of none means of every site."""
    return RowScope(path=path, is_shared=True, is_many=True)


class ScopedAdmin(_ModelAdmin):
    """An admin page that shows and changes the rows of the viewer's sites only."""

    row_scope: ClassVar[RowScope] = EVERYWHERE_ONLY

    def view_scope(self, request: HttpRequest) -> Scope:
        """Return the sites at which the viewer may look at such rows."""
        rule = guarded(self.model)
        return access_of(request).scope(rule.view) if rule else _superusers(request)

    def change_scope(self, request: HttpRequest) -> Scope:
        """Return the sites at which the viewer may change such rows."""
        rule = guarded(self.model)
        if rule is None or rule.change is None:
            return _superusers(request)
        return access_of(request).scope(rule.change)

    @override
    def get_queryset(self, request: HttpRequest) -> Rows:
        """Return the rows that the viewer sees."""
        return self.row_scope.limit(super().get_queryset(request), self.view_scope(request))

    @override
    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """Return the row; one of another site is answered as if it did not exist."""
        found = super().get_object(*args, **kwargs)
        if found is None:
            raise Http404
        return found

    @override
    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the viewer sees any such rows."""
        is_open = self.row_scope.opens(self.view_scope(request))
        return is_open and super().has_view_permission(request, obj)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the viewer may add one."""
        may_add = self.row_scope.adds(self.change_scope(request))
        return may_add and super().has_add_permission(request)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the viewer may change the row, or any."""
        may_change = self.may_change_row(request, obj)
        return may_change and super().has_change_permission(request, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the viewer may delete the row, or any."""
        may_change = self.may_change_row(request, obj)
        return may_change and super().has_delete_permission(request, obj)

    def may_change_row(self, request: HttpRequest, row: Model | None) -> bool:
        """Return whether the row lies where the viewer may change such rows."""
        return self.row_scope.changes(self.change_scope(request), row)

    def check_saved(self, request: HttpRequest, row: Model) -> None:
        """Refuse what was saved to a site where the viewer may not.

        Raises:
            PermissionDenied: the row lies elsewhere now; the transaction is rolled back.
        """
        if not self.may_change_row(request, row):
            raise PermissionDenied


def _superusers(request: HttpRequest) -> Scope:
    """Return every site to a superuser: what no role is for, only they may."""
    is_super = bool(getattr(request.user, "is_superuser", False))
    return Scope(everywhere=True) if is_super else NOWHERE


class ScopedRelatedFilter(RelatedFieldListFilter):
    """Offers as a filter only the rows that the viewer sees on the other table's own page."""

    @override
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Return the choices within the viewer's scope."""
        other = model_admin.admin_site._registry.get(field.remote_field.model)  # noqa: SLF001 -- get_model_admin raises
        if not isinstance(other, ScopedAdmin):
            return super().field_choices(field, request, model_admin)
        order = self.field_admin_ordering(field, request, model_admin)
        return [(row.pk, str(row)) for row in other.get_queryset(request).order_by(*order)]


FieldListFilter.register(
    lambda field: bool(field.remote_field), ScopedRelatedFilter, take_priority=True
)
