from __future__ import annotations

import pytest

from apps.assignment.snapshot.cache import forget


@pytest.fixture(autouse=True)
def own_configuration() -> None:
    """Read everything anew: what another test rolled back may bear the same versions."""
    forget()
