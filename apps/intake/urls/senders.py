"""Who sends, and how it is read."""

from __future__ import annotations

from django.urls import path

from apps.intake.views import sender_exchange, senders

urlpatterns = [
    path("senders/", senders.senders, name="senders"),
    path("senders/export/", sender_exchange.export_all, name="senders-export"),
    path("senders/import/", sender_exchange.take_over, name="senders-import"),
    path("senders/new/", senders.add, name="sender-add"),
    path("senders/new/preview/", senders.add_preview, name="sender-add-preview"),
    path("senders/of/<int:message_id>/", senders.of_message, name="sender-of-message"),
    path("senders/<int:profile_id>/", senders.sender, name="sender"),
    path("senders/<int:profile_id>/edit/", senders.edit, name="sender-edit"),
    path("senders/<int:profile_id>/preview/", senders.preview, name="sender-preview"),
    path("senders/<int:profile_id>/delete/", senders.delete, name="sender-delete"),
    path("senders/<int:profile_id>/export/", sender_exchange.export_one, name="sender-export"),
    path(
        "senders/<int:profile_id>/versions/<int:version>/",
        sender_exchange.restore,
        name="sender-restore",
    ),
]
