"""Forms of the list of rules: what narrows it, where a rule goes, whether it is on."""

from __future__ import annotations

from django import forms

from apps.rules.choices import ActionChoices
from apps.rules.queries.rules import RuleFilter

_ANY = ("", "any")


class RuleFilterForm(forms.Form):
    """What the list of rules is narrowed by."""

    q = forms.CharField(label="Find", required=False)
    action = forms.ChoiceField(required=False, choices=[_ANY, *ActionChoices.choices])
    enabled = forms.ChoiceField(required=False, choices=[_ANY, ("on", "on"), ("off", "off")])

    def wanted(self) -> RuleFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return RuleFilter(
            words=said.get("q", "").strip(),
            action=said.get("action", ""),
            enabled={"on": True, "off": False}.get(said.get("enabled", "")),
        )


class MoveForm(forms.Form):
    """Where a rule goes, and the order that was seen."""

    to = forms.CharField(max_length=40)
    order = forms.CharField(max_length=40)


class SwitchForm(forms.Form):
    """On or off; said, not toggled, so that a second click changes nothing."""

    enabled = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])


class WhyForm(forms.Form):
    """Why something is done."""

    why = forms.CharField(required=False, max_length=300)

    def reason(self) -> str:
        """Return the reason given, empty when there is none that can be kept."""
        self.is_valid()
        return str(self.cleaned_data.get("why", ""))
