"""The places there are, and which of them somebody may go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from apps.core.access import Access
from apps.core.access import Permission as Can


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the rail leads to."""

    url_name: str
    icon: str
    label: str
    permission: Can

    @property
    def href(self) -> str:
        """Return the address."""
        return reverse(self.url_name)


PLACES: Sequence[tuple[str, Sequence[Place]]] = (
    (
        "Work",
        (
            Place("board", "space_dashboard", "Board", Can.BOARD_VIEW),
            Place("my-list", "checklist", "My list", Can.STUDY_READ),
            Place("my-share", "balance", "My share", Can.STUDY_READ),
            Place("swaps", "swap_horiz", "Swaps", Can.STUDY_READ),
            Place("assignments", "assignment_ind", "Assignments", Can.STUDY_VIEW),
            Place("unassigned", "person_off", "Unassigned", Can.STUDY_VIEW),
            Place("ordered", "outgoing_mail", "My orders", Can.ORDERED_VIEW),
        ),
    ),
    (
        "Department",
        (
            Place("roster", "calendar_month", "Roster", Can.ROSTER_VIEW),
            Place("coverage", "verified_user", "Coverage", Can.ROSTER_VIEW),
            Place("shifts", "schedule", "Shifts", Can.SHIFT_VIEW),
            Place("radiologists", "groups", "Radiologists", Can.RADIOLOGIST_VIEW),
            Place("shares", "balance", "Shares", Can.RADIOLOGIST_VIEW),
            Place("rules", "rule", "Rules", Can.RULE_VIEW),
            Place("procedures", "radiology", "Procedures", Can.PROCEDURE_VIEW),
            Place("sites", "location_on", "Sites", Can.SITE_VIEW),
        ),
    ),
    (
        "Interfaces",
        (
            Place("messages", "swap_vert", "Messages", Can.MESSAGE_VIEW),
            Place("senders", "inbox_customize", "Senders", Can.SENDER_VIEW),
            Place("destinations", "outbox", "Destinations", Can.DESTINATION_VIEW),
            Place("admin:index", "settings", "Administration", Can.ADMIN_OPEN),
        ),
    ),
)


def is_open(place: Place, access: Access) -> bool:
    """Return whether the viewer may go there."""
    return access.may(place.permission) and _exists(place)


def first_place(access: Access) -> Place | None:
    """Return where somebody lands after signing in, None when nothing is open to them."""
    return next((place for _, group in PLACES for place in group if is_open(place, access)), None)


def _exists(place: Place) -> bool:
    try:
        return bool(place.href)
    except NoReverseMatch:
        return False
