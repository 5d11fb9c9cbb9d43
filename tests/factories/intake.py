from __future__ import annotations

import hashlib

import factory

from apps.intake.models import InboundMessage, SenderProfile, UnknownCode
from tests.factories.times import NOON


class SenderProfileFactory(factory.django.DjangoModelFactory[SenderProfile]):
    class Meta:
        model = SenderProfile

    name = factory.Sequence(lambda n: f"Sender {n}")
    facility = factory.Sequence(lambda n: f"FACILITY{n}")


class InboundMessageFactory(factory.django.DjangoModelFactory[InboundMessage]):
    class Meta:
        model = InboundMessage

    arrival_seq = factory.Sequence(lambda n: 1_770_000_000_000_000 + n)
    received_at = NOON
    control_id = factory.Sequence(lambda n: f"MSG{n}")
    raw = factory.LazyAttribute(lambda row: f"MSH|^~\\&|||||||ORM^O01|{row.control_id}".encode())
    digest = factory.LazyAttribute(lambda row: hashlib.blake2b(row.raw, digest_size=16).digest())


class UnknownCodeFactory(factory.django.DjangoModelFactory[UnknownCode]):
    class Meta:
        model = UnknownCode

    issuer = "Robina"
    code = factory.Sequence(lambda n: f"X{n}")
    text = "CT HEAD W/O CONTRAST"
    first_at = NOON
    last_at = NOON
