from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection, connections
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from tests.factories import UserFactory
from tests.support.people import client_of

# Chromium's own errands go to addresses that a closed network refuses.
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PASSWORD = "a long enough password"
PATIENCE_SECONDS = 30
"""How long a page may take on a machine that has much else to do; nothing waits that long else."""
_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
_REPORT_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass
class Site:
    """A page of the running site, and what went wrong or was fetched while it was looked at."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def let_in(self, username: str = "manager") -> None:
        """Give the browser the session of somebody who has signed in; it shows no page yet."""
        session = client_of(User.objects.get(username=username)).cookies[
            settings.SESSION_COOKIE_NAME
        ]
        self.page.context.add_cookies(
            [{"name": session.key, "value": session.value, "url": self.url}]
        )

    def sign_in(self, username: str = "manager", shows: str = "#board") -> None:
        """Let somebody in and show what they see first."""
        self.let_in(username)
        self.visit("/")
        self.page.wait_for_selector(shows)

    def sign_in_by_form(self, username: str = "manager", shows: str = "#board") -> None:
        """Sign in as people do, with name and password."""
        self.visit("/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click(".sign-in button[type=submit]")
        self.page.wait_for_selector(shows)
        # Scripts run once all is there; a key that is pressed before is pressed for nothing.
        self.page.wait_for_load_state("load")

    def visit(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def barriers(self) -> list[str]:
        """Return what axe-core finds serious or worse, each with where it stands."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['html'][:120]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Open a browser for one module: while its event loop runs, Django's connections are others.

    Tests without a browser shall not run under it, so it ends with the module.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; CI never skips the tests in a browser")
        pytest.skip("chromium is missing: `apt-get install chromium`, or see the README")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop here, and Django takes the tests for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        connections.close_all()
        browser.close()


@pytest.fixture
def site(browser: Browser, live_server: object, request: pytest.FixtureRequest) -> Iterator[Site]:
    """Open a page, 1440 pixels wide unless the test is parametrized with ``width``."""
    person("manager", Role.MANAGER, Role.ADMINISTRATOR)
    callspec = getattr(request.node, "callspec", None)
    width = callspec.params.get("width", 1440) if callspec else 1440
    page = browser.new_page(viewport={"width": width, "height": 844}, locale="en-GB")
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    site = Site(page, live_server.url)
    page.add_init_script(_REPORT_VIOLATIONS)
    page.on("console", lambda message: _note(site, message.type, message.text))
    page.on("pageerror", lambda error: site.errors.append(str(error)))
    page.on("request", lambda sent: site.requests.append(sent.url))
    yield site
    # A poll that still runs would cross the emptying of the tables.
    page.goto("about:blank")
    wait_for_idle_server()
    page.close()


def wait_for_idle_server() -> None:
    """Wait, with patience, until no other connection is in the middle of anything."""
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while _at_work() and time.monotonic() < patience_ends:
        time.sleep(0.05)


def _at_work() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_AT_WORK)
        found: int = cursor.fetchone()[0]
    return found


def person(username: str, *roles: Role, **values: object) -> User:
    """Make somebody who can sign in and has the roles everywhere."""
    user = UserFactory(username=username, password=PASSWORD, **values)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role)
    return user


def _note(site: Site, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        site.errors.append(text)
