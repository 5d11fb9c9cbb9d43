"""The addresses of messages, of those who send them, and of what they say."""

from __future__ import annotations

from apps.intake.urls import codes, copies, merges, messages, senders

urlpatterns = [
    *messages.urlpatterns,
    *copies.urlpatterns,
    *senders.urlpatterns,
    *codes.urlpatterns,
    *merges.urlpatterns,
]
