"""No page shows what steers a terminal or turns a text around, wherever it came from."""

from __future__ import annotations

import time

import pytest
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from apps.core.legible import without_tricks
from apps.core.middleware import LegibleMiddleware

PAGE = "<p>Doe\u202egnp.exe\x1b[2J\x07</p>\r\n<pre>a\rb</pre>"
DRAWN = "<p>Doe\\u202egnp.exe␛[2J␇</p>\r\n<pre>a␍b</pre>"
MEGABYTE = 1_000_000


def answered(answer: HttpResponseBase) -> HttpResponseBase:
    """Return what leaves the middleware."""

    def view(_request: HttpRequest) -> HttpResponse:
        return answer  # type: ignore[return-value] # streams pass as they do under Django

    return LegibleMiddleware(view)(RequestFactory().get("/"))


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("\x00\x08\x0b\x1b", "␀␈␋␛"),
        ("\x7f\x80\x9f", "\\u007f\\u0080\\u009f"),
        ("\u200e\u200f\u202a\u202e\u2066\u2069", "\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069"),
        ("\ufeff", "\\ufeff"),
        ("a\rb", "a␍b"),
    ],
    ids=["control", "delete and C1", "bidi marks", "byte order mark", "lone CR"],
)
def test_what_cannot_be_seen_is_drawn_or_spelled_out(sent: str, shown: str) -> None:
    assert without_tricks(sent) == shown


@pytest.mark.parametrize(
    "plain",
    ["one\r\ntwo\nthree\tfour", "Müller 日本 👩\u200d⚕️", "שלום", "a\u00a0b\u00adc"],
    ids=["line ends and tab", "letters and joiners", "right to left letters", "spaces"],
)
def test_what_can_be_seen_stays_as_it_is(plain: str) -> None:
    assert without_tricks(plain) == plain


def test_a_page_is_drawn_wherever_it_stands() -> None:
    assert answered(HttpResponse(PAGE)).content == DRAWN.encode()  # type: ignore[attr-defined] # a page


@pytest.mark.parametrize(
    "kind", ["application/json", "text/csv", "text/plain; charset=utf-8", "application/pdf", ""]
)
def test_files_and_answers_for_machines_stay_as_they_are(kind: str) -> None:
    answer = HttpResponse(PAGE.encode(), content_type=kind or None)
    if not kind:
        del answer.headers["Content-Type"]

    assert answered(answer).content == PAGE.encode()  # type: ignore[attr-defined] # not streamed


def test_json_keeps_its_escapes() -> None:
    answer = JsonResponse({"name": "Doe\u202e\x1b"})

    assert answered(answer).content == b'{"name": "Doe\\u202e\\u001b"}'  # type: ignore[attr-defined] # as above


def test_streams_are_not_touched() -> None:
    parts = [b"<p>\x1b", b"\xe2\x80\xae</p>"]
    pages = [
        StreamingHttpResponse(iter(parts), content_type="text/html"),
        FileResponse(iter(parts), content_type="text/html"),
    ]

    assert [list(answered(page)) for page in pages] == [parts, parts]


def test_a_page_without_tricks_is_the_very_same() -> None:
    answer = HttpResponse("<p>plain</p>")
    body = answer.content

    assert answered(answer) is answer
    assert answer.content == body


@pytest.mark.parametrize("line", ["<td>plain text</td>\n", "<td>caf\xe9 \x1b</td>\n"])
def test_a_page_of_a_megabyte_costs_little(line: str) -> None:
    page = line * (MEGABYTE // len(line))
    began = time.process_time()
    answered(HttpResponse(page))

    # Half a second where it takes some ten milliseconds: it must not grow with the square.
    assert time.process_time() - began < 0.5
