"""What the tests of a reader's list share: a reader who signs in, and what their page shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.http import HttpResponse
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.orders.models import Order
from apps.roster.models import Radiologist
from tests.assignment.hand import state
from tests.factories import UserFactory
from tests.support.department import Department

PART = {"HX-Request": "true"}


def sign_in(radiologist: Radiologist, *, site: object = None) -> Client:
    """Return a browser of the radiologist's, who may read everywhere unless a site is named."""
    user = reader_user(radiologist, site=site)
    client = Client()
    client.force_login(user)
    return client


def reader_user(radiologist: Radiologist, *, site: object = None) -> User:
    user = UserFactory(username=radiologist.pk.lower())
    RoleGrant.objects.create(user=user, role=Role.RADIOLOGIST, site=site)
    radiologist.user = user
    radiologist.save()
    return user


def order_id(accession: str = "P1") -> int:
    return Order.objects.get(accession=accession).pk


def do(
    client: Client, action: str, accession: str = "P1", *, part: bool = True, **values: str
) -> HttpResponse:
    """Press a button of the study's, by htmx unless said; the token is the present one."""
    sent = {"token": state(accession).token} | values
    address = f"/my-list/{order_id(accession)}/{action}/"
    return client.post(address, sent, headers=PART if part else {})


def rows(response: HttpResponse) -> list[str]:
    """Return the accessions of the list's table, in its order."""
    return _studies(response, r'<table class="rows mine".*?</table>')


def offers(response: HttpResponse) -> list[str]:
    """Return the accessions of the STAT studies to acknowledge."""
    return re.findall(r'<article[^>]* aria-label="STAT ([^"]+)"', response.content.decode())


def waiting(response: HttpResponse) -> list[str]:
    """Return the accessions of what waits on the reader's shifts."""
    return _studies(response, r'<table class="rows cards work".*?</table>')


def pinned(response: HttpResponse) -> dict[str, str]:
    """Return what the page sends along: the order in which it shows the studies, and its mark."""
    found = re.findall(r'name="(seen|shown|new)" value="([^"]*)"', response.content.decode())
    return dict(found)


def next_of(response: HttpResponse) -> dict[str, str]:
    """Return what the button of the next study names: the study and its state."""
    (form,) = re.findall(r'<form [^>]*action="/my-list/next/.*?</form>', response.content.decode())
    return dict(re.findall(r'name="(order|token)" value="([^"]*)"', form))


def said(response: HttpResponse) -> list[str]:
    """Return the messages of the page."""
    return re.findall(r'class="notice".*?<span>(.*?)</span>', response.content.decode())


def _studies(response: HttpResponse, table: str) -> list[str]:
    found = re.search(table, response.content.decode(), re.S)
    if found is None:
        return []
    return re.findall(r'<td class="study">([^<]*?)\s*<', found.group())


NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def other_reader(department: Department) -> Client:
    return sign_in(department.add_reader("DR_B"))
