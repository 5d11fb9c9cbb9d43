"""Reads a page's form out of its HTML, as a browser without JavaScript would send it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

Sent = dict[str, list[str]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: Sent = {}
        self._inside = False
        self._templates = 0
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has: dict[str, Any] = dict(attrs)
        if tag == "form":
            self._inside = has.get("class") == "editor"
        elif tag == "template":
            self._templates += 1
        elif self._inside and not self._templates:
            self._read(tag, has)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "template":
            self._templates -= 1

    def _read(self, tag: str, has: dict[str, Any]) -> None:
        if tag == "select":
            self._select = has["name"]
        elif tag == "option" and "selected" in has:
            self.sent.setdefault(self._select, []).append(has["value"])
        elif tag == "input":
            is_box = has.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in has:
                self.sent.setdefault(has["name"], []).append(
                    has.get("value", "on" if is_box else "") or ""
                )


def shown_form(client: Client, address: str) -> Sent:
    """Return what the browser would send if nothing were changed."""
    reader = _Reader()
    reader.feed(client.get(address).content.decode())
    return reader.sent


def sending(form: Sent, **changes: object) -> Sent:
    """Return the form with fields changed; ``__`` in a name is a ``-``, None takes a field out."""
    sent = dict(form)
    for name, value in changes.items():
        key = name.replace("__", "-")
        if value is None:
            sent.pop(key, None)
        else:
            sent[key] = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return sent
