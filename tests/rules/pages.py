"""Who looks at the rules' pages, and what a browser would send back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.catalog.models import Site
from apps.rules.models import AssignmentRule
from apps.rules.queries.rules import order_token, places
from tests.factories.people import UserFactory

HTMX = {"HX-Request": "true"}


def client_of(*roles: Role, site: Site | None = None, username: str = "ada") -> Client:
    """Sign in somebody who has the roles at a site, or everywhere."""
    user = UserFactory.create(username=username)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, site=site)
    client = Client()
    client.force_login(user)
    return client


def names_in_order() -> list[str]:
    rows = AssignmentRule.objects.order_by("priority_order", "pk")
    return list(rows.values_list("name", flat=True))


def move(client: Client, rule: AssignmentRule, to: str, **more: Any) -> HttpResponse:
    """Press a rule's button on a page that was just loaded."""
    data = {"to": to, "order": order_token(places())} | more.pop("data", {})
    return client.post(reverse("rule-move", args=[rule.pk]), data, **more)


def said(response: HttpResponse) -> list[str]:
    """Return what the page tells of what was done."""
    return [str(message) for message in response.context["messages"]]


def undo_of(response: HttpResponse) -> str:
    """Return the address of the undo button on the page."""
    (tags,) = [message.extra_tags for message in response.context["messages"]]
    return reverse("undo", args=[tags.removeprefix("undo:")])
