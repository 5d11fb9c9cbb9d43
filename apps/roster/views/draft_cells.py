"""A day or a run of a draft, in a dialog: who has it, who could, and a change of it."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import retarget, trigger_client_event

from apps.audit.editing import say_done
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part, wants_part
from apps.roster.forms.drafts import DayForm
from apps.roster.models import RosterDraft
from apps.roster.queries.drafting import drafts as queries
from apps.roster.queries.drafting.asking import asked_of, day_of
from apps.roster.services.drafting import editing
from apps.roster.services.drafting.making import NotInThatStateError
from apps.roster.views.draft_context import sheet_context


@require_http_methods(["GET", "POST"])
@require(Permission.ROSTER_CHANGE)
def day(request: GuardedRequest, draft_id: int, on: date, radiologist_id: str) -> HttpResponse:
    """Show what somebody has on a day, and on POST change it."""
    draft = get_object_or_404(queries.drafts(request.scope), pk=draft_id)
    if request.method != "POST":
        return _day(request, draft, radiologist_id, on)
    form = DayForm(request.POST, draft=draft)
    if not form.is_valid():
        return _day(request, draft, radiologist_id, on, "That is no shift of this draft.")
    try:
        done = editing.set_day(
            draft_id=draft.pk,
            person_id=radiologist_id,
            on=on,
            shifts=form.cleaned_data["shift"],
            fixed=form.cleaned_data["keep"],
            seen=form.cleaned_data["seen"],
        )
    except RosterDraft.DoesNotExist as error:
        raise Http404 from error
    except editing.StaleDraftError:
        said = "Somebody changed this day after you opened it."
        return _day(request, draft, radiologist_id, on, said)
    except (editing.ImpossibleTurnError, NotInThatStateError) as error:
        return _day(request, draft, radiologist_id, on, str(error))
    say_done(request, f"{done.person.full_name} changed on {on:%a} {on.day} {on:%b}.")
    return _changed(request, draft)


@require_safe
@require(Permission.ROSTER_CHANGE)
def run(request: GuardedRequest, draft_id: int, shift_id: int, on: date) -> HttpResponse:
    """Show who has a run of a shift, who could take it, and what speaks against the others."""
    draft = get_object_or_404(queries.drafts(request.scope), pk=draft_id)
    asked = asked_of(draft, shift_id, on, queries.turns_of(draft))
    if asked is None:
        raise Http404
    context = {"draft": draft, "asked": asked, "is_editable": draft.state == "ready"}
    return render_part(request, "roster/draft_run.html", "roster/_draft_run.html", context)


def _day(
    request: GuardedRequest, draft: RosterDraft, person: str, on: date, refused: str = ""
) -> HttpResponse:
    found = day_of(draft, person, on, queries.turns_of(draft))
    if found is None:
        raise Http404
    context = {
        "draft": draft,
        "day": found,
        "refused": refused,
        "is_editable": draft.state == "ready",
        "keeps": all(one.is_fixed for one in found.choices if one.is_on),
    }
    answer = render_part(request, "roster/draft_day.html", "roster/_draft_day.html", context)
    if refused:
        answer.status_code = HTTPStatus.CONFLICT
        return retarget(answer, "#dialog")
    return answer


def _changed(request: GuardedRequest, draft: RosterDraft) -> HttpResponse:
    """Show the grid anew; the dialog over it closes."""
    if not wants_part(request):
        return redirect("draft", draft.pk)
    context = sheet_context(draft)
    answer = render_part(request, "roster/draft.html", "roster/_draft_changed.html", context)
    return trigger_client_event(answer, "close-dialog")
