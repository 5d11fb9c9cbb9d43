"""What the admin pages of every app stand on: editable records, and history that only shows.

Lists of history grow without end, so nothing here counts or sorts a whole table: the paginator
counts to a cap, the order follows the primary key, and searches ask for exact values.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import DatabaseError, IntegrityError, OperationalError, connection, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from typing_extensions import override

from apps.core.access import NOWHERE, Permission, Scope
from apps.core.admin_scope import ScopedAdmin
from apps.core.guard import access_of
from apps.core.legible import legible
from apps.core.zones import zone_choices
from apps.hl7v2.masking import shown_segments

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
    BasePaginator = Paginator[Any]
else:
    TabularInline = admin.TabularInline
    BasePaginator = Paginator


_DEADLOCK = "40P01"
NOTHING = SafeString("\N{EN DASH}")
"""What stands where there is no value."""


class CappedPaginator(BasePaginator):
    """Pages whose number is counted up to a cap: counting millions of rows takes seconds."""

    cap = 10_000

    @cached_property
    @override
    def count(self) -> int:
        """Return the number of rows, or the cap where there are more."""
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            return rows.order_by()[: self.cap].count()
        return len(rows)


class RecordAdmin(ScopedAdmin):
    """An editable record: time zones are chosen from a list, a broken invariant is a message."""

    list_per_page = 50
    show_full_result_count = False
    save_on_top = True

    @override
    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Offer every IANA zone where the record asks for one."""
        if db_field.name == "time_zone":
            return zone_field(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @override
    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,
    ) -> None:
        """Save the inlines, then let deferred constraints speak while the form can still answer."""
        super().save_related(request, form, formsets, change)
        check_deferred_constraints()
        self.check_saved(request, form.instance)

    @override
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a new record in the viewer's own time zone where it has none by itself."""
        given: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        if needs_zone(self.model):
            given.setdefault("time_zone", getattr(request.user, "time_zone", "UTC"))
        return given

    @override
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the form; two people who race into a constraint get a message.

        The form has checked every constraint, so this is the rare case in which somebody else's
        change was committed between the check and the save.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (IntegrityError, OperationalError) as error:
            cause = _collision(error)
            if cause is None:
                raise
            self.message_user(request, cause, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class HistoryAdmin(ScopedAdmin):
    """A record that the system writes: to be looked at, never added, changed or deleted."""

    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    operate: ClassVar[Permission | None] = None
    """What the page's actions need."""
    unsearched: ClassVar[frozenset[str]] = frozenset()
    """Fields that no address may narrow the list by: who cannot see them must not guess them."""

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the system writes these."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: history stays as it happened."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: history stays."""
        return False

    @override
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse to narrow the list by what it may not show."""
        if lookup.partition("__")[0] in self.unsearched:
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type] # the admin always gives one

    def operate_scope(self, request: HttpRequest) -> Scope:
        """Return the sites at which the viewer may run the page's actions."""
        if self.operate is None:
            return NOWHERE
        return access_of(request).scope(self.operate)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Allow actions, such as sending again, to those who may do the same on the pages."""
        return bool(self.operate_scope(request))

    def operable(self, request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return those of the rows that the viewer may run an action on."""
        return self.row_scope.limit(rows, self.operate_scope(request))


class HistoryInline(TabularInline):
    """Rows of history on another record's page, to be looked at."""

    extra = 0
    can_delete = False
    show_change_link = True

    @override
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: the system writes these."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: history stays as it happened."""
        return False


def check_deferred_constraints() -> None:
    """Check now what the database would check at commit, and go on deferring after that.

    Raises:
        IntegrityError: the transaction breaks a deferred constraint.
    """
    connection.check_constraints()


def _collision(error: DatabaseError) -> str | None:
    """Say what two changes at once broke, without the row's values; None for other errors.

    Whoever waits for the other's commit to check a deferred constraint may also be the one that
    PostgreSQL ends as a deadlock.
    """
    diagnostics = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    if name:
        cause = f"the change breaks “{name}”"
    elif getattr(error.__cause__, "sqlstate", None) == _DEADLOCK:
        cause = "it met another change at the same moment"
    else:
        return None
    return (
        f"Not saved: {cause}. Somebody may have changed the same records meanwhile; look at "
        "them and try again."
    )


def needs_zone(model: type[models.Model]) -> bool:
    """Return whether a record needs a time zone that nothing else gives it."""
    fields = {field.name: field for field in model._meta.fields}  # noqa: SLF001 -- Django's documented API
    field = fields.get("time_zone")
    return field is not None and not field.blank and not field.has_default()


def zone_field(db_field: models.Field[Any, Any]) -> forms.Field:
    """Return a form field that offers every IANA time zone, and none where it may be empty."""
    choices = [("", "(not set)")] if db_field.blank else []
    return forms.ChoiceField(
        choices=[*choices, *zone_choices()],
        required=not db_field.blank,
        initial=db_field.get_default(),
        help_text=str(db_field.help_text),
        label=str(db_field.verbose_name).capitalize(),
    )


def table_of(model: type[models.Model]) -> str:
    """Return the name of a model's table."""
    return model._meta.db_table  # noqa: SLF001 -- Django's documented API


def model_words(model: type[models.Model]) -> str:
    """Return a model's name in words."""
    return str(model._meta.verbose_name)  # noqa: SLF001 -- Django's documented API


def preformatted(text: str) -> SafeString:
    """Return text with its line ends, escaped, for a read-only field."""
    return format_html('<pre class="raw">{}</pre>', text) if text else NOTHING


def masked(raw: bytes, *, header: bytes = b"", address: str = "") -> SafeString:
    """Return a message, one segment a line, without what it says of people.

    A page of the admin is read by a plain GET, which leaves nothing in the trail: what a message
    says of people is opened on its own page alone.

    Args:
        raw: the message or a part of it.
        header: the bytes that hold MSH, where ``raw`` is a part without one; shown first.
        address: the message's own page.
    """
    text = legible(raw, header=header)
    whole = f"{legible(header)}\n{text}" if header else text
    shown = preformatted("\n".join(segment.line for segment in shown_segments(whole)))
    if not address:
        return shown
    return format_html('{}<a href="{}">The message\'s own page</a>', shown, address)


def pretty_json(value: object) -> SafeString:
    """Return JSON with one member a line, for a read-only field."""
    return preformatted(json.dumps(value, indent=2, ensure_ascii=False, default=str))
