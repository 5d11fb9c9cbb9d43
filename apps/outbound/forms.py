"""Forms of destinations, and of what is done with their dead letters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from typing_extensions import override

from apps.catalog.models import Site
from apps.core.access import Scope
from apps.core.zones import grouped_zone_choices
from apps.outbound.models import Destination
from apps.outbound.queries.pages import DestinationFilter, LinkState

if TYPE_CHECKING:
    DestinationModelForm = forms.ModelForm[Destination]
else:
    DestinationModelForm = forms.ModelForm

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?")
_BETWEEN: Mapping[str, tuple[int, int]] = {
    "answer_timeout_seconds": (1, 300),
    "quick_retries": (0, 20),
    "longest_wait_seconds": (1, 3600),
    "give_up_hours": (1, 720),
}
WRITTEN = (
    "message_type",
    "version",
    "with_structure",
    "with_zra",
    "with_obr_32",
    "with_prt",
    "sending_application",
    "sending_facility",
    "receiving_application",
    "receiving_facility",
    "separators",
    "character_set",
    "time_zone",
    "with_offset",
)
"""The fields that say how a message is written; what else there is, is about whom and how often."""
_GROUPS: Sequence[tuple[str, Sequence[str]]] = (
    ("", ("name", "host", "port", "is_enabled")),
    (
        "TLS",
        ("uses_tls", "tls_authority", "tls_server_name", "shows_certificate"),
    ),
    ("What it is told", ("senders", "sites", "tells_waiting")),
    ("When it does not answer", (*_BETWEEN, "on_dead_letter")),
    # Last, because the messages are shown below the form.
    ("How it is written", WRITTEN),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Some fields of the form under a heading; the first has none."""

    title: str
    fields: Sequence[forms.BoundField]

    @property
    def shows_messages(self) -> bool:
        """Return whether what these fields say can be seen in a message."""
        return any(field.name == WRITTEN[0] for field in self.fields)


class DestinationFilterForm(forms.Form):
    """What the list of destinations is narrowed by."""

    q = forms.CharField(
        label="Find", required=False, widget=forms.TextInput(attrs={"data-key": "f"})
    )
    state = forms.ChoiceField(
        required=False,
        choices=[
            ("", "any"),
            (LinkState.CONNECTED.value, "reached"),
            (LinkState.FAILING.value, "failing"),
            (LinkState.PAUSED.value, "paused"),
        ],
    )

    def wanted(self) -> DestinationFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return DestinationFilter(said.get("q", "").strip(), said.get("state", ""))


class DestinationForm(DestinationModelForm):
    """A destination: its address, whom it serves, how it is written to, and how long it is tried."""

    senders = SimpleArrayField(
        forms.CharField(max_length=200, required=False),
        delimiter="\n",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text="MSH-4 or MSH-3^MSH-4 of the orders that go here, one a line; empty: all.",
    )

    class Meta:
        model = Destination
        fields: ClassVar[list[str]] = [name for _, names in _GROUPS for name in names]
        labels: ClassVar[dict[str, str]] = {
            "is_enabled": "Switched on: messages go out",
            "uses_tls": "TLS: the connection is encrypted",
            "tls_authority": "Trusted authority (PEM)",
            "tls_server_name": "Name in its certificate",
            "shows_certificate": "Show our client certificate",
            "tells_waiting": "Tell of orders that wait for their first reader, too",
            "message_type": "Message (MSH-9)",
            "version": "Version (MSH-12)",
            "with_structure": "Write the message structure (MSH-9.3)",
            "with_zra": "ZRA: reader, shift, strategy, time",
            "with_obr_32": "OBR-32: the reader as principal result interpreter",
            "with_prt": "PRT: the reader as expected interpreter (EPRI)",
            "sending_application": "Sending application (MSH-3)",
            "sending_facility": "Sending facility (MSH-4)",
            "separators": "Separators (MSH-1 and MSH-2)",
            "character_set": "Character set (MSH-18)",
            "receiving_application": "Receiving application (MSH-5)",
            "receiving_facility": "Receiving facility (MSH-6)",
            "with_offset": "Write times with their offset",
            "answer_timeout_seconds": "Seconds to wait for an answer",
            "quick_retries": "Quick retries",
            "longest_wait_seconds": "Longest wait between tries, in seconds",
            "give_up_hours": "Hours until it becomes a dead letter",
            "on_dead_letter": "A dead letter's order",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "is_enabled": "Switched off, it keeps its queue.",
            "uses_tls": "Version 1.2 or later; its certificate and name are always checked.",
            "tls_authority": "The certificates that may sign the destination's; empty: those "
            "that this system trusts.",
            "tls_server_name": "Empty: the host.",
            "shows_certificate": "From HL7_CLIENT_CERT and HL7_CLIENT_KEY on the server.",
            "tells_waiting": "Held, parked and those that nobody could be found for, with the "
            "reason.",
            "with_structure": "Such as ORU^R01^ORU_R01; strict receivers want it from 2.5 on.",
            "with_zra": "",
            "with_obr_32": "What most receivers read in 2.3 to 2.6.",
            "with_prt": "The standard's own place from 2.7 on; in older versions by agreement.",
            "separators": r"Such as |^~\&, and a sixth to truncate; empty: the order's. Others "
            "write every segment anew.",
            "character_set": "Another than the order's writes every segment anew.",
            "sites": "Orders of these sites go here; none chosen: of all sites.",
            "receiving_application": "Empty: whoever sent the order (MSH-3).",
            "receiving_facility": "Empty: whoever sent the order (MSH-4).",
            "with_offset": "",
            "quick_retries": "A fifth of a second apart; then with growing waits.",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "sites": forms.SelectMultiple(attrs={"size": "6"}),
            "tls_authority": forms.Textarea(
                attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}
            ),
            "separators": forms.TextInput(
                attrs={"size": 6, "spellcheck": "false", "autocomplete": "off"}
            ),
        }

    def __init__(self, *args: Any, scope: Scope, zone: str, **kwargs: Any) -> None:
        """Offer what lies within the scope.

        Args:
            *args: as for any form.
            scope: where the person may change destinations.
            zone: the person's own, chosen for a new destination.
            **kwargs: as for any form.
        """
        super().__init__(*args, **kwargs)
        self._scope = scope
        if self.instance._state.adding:  # noqa: SLF001 -- Django's public name for it
            self.initial["time_zone"] = zone
        sites: Any = self.fields["sites"]
        sites.queryset = scope.limit(Site.objects.order_by("code"), "pk")
        used = [self.instance.time_zone, zone, *_zones_in_use()]
        self.fields["time_zone"] = forms.ChoiceField(
            choices=grouped_zone_choices(used), label="Time zone"
        )
        _name_the_empty_choice(self.fields["character_set"], "the order's")
        for name, (least, most) in _BETWEEN.items():
            self._bound(name, least, most)

    @property
    def groups(self) -> list[Group]:
        """Return the fields under their headings."""
        return [Group(title, [self[name] for name in names]) for title, names in _GROUPS]

    def clean_host(self) -> str:
        """Refuse what is no host name or address."""
        host: str = self.cleaned_data["host"]
        if not _HOST.fullmatch(host):
            raise forms.ValidationError("A host name or an IP address, without a port.")
        return host

    def clean_senders(self) -> list[str]:
        """Return the senders, each once."""
        return list(dict.fromkeys(filter(None, self.cleaned_data["senders"])))

    def clean_tls_server_name(self) -> str:
        """Refuse what is no host name or address."""
        name: str = self.cleaned_data["tls_server_name"]
        if name and not _HOST.fullmatch(name):
            raise forms.ValidationError("A host name or an IP address, without a port.")
        return name

    @override
    def clean(self) -> dict[str, Any]:
        """Refuse a destination of every site to who may not change it everywhere."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if not self._scope.everywhere and "sites" in said and not said["sites"]:
            self.add_error("sites", "Choose sites: one of all sites is not yours to set up.")
        return said

    def _bound(self, name: str, least: int, most: int) -> None:
        field = self.fields[name]
        field.validators += [MinValueValidator(least), MaxValueValidator(most)]
        field.widget.attrs |= {"min": least, "max": most}


class WritingForm(DestinationModelForm):
    """How a destination would be written to, as the form of a destination holds it meanwhile."""

    class Meta:
        model = Destination
        fields: ClassVar[list[str]] = list(WRITTEN)


class SampleForm(forms.Form):
    """On which order the messages are shown; empty is the sample that is always there."""

    order = forms.ChoiceField(label="Order", required=False)

    def __init__(self, *args: Any, orders: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        """Offer these orders, by id."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["order"]
        field.choices = [("", "a made-up order"), *orders]


class SkipForm(forms.Form):
    """Why a message is not sent."""

    reason = forms.CharField(
        label="Why is it not sent?",
        min_length=5,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ResendAllForm(forms.Form):
    """How many dead letters were shown: if it is another number by now, they are shown anew."""

    number = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


def _zones_in_use() -> list[str]:
    rows = Site.objects.order_by("time_zone").values_list("time_zone", flat=True).distinct()
    return list(rows)


def _name_the_empty_choice(field: Any, words: str) -> None:  # noqa: ANN401 -- a field with choices
    field.choices = [(value, label if value else words) for value, label in field.choices]
