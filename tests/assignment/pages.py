"""What the tests of pages of studies share: what a person sees of them."""

from __future__ import annotations

import re
from html import unescape

from django.http import HttpResponse


def text(answer: HttpResponse) -> str:
    """Return what a person reads, in one line."""
    page = answer.content.decode()
    page = page[page.find("<main") :] if "<main" in page else page
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def studies(answer: HttpResponse) -> list[str]:
    """Return the numbers of the studies that a list shows, in its order."""
    return re.findall(r'<td class="study"><a [^>]*>([^<]*)</a>', answer.content.decode())
