from __future__ import annotations

import pytest

from tests.support.department import Department


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    return Department()
