"""Copies of messages that a person edits."""

from __future__ import annotations

from django.urls import path

from apps.intake.views import copies

urlpatterns = [
    path("messages/in/<int:message_id>/copy/", copies.edit, name="message-in-copy"),
]
