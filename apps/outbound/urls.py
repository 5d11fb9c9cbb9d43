"""The addresses of destinations, and of what people do with messages on their way."""

from __future__ import annotations

from django.urls import path

from apps.outbound.views import destinations, letters, written

_ONE = "destinations/<int:destination_id>/"

urlpatterns = [
    path("destinations/", destinations.destinations, name="destinations"),
    path("destinations/new/", destinations.add, name="destination-add"),
    path("destinations/new/written/", written.written_new, name="destination-written-new"),
    path(_ONE, destinations.destination, name="destination"),
    path(f"{_ONE}edit/", destinations.edit, name="destination-edit"),
    path(f"{_ONE}written/", written.written, name="destination-written"),
    path(
        f"{_ONE}written/<int:order_id>/open/",
        written.open_written,
        name="destination-written-open",
    ),
    path(f"{_ONE}switch/", destinations.switch, name="destination-switch"),
    path(f"{_ONE}delete/", destinations.delete, name="destination-delete"),
    path(f"{_ONE}try/", letters.try_now, name="destination-try"),
    path(f"{_ONE}resend/", letters.resend_all, name="destination-resend"),
    path("messages/out/<int:message_id>/resend/", letters.resend, name="message-out-resend"),
    path("messages/out/<int:message_id>/skip/", letters.skip, name="message-out-skip"),
]
