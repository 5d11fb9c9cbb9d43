"""The smallest valid row of each record; what matters to a test is said in the test."""

from __future__ import annotations

from tests.factories.assignment import (
    AssignmentFactory,
    EndedAssignmentFactory,
    LedgerEntryFactory,
    ReplayCheckFactory,
    UnassignedFactory,
)
from tests.factories.catalog import ClusterFactory, ProcedureFactory, SiteFactory
from tests.factories.core import HeartbeatFactory
from tests.factories.intake import InboundMessageFactory, SenderProfileFactory
from tests.factories.orders import OrderFactory, OrderIdentifierFactory, PatientFactory
from tests.factories.outbound import DestinationFactory, OutboundMessageFactory
from tests.factories.people import RadiologistFactory, UserFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory, ShiftWorkTypeFactory
from tests.factories.rules import AssignmentRuleFactory, SlaPolicyFactory

__all__ = [
    "AssignmentFactory",
    "AssignmentRuleFactory",
    "ClusterFactory",
    "DestinationFactory",
    "EndedAssignmentFactory",
    "HeartbeatFactory",
    "InboundMessageFactory",
    "LedgerEntryFactory",
    "OrderFactory",
    "OrderIdentifierFactory",
    "OutboundMessageFactory",
    "PatientFactory",
    "ProcedureFactory",
    "RadiologistFactory",
    "ReplayCheckFactory",
    "RosterAssignmentFactory",
    "SenderProfileFactory",
    "ShiftFactory",
    "ShiftWorkTypeFactory",
    "SiteFactory",
    "SlaPolicyFactory",
    "UnassignedFactory",
    "UserFactory",
]
