"""Every page, in both themes and at both widths: no barrier, no overflow, no console error."""

from __future__ import annotations

import re

import pytest
from django.urls import Resolver404, get_resolver, resolve, reverse

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


def kind(link: str) -> str:
    """Return the address without the record it names, and without a query."""
    path = link.split("?", maxsplit=1)[0]
    try:
        ids = (value for name, value in resolve(path).kwargs.items() if name.endswith("_id"))
    except Resolver404:
        ids = ()
    for value in ids:
        path = path.replace(f"/{value}/", "/#/", 1)
    return re.sub(r"\d+", "#", path)


def look_at_all(site: Site, paths: list[str]) -> dict[str, list[str]]:
    """Look at the pages and at one record of every kind they link to; return what is wrong."""
    wrong: dict[str, list[str]] = {}
    records: dict[str, str] = {}
    for path in paths:
        wrong[path] = look(site, path)
        for link in _links(site):
            records.setdefault(kind(link), link)
    linked = {link for link in records.values() if not _NOT_OURS.match(link)}
    wrong |= {path: look(site, path) for path in sorted(linked - set(paths))}
    return {path: problems for path, problems in wrong.items() if problems}


def _links(site: Site) -> list[str]:
    found: list[str] = site.page.eval_on_selector_all(
        "main a[href^='/']", "all => all.map(one => one.getAttribute('href'))"
    )
    return found


def look(site: Site, path: str) -> list[str]:
    """Visit a page and return what is wrong with it."""
    site.errors.clear()
    site.visit(path)
    problems = [*site.barriers(), *site.errors]
    if site.page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    ):
        problems.append("is wider than the screen")
    return problems


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_no_page_of_a_manager_has_a_barrier(morning: Site, width: int, scheme: str) -> None:
    del width  # the site fixture reads it
    morning.page.emulate_media(color_scheme=scheme)
    morning.let_in()

    assert look_at_all(morning, pages_without_arguments()) == {}


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_radiologists_list_has_no_barrier(morning: Site, width: int, scheme: str) -> None:
    del width  # the site fixture reads it
    reader = Radiologist.objects.filter(assignments__is_current=True).first()
    reader.user = person("smith", Role.RADIOLOGIST)
    reader.save()
    morning.page.emulate_media(color_scheme=scheme)
    morning.let_in("smith")

    own = (
        *("my-list", "my-calendars", "my-competencies", "swaps", "swap-turns"),
        *("my-share", "my-credit-add"),
    )
    wrong = {name: look(morning, reverse(name)) for name in own}
    assert {name: problems for name, problems in wrong.items() if problems} == {}
