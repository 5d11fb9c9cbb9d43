"""The forms of sender profiles."""

from __future__ import annotations

from apps.intake.forms.senders.exchange import ImportForm
from apps.intake.forms.senders.gestures import Gesture, applied
from apps.intake.forms.senders.profile import SenderFilterForm, SenderForm

__all__ = ["Gesture", "ImportForm", "SenderFilterForm", "SenderForm", "applied"]
