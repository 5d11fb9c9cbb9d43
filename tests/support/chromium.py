"""Finds the browser of the e2e tests; ``python -m tests.support.chromium`` installs Debian's.

Installed only as root on a Debian with apt-get. Everywhere else a missing browser skips the
tests that need it, with one line that says so; CI fails instead of skipping.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the browser's path, None where there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def can_install() -> bool:
    return (
        os.geteuid() == 0
        and Path("/etc/debian_version").exists()
        and shutil.which("apt-get") is not None
    )


def install() -> bool:
    """Install Debian's chromium; return whether a browser is there afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "-y", "chromium"]):
        answer = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if answer.returncode != 0:
            break
    return find_chromium() is not None


def main() -> int:
    if find_chromium() or (can_install() and install()):
        return 0
    sys.stderr.write("chromium is missing: the browser tests are skipped.\n")
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
