"""Takes the pictures in docs/images from a running stack, such as that of ``make demo``.

Usage: ``python scripts/screenshots.py --password … [--user manager] [--url …] [--into …]``; the demo
prints its people and their password.
"""

# ruff: noqa: INP001, T201 -- scripts are run, never imported, and say what they did
from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Chromium's own errands go to addresses that a closed network refuses.
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
HEIGHTS = {1440: 900, 390: 844}
DEFAULT_INTO = Path(__file__).resolve().parent.parent / "docs" / "images"
READER = "smith"
"""The demo's radiologist; the demo's people share one password."""

WIDE, DARK, NARROW, NARROW_DARK = (
    (1440, "light"),
    (1440, "dark"),
    (390, "light"),
    (390, "dark"),
)
View = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to take: its address, or the first link there that ``follow`` finds.

    ``opens`` is clicked before the picture is taken, and ``shows`` waited for.
    """

    name: str
    path: str
    views: tuple[View, ...] = (WIDE,)
    user: str = ""
    follow: str = ""
    opens: str = ""
    shows: str = "main"


SHOTS = (
    Shot("board", "/", (WIDE, DARK, NARROW, NARROW_DARK), shows="#board"),
    Shot("why", "/assignments/", (WIDE, NARROW), follow="a[id^=why-]"),
    Shot("assignments", "/assignments/", (WIDE, NARROW)),
    Shot("study", "/assignments/", follow="td.study a"),
    Shot("reassign", "/assignments/", (WIDE, DARK), opens="a[id^=act-]", shows=".candidates"),
    Shot("roster", "/roster/", (WIDE, NARROW)),
    Shot("rules", "/rules/"),
    Shot("rule", "/rules/new/"),
    Shot("radiologists", "/radiologists/"),
    Shot("messages", "/messages/"),
    Shot("destinations", "/destinations/"),
    Shot("my-list", "/my-list/", (WIDE, DARK, NARROW), user=READER),
)


def main() -> int:
    """Take every picture."""
    options = _options()
    options.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for shot in SHOTS:
            for width, scheme in shot.views:
                _take(browser, options, shot, width, scheme)
        browser.close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--user", default="manager")
    parser.add_argument("--password", required=True)
    parser.add_argument("--into", type=Path, default=DEFAULT_INTO)
    parser.add_argument("--whole", action="store_true", help="the whole page, not one screen")
    return parser.parse_args()


def _take(
    browser: Browser, options: argparse.Namespace, shot: Shot, width: int, scheme: str
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1,
    )
    page.goto(f"{options.url}/login/?next={shot.path}")
    page.fill("#id_username", shot.user or options.user)
    page.fill("#id_password", options.password)
    page.click(".sign-in button[type=submit]")
    page.wait_for_selector("main")
    if shot.follow:
        page.locator(shot.follow).first.click()
        page.wait_for_load_state()
    if shot.opens:
        page.locator(shot.opens).first.click()
    page.wait_for_selector(shot.shows)
    _shoot(page, options, f"{shot.name}-{width}-{scheme}")
    page.close()


def _shoot(page: Page, options: argparse.Namespace, name: str) -> None:
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    page.screenshot(path=options.into / f"{name}.png", full_page=options.whole)
    print(options.into / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
