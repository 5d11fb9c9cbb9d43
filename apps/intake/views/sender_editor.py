"""The editor of a sender profile: a sample beside the facts, and at once what is understood.

What the buttons do is done on the server, with the form as it stands, so that the page needs no
JavaScript; with it only the parts that changed come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.audit.editing import Editing, Effect, changes_of, edit_page
from apps.core import actor, clock
from apps.core.access import Permission
from apps.core.guard import GuardedRequest
from apps.core.htmx import wants_part
from apps.hl7v2.places import DEFAULT_FACTS, is_own
from apps.intake.forms.senders import Gesture, SenderForm, applied
from apps.intake.forms.senders.profile import PLACES
from apps.intake.models import SenderProfile
from apps.intake.queries import sender_sample as samples
from apps.intake.queries.sender_effects import effects_of
from apps.intake.queries.sender_facts import FactSaid
from apps.intake.queries.sender_labels import GROUPS, OWN_GROUP, label_of
from apps.intake.queries.sender_sample import Sample
from apps.intake.queries.sender_understood import Understood, understood
from apps.intake.queries.sender_waiting import Waiting, offers, waiting
from apps.intake.queries.senders import subject_of
from apps.intake.services.opening import note_opening

MOST_PASTED = 256 * 1024
_TOO_LONG = "The message is longer than 256 KB; paste its first segments."
_FIRST_FOR = {"unknown_site": "site", "no_patient": "patient_id"}


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact on the page: its places as the form has them, and what they come to."""

    fact: str
    label: str
    listed: Sequence[str]
    usual: Sequence[str]
    said: FactSaid | None
    errors: Sequence[str]
    is_active: bool

    @property
    def is_own(self) -> bool:
        """Return whether it is a field that the profile adds."""
        return is_own(self.fact)

    @property
    def slug(self) -> str:
        """Return the fact as the ids of its elements name it."""
        return self.fact.replace(".", "-")

    @property
    def places(self) -> list[tuple[str, str, str]]:
        """Return every place that is looked at, with what it says and whether that counts."""
        said = {one.text: one for one in self.said.places} if self.said else {}
        shown = [(text, said.get(text)) for text in (self.listed or self.usual)]
        return [(text, one.value, one.state) if one else (text, "", "") for text, one in shown]


class Editor:
    """One request for the editor: the form, the sample, and what follows from both."""

    def __init__(self, request: GuardedRequest, profile: SenderProfile) -> None:
        self.request = request
        self.gesture: Gesture | None = applied(request.POST) if request.method == "POST" else None
        self.form = SenderForm(self.gesture.data if self.gesture else None, instance=profile)
        self.form.is_valid()  # gives the profile what is on the form, as far as it is right
        self.messages = request.access.scope(Permission.MESSAGE_VIEW)

    @property
    def profile(self) -> SenderProfile:
        """Return the profile as it is on the form."""
        return self.form.instance

    @property
    def pasted(self) -> str:
        """Return the text that somebody pasted as a sample."""
        return self.gesture.data.get("pasted", "") if self.gesture else ""

    @cached_property
    def message_id(self) -> int | None:
        """Return the received message that is the sample, None where none is."""
        asked = self.request.GET.get("message", "")
        if self.gesture:
            asked = self.gesture.data.get("message", "")
        return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None

    @cached_property
    def sample(self) -> Sample:
        """Return the message that the mapping is tried on; a pasted one before a received one."""
        if len(self.pasted) > MOST_PASTED:
            return Sample(is_pasted=True, problem=_TOO_LONG)
        if self.pasted.strip():
            return samples.pasted(self.pasted)
        return samples.NONE if self.message_id is None else self._received(self.message_id)

    def _received(self, message_id: int) -> Sample:
        message = samples.found_message(message_id, self.messages)
        if message is None:
            raise Http404
        at, viewer = clock.now(), str(actor.current() or "")
        may_open = samples.may_open(message_id, self.request.access.scope(Permission.MESSAGE_OPEN))
        if may_open and self.gesture and self.gesture.has_to_open:
            note_opening(message, at=at)
        wants = self.gesture is not None and self.gesture.wants_open(message_id)
        # The form alone is not believed: the trail must say that this person opened it.
        is_open = may_open and wants and samples.was_opened(message_id, viewer, at=at)
        return samples.received(message, is_open=is_open, may_open=may_open)

    @cached_property
    def understood(self) -> Understood | None:
        """Return what the profile makes of the sample, None without one that can be read."""
        if not self.sample.is_there:
            return None
        number = self.gesture.data.get("group", "") if self.gesture else ""
        chosen = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 1
        return understood(self.profile, self.sample, number=chosen)

    @property
    def active(self) -> str:
        """Return the fact whose places are open: at first what the sample lacks."""
        if self.gesture:
            return self.gesture.active
        parked = self.understood.parked if self.understood else ""
        return _FIRST_FOR.get(parked, "modality")

    def rows(self) -> list[tuple[str, list[FactRow]]]:
        """Return every fact by what it is about; the sender's own come last."""
        active, groups = self.active, [*GROUPS.items(), (OWN_GROUP, self.form.own_facts)]
        return [
            (title, [self._row(fact, is_active=fact == active) for fact in facts])
            for title, facts in groups
        ]

    def _row(self, fact: str, *, is_active: bool) -> FactRow:
        field = self.form[f"{PLACES}{fact}"]
        return FactRow(
            fact=fact,
            label=label_of(fact),
            listed=field.value() or [],
            usual=DEFAULT_FACTS.get(fact, ()),
            said=self.understood.facts.get(fact) if self.understood else None,
            errors=[str(error) for error in field.errors],
            is_active=is_active,
        )

    @cached_property
    def found(self) -> Waiting:
        """Return what waits of the senders that the profile reads as it is on the form."""
        return waiting(self.profile, self.request.scope)

    def effects(self, _form: SenderForm | None = None) -> list[Effect]:
        """Return what follows from saving the profile as it is on the form."""
        may_run = self.request.access.scope(Permission.MESSAGE_RUN).everywhere
        changed = frozenset(self.form.changed_data)
        return effects_of(self.profile, changed, self.found, may_run=may_run)

    def context(self) -> dict[str, Any]:
        """Return what the templates show besides what the kit for edits gives them."""
        return {
            "sample": self.sample,
            "pasted": self.pasted,
            "offers": offers(self.profile, self.found, self.messages, chosen=self.message_id),
            "chosen": self.message_id,
            "understood": self.understood,
            "rows": self.rows(),
            "active": self.active,
            "active_label": label_of(self.active),
            "preview_address": self.preview_address,
            "composing": self.gesture.data if self.gesture else {},
            "at": clock.now(),
        }

    @property
    def preview_address(self) -> str:
        """Return where the form is sent for a look."""
        if self.is_new:
            return reverse("sender-add-preview")
        return reverse("sender-preview", args=[self.profile.pk])

    @property
    def is_new(self) -> bool:
        """Return whether the profile is not saved yet."""
        return self.profile._state.adding  # noqa: SLF001 -- Django's public name for it

    def page(self, *, back: str) -> HttpResponse:
        """Show the editor, look at what would change, or save it."""
        if self.gesture:
            if self.gesture.is_one:
                self.gesture.data["preview"] = "1"
            self.request.POST = self.gesture.data  # type: ignore[assignment] # Django lets it be set
        editing = Editing(
            noun="Sender profile",
            template="intake/sender_edit.html",
            effects=self.effects,
            context=self.context(),
        )
        subject = None if self.is_new else subject_of(self.profile)
        return edit_page(self.request, self.form, editing, back=back, subject=subject)

    def part(self) -> HttpResponse:
        """Return the parts of the editor that a look at the form changes; nothing is saved."""
        if not wants_part(self.request) and self.gesture:
            self.gesture.data["preview"] = "1"
            return self.page(back=reverse("senders"))
        context = {**self.context(), "form": self.form, "target": self.request.htmx.target or ""}
        if self.form.is_valid():
            context |= {"changes": changes_of(self.form), "effects": self.effects()}
        return render(self.request, "intake/_sender_parts.html", context)
