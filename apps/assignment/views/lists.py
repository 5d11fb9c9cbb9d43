"""The lists: studies with their readers, and those that have none."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.assignment.forms import StudyFilterForm, WaitingFilterForm
from apps.assignment.queries import finding, lists, waiting
from apps.assignment.queries.filters import Numbers
from apps.assignment.queries.options import options
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.core.paging import page_number


@require_safe
@require(Permission.STUDY_VIEW)
def assignments(request: GuardedRequest) -> HttpResponse:
    """List studies with their readers; what is open, unless the address says otherwise."""
    moment = lists.Moment(clock.now(), timezone.get_current_timezone())
    form = StudyFilterForm(request.GET, options(request.scope), _found(request))
    wanted = form.wanted
    sort = lists.known_sort(wanted, request.GET.get("sort", ""))
    number = page_number(request)
    context = {
        "at": moment.at,
        "filters": form,
        "wanted": wanted,
        "page": lists.studies(
            wanted, scope=request.scope, moment=moment, sort=sort, number=number
        ),
        "sorted_by": sort,
        "sortable": lists.sort_keys(wanted),
        "words": _words(request.GET),
        "assigns": request.access.scope(Permission.STUDY_ASSIGN),
    }
    return render_part(
        request, "assignment/assignments.html", "assignment/_assignments.html", context
    )


@require_POST
@require(Permission.STUDY_VIEW)
def find(request: GuardedRequest) -> HttpResponse:
    """Lead from what somebody typed to the list of what it names.

    It is posted: a medical record number shall not stand in an address, which histories and
    logs keep. The address names the patient by our own number instead, and what is not known to
    be the number of a study or the name of a reader might be a patient's.
    """
    words = _words(request.POST)
    patient = finding.patient_id(words, scope=request.access.scope(Permission.PATIENT_VIEW))
    if patient:
        return redirect(f"{reverse('assignments')}?{urlencode({'patient': patient})}")
    if finding.find(words, scope=request.scope) != Numbers():
        return redirect(f"{reverse('assignments')}?{urlencode({'q': words})}")
    if words:
        messages.warning(request, "Nothing that you may see is known under what you typed.")
    return redirect("assignments")


@require_safe
@require(Permission.STUDY_VIEW)
def unassigned(request: GuardedRequest) -> HttpResponse:
    """List the studies without a reader."""
    form = WaitingFilterForm(request.GET, options(request.scope))
    at = clock.now()
    context = {
        "at": at,
        "filters": form,
        "assigns": request.access.scope(Permission.STUDY_ASSIGN),
        "counts": waiting.by_reason(request.scope),
        "page": waiting.waiting(
            form.wanted(),
            scope=request.scope,
            at=at,
            zone=timezone.get_current_timezone(),
            number=page_number(request),
        ),
    }
    return render_part(
        request, "assignment/unassigned.html", "assignment/_unassigned.html", context
    )


def _words(asked: QueryDict) -> str:
    """Return what was typed; PostgreSQL knows no NUL."""
    return asked.get("q", "").replace("\0", "").strip()


def _found(request: GuardedRequest) -> Numbers | None:
    """Return what the address searches for, None for nothing."""
    patient = request.GET.get("patient", "")
    if patient.isascii() and patient.isdigit():
        seen = request.access.scope(Permission.PATIENT_VIEW)
        return finding.studies_of_patient(int(patient), scope=seen)
    words = _words(request.GET)
    return finding.find(words, scope=request.scope) if words else None
