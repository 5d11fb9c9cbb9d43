"""Every page, in both themes and at both widths: no barrier, no overflow, no console error."""

from __future__ import annotations

import re

import pytest
from django.urls import get_resolver, reverse

from apps.accounts.choices import Role
from apps.roster.models import Radiologist
from tests.accounts.pages import PAGES
from tests.e2e.conftest import Site, person
from tests.support.demo_day import load_department, some_work

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# Pages that are no pages: answers for machines, and what only a form is sent to.
_NOT_LOOKED_AT = frozenset(
    {
        *("login", "logout", "undo", "study-find", "study-reassign", "rule-schema", "rule-check"),
        # Other people's, looked at below; and what their pages send.
        *("my-list", "ordered", "my-list-presence", "my-list-activity", "my-list-next"),
        *("my-calendars", "my-competencies", "swaps", "swap-turns", "my-share", "my-credit-add"),
        # A part of a page.
        *("calendar-regions", "rule-codes"),
        *("health", "health-db", "health-queue", "metrics", "refresh-hook"),
        # Files.
        *("procedure-export-csv", "procedure-export-xlsx", "senders-export"),
        *(name for name, page in PAGES.items() if page.methods == "POST"),
    }
)
_NOT_OURS = re.compile(r"/admin/|/rules/schema\.json|/.*/export(/|\.csv|\.xlsx)")
"""Django's own pages, and what is no page."""


@pytest.fixture
def morning(site: Site) -> Site:
    load_department()
    some_work()
    return site


def pages_without_arguments() -> list[str]:
    """Return the addresses that name no record, the admin's left out."""
    names = (key for key in get_resolver().reverse_dict if isinstance(key, str))
    return sorted(
        reverse(name)
        for name in names
        if name not in _NOT_LOOKED_AT
        and all(not params for _, params in get_resolver().reverse_dict.getlist(name)[0][0])
    )


def records(site: Site) -> list[str]:
    """Return the address of one record of every kind, as the lists link to them."""
    found: dict[str, str] = {}
    for path in pages_without_arguments():
        site.visit(path)
        links = site.page.eval_on_selector_all(
            "main a[href^='/']", "all => all.map(one => one.getAttribute('href'))"
        )
        for link in links:
            kind = re.sub(r"\d+", "#", link.split("?")[0])
            found.setdefault(kind, link)
    kept = (link for link in found.values() if not _NOT_OURS.match(link))
    return sorted(set(kept))


def look(site: Site, paths: list[str]) -> dict[str, list[str]]:
    """Visit each page and return what is wrong with it."""
    wrong: dict[str, list[str]] = {}
    for path in paths:
        site.errors.clear()
        site.visit(path)
        problems = [*site.barriers(), *site.errors]
        if site.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        ):
            problems.append("is wider than the screen")
        if problems:
            wrong[path] = problems
    return wrong


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_no_page_of_a_manager_has_a_barrier(morning: Site, width: int, scheme: str) -> None:
    del width  # the site fixture reads it
    morning.page.emulate_media(color_scheme=scheme)
    morning.sign_in()
    paths = sorted({*pages_without_arguments(), *records(morning)})

    assert look(morning, paths) == {}


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_radiologists_list_has_no_barrier(morning: Site, width: int, scheme: str) -> None:
    del width  # the site fixture reads it
    reader = Radiologist.objects.filter(assignments__is_current=True).first()
    reader.user = person("smith", Role.RADIOLOGIST)
    reader.save()
    morning.page.emulate_media(color_scheme=scheme)
    morning.sign_in("smith", shows="main")

    own = (
        *("my-list", "my-calendars", "my-competencies", "swaps", "swap-turns"),
        *("my-share", "my-credit-add"),
    )
    assert look(morning, [reverse(name) for name in own]) == {}
