"""What a browser would send of the sender editor, and messages of a sender that needs one."""

from __future__ import annotations

from typing import Any

from django.test import Client

from apps.intake.models import InboundMessage
from tests.support.department import send

HTMX = {"HX-Request": "true"}
PERSONAL = ("Novak", "Evelina", "NG4711", "19700203")
"""What the orders below say of their patient."""

LAB = (
    r"MSH|^~\&|LABRIS|Northgate|RAD|RAD|20261122100000||ORM^O01|{control}|P|2.3.1",
    "PID|1||NG4711^^^NGH||Novak^Evelina||19700203|F",
    "PV1|1|O|OPD^^^RAD2",
    "ORC|NW|{number}|||||^^^^^R",
    "OBR|1|{number}||Q9^Untersuchung|||20261122100000",
    "OBX|1|CE|REGION||KNEE",
    "ZAO|1|A|MRT3|ROBINA",
)
"""An order that names site and modality where nobody looks: ZAO-4 and ZAO-3."""


def lab_order(number: str = "NG-1") -> InboundMessage:
    """Return an order of that sender that took effect: its study is parked."""
    return send(*(line.format(control=f"C-{number}", number=number) for line in LAB))


def form_of(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """Return what the browser sends of the editor's form; a change to None is left out."""
    context = client.get(path).context
    sent: dict[str, Any] = {
        "seen": str(context["seen"]),
        "active": context["active"],
        "message": str(context["chosen"] or ""),
        "own": context["form"].own_facts,
    }
    for field in context["form"]:
        value = field.value()
        if field.name.startswith("places_") or field.name == "usual_weekdays":
            sent[field.name] = [str(item) for item in value or []]
        elif value is True:
            sent[field.name] = "on"
        elif isinstance(value, list):
            sent[field.name] = "\n".join(str(item) for item in value)
        elif value not in (None, False):
            sent[field.name] = str(value)
    return {key: value for key, value in {**sent, **changes}.items() if value is not None}


def new_form(client: Client, message: InboundMessage, **changes: Any) -> dict[str, Any]:
    return form_of(client, f"/senders/new/?message={message.pk}", **changes)


def facts_of(client: Client, form: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return value and source of each fact, as the preview has them."""
    answer = client.post("/senders/new/preview/", form, headers=HTMX)
    assert answer.status_code == 200
    facts = answer.context["understood"].facts
    return {fact: (said.value, said.source) for fact, said in facts.items()}


def panes(client: Client, form: dict[str, Any]) -> str:
    headers = {**HTMX, "HX-Target": "panes"}
    return client.post("/senders/new/preview/", form, headers=headers).content.decode()
