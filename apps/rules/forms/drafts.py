"""Forms of drafts: their name, a rule as they would have it, when they go live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from typing_extensions import override

from apps.rules.content import Content, content_of
from apps.rules.fields import MomentField
from apps.rules.forms.rules import RuleForm
from apps.rules.models import AssignmentRule


class DraftForm(forms.Form):
    """What a draft is called and why it is made."""

    name = forms.CharField(max_length=120)
    reason = forms.CharField(
        label="Why",
        max_length=300,
        required=False,
        help_text="Kept with every version of a rule that the draft makes.",
    )


class SubmitForm(forms.Form):
    """When the draft goes live."""

    live_from = MomentField(
        label="Goes live at", required=False, help_text="On your clock. Empty: as soon as it may."
    )


class DraftMoveForm(forms.Form):
    """Which rule of a draft goes where, and the order that was seen."""

    move = forms.RegexField(r"^-?[0-9]{1,18} (top|up|down|bottom)$")
    order = forms.CharField(max_length=40)

    @property
    def key(self) -> int:
        """Return the rule's key; of a valid form."""
        return int(self.cleaned_data["move"].split()[0])

    @property
    def to(self) -> str:
        """Return where it goes; of a valid form."""
        return str(self.cleaned_data["move"].split()[1])


class SettleForm(forms.Form):
    """Which way out of a stale change is taken, and the version of the rule that was seen."""

    way = forms.ChoiceField(choices=[(way, way) for way in ("theirs", "both", "mine")])
    seen = forms.IntegerField()


class FindForm(forms.Form):
    """What the rules of a draft are narrowed by."""

    q = forms.CharField(label="Find", required=False, max_length=120)

    def words(self) -> str:
        """Return the words to look for, empty for none."""
        self.is_valid()
        return str(self.cleaned_data.get("q", "")).strip()


class DraftedRuleForm(RuleForm):
    """A rule as a draft would have it: saved into the draft, never into the rules in force."""

    def __init__(self, *args: Any, keep: Callable[[Content], object], **kwargs: Any) -> None:
        """Take what keeps the rule's content."""
        super().__init__(*args, **kwargs)
        self._keep = keep
        del self.fields["why"]  # the draft itself says why

    @override
    def save(self, commit: bool = True) -> AssignmentRule:
        """Keep the rule in the draft."""
        if commit:
            self._keep(content_of(self.instance))
        return self.instance
