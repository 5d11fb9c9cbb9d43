from __future__ import annotations

from datetime import date, time

import factory

from apps.roster.models import RosterAssignment, Shift, ShiftWorkType
from tests.factories.people import RadiologistFactory


class ShiftFactory(factory.django.DjangoModelFactory[Shift]):
    class Meta:
        model = Shift

    code = factory.Sequence(lambda n: f"SHIFT{n}")
    name = factory.LazyAttribute(lambda row: row.code.title())
    start_local = time(0)
    end_local = time(0)
    time_zone = "Australia/Brisbane"


class ShiftWorkTypeFactory(factory.django.DjangoModelFactory[ShiftWorkType]):
    class Meta:
        model = ShiftWorkType

    shift = factory.SubFactory(ShiftFactory)


class RosterAssignmentFactory(factory.django.DjangoModelFactory[RosterAssignment]):
    class Meta:
        model = RosterAssignment

    shift = factory.SubFactory(ShiftFactory)
    radiologist = factory.SubFactory(RadiologistFactory)
    start_date = date(2026, 1, 1)
