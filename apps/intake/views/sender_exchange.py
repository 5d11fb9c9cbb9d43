"""Sender profiles in and out of files, and back to an earlier version."""

from __future__ import annotations

from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.editing import SEEN, check_constraints, say_done
from apps.audit.queries.history import latest_event_id
from apps.core import clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest, require, require_everywhere
from apps.intake.forms.senders import ImportForm
from apps.intake.models import SenderProfile
from apps.intake.queries import senders as queries
from apps.intake.queries.sender_effects import effects_of
from apps.intake.queries.sender_plain import KEYS, differences, plain_of
from apps.intake.queries.sender_waiting import waiting
from apps.intake.services.profiles import exchange
from apps.intake.services.profiles.again import Again, run_waiting_again
from apps.intake.services.profiles.checks import check_profile
from apps.intake.services.profiles.restore import as_of

_MEANWHILE = "Profiles were changed after the file was looked at. This is what it would do now."


@require_safe
@require(Permission.SENDER_VIEW)
def export_one(request: GuardedRequest, profile_id: int) -> HttpResponse:
    """Return one profile as a file."""
    del request
    profile = get_object_or_404(queries.profiles(), pk=profile_id)
    return _file([profile], f"sender-profile-{profile.pk}.json")


@require_safe
@require(Permission.SENDER_VIEW)
def export_all(request: GuardedRequest) -> HttpResponse:
    """Return all profiles as a file."""
    del request
    return _file(list(queries.profiles()), "sender-profiles.json")


def _file(profiles: list[SenderProfile], name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(
        exchange.export(profiles), content_type="application/json; charset=utf-8", headers=headers
    )


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SENDER_CHANGE)
def take_over(request: GuardedRequest) -> HttpResponse:
    """Show what a file would change, then take it over, whole or not at all."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return _import_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    plan = exchange.plan(form.cleaned_data["text"])
    is_sure = "apply" in request.POST and plan.can_apply
    if not is_sure:
        return _import_page(request, form, plan)
    if form.cleaned_data["seen"] != plan.token:
        return _import_page(request, form, plan, said=_MEANWHILE, status=HTTPStatus.CONFLICT)
    try:
        number, again = _apply(request, plan)
    except IntegrityError:
        plan = exchange.plan(form.cleaned_data["text"])
        return _import_page(request, form, plan, said=_MEANWHILE, status=HTTPStatus.CONFLICT)
    taken = f"{number} sender {'profile' if number == 1 else 'profiles'} taken over"
    say_done(request, f"{taken}; {again.words}." if again.words else f"{taken}.")
    return redirect("senders")


@transaction.atomic
def _apply(request: GuardedRequest, plan: exchange.Plan) -> tuple[int, Again]:
    """Save what a plan says; return how many profiles that are, and what runs again of theirs."""
    saved = exchange.apply(plan)
    check_constraints()
    may_run = request.access.scope(Permission.MESSAGE_RUN).everywhere
    again = Again()
    for profile in saved:
        again += run_waiting_again(profile, may_run=may_run, at=clock.now())
    return len(saved), again


def _import_page(
    request: GuardedRequest,
    form: ImportForm,
    plan: exchange.Plan | None = None,
    *,
    said: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "form": form,
        "plan": plan,
        "said": said,
        "text": form.cleaned_data.get("text", "") if plan else "",
        "kind": exchange.FORMAT,
        "may_run": request.access.scope(Permission.MESSAGE_RUN).everywhere,
    }
    answer = status if request.method == "POST" else HTTPStatus.OK
    return render(request, "intake/senders_import.html", context, status=answer)


@require_http_methods(["GET", "POST"])
@require_everywhere(Permission.SENDER_CHANGE)
def restore(request: GuardedRequest, profile_id: int, version: int) -> HttpResponse:
    """Show what going back to a version would change; on POST go back."""
    profile = get_object_or_404(queries.profiles(), pk=profile_id)
    earlier = as_of(profile, version)
    if earlier is None:
        raise Http404
    seen = latest_event_id(queries.subject_of(profile))
    wrong = [
        f"{KEYS.get(key, key)}: {w}" for key, ws in check_profile(earlier).items() for w in ws
    ]
    changes = differences(plain_of(profile), plain_of(earlier))
    is_late = request.method == "POST" and request.POST.get(SEEN) != str(seen)
    if request.method == "POST" and changes and not wrong and not is_late:
        return _restored(request, earlier, version)
    context = {
        "profile": profile,
        "version": version,
        "changes": changes,
        "wrong": wrong,
        "seen": seen,
        "is_late": is_late,
        "effects": _effects(request, profile, earlier),
    }
    status = HTTPStatus.CONFLICT if request.method == "POST" else HTTPStatus.OK
    return render(request, "intake/sender_restore.html", context, status=status)


def _effects(request: GuardedRequest, now: SenderProfile, earlier: SenderProfile) -> list[object]:
    changed = {key for key in KEYS if plain_of(now)[key] != plain_of(earlier)[key]}
    facts = {
        fact
        for fact in {*now.places, *earlier.places}
        if now.places.get(fact) != earlier.places.get(fact)
    }
    names = frozenset({*changed, *(f"places_{fact}" for fact in facts)})
    may_run = request.access.scope(Permission.MESSAGE_RUN).everywhere
    return [*effects_of(earlier, names, waiting(earlier, request.scope), may_run=may_run)]


@transaction.atomic
def _restored(request: GuardedRequest, earlier: SenderProfile, version: int) -> HttpResponse:
    earlier.save()
    check_constraints()
    may_run = request.access.scope(Permission.MESSAGE_RUN).everywhere
    run_waiting_again(earlier, may_run=may_run, at=clock.now())
    say_done(request, f"Sender profile {earlier} is as in version {version} again.")
    return redirect("sender", earlier.pk)
