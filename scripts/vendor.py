"""Brings the front-end files that the pages use into static/vendor; run by hand, never at run time.

Usage: ``python scripts/vendor.py``. Needs npm. What was taken, from which release, under which
licence and what was changed in it stands in ``static/vendor/vendor.json``, with the digest of
every file. htmx is not here: the django-htmx package ships its own.
"""

# ruff: noqa: INP001 -- scripts are run, never imported
from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VENDOR_DIR = Path(__file__).resolve().parent.parent / "static" / "vendor"
FONT = "material-symbols-outlined.woff2"
BEERCSS_CHANGES = (
    "Only the style sheet and one icon font are taken; no script.",
    "Addresses of a content delivery network, the other three icon fonts and the shapes cut out.",
    "The style sheet is wrapped in the cascade layer `vendor`, so that the site's own rules win.",
)

_CDN_SOURCE = re.compile(r",url\(https?://[^)]*\)\s*format\([^)]*\)")
_FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
_SHAPE_RULE = re.compile(r"[^{}]+\{[^{}]*url\([a-z0-9-]+\.svg\)[^{}]*\}")
_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=[^*]*\*/")


@dataclass(frozen=True)
class Package:
    """A release and what is taken of it; ``take`` gets the unpacked package and the target."""

    name: str
    version: str
    licence: str
    changes: tuple[str, ...]
    take: Callable[[Path, Path], None]


def main() -> int:
    """Fetch, cut to size, write; replaces what was there."""
    records = [_bring(package) for package in PACKAGES]
    (VENDOR_DIR / "vendor.json").write_text(json.dumps(records, indent=2) + "\n")
    return 0


def cut(css: str) -> str:
    """Return the style sheet with nothing in it that would be loaded from elsewhere."""
    css = _CDN_SOURCE.sub("", css)
    css = _FONT_FACE.sub(lambda face: face[0] if FONT in face[0] else "", css)
    css = _SOURCE_MAP.sub("", _SHAPE_RULE.sub("", css))
    # Icons are words until their font is there; showing nothing is calmer than showing those.
    css = css.replace("font-display:swap", "font-display:block")
    return f"@layer vendor{{{css.strip()}}}\n"


def _take_beercss(package: Path, target: Path) -> None:
    css = (package / "dist" / "cdn" / "beer.min.css").read_text()
    (target / "beer.css").write_text(cut(css))
    shutil.copy(package / "dist" / "cdn" / FONT, target)


def _take_sortable(package: Path, target: Path) -> None:
    shutil.copy(package / "Sortable.min.js", target / "sortable.js")


PACKAGES = (
    Package(
        name="beercss",
        version="5.0.3",
        licence="MIT; the icon font Material Symbols Outlined is Apache-2.0",
        changes=BEERCSS_CHANGES,
        take=_take_beercss,
    ),
    Package(
        name="sortablejs",
        version="1.15.7",
        licence="MIT",
        changes=("Only the minified script is taken, unchanged.",),
        take=_take_sortable,
    ),
)


def _bring(package: Package) -> dict[str, Any]:
    """Replace the package's folder; return its entry in the record."""
    target = VENDOR_DIR / package.name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        archive = _pack(package, Path(folder))
        unpacked = _unpack(archive, Path(folder))
        package.take(unpacked, target)
        shutil.copy(unpacked / "LICENSE", target / "LICENSE")
        return _record(package, target, integrity=_integrity(archive))


def _pack(package: Package, folder: Path) -> Path:
    release = f"{package.name}@{package.version}"
    subprocess.run(  # noqa: S603 -- words of the table above
        ["npm", "pack", release, "--silent", "--pack-destination", str(folder)],  # noqa: S607 -- the caller's npm
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder / f"{package.name}-{package.version}.tgz"


def _unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    return folder / "package"


def _integrity(archive: Path) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def _record(package: Package, target: Path, *, integrity: str) -> dict[str, Any]:
    files = {
        str(path.relative_to(VENDOR_DIR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(target.iterdir())
    }
    return {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "integrity": integrity,
        "changes": package.changes,
        "files": files,
    }


if __name__ == "__main__":
    sys.exit(main())
