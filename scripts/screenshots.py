"""Takes the pictures in docs/images from a running stack, such as that of ``make demo``.

Usage: ``python scripts/screenshots.py --user manager --password … [--url …] [--into …]``.
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
WIDTHS = {1440: 900, 390: 844}
SCHEMES = ("light", "dark")
DEFAULT_INTO = Path(__file__).resolve().parent.parent / "docs" / "images"


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to take; the path None is the newest explanation that the board links to."""

    name: str
    path: str | None


SHOTS = (Shot("board", "/"), Shot("why", None))


def main() -> int:
    """Take every page at every width in both colour schemes."""
    options = _options()
    options.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for width, height in WIDTHS.items():
            for scheme in SCHEMES:
                _take_all(browser, options, width, height, scheme)
        browser.close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--into", type=Path, default=DEFAULT_INTO)
    parser.add_argument("--whole", action="store_true", help="the whole page, not one screen")
    return parser.parse_args()


def _take_all(
    browser: Browser, options: argparse.Namespace, width: int, height: int, scheme: str
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1,
    )
    page.goto(f"{options.url}/login/")
    page.fill("#id_username", options.user)
    page.fill("#id_password", options.password)
    page.click("button[type=submit]")
    page.wait_for_selector("#board")
    links = page.locator(".recent .action a")
    newest = links.first.get_attribute("href") if links.count() else "/"
    for shot in SHOTS:
        page.goto(f"{options.url}{shot.path or newest}")
        _shoot(page, options, f"{shot.name}-{width}-{scheme}")
    page.close()


def _shoot(page: Page, options: argparse.Namespace, name: str) -> None:
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    page.screenshot(path=options.into / f"{name}.png", full_page=options.whole)
    print(options.into / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
