"""The pages on which records are made, edited and deleted, the same for every kind of record.

An edit says what will change and what follows from it before it is saved, notices when somebody
else was quicker, and can be taken back afterwards. The forms work without JavaScript; with it
the preview follows what is typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.audit.queries.history import Subject, latest_event, latest_event_id
from apps.audit.queries.wording import actor_in_words
from apps.core import request_id
from apps.core.htmx import HtmxHttpRequest, wants_part

SEEN = "seen"
"""The form field that holds the record's newest audit event when the form was made."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows from a change, in words; tone is calm, warn or alarm."""

    words: str
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a form before and after, in words; empty where there is nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Stale:
    """Somebody saved the record after the form was shown."""

    actor: str


def _no_effects(_form: object) -> Sequence[Effect]:
    return ()


def _nothing_more(_record: object) -> None:
    return None


@dataclass(frozen=True)
class Editing:
    """How a kind of record is edited.

    ``effects`` is asked of a valid form, before it is saved. ``after`` runs in the same
    transaction as the save. ``template`` extends ``components/edit_page.html``. ``can_undo`` is
    whether who may edit may take it back too.
    """

    noun: str
    template: str = "components/edit_page.html"
    effects: Callable[[Any], Sequence[Effect]] = _no_effects
    after: Callable[[Any], None] = _nothing_more
    context: Mapping[str, Any] = field(default_factory=dict)
    can_undo: bool = True

    def showing(self, **context: Any) -> Editing:
        """Return the same with more for its template."""
        return replace(self, context={**self.context, **context})


def edit_page(
    request: HtmxHttpRequest,
    form: ModelForm[Any],
    editing: Editing,
    *,
    back: str,
    subject: Subject | None = None,
) -> HttpResponse:
    """Show the form, preview it, or save it and go back.

    Args:
        request: POST with ``preview`` only shows what would change.
        form: bound if the request is a POST; its instance already in the viewer's scope.
        editing: what is special about this kind of record.
        back: the address to return to.
        subject: whose history tells of edits made meanwhile; None for a new record.
    """
    seen = latest_event_id(subject) if subject else 0
    context = {
        "form": form,
        "editing": editing,
        "back": back,
        "seen": seen,
        "is_new": form.instance._state.adding,  # noqa: SLF001 -- Django's public name for it
        **editing.context,
    }
    if request.method != "POST":
        return render(request, editing.template, context)
    context["stale"] = _stale(request, subject, seen)
    if form.is_valid():
        context["changes"] = changes_of(form)
        context["effects"] = editing.effects(form)
    if "preview" in request.POST:
        template = "components/_preview.html" if wants_part(request) else editing.template
        return render(request, template, {**context, "previewed": True})
    if not form.is_valid() or context["stale"] is not None:
        status = HTTPStatus.CONFLICT if context["stale"] else HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, editing.template, context, status=status)
    return _save(request, form, editing, context, back)


def _save(
    request: HtmxHttpRequest,
    form: ModelForm[Any],
    editing: Editing,
    context: dict[str, Any],
    back: str,
) -> HttpResponse:
    try:
        with transaction.atomic():
            record = form.save()
            editing.after(record)
            check_constraints()
    except IntegrityError:
        form.add_error(None, "Somebody else's change got in the way. Look again and repeat.")
        return render(request, editing.template, context, status=HTTPStatus.CONFLICT)
    say = say_done if editing.can_undo else messages.success
    say(request, f"{editing.noun} {record} {'added' if context['is_new'] else 'saved'}.")
    return redirect(back)


def _stale(request: HttpRequest, subject: Subject | None, latest: int) -> Stale | None:
    """Return the change that came between showing the form and sending it, None if none did."""
    seen = request.POST.get(SEEN, "")
    if subject is None or not seen.isdecimal() or int(seen) == latest:
        return None
    event = latest_event(subject)
    return Stale(actor_in_words(event.actor)) if event is not None else None


def delete_page(
    request: HtmxHttpRequest,
    record: models.Model,
    *,
    noun: str,
    back: str,
    effects: Sequence[Effect] = (),
    refused: str = "",
    template: str = "components/delete_page.html",
) -> HttpResponse:
    """Show what would follow from the deletion, and on POST delete.

    Args:
        request: GET shows, POST deletes.
        record: in the viewer's scope.
        noun: the kind of record, such as ``Shift``.
        back: the address to return to.
        effects: what follows, in words.
        refused: why it cannot be deleted; empty when it can.
        template: extends ``components/delete_page.html``.
    """
    context = {
        "record": record,
        "noun": noun,
        "back": back,
        "effects": effects,
        "refused": refused,
    }
    if request.method != "POST":
        return render(request, template, context)
    if refused:
        return render(request, template, context, status=HTTPStatus.CONFLICT)
    name = str(record)
    try:
        with transaction.atomic():
            record.delete()
            check_constraints()
    except (models.ProtectedError, IntegrityError):
        context["refused"] = "Other records still refer to it."
        return render(request, template, context, status=HTTPStatus.CONFLICT)
    say_done(request, f"{noun} {name} deleted.")
    return redirect(back)


def say_done(request: HttpRequest, words: str) -> None:
    """Tell of a change on the next page, with a button that takes this request's changes back."""
    messages.success(request, words, extra_tags=f"undo:{request_id.current()}")


def check_constraints() -> None:
    """Let deferred constraints speak now, while the page can still answer."""
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def changes_of(form: ModelForm[Any]) -> list[Change]:
    """Return what a valid form would change, field by field, in the form's order."""
    return [
        Change(_label(form, name), _words(form, name, _initial(form, name)), _new(form, name))
        for name in form.fields
        if name in form.changed_data
    ]


def _label(form: ModelForm[Any], name: str) -> str:
    return str(form[name].label)


def _initial(form: ModelForm[Any], name: str) -> object:
    return form.get_initial_for_field(form.fields[name], name)


def _new(form: ModelForm[Any], name: str) -> str:
    return _words(form, name, form.cleaned_data.get(name))


def _words(form: ModelForm[Any], name: str, value: object) -> str:
    """Return a value as the form's own choices name it."""
    if value in (None, "", [], ()):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%d %b %Y %H:%M}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, list | tuple | set | models.QuerySet):
        return ", ".join(_words(form, name, item) for item in value)
    return _choice_words(form, name, value)


def _choice_words(form: ModelForm[Any], name: str, value: object) -> str:
    """Return the label of a choice; a plain value is its own word."""
    queryset = getattr(form.fields[name], "queryset", None)
    if queryset is not None:
        found = queryset.filter(pk=value).first()
        return str(found) if found is not None else str(value)
    choices = {str(key): str(label) for key, label in getattr(form.fields[name], "choices", ())}
    return choices.get(str(value), str(value))
