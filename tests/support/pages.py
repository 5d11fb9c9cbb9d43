"""Fills in the forms of our own pages as a browser would, and reads the pages' words."""

from __future__ import annotations

import html
import re

from django.test import Client


def sent_form(client: Client, path: str, **changes: str | None) -> dict[str, str]:
    """Return what a browser would send of the page's form; a change to None is left out."""
    context = client.get(path).context
    sent: dict[str, str | None] = {"seen": str(context["seen"])}
    for field in context["form"]:
        value = field.value()
        if value is True:
            sent[field.name] = "on"
        elif isinstance(value, list):
            sent[field.name] = "\n".join(str(item) for item in value)
        elif value not in (None, False):
            sent[field.name] = str(value)
    return {key: value for key, value in {**sent, **changes}.items() if value is not None}


def words_of(client: Client, path: str, data: dict[str, str] | None = None) -> str:
    """Return the words of a page, or of the answer to a form, without tags."""
    answer = client.get(path) if data is None else client.post(path, data)
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(html.unescape(plain).split())
