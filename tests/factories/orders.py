from __future__ import annotations

import factory

from apps.orders.choices import IdentifierKind
from apps.orders.models import Order, OrderIdentifier, Patient, PatientMerge
from tests.factories.catalog import SiteFactory
from tests.factories.times import NOON


class PatientFactory(factory.django.DjangoModelFactory[Patient]):
    class Meta:
        model = Patient

    authority = "HOSPITAL"
    mrn = factory.Sequence(lambda n: f"MRN{n}")
    family_name = "Hidden"
    given_name = "Pat"


class PatientMergeFactory(factory.django.DjangoModelFactory[PatientMerge]):
    class Meta:
        model = PatientMerge

    survivor = factory.SubFactory(PatientFactory)
    dead = factory.SubFactory(PatientFactory, merged_into=factory.SelfAttribute("..survivor"))
    at = NOON
    made_by = "system:hl7"
    sender = "HIS|Robina"


class OrderFactory(factory.django.DjangoModelFactory[Order]):
    class Meta:
        model = Order

    issuer = "HOSPITAL"
    accession = factory.Sequence(lambda n: f"ACC{n}")
    patient = factory.SubFactory(PatientFactory)
    site = factory.SubFactory(SiteFactory)
    procedure_text = "MRI knee"
    modality = "MR"
    body_part = "KNEE"
    received_at = NOON
    updated_at = factory.SelfAttribute("received_at")


class OrderIdentifierFactory(factory.django.DjangoModelFactory[OrderIdentifier]):
    class Meta:
        model = OrderIdentifier

    order = factory.SubFactory(OrderFactory)
    issuer = factory.SelfAttribute("order.issuer")
    kind = IdentifierKind.ACCESSION
    value = factory.SelfAttribute("order.accession")
