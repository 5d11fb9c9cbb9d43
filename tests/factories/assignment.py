from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import factory

from apps.assignment.choices import AssignmentState, EndReason, LedgerKind, ReasonChoices
from apps.assignment.models import Assignment, LedgerEntry, ReplayCheck, Unassigned
from apps.core import clock
from apps.orders.choices import OrderStatus
from tests.factories.orders import OrderFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import ShiftFactory
from tests.factories.times import NOON


class AssignmentFactory(factory.django.DjangoModelFactory[Assignment]):
    class Meta:
        model = Assignment

    order = factory.SubFactory(OrderFactory, status=OrderStatus.ASSIGNED)
    radiologist = factory.SubFactory(RadiologistFactory)
    shift = factory.SubFactory(ShiftFactory)
    shift_code = factory.LazyAttribute(lambda row: row.shift.code if row.shift else "")
    strategy = "LOAD_BALANCED"
    urgency = factory.SelfAttribute("order.urgency")
    rvu = Decimal(1)
    assigned_at = NOON
    latency_ms = 40


class EndedAssignmentFactory(AssignmentFactory):
    is_current = False
    state = AssignmentState.ENDED
    ended_at = NOON
    end_reason = EndReason.REASSIGNED


class UnassignedFactory(factory.django.DjangoModelFactory[Unassigned]):
    class Meta:
        model = Unassigned

    order = factory.SubFactory(OrderFactory, status=OrderStatus.UNASSIGNED)
    reason = ReasonChoices.NO_SHIFT
    since = NOON
    tried_at = NOON


class LedgerEntryFactory(factory.django.DjangoModelFactory[LedgerEntry]):
    class Meta:
        model = LedgerEntry

    radiologist = factory.SubFactory(RadiologistFactory)
    kind = LedgerKind.ASSIGNED
    at = NOON
    rvu = Decimal(1)


class ReplayCheckFactory(factory.django.DjangoModelFactory[ReplayCheck]):
    class Meta:
        model = ReplayCheck

    at = factory.LazyFunction(clock.now)
    since = factory.LazyAttribute(lambda row: row.at - timedelta(days=1))
