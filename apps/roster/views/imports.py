"""Rosters from elsewhere: files that are sent, looked at, matched and applied."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.editing import say_done
from apps.catalog.services.importing.sheets import Row, Sheet
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.roster.choices import SourceKind
from apps.roster.exceptions import RosterImportError, StaleRosterError
from apps.roster.forms.names import NameForm
from apps.roster.forms.reading import LayoutForm, PartsForm
from apps.roster.forms.sources import RosterFileForm
from apps.roster.importing import feeds, patterns, sources
from apps.roster.importing.names import read_known
from apps.roster.importing.planning import kept_feed, layout_of, parts_of, sheet_of
from apps.roster.importing.plans import RosterPlan
from apps.roster.models import RosterName, RosterSource
from apps.roster.queries import sources as queries
from apps.roster.views.import_page import source_page
from apps.roster.words import counted

_MOST_NAMES = 100
_SAMPLE_ROWS, _SAMPLE_COLUMNS = 12, 14


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def home(request: GuardedRequest) -> HttpResponse:
    """List the sources, and take a file."""
    zone = timezone.get_current_timezone_name()
    is_sent = request.method == "POST"
    sent = (request.POST, request.FILES) if is_sent else ()
    form = RosterFileForm(*sent, scope=request.scope, zone=zone)
    if is_sent and form.is_valid() and (source := _kept(form)) is not None:
        return redirect("roster-source", source.pk)
    context = {
        "form": form,
        "sources": queries.listed_sources(request.scope),
        "at": clock.now(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_sent else HTTPStatus.OK
    return render(request, "roster/import.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def source(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Show what a source would do; a POST does it or drops the file."""
    found = source_or_404(request, source_id)
    if "apply" in request.POST:
        return _apply(request, found)
    if "drop" in request.POST:
        return _drop(request, found)
    return source_page(request, found)


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def reading(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Choose how a source is read, on a sample of what it holds."""
    found = source_or_404(request, source_id)
    form, sample = _reading(request, found)
    if form is None:
        messages.info(request, "Nothing was read yet that could be shown.")
        return redirect("roster-source", source_id)
    if request.method == "POST" and form.is_valid():
        sources.choose(found, **form.options())
        if "save" in request.POST:
            return redirect("roster-source", source_id)
        form, sample = _reading(request, found, again=True)
    context = {"source": found, "form": form, "patterns": patterns.USUAL, **sample}
    return render(request, "roster/import_reading.html", context)


@require_POST
@require(Permission.ROSTER_CHANGE)
def names(request: GuardedRequest, source_id: int) -> HttpResponse:
    """Remember what names mean."""
    found = source_or_404(request, source_id)
    known = read_known(found, request.scope)
    sent = [f"n{number}" for number in range(_MOST_NAMES) if f"n{number}-text" in request.POST]
    forms = [NameForm(request.POST, prefix=prefix, known=known) for prefix in sent]
    wrong = [form for form in forms if not form.is_valid()]  # each is asked, so that all tell
    if wrong:
        return source_page(request, found, status=HTTPStatus.UNPROCESSABLE_ENTITY, names=forms)
    is_for_all = "everywhere" in request.POST and request.scope.everywhere
    said = [confirmed for form in forms if (confirmed := form.confirmed()) is not None]
    number = sources.confirm(None if is_for_all else found, said)
    if number:
        say_done(request, f"{counted(number, 'name')} remembered.")
    return redirect("roster-source", source_id)


@require_POST
@require(Permission.ROSTER_CHANGE)
def forget(request: GuardedRequest, source_id: int, name_id: int) -> HttpResponse:
    """Forget what a name means."""
    found = source_or_404(request, source_id)
    name = get_object_or_404(RosterName, pk=name_id, source=found)
    name.delete()
    say_done(request, f"“{name}” forgotten.")
    return redirect("roster-source", source_id)


def source_or_404(request: GuardedRequest, source_id: int) -> RosterSource:
    """Return a source of the viewer's sites; any other does not exist."""
    return get_object_or_404(queries.seen_sources(request.scope), pk=source_id)


def _kept(form: RosterFileForm) -> RosterSource | None:
    """Keep the file of a valid form; None if it cannot be read, and the form says why."""
    file, wanted = form.cleaned_data["file"], form.wanted_source()
    try:
        with transaction.atomic():
            wanted.save()
            sources.keep_file(wanted, file.name, file.read(), at=clock.now())
    except RosterImportError as error:
        form.add_error("file", f"{file.name}: {error}")
        return None
    return wanted


def _apply(request: GuardedRequest, found: RosterSource) -> HttpResponse:
    digest = request.POST.get("digest", "")
    try:
        plan = sources.apply(found, request.scope, digest=digest, at=clock.now())
    except StaleRosterError:
        return source_page(request, found, status=HTTPStatus.CONFLICT)
    say_done(request, _done(found, plan))
    return redirect("roster-source", found.pk)


def _done(found: RosterSource, plan: RosterPlan) -> str:
    parts = ((plan.added, "added"), (plan.removed, "taken away"))
    words = [f"{counted(number, 'turn')} {what}" for number, what in parts if number]
    return f"{found}: {' and '.join(words) or 'rows rewritten'}."


def _drop(request: GuardedRequest, found: RosterSource) -> HttpResponse:
    if found.kind != SourceKind.FILE:
        return redirect("roster-source", found.pk)
    is_gone = sources.drop(found)
    messages.info(request, "The file was discarded; the roster is as it was.")
    return redirect("roster-import") if is_gone else redirect("roster-source", found.pk)


def _reading(
    request: GuardedRequest, found: RosterSource, *, again: bool = False
) -> tuple[LayoutForm | PartsForm | None, dict[str, object]]:
    """Return the form of how a source is read, and a sample of what it holds."""
    state = queries.state_of(found)
    known = read_known(found, request.scope)
    data = request.POST if request.method == "POST" and not again else None
    if found.kind == SourceKind.FILE:
        sheet = sheet_of(state)
        if sheet is None:
            return None, {}
        layout = layout_of(found, sheet, known)
        form = LayoutForm(data, sheet=sheet, layout=layout, source=found)
        return form, {"rows": _sample(sheet, layout.head), "layout": layout}
    kept = kept_feed(state)
    if kept is None:
        return None, {}
    parts = parts_of(found, kept[0], known)
    sample = feeds.sample(kept[0], parts, known)
    return PartsForm(data, parts=parts, known=known, source=found), {"events": sample}


def _sample(sheet: Sheet, head: int) -> list[Row]:
    """Return the headings and the first rows below them, all of them equally wide."""
    rows = sheet.rows[head : head + _SAMPLE_ROWS]
    width = min(max((len(row.cells) for row in rows), default=0), _SAMPLE_COLUMNS)
    return [Row(row.number, [row.cell(at) for at in range(width)]) for row in rows]
