"""The pages of senders: who sends, how each is read, and what waits of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from zlib import crc32

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.editing import Effect, delete_page
from apps.core import clock
from apps.core.access import EVERYWHERE, Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.core.htmx import render_part, unchanged
from apps.core.paging import Page, page_number, page_of
from apps.intake.forms.senders import SenderFilterForm
from apps.intake.models import SenderProfile
from apps.intake.queries import senders as queries
from apps.intake.queries.sender_plain import in_words, plain_of, versions
from apps.intake.queries.sender_sample import found_message
from apps.intake.queries.sender_waiting import SHOWN, message_sender, waiting, waiting_among
from apps.intake.services.profiles.again import run_waiting_again
from apps.intake.views.sender_editor import Editor

_LONGEST_NAME = 200


@require_safe
@require(Permission.SENDER_VIEW)
def senders(request: GuardedRequest) -> HttpResponse:
    """List the profiles, and the senders that have none of their own."""
    form = SenderFilterForm(request.GET)
    words, known = form.words(), queries.known_senders(request.scope)
    page = page_of(queries.profiles(words), page_number(request))
    rows = queries.rows_of(page.rows, known)
    context = {
        "filters": form,
        "page": Page(rows, page.number, has_next=page.has_next),
        "without": queries.without_own(known, words),
        "may_change": _may_change(request),
        "at": clock.now(),
    }
    return render_part(request, "intake/senders.html", "intake/_senders.html", context)


@require_safe
@require(Permission.SENDER_VIEW)
def sender(request: GuardedRequest, profile_id: int) -> HttpResponse:
    """Show a profile, what waits of its senders, and its versions."""
    profile = get_object_or_404(queries.profiles(), pk=profile_id)
    context = _waits(request, profile)
    if request.GET.get("seen") == context["token"]:
        return unchanged()
    context |= {
        "covers": queries.covers_in_words(profile),
        "said": list(in_words(plain_of(profile)).items()),
        "versions": versions(profile.pk),
        "may_change": _may_change(request),
    }
    return render_part(request, "intake/sender.html", "intake/_sender_waits.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SENDER_CHANGE)
def add(request: GuardedRequest) -> HttpResponse:
    """Add a profile, for the sender of a message where one is named."""
    return _edited(request, Editor(request, _new(request)), back=reverse("senders"))


@never_cache
@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SENDER_CHANGE)
def edit(request: GuardedRequest, profile_id: int) -> HttpResponse:
    """Edit a profile beside a sample message."""
    profile = get_object_or_404(queries.profiles(), pk=profile_id)
    back = reverse("sender", args=[profile_id])
    return _edited(request, Editor(request, profile), back=back)


@never_cache
@require_POST
@require_everywhere(Permission.SENDER_CHANGE)
def add_preview(request: GuardedRequest) -> HttpResponse:
    """Return what a new profile as it is on the form would understand."""
    return Editor(request, SenderProfile()).part()


@never_cache
@require_POST
@require_everywhere(Permission.SENDER_CHANGE)
def preview(request: GuardedRequest, profile_id: int) -> HttpResponse:
    """Return what a profile as it is on the form would understand."""
    profile = get_object_or_404(queries.profiles(), pk=profile_id)
    return Editor(request, profile).part()


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SENDER_CHANGE)
def delete(request: GuardedRequest, profile_id: int) -> HttpResponse:
    """Delete a profile, once its effect was shown."""
    profile = get_object_or_404(queries.profiles(), pk=profile_id)
    found = waiting(profile, request.scope)
    effects = [
        Effect("Its senders are read as the next less specific profile says, or as usual.", "warn")
    ]
    if found.parked_count:
        effects.append(Effect(f"{found.parked_count} parked studies of its are read again."))
    return delete_page(
        request, profile, noun="Sender profile", back=reverse("senders"), effects=effects
    )


@require_safe
@require_everywhere(Permission.SENDER_CHANGE)
def of_message(request: GuardedRequest, message_id: int) -> HttpResponse:
    """Go to the editor of a message's sender, with the message as the sample."""
    message = found_message(message_id, request.access.scope(Permission.MESSAGE_VIEW))
    if message is None:
        raise Http404
    name = message_sender(message)
    key = queries.readers().by_cover.get(name)
    address = reverse("sender-edit", args=[key]) if key else reverse("sender-add")
    return redirect(f"{address}?{urlencode({'message': message_id})}")


def _edited(request: GuardedRequest, editor: Editor, *, back: str) -> HttpResponse:
    """Show or save; once it is saved, say what runs again, on the profile's page."""
    # Read before it is saved: a new one counts even where its form is as it was offered.
    is_changed = editor.is_new or editor.form.has_changed()
    with transaction.atomic():
        answer = editor.page(back=back)
        if answer.status_code != HTTPStatus.FOUND:
            return answer
        if not is_changed:
            return redirect("sender", editor.profile.pk)
        may_run = request.access.scope(Permission.MESSAGE_RUN).everywhere
        again = run_waiting_again(editor.profile, may_run=may_run, at=clock.now())
    if again.words:
        messages.info(request, f"{again.words}; see below.")
    return redirect("sender", editor.profile.pk)


def _new(request: GuardedRequest) -> SenderProfile:
    """Return a new profile for the sender that the address names."""
    asked = request.GET.get("message", "")
    name = queries.SenderName(
        *(request.GET.get(half, "")[:_LONGEST_NAME] for half in ("application", "facility"))
    )
    if asked.isascii() and asked.isdigit() and len(asked) < 19:
        message = found_message(int(asked), request.access.scope(Permission.MESSAGE_VIEW))
        name = message_sender(message) if message else name
    if not any(name):
        return SenderProfile()
    return SenderProfile(
        name=str(name)[:120], application=name.application, facility=name.facility
    )


def _waits(request: GuardedRequest, profile: SenderProfile) -> dict[str, Any]:
    """Return the live part of a profile's page."""
    known = queries.known_senders(request.scope)
    found = waiting_among(known, profile, request.scope)
    heard = known.of_profile(profile.pk)
    parked = list(found.parked()[:SHOWN])
    quarantined = list(found.quarantined()[:SHOWN])
    shown = [*((row.pk, row.reason) for row in parked), *(row.pk for row in quarantined)]
    counts = (found.parked_count, found.quarantined_count, heard.silent_since)
    token = f"{crc32(repr((counts, shown)).encode()):x}"
    told: Mapping[str, Any] = {
        "profile": profile,
        "found": found,
        "heard": heard,
        "names": known.names_of(profile.pk)[:SHOWN],
        "parked": parked,
        "quarantined": quarantined,
        "token": token,
        "at": clock.now(),
        "may_map": _may_change(request),
    }
    return dict(told)


def _may_change(request: GuardedRequest) -> bool:
    return request.access.scope(Permission.SENDER_CHANGE) == EVERYWHERE
