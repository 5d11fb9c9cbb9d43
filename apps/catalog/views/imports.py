"""Files into the procedure table and out of it: sent, looked at, applied, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import say_done
from apps.catalog.choices import ImportKind
from apps.catalog.effects import counted
from apps.catalog.exceptions import FileError, StaleImportError
from apps.catalog.forms.imports import ModeForm, ProcedureFileForm, RvuChoiceForm, TableFileForm
from apps.catalog.models import WaitingFile
from apps.catalog.queries.procedures import issuers
from apps.catalog.queries.starter import STARTER_NAME, starter_file
from apps.catalog.services import exporting, rvu
from apps.catalog.services.importing import waiting
from apps.catalog.services.importing.plans import Plan
from apps.catalog.views.import_page import Place, check_page
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require, require_everywhere

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


PLACES: Mapping[ImportKind, Place] = {
    ImportKind.PROCEDURES: Place("procedure-import", "procedure-import-check", ProcedureFileForm),
    ImportKind.RVU: Place("procedure-rvu", "procedure-rvu-check", TableFileForm),
}


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def upload(request: GuardedRequest, kind: ImportKind) -> HttpResponse:
    """Take a file; what it would do is shown next."""
    place = PLACES[kind]
    is_sent = request.method == "POST"
    form = place.form(request.POST, request.FILES) if is_sent else place.form()
    if is_sent and form.is_valid() and _is_kept(request, form, kind):
        return redirect(place.check)
    file = waiting.find(Actor.user(request.user), kind)
    context = {"form": form, "kind": kind, "waiting": file, "place": place}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_sent else HTTPStatus.OK
    return render(request, "catalog/import.html", context, status=status)


@require_POST
@require_everywhere(Permission.PROCEDURE_CHANGE)
def starter(request: GuardedRequest) -> HttpResponse:
    """Take the starter set as the file; procedures that are there stay as they are."""
    kind = ImportKind.PROCEDURES
    waiting.keep(Actor.user(request.user), kind, STARTER_NAME, starter_file(), mode="add")
    return redirect(PLACES[kind].check)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def check(request: GuardedRequest, kind: ImportKind) -> HttpResponse:
    """Show what the waiting file would do; a POST does it, forgets it, or reads it otherwise."""
    file = waiting.find(Actor.user(request.user), kind)
    if file is None:
        return redirect(PLACES[kind].upload)
    if "apply" in request.POST:
        return _apply(request, file, kind)
    if "drop" in request.POST:
        return _drop(request, file, kind)
    return _look(request, file, kind)


@require_safe
@require(Permission.PROCEDURE_VIEW)
def export_csv(request: GuardedRequest) -> HttpResponse:  # noqa: ARG001 -- guarded
    """Hand out the procedure table as CSV."""
    return _download(exporting.procedures_as_csv(), "text/csv; charset=utf-8", "csv")


@require_safe
@require(Permission.PROCEDURE_VIEW)
def export_xlsx(request: GuardedRequest) -> HttpResponse:  # noqa: ARG001 -- guarded
    """Hand out the procedure table as a workbook."""
    return _download(exporting.procedures_as_xlsx(), _XLSX, "xlsx")


def _download(content: bytes, content_type: str, ending: str) -> HttpResponse:
    name = f'attachment; filename="procedures.{ending}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": name})


def _is_kept(request: GuardedRequest, form: TableFileForm, kind: ImportKind) -> bool:
    """Keep the file of a valid form; False if it cannot be read, and the form says why."""
    file = form.cleaned_data["file"]
    options = form.options() if isinstance(form, ModeForm) else {}
    try:
        waiting.keep(Actor.user(request.user), kind, file.name, file.read(), **options)
    except FileError as error:
        form.add_error("file", f"{file.name}: {error}")
    return not form.errors


def _look(request: GuardedRequest, file: WaitingFile, kind: ImportKind) -> HttpResponse:
    """Show the file, once a choice that was sent is kept."""
    shown = waiting.shown(file)
    if request.method != "POST":
        return check_page(request, shown, _choices(shown), PLACES[kind])
    form = _choices(shown, request.POST)
    if not form.is_valid():
        wrong = HTTPStatus.UNPROCESSABLE_ENTITY
        return check_page(request, shown, form, PLACES[kind], wrong)
    waiting.choose(file, form.options())
    return redirect(PLACES[kind].check)


def _apply(request: GuardedRequest, file: WaitingFile, kind: ImportKind) -> HttpResponse:
    """Do what was shown; if that is no longer what would be done, show it anew."""
    try:
        plan = waiting.apply(file, digest=request.POST.get("digest", ""))
    except StaleImportError:
        shown = waiting.shown(file)
        return check_page(request, shown, _choices(shown), PLACES[kind], HTTPStatus.CONFLICT)
    _say_applied(request, plan)
    return redirect("procedures")


def _drop(request: GuardedRequest, file: WaitingFile, kind: ImportKind) -> HttpResponse:
    waiting.drop(file)
    messages.info(request, f"{file} was discarded; nothing was changed.")
    return redirect(PLACES[kind].upload)


def _choices(
    shown: waiting.Shown, data: Mapping[str, Any] | None = None
) -> ModeForm | RvuChoiceForm:
    """Return the form of what can be chosen for the file."""
    if shown.file.kind == ImportKind.PROCEDURES:
        return ModeForm(data, initial=shown.file.options)
    choice = rvu.Choice.of(shown.file.options)
    return RvuChoiceForm(data, sheet=shown.sheet, choice=choice, issuers=issuers())


def _say_applied(request: GuardedRequest, plan: Plan) -> None:
    done = ((len(plan.new), "added"), (len(plan.changed), "changed"))
    words = " and ".join(
        f"{counted(number, 'procedure', 'procedures')} {what}" for number, what in done if number
    )
    if plan.can_be_undone:
        say_done(request, f"{words}.")
    else:
        messages.success(request, f"{words}.")
