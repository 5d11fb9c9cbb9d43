from __future__ import annotations

import factory

from apps.outbound.choices import OutboundKind
from apps.outbound.models import Destination, OutboundMessage
from tests.factories.orders import OrderFactory
from tests.factories.times import NOON


class DestinationFactory(factory.django.DjangoModelFactory[Destination]):
    class Meta:
        model = Destination

    # Lists are sorted by name: as text, "RIS 10" would come before "RIS 9".
    name = factory.Sequence(lambda n: f"RIS {n:04}")
    host = "127.0.0.1"
    port = 2576


class OutboundMessageFactory(factory.django.DjangoModelFactory[OutboundMessage]):
    class Meta:
        model = OutboundMessage

    destination = factory.SubFactory(DestinationFactory)
    order = factory.SubFactory(OrderFactory)
    kind = OutboundKind.ASSIGNED
    control_id = factory.Sequence(lambda n: f"OUT{n}")
    payload = b"MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE"
    created_at = NOON
    next_attempt_at = factory.SelfAttribute("created_at")
