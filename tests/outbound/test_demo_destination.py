"""The demo's destination follows the port that the demo's RIS was given."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from apps.outbound.models import Destination
from tests.factories.outbound import DestinationFactory

pytestmark = pytest.mark.db


def test_demo_destination_is_moved_and_others_are_left() -> None:
    DestinationFactory.create(name="Demo RIS", port=2576)
    DestinationFactory.create(name="Ours", port=2576)
    call_command("demo_destination", "--port", "3576", verbosity=0)
    assert dict(Destination.objects.values_list("name", "port")) == {
        "Demo RIS": 3576,
        "Ours": 2576,
    }


def test_stack_without_the_demo_is_left_as_it_is() -> None:
    DestinationFactory.create(name="Ours", port=2576)
    call_command("demo_destination", "--port", "3576", verbosity=0)
    assert Destination.objects.get().port == 2576
