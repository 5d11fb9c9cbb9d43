"""The pages on which other work is logged: a reader's own, and by managers for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.editing import Editing, Effect, delete_page, edit_page
from apps.audit.queries.history import history
from apps.core import clock
from apps.core.access import Permission
from apps.core.actor import Actor
from apps.core.guard import GuardedRequest, require
from apps.roster.effects.credits import credit_effects
from apps.roster.forms.credits import OWN_DAYS, WorkCreditForm
from apps.roster.models import Radiologist, WorkCredit
from apps.roster.queries import credits as queries
from apps.roster.queries.radiologists import changeable


@require_http_methods(["GET", "POST"])
@require(Permission.STUDY_READ)
def log_own(request: GuardedRequest) -> HttpResponse:
    """Log other work of one's own, of the last days."""
    credit = _new(request, _self(request))
    return edit_page(request, _form(request, credit, is_own=True), _OWN, back=reverse("my-share"))


@require_http_methods(["GET", "POST"])
@require(Permission.STUDY_READ)
def own(request: GuardedRequest, credit_id: int) -> HttpResponse:
    """Change other work of one's own, of the last days."""
    credit = get_object_or_404(_own_rows(request), pk=credit_id)
    form, subject = _form(request, credit, is_own=True), queries.subject_of(credit)
    return edit_page(request, form, _OWN, back=reverse("my-share"), subject=subject)


@require_POST
@require(Permission.STUDY_READ)
def delete_own(request: GuardedRequest, credit_id: int) -> HttpResponse:
    """Take other work of one's own off the log."""
    credit = get_object_or_404(_own_rows(request), pk=credit_id)
    credit.delete()
    messages.success(request, "It is no longer on the log.")
    return redirect("my-share")


@require_http_methods(["GET", "POST"])
@require(Permission.RADIOLOGIST_CHANGE)
def log(request: GuardedRequest, radiologist_id: str) -> HttpResponse:
    """Log somebody's other work."""
    person = get_object_or_404(changeable(request.scope), pk=radiologist_id)
    form = _form(request, _new(request, person), is_own=False)
    return edit_page(request, form, _EDITING, back=_share(person.pk))


@require_http_methods(["GET", "POST"])
@require(Permission.RADIOLOGIST_CHANGE)
def edit(request: GuardedRequest, radiologist_id: str, credit_id: int) -> HttpResponse:
    """Change somebody's other work; its history stands below."""
    credit = _changeable(request, radiologist_id, credit_id)
    subject = queries.subject_of(credit)
    form = _form(request, credit, is_own=False)
    editing = _EDITING.showing(history=history(subject), at=clock.now(), credit=credit)
    return edit_page(request, form, editing, back=_share(radiologist_id), subject=subject)


@require_http_methods(["GET", "POST"])
@require(Permission.RADIOLOGIST_CHANGE)
def delete(request: GuardedRequest, radiologist_id: str, credit_id: int) -> HttpResponse:
    """Take somebody's other work off the log, once its effect was shown."""
    credit = _changeable(request, radiologist_id, credit_id)
    effects = [Effect("The time counts as reading again, from the next decision on.")]
    back = _share(radiologist_id)
    return delete_page(request, credit, noun="Other work", back=back, effects=effects)


# -- inside -----------------------------------------------------------------------------------


def _self(request: GuardedRequest) -> Radiologist:
    return get_object_or_404(Radiologist, user=request.user.pk)


def _new(request: GuardedRequest, person: Radiologist) -> WorkCredit:
    return WorkCredit(radiologist=person, made_by=str(Actor.user(request.user)))


def _own_rows(request: GuardedRequest) -> QuerySet[WorkCredit]:
    since = clock.now() - timedelta(days=OWN_DAYS)
    return queries.own_credits(_self(request), since=since)


def _changeable(request: GuardedRequest, radiologist_id: str, credit_id: int) -> WorkCredit:
    rows = queries.credits_changeable(request.scope).filter(radiologist=radiologist_id)
    return get_object_or_404(rows, pk=credit_id)


def _form(request: GuardedRequest, credit: WorkCredit, *, is_own: bool) -> WorkCreditForm:
    return WorkCreditForm(request.POST or None, instance=credit, at=clock.now(), is_own=is_own)


def _share(radiologist_id: str) -> str:
    return reverse("radiologist-share", args=[radiologist_id])


def _effects(form: WorkCreditForm) -> Sequence[Effect]:
    return credit_effects(form.instance)


_EDITING = Editing(noun="Other work", effects=_effects, template="roster/credit.html")
_OWN = Editing(noun="Other work", effects=_effects, template="roster/credit.html", can_undo=False)
