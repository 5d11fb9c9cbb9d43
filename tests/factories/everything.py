"""One row of any record, for what must hold for all of them."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from django.db.models import Model

from apps.accounts.models import RoleGrant
from apps.assignment.models import DecisionBasis, ShiftTurn
from apps.assignment.models_shadow import ShadowResult, ShadowTally
from apps.audit.models import AuditEvent
from apps.catalog.models import (
    CalendarDay,
    Cluster,
    HolidayCalendar,
    ProcedureAlias,
    SiteAlias,
    UnitTable,
    UnitValue,
    WaitingFile,
)
from apps.core.models import ConfigVersion, DueTime, Heartbeat, QueueTask
from apps.intake.models import (
    BatchMarker,
    MessageKey,
    SenderContact,
    SenderProfileVersion,
    SetAsideCode,
)
from apps.orders.models import OrderSegments, UnknownCancel
from apps.outbound.models import DestinationLink
from apps.roster.models import (
    CalendarFeed,
    CompetencyDocument,
    DocumentContent,
    DraftProgress,
    DraftTurn,
    Licence,
    PlannedGap,
    Privilege,
    RadiologistCredential,
    RadiologistSite,
    RosterDraft,
    RosterName,
    RosterOverride,
    RosterSourceState,
    Rotation,
    RotationTurn,
    Shift,
    ShiftSite,
    SwapRequest,
    WorkCredit,
    Workload,
)
from apps.rules.models import DecisionPolicy, RuleVersion, ScoringWeights, Shadow, SlaPolicy
from apps.trials.models import MovedOrder, PutAway, WhatIf
from tests.factories.assignment import (
    AssignmentFactory,
    LedgerEntryFactory,
    ReplayCheckFactory,
    UnassignedFactory,
)
from tests.factories.catalog import ClusterFactory, ProcedureFactory, SiteFactory
from tests.factories.drafts import RuleDraftFactory, drafted
from tests.factories.intake import InboundMessageFactory, SenderProfileFactory, UnknownCodeFactory
from tests.factories.orders import (
    OrderFactory,
    OrderIdentifierFactory,
    PatientFactory,
    PatientMergeFactory,
)
from tests.factories.outbound import DestinationFactory, OutboundMessageFactory
from tests.factories.people import RadiologistFactory, UserFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory, ShiftWorkTypeFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.sources import FeedFactory, RosterSourceFactory
from tests.factories.times import NOON

_numbers = itertools.count(1)


def _next() -> int:
    return next(_numbers)


def _shift() -> Shift:
    return ShiftWorkTypeFactory.create(modality="MR").shift


def _config_version() -> ConfigVersion:
    ClusterFactory.create()
    return ConfigVersion.objects.get(area="catalog")


def _audit_event() -> AuditEvent:
    cluster = ClusterFactory.create()
    Cluster.objects.filter(pk=cluster.pk).update(name="Renamed")
    return AuditEvent.objects.get(entity_id=str(cluster.pk), action="update")


def _unit_table() -> UnitTable:
    number = _next()
    day = NOON.date() + timedelta(days=number)
    return UnitTable.objects.create(name=f"Units {number}", from_date=day)


def _rule_version() -> RuleVersion:
    return RuleVersion.objects.get(rule_id=AssignmentRuleFactory.create().pk)


def _segments() -> OrderSegments:
    order = OrderFactory.create()
    header = b"MSH|^~\\&|PACS|Robina\rPID|1||MRN1\r"
    return OrderSegments.objects.create(order=order, header=header, group=b"OBR|1|P1\r")


def _draft() -> RosterDraft:
    return RosterDraft.objects.create(
        name="February",
        start_date=NOON.date(),
        end_date=NOON.date(),
        made_by="user:manager",
        made_at=NOON,
    )


def _calendar() -> HolidayCalendar:
    number = _next()
    return HolidayCalendar.objects.create(code=f"CAL{number}", name=f"Calendar {number}")


def _rotation() -> Rotation:
    return Rotation.objects.create(shift=ShiftFactory.create(), start_date=NOON.date())


def _whatif() -> WhatIf:
    return WhatIf.objects.create(name="what if", since=NOON, until=NOON, made_at=NOON)


def _shadow() -> Shadow:
    return Shadow.objects.create(
        draft=RuleDraftFactory.create(),
        started_by="user:ann",
        started_at=NOON,
        ends_at=NOON + timedelta(days=3),
    )


_MAKERS: Mapping[str, Callable[[], Model]] = {
    "trials.WhatIf": _whatif,
    "trials.PutAway": lambda: PutAway.objects.create(whatif=_whatif(), at=NOON),
    "trials.MovedOrder": lambda: MovedOrder.objects.create(
        whatif=_whatif(), order=OrderFactory.create(), at=NOON
    ),
    "accounts.RoleGrant": lambda: RoleGrant.objects.create(
        user=UserFactory.create(), role="auditor"
    ),
    "accounts.User": UserFactory.create,
    "assignment.Assignment": AssignmentFactory.create,
    "assignment.DecisionBasis": lambda: DecisionBasis.objects.create(
        area="rules", version=_next(), payload=zlib.compress(b'{"rules":[]}')
    ),
    "assignment.LedgerEntry": LedgerEntryFactory.create,
    "assignment.ShiftTurn": lambda: ShiftTurn.objects.create(
        shift_code="MRI", radiologist=RadiologistFactory.create(), last_assigned_at=NOON
    ),
    "assignment.Unassigned": UnassignedFactory.create,
    "audit.AuditEvent": _audit_event,
    "catalog.Cluster": ClusterFactory.create,
    "catalog.HolidayCalendar": _calendar,
    "catalog.CalendarDay": lambda: CalendarDay.objects.create(
        calendar=_calendar(), on=NOON.date(), name="Inventory"
    ),
    "catalog.Procedure": ProcedureFactory.create,
    "catalog.ProcedureAlias": lambda: ProcedureAlias.objects.create(
        procedure=ProcedureFactory.create(), local_code=f"LOCAL{_next()}"
    ),
    "catalog.Site": SiteFactory.create,
    "catalog.UnitTable": _unit_table,
    "catalog.UnitValue": lambda: UnitValue.objects.create(
        table=_unit_table(), modality="MR", units=2
    ),
    "catalog.SiteAlias": lambda: SiteAlias.objects.create(
        site=SiteFactory.create(), value=f"Alias {_next()}"
    ),
    "catalog.WaitingFile": lambda: WaitingFile.objects.create(
        owner=f"user:{_next()}", kind="rvu", name="weights.csv", rows=b"", sent_at=NOON
    ),
    "core.ConfigVersion": _config_version,
    "core.DueTime": lambda: DueTime.objects.create(kind="sla", subject=str(_next()), due_at=NOON),
    "core.Heartbeat": lambda: Heartbeat.objects.create(
        name=f"decide/{_next()}", role="worker", at=NOON
    ),
    "core.QueueTask": lambda: QueueTask.objects.create(cluster="decide", payload="signed"),
    "intake.BatchMarker": lambda: BatchMarker.objects.get_or_create(pk=1)[0],
    "intake.InboundMessage": InboundMessageFactory.create,
    "intake.MessageKey": lambda: MessageKey.objects.create(
        key=_next().to_bytes(16, "big"), message_id=1
    ),
    "intake.SenderContact": lambda: SenderContact.objects.create(
        application="PACS", facility=f"SITE{_next()}", last_at=NOON
    ),
    "intake.SenderProfile": SenderProfileFactory.create,
    "intake.SenderProfileVersion": lambda: SenderProfileVersion.objects.get(
        profile_id=SenderProfileFactory.create().pk
    ),
    "intake.SetAsideCode": lambda: SetAsideCode.objects.create(
        issuer="Robina", code=f"LAB{_next()}"
    ),
    "intake.UnknownCode": UnknownCodeFactory.create,
    "orders.Order": lambda: _segments().order,
    "orders.OrderIdentifier": OrderIdentifierFactory.create,
    "orders.OrderSegments": _segments,
    "orders.Patient": PatientFactory.create,
    "orders.PatientMerge": PatientMergeFactory.create,
    "orders.UnknownCancel": lambda: UnknownCancel.objects.create(
        issuer="HOSPITAL", kind="placer", value=f"P{_next()}", at=NOON, message_id=1
    ),
    "outbound.Destination": DestinationFactory.create,
    "outbound.DestinationLink": lambda: DestinationLink.objects.create(
        destination=DestinationFactory.create()
    ),
    "outbound.OutboundMessage": OutboundMessageFactory.create,
    "roster.CompetencyDocument": lambda: CompetencyDocument.objects.create(
        radiologist=RadiologistFactory.create(),
        name="licence.pdf",
        content_type="application/pdf",
        size=8,
        digest=f"{_next():064x}",
        uploaded_at=NOON,
        uploaded_by="user:manager",
    ),
    "roster.DocumentContent": lambda: DocumentContent.objects.create(
        digest=f"{_next():064x}", content=b"%PDF-1.7"
    ),
    "roster.Licence": lambda: Licence.objects.create(
        radiologist=RadiologistFactory.create(), jurisdiction="QLD"
    ),
    "roster.PlannedGap": lambda: PlannedGap.objects.create(
        shift=ShiftFactory.create(), start_date=NOON.date(), reason="Renovation"
    ),
    "roster.Rotation": _rotation,
    "roster.RotationTurn": lambda: RotationTurn.objects.create(rotation=_rotation(), position=0),
    "roster.SwapRequest": lambda: SwapRequest.objects.create(
        shift=ShiftFactory.create(),
        radiologist=RadiologistFactory.create(),
        start_date=NOON.date(),
        end_date=NOON.date(),
        made_by="user:manager",
        made_at=NOON,
    ),
    "roster.Privilege": lambda: Privilege.objects.create(radiologist=RadiologistFactory.create()),
    "roster.Radiologist": RadiologistFactory.create,
    "roster.RadiologistCredential": lambda: RadiologistCredential.objects.create(
        radiologist=RadiologistFactory.create(), name="FRANZCR"
    ),
    "roster.RadiologistSite": lambda: RadiologistSite.objects.create(
        radiologist=RadiologistFactory.create(), site=SiteFactory.create()
    ),
    "roster.RosterAssignment": RosterAssignmentFactory.create,
    "roster.RosterDraft": _draft,
    "roster.DraftProgress": lambda: DraftProgress.objects.create(draft=_draft()),
    "roster.DraftTurn": lambda: DraftTurn.objects.create(
        draft=_draft(),
        shift=ShiftFactory.create(),
        radiologist=RadiologistFactory.create(),
        on=NOON.date(),
    ),
    "roster.RosterSource": RosterSourceFactory.create,
    "roster.RosterSourceState": lambda: RosterSourceState.objects.create(
        source=FeedFactory.create()
    ),
    "roster.RosterName": lambda: RosterName.objects.create(
        source=FeedFactory.create(), kind="person", text="OFF", is_ignored=True
    ),
    "roster.CalendarFeed": lambda: CalendarFeed.objects.create(
        kind="shift",
        shift=ShiftFactory.create(),
        digest=f"{_next():064x}",
        made_by="user:manager",
        made_at=NOON,
    ),
    "roster.RosterOverride": lambda: RosterOverride.objects.create(
        kind="leave",
        radiologist=RadiologistFactory.create(),
        start_date=date(2026, 2, 4),
        end_date=date(2026, 2, 4) + timedelta(days=7),
    ),
    "roster.Shift": _shift,
    "roster.ShiftSite": lambda: ShiftSite.objects.create(
        shift=ShiftFactory.create(), site=SiteFactory.create()
    ),
    "roster.ShiftWorkType": ShiftWorkTypeFactory.create,
    "roster.Workload": lambda: Workload.objects.get(radiologist=RadiologistFactory.create()),
    "rules.AssignmentRule": AssignmentRuleFactory.create,
    "rules.RuleVersion": _rule_version,
    "rules.RuleDraft": RuleDraftFactory.create,
    "rules.DraftChange": lambda: drafted(
        RuleDraftFactory.create(), AssignmentRuleFactory.create()
    ),
    "rules.Shadow": _shadow,
    "assignment.ReplayCheck": ReplayCheckFactory.create,
    "assignment.ShadowResult": lambda: ShadowResult.objects.create(
        shadow=_shadow(), order=OrderFactory.create(), at=NOON, is_same=True
    ),
    "assignment.ShadowTally": lambda: ShadowTally.objects.create(
        shadow=_shadow(), on_date=NOON.date()
    ),
    "roster.WorkCredit": lambda: WorkCredit.objects.create(
        radiologist=RadiologistFactory.create(),
        kind="board",
        start_at=NOON,
        end_at=NOON + timedelta(hours=1),
    ),
    "rules.DecisionPolicy": lambda: DecisionPolicy.objects.get_or_create(pk=1)[0],
    "rules.ScoringWeights": lambda: ScoringWeights.objects.get_or_create(pk=1)[0],
    "rules.SlaPolicy": lambda: SlaPolicy.objects.create(
        urgency="STAT", modality=f"M{_next()}", report_minutes=60
    ),
}


def row_of(model: type[Model]) -> Model:
    """Return a row of the model.

    Raises:
        KeyError: nobody has said yet how one is made.
    """
    return _MAKERS[model._meta.label]()
