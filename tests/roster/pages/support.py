"""Shifts, people and rows for the tests of the roster's pages, and what the pages answered."""

from __future__ import annotations

from datetime import date, time

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.catalog.models import Site
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    Shift,
    ShiftSite,
)
from tests.factories.people import RadiologistFactory, UserFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory

WEDNESDAY = date(2026, 2, 4)
THURSDAY = date(2026, 2, 5)
HTMX = {"HTTP_HX_REQUEST": "true"}


def signed_in(role: Role | None = None, site: Site | None = None) -> Client:
    user = UserFactory.create()
    if role is not None:
        RoleGrant.objects.create(user=user, role=role, site=site)
    client = Client()
    client.force_login(user)
    return client


def placed_shift(code: str, *sites: Site) -> Shift:
    shift = ShiftFactory.create(code=code, start_local=time(8), end_local=time(16))
    for site in sites:
        ShiftSite.objects.create(shift=shift, site=site)
    return shift


def reader(name: str, *homes: Site, **values: object) -> Radiologist:
    person = RadiologistFactory.create(
        id=name, family_name=name.title(), given_name="", title="", **values
    )
    for home in homes:
        person.home_sites.create(site=home)
    return person


def seat(shift: Shift, person: Radiologist, **values: object) -> RosterAssignment:
    return RosterAssignmentFactory.create(shift=shift, radiologist=person, **values)


def stored() -> list[tuple[str, str, str | None, str]]:
    return [
        (row.radiologist_id, str(row.start_date), row.end_date and str(row.end_date), row.status)
        for row in RosterAssignment.objects.order_by("start_date", "radiologist_id")
    ]


def overrides() -> list[tuple[str, str, str | None, str, str, str]]:
    return [
        (o.kind, o.radiologist_id, o.taker_id, str(o.start_date), str(o.end_date), o.status)
        for o in RosterOverride.objects.order_by("start_date", "pk")
    ]


def errors(response: HttpResponse) -> dict[str, list[str]]:
    found: dict[str, list[str]] = dict(response.context["form"].errors)
    return found


def effects(response: HttpResponse) -> list[tuple[str, str]]:
    return [(effect.tone, effect.words) for effect in response.context["effects"]]


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def address(name: str, record: object = None, query: str = "") -> str:
    """Return the address of a page of a shift's run, a row or an override."""
    key = getattr(record, "pk", record)
    if name == "roster-run":
        return reverse(name, args=[key, WEDNESDAY])
    return reverse(name, args=[] if record is None else [key]) + query


def swap_on(shift: Shift) -> RosterOverride:
    return RosterOverride.objects.create(
        kind="swap",
        shift=shift,
        radiologist=RadiologistFactory.create(),
        taker=RadiologistFactory.create(),
        start_date=WEDNESDAY,
        end_date=WEDNESDAY,
    )
