"""The roster on paper: each view on one sheet, with every line and every turn."""

from __future__ import annotations

import re
from datetime import time

import pytest

from tests.e2e.conftest import Site
from tests.factories import RadiologistFactory, RosterAssignmentFactory, ShiftFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PEOPLE = SHIFTS = 20
VIEWS = ("day", "week", "2weeks", "4weeks")
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


def full() -> None:
    """Put each of twenty people on four of twenty shifts, every day."""
    people = [
        RadiologistFactory.create(id=f"DR_{n}", family_name=f"Longname{n}") for n in range(PEOPLE)
    ]
    for number in range(SHIFTS):
        hours = {"start_local": time(number), "end_local": time((number + 8) % 24)}
        shift = ShiftFactory.create(code=f"CT_BODY_{number}", name=f"CT body {number}", **hours)
        for ahead in range(4):
            on = people[(number + ahead) % PEOPLE]
            RosterAssignmentFactory.create(shift=shift, radiologist=on)


def test_every_view_prints_on_one_page_with_all_its_lines(site: Site) -> None:
    full()
    site.let_in()
    pages, lines = {}, {}
    for view in VIEWS:
        for by in ("", "person"):
            site.visit(f"/roster/?view={view}&by={by}&print=1")
            sheet = site.page.pdf(prefer_css_page_size=True)
            pages[view, by] = len(_PAGE.findall(sheet))
            lines[view, by] = site.page.locator(".rota .line:not(.heads)").count()
            assert site.page.locator(".more-runs, .more-people").count() == 0
    every = [(view, by) for view in VIEWS for by in ("", "person")]
    assert pages == dict.fromkeys(every, 1)
    assert lines == dict.fromkeys(every, 20)
    assert site.errors == []
