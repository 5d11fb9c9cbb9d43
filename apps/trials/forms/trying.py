"""What is tried: a message, a past order, or facts; when, and with which draft."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Procedure, Site
from apps.core.access import Permission
from apps.core.validators import validate_year
from apps.intake.processing.rehearsing import MOST_BYTES
from apps.orders.models import Order, Patient
from apps.orders.search import order_ids
from apps.rules.queries.codes import codes_of
from apps.rules.queries.drafts import open_drafts
from apps.rules.widgets import PickedCode
from apps.trials.trying.asked import Asked, Source, When, Who

_NO_MESSAGE = "Paste a message."
_NO_ORDER = "Type the number of a study."
_NOT_FOUND = "No study that you may see is known under that number."
_MAY_NOT = "Only who may change rules or open messages may paste one."
_TOO_LONG = "The message is longer than 256 KiB."
_NO_OWN = "Write one field a line, as name=value."
_NOT_BORN = "Nobody is born after the order is decided."
_OLDEST = 130
_STUDY = ("procedure", "modality", "body_part", "urgency", "procedure_text", "indication")
_PATIENT = ("age", "birth_on", "sex", "patient_class", "patient_location")
_WHENCE = ("sender", "ordering_provider", "visit_number", "own_fields")
_TYPED = (
    *("site", *_STUDY, "patient_class", "patient_location"),
    *("sender", "ordering_provider", "visit_number", "own_fields"),
)
_CODED = {"sex": "patient_sex"}
_PICKED = ("modality", "body_part", "procedure", "patient_class", "sender", "sex")


class TryForm(forms.Form):
    """A try; which source counts is said by the button or tab that sent it."""

    by = forms.ChoiceField(
        choices=[(one.value, one.value) for one in Source], widget=forms.HiddenInput
    )
    message = forms.CharField(
        label="HL7 message",
        required=False,
        widget=forms.Textarea(attrs={"rows": 9, "spellcheck": "false", "class": "code"}),
        help_text="One message, or a batch. It is read as if it had come from its sender.",
    )
    accession = forms.CharField(
        label="Accession",
        required=False,
        max_length=200,
        help_text="Of a past study; a placer or filler number will do.",
    )
    order = forms.IntegerField(required=False, widget=forms.HiddenInput)
    when = forms.ChoiceField(
        label="Loads",
        required=False,
        choices=[
            (When.NOW.value, "As they are now"),
            (When.THEN.value, "As they were when it was decided"),
        ],
    )
    site = forms.ModelChoiceField(Site.objects.none(), label="Site", required=False)
    procedure = forms.CharField(label="Procedure", required=False, max_length=200)
    modality = forms.CharField(label="Modality", required=False, max_length=16)
    body_part = forms.CharField(label="Body part", required=False, max_length=32)
    urgency = forms.ChoiceField(
        label="Urgency",
        required=False,
        choices=UrgencyChoices.choices,
        initial=UrgencyChoices.ROUTINE,
    )
    procedure_text = forms.CharField(label="Procedure text", required=False, max_length=500)
    indication = forms.CharField(label="Indication", required=False, max_length=2000)
    age = forms.IntegerField(
        label="Patient age",
        required=False,
        min_value=0,
        max_value=_OLDEST,
        help_text="In full years.",
    )
    birth_on = forms.DateField(
        label="Patient birth date",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It stands above the age.",
    )
    sex = forms.CharField(label="Patient sex", required=False, max_length=8)
    patient_class = forms.CharField(label="Patient class", required=False, max_length=32)
    patient_location = forms.CharField(label="Patient location", required=False, max_length=200)
    sender = forms.CharField(
        label="Sender",
        required=False,
        max_length=400,
        help_text="The sending application, a ^, and the sending facility: RIS^HOSPITAL.",
    )
    ordering_provider = forms.CharField(label="Ordering provider", required=False, max_length=300)
    visit_number = forms.CharField(label="Visit number", required=False, max_length=200)
    own_fields = forms.CharField(
        label="Own fields of the sender",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="One a line, as name=value, by the names that its profile gives them.",
    )
    at = forms.DateTimeField(
        label="At",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        validators=[validate_year],
        help_text="Empty is now.",
    )
    draft = forms.ModelChoiceField(
        open_drafts(),
        label="Beside it a draft",
        required=False,
        empty_label="None, only the rules in force",
    )

    def __init__(self, *args: Any, who: Who, **kwargs: Any) -> None:
        """Offer what the viewer may try.

        Args:
            args: as of every form.
            who: tries.
            kwargs: as of every form.
        """
        super().__init__(*args, **kwargs)
        self.who = who
        sites = who.scope.limit(Site.objects.filter(is_active=True).order_by("name"), "pk")
        self.fields["site"].queryset = sites  # type: ignore[attr-defined] # of a choice of models
        for name in _PICKED:
            found = codes_of(_CODED.get(name, name))
            self.fields[name].widget = PickedCode(found.codes if found else ())

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        """Return the fields of an order by what they are of, and whether a group stands open."""
        named = (("Patient", _PATIENT), ("Sender and who ordered", _WHENCE))
        return [
            (title, fields := [self[name] for name in names], any(map(_is_used, fields)))
            for title, names in named
        ]

    @property
    def study(self) -> list[forms.BoundField]:
        """Return the fields of the study itself."""
        return [self[name] for name in ("site", *_STUDY)]

    def clean_message(self) -> str:
        """Refuse what is too long to be one."""
        text: str = self.cleaned_data["message"]
        if len(text.encode("utf-8", "replace")) > MOST_BYTES:
            raise forms.ValidationError(_TOO_LONG)
        return text

    def clean_procedure(self) -> Procedure | None:
        """Return the procedure of a code."""
        code = self.cleaned_data["procedure"].strip()
        if not code:
            return None
        found = Procedure.objects.filter(code__iexact=code).first()
        if found is None:
            raise forms.ValidationError(f"No procedure has the code {code}.")
        return found

    def clean_own_fields(self) -> dict[str, str]:
        """Return the fields that a sender's profile would add, by name."""
        lines = [one for one in self.cleaned_data["own_fields"].splitlines() if one.strip()]
        pairs = [one.partition("=") for one in lines]
        if any(not name.strip() or not sign for name, sign, _ in pairs):
            raise forms.ValidationError(_NO_OWN)
        return {name.strip().removeprefix("own."): value.strip() for name, _, value in pairs}

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen source needs."""
        cleaned = super().clean() or self.cleaned_data
        check = {
            Source.MESSAGE.value: self._check_message,
            Source.ORDER.value: self._check_order,
            Source.FACTS.value: self._check_facts,
        }.get(cleaned.get("by", ""))
        if check is not None:
            check(cleaned)
        return cleaned

    def asked(self) -> Asked:
        """Return what a valid form asks."""
        cleaned = self.cleaned_data
        return Asked(
            source=Source(cleaned["by"]),
            message=cleaned["message"],
            order_id=cleaned.get("order_id"),
            when=When(cleaned["when"] or When.NOW),
            facts=self._facts(),
            at=self._at(),
            draft=cleaned["draft"],
        )

    def _facts(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        found = {name: cleaned[name] for name in _TYPED if cleaned[name]}
        born = cleaned["birth_on"] or self._birthday(cleaned["age"])
        if born or cleaned["sex"]:
            found["patient"] = Patient(birth_on=born, sex=cleaned["sex"].strip().upper())
        return found

    def _birthday(self, age: int | None) -> date | None:
        """Return a day on which somebody of this age may be born, clear of midnight anywhere."""
        if age is None:
            return None
        day = (self._at() or timezone.now()).date() - timedelta(days=2)
        # A leap day that the year of birth lacks falls on the day before it.
        day = day.replace(day=28) if (day.month, day.day) == (2, 29) else day
        return day.replace(year=day.year - age)

    def _at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data.get("at")
        return at if at is None or timezone.is_aware(at) else timezone.make_aware(at)

    def _check_message(self, cleaned: dict[str, Any]) -> None:
        if not self.who.may_paste():
            self.add_error("message", _MAY_NOT)
        elif not cleaned.get("message", "").strip() and "message" not in self.errors:
            self.add_error("message", _NO_MESSAGE)

    def _check_order(self, cleaned: dict[str, Any]) -> None:
        number = cleaned.get("accession", "").strip()
        if not number:
            self.add_error("accession", _NO_ORDER)
            return
        scope = self.who.access.scope(Permission.STUDY_VIEW)
        named = cleaned.get("order")
        known = [named] if named else order_ids(number)
        rows = scope.limit(Order.objects.filter(pk__in=known))
        cleaned["order_id"] = rows.order_by("-pk").values_list("pk", flat=True).first()
        if cleaned["order_id"] is None:
            self.add_error("accession", _NOT_FOUND)

    def _check_facts(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("site") and "site" not in self.errors:
            self.add_error("site", "Choose a site.")
        if not (cleaned.get("modality") or cleaned.get("procedure")):
            self.add_error("modality", "Name a modality or a procedure.")
        born, at = cleaned.get("birth_on"), self._at() or timezone.now()
        if born and born > at.date() + timedelta(days=1):
            self.add_error("birth_on", _NOT_BORN)


def _is_used(field: forms.BoundField) -> bool:
    return bool(field.value() or field.errors)
