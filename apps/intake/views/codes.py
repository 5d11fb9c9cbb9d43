"""The pages of codes that nobody has mapped yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Editing, Effect, edit_page, say_done
from apps.catalog.queries.procedures import ProcedureFilter, procedures
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import own_address, render_part
from apps.core.paging import page_number, page_of
from apps.intake.forms.codes import CodeFilterForm, NewProcedureForm, answers, chosen_codes
from apps.intake.models import UnknownCode
from apps.intake.queries import codes as queries
from apps.intake.queries.code_plan import Line, new_procedure, plan
from apps.intake.services import codes as services
from apps.intake.words import accepted_words, effects_of

_FOUND_SHOWN = 20


@require_safe
@require(Permission.PROCEDURE_VIEW)
def codes(request: GuardedRequest) -> HttpResponse:
    """List the codes that the procedure table does not know, the most frequent first."""
    issuers = queries.issuers()
    form = CodeFilterForm(request.GET, issuers=issuers, modalities=queries.modalities())
    wanted = form.wanted()
    page = page_of(queries.codes(wanted), page_number(request))
    context = {
        "filters": form,
        "wanted": wanted,
        "page": page,
        "rows": queries.rows_of(page.rows, scope=request.access.scope(Permission.STUDY_VIEW)),
        "full": [row for row in issuers if row.is_full],
        "at": clock.now(),
        "may_change": request.access.scope(Permission.PROCEDURE_CHANGE) == EVERYWHERE,
    }
    return render_part(request, "intake/codes.html", "intake/_codes.html", context)


@require_POST
@require_everywhere(Permission.PROCEDURE_CHANGE)
def accept(request: GuardedRequest) -> HttpResponse:
    """Let codes mean what was proposed or chosen; several at once are shown beforehand."""
    said, scope = answers(request.POST), request.access.scope(Permission.STUDY_VIEW)
    if not said:
        messages.warning(request, "No code with a proposal was chosen.")
        return redirect(_back(request))
    if "preview" in request.POST:
        return _preview(request, plan(said, scope=scope))
    try:
        lines = services.accept(said, scope=scope)
    except services.CodesChangedError as error:
        return _preview(request, error.lines, status=HTTPStatus.CONFLICT)
    _tell(request, lines)
    return redirect(_back(request))


@require_POST
@require_everywhere(Permission.PROCEDURE_CHANGE)
def set_aside(request: GuardedRequest) -> HttpResponse:
    """Take codes from the list that are no imaging procedures."""
    number = services.set_aside(chosen_codes(request.POST))
    if number:
        say_done(request, f"{_counted(number)} set aside.")
    else:
        messages.warning(request, "No code was chosen that is not set aside already.")
    return redirect(_back(request))


@require_POST
@require_everywhere(Permission.PROCEDURE_CHANGE)
def take_back(request: GuardedRequest) -> HttpResponse:
    """Put codes that were set aside back into the list."""
    number = services.take_back(chosen_codes(request.POST))
    if number:
        say_done(request, f"{_counted(number)} back in the list.")
    else:
        messages.warning(request, "No code was chosen that is set aside.")
    return redirect(_back(request))


@require_safe
@require_everywhere(Permission.PROCEDURE_CHANGE)
def code(request: GuardedRequest, code_id: int) -> HttpResponse:
    """Show one code with all that it may mean, and find what it means."""
    row = get_object_or_404(UnknownCode, pk=code_id)
    [shown] = queries.rows_of([row], scope=request.access.scope(Permission.STUDY_VIEW))
    words = request.GET.get("q", "").replace("\0", "").strip()
    context = {
        "row": shown,
        "code": row,
        "meant": queries.meanings([row]).get(row.pk),
        "guesses": queries.guesses_of(row),
        "words": words,
        "found": procedures(ProcedureFilter(words=words))[:_FOUND_SHOWN] if words else (),
        "at": clock.now(),
    }
    return render_part(request, "intake/code.html", "intake/_code_found.html", context)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.PROCEDURE_CHANGE)
def new(request: GuardedRequest, code_id: int) -> HttpResponse:
    """Add a procedure for a code, as its local code."""
    row = get_object_or_404(UnknownCode, pk=code_id)
    form = NewProcedureForm(request.POST or None, row=row, initial=_initial(row))
    waiting = queries.waiting([row], scope=request.access.scope(Permission.STUDY_VIEW))[row.pk]
    editing = Editing(
        noun="Procedure",
        effects=lambda _form: [Effect(words) for words in effects_of(row, waiting)],
        after=lambda procedure: services.add_local_code(row, procedure),
    )
    return edit_page(request, form, editing, back=reverse("codes"))


def _preview(
    request: GuardedRequest, lines: Sequence[Line], status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "lines": lines,
        "usable": [line for line in lines if not line.problem and not line.is_done],
        "problems": any(line.problem for line in lines),
        "waiting": sum(line.waiting for line in lines if not line.problem),
        "back": _back(request),
    }
    return render(request, "intake/codes_preview.html", context, status=status)


def _tell(request: GuardedRequest, lines: Sequence[Line]) -> None:
    done = [line for line in lines if not line.is_done]
    if done:
        say_done(request, accepted_words(done))
    elif lines:
        messages.info(request, f"{lines[0].row} means {lines[0].target} already.")


def _initial(row: UnknownCode) -> Mapping[str, Any]:
    """Return what the form of a new procedure begins with."""
    guess = queries.new_guess_of(row)
    return asdict(new_procedure(row, guess)) if guess is not None else {"description": row.text}


def _counted(number: int) -> str:
    return f"{number} {'code' if number == 1 else 'codes'}"


def _back(request: GuardedRequest) -> str:
    return own_address(request.POST.get("next", ""), reverse("codes"))
