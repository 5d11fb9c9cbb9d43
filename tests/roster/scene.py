"""People, shifts and browsers for the tests of the roster's rooms; Wednesday, noon in Brisbane."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django.http import HttpResponse
from django.test import Client

from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    Rotation,
    RotationTurn,
    Shift,
    ShiftSite,
)
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory

WEDNESDAY = date(2026, 2, 4)
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


def placed_shift(code: str, *sites: Site, **values: Any) -> Shift:
    """Return a shift from 8 to 16 at these sites, or at every site."""
    hours = {"start_local": time(8), "end_local": time(16)}
    shift = ShiftFactory.create(code=code, **{**hours, **values})
    for site in sites:
        ShiftSite.objects.create(shift=shift, site=site)
    shift.refresh_from_db()
    return shift


def reader(name: str, *homes: Site, **values: Any) -> Radiologist:
    """Return a radiologist who is called by their id alone."""
    person = RadiologistFactory.create(
        id=name, family_name=name.title(), given_name="", title="", **values
    )
    for home in homes:
        person.home_sites.create(site=home)
    return person


def seat(shift: Shift, person: Radiologist, **values: Any) -> RosterAssignment:
    """Put somebody on a shift, from the new year on."""
    return RosterAssignmentFactory.create(shift=shift, radiologist=person, **values)


def rotate(shift: Shift, *people: Radiologist | None, **values: Any) -> Rotation:
    """Return a rotation, by weeks from Monday 5 January unless another is said."""
    rotation = Rotation.objects.create(
        **{"shift": shift, "start_date": date(2026, 1, 5), **values}
    )
    for position, person in enumerate(people):
        RotationTurn.objects.create(rotation=rotation, position=position, radiologist=person)
    return rotation


def errors(response: HttpResponse) -> dict[str, list[str]]:
    """Return what the page's form refuses, by field."""
    found: dict[str, list[str]] = dict(response.context["form"].errors)
    return found


def effects(response: HttpResponse) -> list[tuple[str, str]]:
    """Return what the page says that follows, with its tone."""
    return [(effect.tone, effect.words) for effect in response.context["effects"]]


def undo_last(client: Client, table: str) -> HttpResponse:
    """Take back the request that last changed a table."""
    event = AuditEvent.objects.filter(entity=table).latest("id")
    return client.post(f"/undo/{event.request_id}/")
