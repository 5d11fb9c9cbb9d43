"""The lists of messages, one tab each way, and a patient's messages.

Whose messages are looked for is posted and shown at once: a medical record number shall not
stand in an address, which histories and logs keep.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.core.access import Permission, Scope
from apps.core.guard import GuardedRequest, require
from apps.core.htmx import render_part
from apps.intake.forms.messages import InboundFilterForm, OutboundFilterForm, PatientForm
from apps.intake.policies import patient_scope
from apps.intake.queries import inbound as inbound_queries
from apps.intake.queries import outbound as outbound_queries
from apps.intake.queries.patients import orders_of_patients, patients_of
from apps.intake.services.opening import note_finding

_HIGHEST_KEY = 2**63 - 1


@require_safe
@require(Permission.MESSAGE_VIEW)
def received(request: GuardedRequest) -> HttpResponse:
    """List the received messages, newest first."""
    at = clock.now()
    form = InboundFilterForm(request.GET, at=at)
    wanted = form.wanted()
    part = inbound_queries.inbound(request.scope, wanted, before=_before(request))
    context = {"filters": form, "wanted": wanted, "part": part, "at": at, "here": "in"}
    context["may_run"] = request.access.may(Permission.MESSAGE_RUN)
    return _listed(request, "received", context)


@require_safe
@require(Permission.MESSAGE_VIEW)
def sent(request: GuardedRequest) -> HttpResponse:
    """List the messages to destinations, newest first."""
    at = clock.now()
    form = OutboundFilterForm(request.GET, at=at, scope=request.scope)
    wanted = form.wanted()
    part = outbound_queries.outbound(request.scope, wanted, before=_before(request))
    context = {"filters": form, "wanted": wanted, "part": part, "at": at, "here": "out"}
    return _listed(request, "sent", context)


@never_cache
@require_POST
@require(Permission.MESSAGE_VIEW)
def received_of_patient(request: GuardedRequest) -> HttpResponse:
    """List the received messages about a patient's studies."""
    form, scope = PatientForm(request.POST), patient_scope(request.access)
    if not scope or not form.is_valid():
        return _not_found(request, "messages")
    at = clock.now()
    orders = _orders(form, scope, at)
    part = inbound_queries.inbound_about(orders, scope)
    context = {"patient": form, "part": part, "at": at, "here": "in", "is_found": True}
    return render(request, "intake/received.html", context)


@never_cache
@require_POST
@require(Permission.MESSAGE_VIEW)
def sent_of_patient(request: GuardedRequest) -> HttpResponse:
    """List the messages to destinations about a patient's studies."""
    form, scope = PatientForm(request.POST), patient_scope(request.access)
    if not scope or not form.is_valid():
        return _not_found(request, "messages-out")
    at = clock.now()
    orders = _orders(form, scope, at)
    part = outbound_queries.outbound_about(orders, scope)
    context = {"patient": form, "part": part, "at": at, "here": "out", "is_found": True}
    return render(request, "intake/sent.html", context)


def _orders(form: PatientForm, scope: Scope, at: datetime) -> list[int]:
    """Return the studies of the patient asked for, once the trail says who asked."""
    patients = patients_of(**form.cleaned_data)
    note_finding(patients, at=at)
    return orders_of_patients(patients, scope=scope)


def _listed(request: GuardedRequest, name: str, context: dict[str, object]) -> HttpResponse:
    if patient_scope(request.access):
        context["patient"] = PatientForm()
    return render_part(request, f"intake/{name}.html", f"intake/_{name}.html", context)


def _not_found(request: GuardedRequest, place: str) -> HttpResponse:
    messages.warning(request, "Type an MRN of a patient whom you may look for.")
    return redirect(place)


def _before(request: HttpRequest) -> int | None:
    """Return the key that the part asked for is below, None for the newest."""
    asked = request.GET.get("before", "")
    if not (asked.isascii() and asked.isdigit()):
        return None
    return min(int(asked[:20]), _HIGHEST_KEY)
