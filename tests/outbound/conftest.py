"""A deliverer of the test's own, and short ways to queue and to look."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.outbound.delivery.deliverer import Deliverer
from apps.outbound.models import Destination
from apps.outbound.queries import destinations
from tests.factories import DestinationFactory
from tests.fakes.peer import FakePeer


@pytest.fixture(autouse=True)
def no_kept_destinations() -> None:
    """Forget what an earlier test's transaction, since rolled back, had loaded."""
    destinations.forget()


@pytest.fixture
def deliverer(transactional_db: None) -> Iterator[Deliverer]:  # noqa: ARG001 -- for its effect
    made = Deliverer()
    yield made
    made.stop()
    assert not made.is_alive


@pytest.fixture
def peer() -> Iterator[FakePeer]:
    with FakePeer() as made:
        yield made


@pytest.fixture
def destination_of(transactional_db: None) -> Callable[..., Destination]:  # noqa: ARG001 -- see above
    def make(peer: FakePeer, **values: object) -> Destination:
        quick = {"answer_timeout_seconds": 1, "quick_retries": 3} | values
        return DestinationFactory.create(port=peer.port, **quick)

    return make
