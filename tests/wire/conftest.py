from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.stack import ListenerProcess, Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A database of the wire tests' own: some of them kill it."""
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-wire-"))
    data_dir.chmod(0o711)  # the server, demoted where we are root, passes through
    made = Stack(data_dir)
    try:
        made.start()
        yield made
    finally:
        made.destroy()
        shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture
def listener(stack: Stack) -> Iterator[ListenerProcess]:
    """A real listener process."""
    with stack.listener() as process:
        yield process


@pytest.fixture(scope="module")
def shared_listener(stack: Stack) -> Iterator[ListenerProcess]:
    """A real listener process for tests that leave it as it was."""
    with stack.listener() as process:
        yield process
