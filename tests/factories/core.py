from __future__ import annotations

import factory

from apps.core.models import Heartbeat
from tests.factories.times import NOON


class HeartbeatFactory(factory.django.DjangoModelFactory[Heartbeat]):
    class Meta:
        model = Heartbeat

    name = factory.Sequence(lambda n: f"host:{n}")
    role = "worker"
    at = NOON
