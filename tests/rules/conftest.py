from __future__ import annotations

import pytest

from apps.assignment.snapshot import cache


@pytest.fixture(autouse=True)
def fresh_configuration() -> None:
    """Forget what another test's configuration was: its versions were rolled back."""
    cache.forget()
