"""A decider process of a test's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.wire.stack import ROOT, Stack

_DECIDE = """
import time, django
django.setup()
from apps.intake.tasks import decide_once
print("deciding", flush=True)
while True:
    decide_once() or time.sleep(0.005)
"""


@contextmanager
def deciding(stack: Stack) -> Iterator[subprocess.Popen[str]]:
    """Let a decider run, ended by kill -9 as the machine's would be."""
    environment = stack.environment() | {"DJANGO_SETTINGS_MODULE": "radassign.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", _DECIDE],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "deciding\n"
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)
        process.stdout.close()
