"""How long the server takes for each page, over a year of past work.

A stack as ``manage.py up`` starts it, with the full-size department and a million past orders;
one manager of every site and one of a single site load each page again and again, one at a time.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pipe_stack import Stack, running_stack
from benchmarks.seed import seed

_PAGES = (
    *("/", "/assignments/", "/assignments/?state=overdue", "/assignments/?period=7d&state=any"),
    *("/assignments/?state=reported&period=30d&modality=CT", "/unassigned/"),
    *(f"/roster/?view={view}" for view in ("day", "week", "2weeks", "4weeks")),
    *(f"/roster/?view={view}&by=person" for view in ("day", "week", "2weeks", "4weeks")),
    *(
        "/roster/?show=gaps",
        "/roster/list/",
        "/radiologists/expiring/",
        "/take-over/",
        "/shifts/",
        "/radiologists/",
        "/rules/",
    ),
    *("/policies/", "/procedures/", "/sites/", "/clusters/", "/messages/", "/destinations/"),
    *("/coverage/", "/coverage/?days=1", "/coverage/?days=28", "/coverage/?days=56"),
)
_FOLLOWED = (
    ("a study", "/assignments/", re.compile(rb'href="(/studies/\d+/)"')),
    ("why", "/assignments/", re.compile(rb'href="(/assignments/\d+/why/)"')),
    ("the menu of readers", "/assignments/", re.compile(rb'hx-get="(/studies/\d+/assign/)"')),
    ("a radiologist", "/radiologists/", re.compile(rb'href="(/radiologists/[^"?]+/)"')),
    ("a shift", "/shifts/", re.compile(rb'href="(/shifts/\d+/)"')),
    ("a rule", "/rules/", re.compile(rb'href="(/rules/\d+/)"')),
)
_NATIONAL, _LOCAL = 0, -1
_WARM = 6
_P95 = 0.95

Figures = dict[str, float | int]


@dataclass(frozen=True)
class Size:
    """How much to measure; the defaults are what the project promises figures for."""

    orders: int = 1_000_000
    loads: int = 40


def run(size: Size = Size()) -> Figures:
    """Return the figures."""
    with running_stack() as stack:
        seconds = seed(Path(stack.env["RADASSIGN_DATA_DIR"]), orders=size.orders)
        people = json.loads(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.board_people"],
                env=stack.env, check=True, stdout=subprocess.PIPE,
            ).stdout
        )  # fmt: skip
        figures: Figures = {f"seconds to seed {size.orders:,} orders": seconds}
        for who, person in (("", people[_NATIONAL]), ("one site: ", people[_LOCAL])):
            figures |= _measure(stack, person, size, who)
    return figures


def _measure(stack: Stack, person: Mapping[str, str], size: Size, who: str) -> Figures:
    browser = _Browser(int(stack.env["HTTP_PORT"]), person["session"])
    figures: Figures = {}
    slowest = 0.0
    for name, path in [(path, path) for path in _PAGES] + browser.followed():
        for _ in range(_WARM):
            browser.load(path)
        took = sorted(browser.load(path)[0] for _ in range(size.loads))
        p95 = took[int(len(took) * _P95)] * 1000
        slowest = max(slowest, p95)
        figures[f"{who}{name}: p50 ms"] = took[len(took) // 2] * 1000
        figures[f"{who}{name}: p95 ms"] = p95
    figures[f"{who}slowest p95 ms"] = slowest
    return figures


class _Browser:
    """One signed-in person with one connection."""

    def __init__(self, port: int, session: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._headers = {"Cookie": f"sessionid={session}", "Host": "127.0.0.1"}

    def load(self, path: str) -> tuple[float, bytes]:
        """Return the seconds that a page took, and the page."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} answered {answer.status}")
        return seconds, body

    def followed(self) -> list[tuple[str, str]]:
        """Return pages that lists link to, by what they are; what no list links to is left out."""
        found = []
        for name, path, link in _FOLLOWED:
            match = link.search(self.load(path)[1])
            if match:
                found.append((name, match[1].decode()))
        return found


def _size_from(arguments: list[str]) -> Size:
    usual = Size()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=usual.orders)
    parser.add_argument("--loads", type=int, default=usual.loads)
    return Size(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    for label, value in run(_size_from(sys.argv[1:])).items():
        print(f"{label:<64} {value:>12,.1f}")
