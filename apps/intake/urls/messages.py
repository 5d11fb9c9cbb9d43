"""Received and sent messages."""

from __future__ import annotations

from django.urls import path

from apps.intake.views import lists, message, running

urlpatterns = [
    path("messages/", lists.received, name="messages"),
    path("messages/out/", lists.sent, name="messages-out"),
    path("messages/find/", lists.received_of_patient, name="messages-find"),
    path("messages/out/find/", lists.sent_of_patient, name="messages-out-find"),
    path("messages/run/", running.run_several, name="messages-run"),
    path("messages/in/<int:message_id>/", message.received, name="message-in"),
    path("messages/in/<int:message_id>/open/", message.open_received, name="message-in-open"),
    path("messages/in/<int:message_id>/state/", message.state, name="message-in-state"),
    path("messages/in/<int:message_id>/run/", running.run_again, name="message-in-run"),
    path("messages/out/<int:message_id>/", message.sent, name="message-out"),
    path("messages/out/<int:message_id>/open/", message.open_sent, name="message-out-open"),
]
