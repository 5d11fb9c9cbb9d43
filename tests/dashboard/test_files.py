from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
TEMPLATES = STATIC.parent / "templates"
VENDOR = STATIC / "vendor"
TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


def test_vendored_files_are_those_of_the_record() -> None:
    records = json.loads((VENDOR / "vendor.json").read_text())

    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    named = [(record["name"], record["version"]) for record in records]
    assert named == [("beercss", "5.0.3"), ("sortablejs", "1.15.7")]
    assert found == {
        name: digest for record in records for name, digest in record["files"].items()
    }


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")) + sorted(STATIC.rglob("*.js")))
def test_file_names_no_address_elsewhere(path: Path) -> None:
    text = path.read_text()

    assert re.findall(r"https?://[^\s\"')]+", text) == []
    assert "sourceMappingURL" not in text


def test_templates_hold_no_script_style_or_handler_of_their_own() -> None:
    inline = re.compile(r"<style|style=|\son[a-z]+=|<script(?![^>]*\bsrc=)|javascript:|hx-on")

    tags = re.compile(r"{%.*?%}", re.DOTALL)

    found = {
        str(path): inline.findall(tags.sub("", path.read_text()))
        for path in TEMPLATES.rglob("*.html")
    }
    assert {path: said for path, said in found.items() if said} == {}


def luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "grounds"),
    [
        ("on-surface", ("surface", "background", "surface-container")),
        ("on-surface-variant", ("surface", "background", "surface-container", "good-ground")),
        ("primary", ("surface", "background", "surface-container")),
        ("on-primary", ("primary",)),
        ("on-secondary-container", ("secondary-container",)),
        ("calm", ("surface", "surface-container", "calm-ground", "good-ground")),
        ("good", ("surface", "surface-container", "good-ground", "background")),
        ("warn", ("surface", "surface-container", "warn-ground")),
        ("alarm", ("surface", "surface-container", "alarm-ground")),
    ],
)
def test_text_stands_out_from_its_ground(ink: str, grounds: tuple[str, ...], scheme: int) -> None:
    """Source: WCAG 2.2, 1.4.3, level AA."""
    tokens = {name: pair for name, *pair in TOKEN.findall((STATIC / "css/tokens.css").read_text())}

    weak = {
        ground: round(contrast(tokens[ink][scheme], tokens[ground][scheme]), 2)
        for ground in grounds
        if contrast(tokens[ink][scheme], tokens[ground][scheme]) < 4.5
    }
    assert weak == {}


def test_empty_board_names_a_message_that_exists() -> None:
    hint = (TEMPLATES / "dashboard" / "_recent.html").read_text()

    (named,) = re.findall(r"fixtures/hl7/\w+\.hl7", hint)
    assert (STATIC.parent / named).is_file()
