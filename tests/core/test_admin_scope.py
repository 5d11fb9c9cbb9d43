"""The admin shows and changes the rows of the viewer's sites only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import User
from apps.assignment.models_shadow import ShadowResult, ShadowTally
from apps.catalog.models import Site, SiteAlias
from apps.core.access import RECORDS
from apps.core.admin_scope import EVERYWHERE_ONLY, ScopedAdmin
from apps.orders.models import OrderSegments
from apps.outbound.models import Destination, DestinationLink
from apps.roster.models import (
    CalendarFeed,
    CompetencyDocument,
    DraftTurn,
    Licence,
    PlannedGap,
    Privilege,
    Radiologist,
    RadiologistCredential,
    RadiologistSite,
    RosterAssignment,
    RosterDraft,
    RosterName,
    RosterOverride,
    RosterSourceState,
    Rotation,
    Shift,
    ShiftSite,
    SwapRequest,
    WorkCredit,
    Workload,
)
from apps.rules.models import Shadow, SlaPolicy
from apps.trials.models import MovedOrder, WhatIf
from tests.factories import (
    AssignmentFactory,
    DestinationFactory,
    InboundMessageFactory,
    LedgerEntryFactory,
    OrderFactory,
    OrderIdentifierFactory,
    OutboundMessageFactory,
    ProcedureFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.factories.drafts import RuleDraftFactory
from tests.factories.everything import row_of
from tests.factories.sources import RosterSourceFactory
from tests.factories.times import NOON
from tests.support.admin_forms import admin_url, errors_of, shown_form
from tests.support.people import person, signed_in

pytestmark = pytest.mark.db


def _shift(site: Site) -> Shift:
    shift = ShiftFactory.create()
    ShiftSite.objects.create(shift=shift, site=site)
    return shift


def _reader(site: Site) -> Radiologist:
    reader = RadiologistFactory.create()
    RadiologistSite.objects.create(radiologist=reader, site=site)
    return reader


def _destination(site: Site) -> Destination:
    destination = DestinationFactory.create()
    destination.sites.add(site)
    return destination


def _override(site: Site) -> RosterOverride:
    day = NOON.date()
    return RosterOverride.objects.create(
        kind="leave", radiologist=_reader(site), start_date=day, end_date=day
    )


def _draft(site: Site) -> RosterDraft:
    day = NOON.date()
    return RosterDraft.objects.create(
        name="February",
        site=site,
        start_date=day,
        end_date=day,
        wishes={"shifts": [_shift(site).pk]},
        made_by="user:manager",
        made_at=NOON,
    )


def _draft_turn(site: Site) -> DraftTurn:
    return DraftTurn.objects.create(
        draft=_draft(site), shift=_shift(site), radiologist=_reader(site), on=NOON.date()
    )


def _document(site: Site) -> CompetencyDocument:
    return CompetencyDocument.objects.create(
        radiologist=_reader(site),
        name="licence.pdf",
        content_type="application/pdf",
        size=8,
        digest=f"{site.pk:064x}",
        uploaded_at=NOON,
        uploaded_by="user:manager",
    )


def _published(site: Site) -> CalendarFeed:
    """Return a calendar of a shift, which names no site itself."""
    return CalendarFeed.objects.create(
        kind="shift",
        shift=_shift(site),
        digest=f"{site.pk:064x}",
        made_by="user:manager",
        made_at=NOON,
    )


def _asked(site: Site) -> SwapRequest:
    day = NOON.date()
    return SwapRequest.objects.create(
        shift=_shift(site),
        radiologist=_reader(site),
        start_date=day,
        end_date=day,
        made_by="user:manager",
        made_at=NOON,
    )


# How a row of each table is made that belongs to a site.
def _shadow() -> Shadow:
    return Shadow.objects.create(
        draft=RuleDraftFactory.create(),
        started_by="user:ann",
        started_at=NOON,
        ends_at=NOON + timedelta(days=3),
    )


def _whatif() -> WhatIf:
    return WhatIf.objects.create(
        name="A", since=NOON, until=NOON, made_by="user:ann", made_at=NOON
    )


AT: Mapping[str, Callable[[Site], Model]] = {
    "accounts.User": lambda site: person(Role.TECHNICIAN, site=site),
    "assignment.Assignment": lambda site: AssignmentFactory.create(order__site=site),
    "assignment.LedgerEntry": lambda site: LedgerEntryFactory.create(radiologist=_reader(site)),
    "assignment.ShiftTurn": lambda site: _reader(site).shiftturn_set.create(
        shift_code="MRI", last_assigned_at=NOON
    ),
    "assignment.ShadowResult": lambda site: ShadowResult.objects.create(
        shadow=_shadow(), order=OrderFactory.create(site=site), at=NOON, is_same=True
    ),
    "assignment.ShadowTally": lambda site: ShadowTally.objects.create(
        shadow=_shadow(), on_date=NOON.date(), site=site
    ),
    "assignment.Unassigned": lambda site: UnassignedFactory.create(order__site=site),
    "catalog.Cluster": lambda site: site.cluster,
    "catalog.Site": lambda site: site,
    "catalog.SiteAlias": lambda site: SiteAlias.objects.create(site=site, value=f"Word {site.pk}"),
    "intake.InboundMessage": lambda site: InboundMessageFactory.create(
        order_ids=[OrderFactory.create(site=site).pk]
    ),
    "orders.Order": lambda site: OrderFactory.create(site=site),
    "orders.OrderIdentifier": lambda site: OrderIdentifierFactory.create(order__site=site),
    "orders.OrderSegments": lambda site: OrderSegments.objects.create(
        order=OrderFactory.create(site=site), header=b"MSH|^~\\&|PACS\r", group=b"OBR|1\r"
    ),
    "orders.Patient": lambda site: OrderFactory.create(site=site).patient,
    "outbound.Destination": _destination,
    "outbound.DestinationLink": lambda site: DestinationLink.objects.create(
        destination=_destination(site)
    ),
    "outbound.OutboundMessage": lambda site: OutboundMessageFactory.create(order__site=site),
    "roster.CalendarFeed": _published,
    "roster.CompetencyDocument": _document,
    "roster.DraftTurn": _draft_turn,
    "roster.Licence": lambda site: Licence.objects.create(
        radiologist=_reader(site), jurisdiction="QLD"
    ),
    "roster.PlannedGap": lambda site: PlannedGap.objects.create(
        shift=_shift(site), start_date=NOON.date(), reason="Renovation"
    ),
    "roster.Privilege": lambda site: Privilege.objects.create(radiologist=_reader(site)),
    "roster.Radiologist": _reader,
    "roster.RadiologistCredential": lambda site: RadiologistCredential.objects.create(
        radiologist=_reader(site), name="FRANZCR"
    ),
    "roster.RosterAssignment": lambda site: RosterAssignmentFactory.create(shift=_shift(site)),
    "roster.RosterDraft": _draft,
    "roster.RosterName": lambda site: RosterName.objects.create(
        source=RosterSourceFactory.create(site=site), kind="person", text="OFF", is_ignored=True
    ),
    "roster.RosterOverride": _override,
    "roster.RosterSource": lambda site: RosterSourceFactory.create(site=site),
    "roster.RosterSourceState": lambda site: RosterSourceState.objects.create(
        source=RosterSourceFactory.create(site=site)
    ),
    "roster.Rotation": lambda site: Rotation.objects.create(
        shift=_shift(site), start_date=NOON.date()
    ),
    "roster.Shift": _shift,
    "roster.SwapRequest": _asked,
    "roster.WorkCredit": lambda site: WorkCredit.objects.create(
        radiologist=_reader(site), kind="board", start_at=NOON, end_at=NOON + timedelta(hours=1)
    ),
    "roster.Workload": lambda site: Workload.objects.get(radiologist=_reader(site)),
    "rules.SlaPolicy": lambda site: SlaPolicy.objects.create(
        urgency="STAT", site=site, report_minutes=60
    ),
    "trials.MovedOrder": lambda site: MovedOrder.objects.create(
        whatif=_whatif(), order=OrderFactory.create(site=site), at=NOON
    ),
}
# Rules, procedures, holidays and sender profiles hold for every site: all see them.
FOR_ALL = {
    "assignment.ReplayCheck",
    "catalog.HolidayCalendar",
    "catalog.Procedure",
    "catalog.ProcedureAlias",
    "catalog.UnitTable",
    "catalog.UnitValue",
    "catalog.WaitingFile",
    "intake.SenderContact",
    "intake.SenderProfile",
    "intake.SenderProfileVersion",
    "intake.SetAsideCode",
    "intake.UnknownCode",
    "rules.AssignmentRule",
    "rules.DecisionPolicy",
    "rules.DraftChange",
    "rules.RuleDraft",
    "rules.RuleVersion",
    "rules.ScoringWeights",
    "rules.Shadow",
}
# What the system itself is made of belongs to no site: only who may everywhere sees it.
SYSTEM = {
    "assignment.DecisionBasis",
    "audit.AuditEvent",
    "axes.AccessAttempt",
    "axes.AccessFailureLog",
    "axes.AccessLog",
    "core.ConfigVersion",
    "core.DueTime",
    "core.Heartbeat",
    "core.QueueTask",
    "django_q.Failure",
    "intake.BatchMarker",
    "intake.MessageKey",
    "orders.PatientMerge",
    "orders.UnknownCancel",
    "roster.DocumentContent",
    "trials.PutAway",
    "trials.WhatIf",
}
_PATIENTS = {"orders.Patient"}
"""What an administrator does not see at all."""


def _both(site: Site) -> Client:
    """Return a browser of somebody who may see every table at the site: two roles together."""
    return signed_in(Role.ADMINISTRATOR, Role.MANAGER, site=site)


def _keys(client: Client, label: str) -> set[object]:
    listed = client.get(admin_url(label, "changelist"))
    assert listed.status_code == 200, label
    return set(listed.context["cl"].queryset.values_list("pk", flat=True))


def test_every_page_of_the_admin_says_whose_rows_it_shows() -> None:
    pages = {model._meta.label: page for model, page in admin.site._registry.items()}
    assert {label for label, page in pages.items() if not isinstance(page, ScopedAdmin)} == set()
    closed = {label for label, page in pages.items() if page.row_scope == EVERYWHERE_ONLY}
    assert closed == SYSTEM
    assert set(pages) == set(AT) | FOR_ALL | SYSTEM
    names = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert names - set(RECORDS) == set()


@pytest.mark.parametrize("label", sorted(AT))
def test_who_administers_a_site_sees_its_rows_and_no_others(label: str) -> None:
    site = SiteFactory.create()
    own, foreign = AT[label](site), AT[label](SiteFactory.create())
    client = _both(site)
    assert own.pk in (keys := _keys(client, label))
    assert foreign.pk not in keys
    assert client.get(admin_url(label, "change", own.pk)).status_code == 200
    for page in ("change", "history", "delete"):
        assert client.get(admin_url(label, page, foreign.pk)).status_code == 404, page


@pytest.mark.parametrize("label", sorted(FOR_ALL - {"rules.ScoringWeights"}))
def test_rows_for_every_site_are_seen_by_all_and_changed_from_everywhere(label: str) -> None:
    row = row_of(next(m for m in admin.site._registry if m._meta.label == label))
    client = _both(SiteFactory.create())
    assert row.pk in _keys(client, label)
    assert client.get(admin_url(label, "change", row.pk)).status_code == 200
    assert client.post(admin_url(label, "change", row.pk), {}).status_code == 403
    assert client.get(admin_url(label, "add")).status_code == 403
    assert client.post(admin_url(label, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("label", sorted(SYSTEM))
def test_the_systems_own_rows_are_open_only_everywhere(label: str) -> None:
    address = admin_url(label, "changelist")
    assert _both(SiteFactory.create()).get(address).status_code == 403
    assert signed_in(Role.AUDITOR).get(address).status_code == 200


def test_a_draft_with_a_shift_of_another_site_is_shown_to_neither_alone() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    draft = _draft(site)
    draft.wishes["shifts"].append(_shift(other).pk)
    draft.save()
    for place in (site, other):
        assert _keys(_both(place), "roster.RosterDraft") == set()
    assert _keys(signed_in(Role.ADMINISTRATOR, Role.MANAGER), "roster.RosterDraft") == {draft.pk}


def test_a_shift_of_two_sites_is_shown_to_both_and_changed_by_neither_alone() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    shift = _shift(site)
    ShiftSite.objects.create(shift=shift, site=other)
    client = signed_in(Role.ADMINISTRATOR, site=site)
    address = admin_url("roster.shift", "change", shift.pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [shift.pk], "post": "yes"}
    client.post(admin_url("roster.shift", "changelist"), chosen)
    assert Shift.objects.filter(pk=shift.pk).exists()


def test_a_row_cannot_be_added_at_or_moved_to_another_site() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    client = signed_in(Role.ADMINISTRATOR, site=site)
    address = admin_url("catalog.sitealias", "add")
    assert client.post(address, {"site": other.pk, "value": "Foreign"}).status_code == 403
    assert client.post(address, {"site": site.pk, "value": "Own"}).status_code == 302
    alias = SiteAlias.objects.get()
    moved = client.post(
        admin_url("catalog.sitealias", "change", alias.pk), {"site": other.pk, "value": "Own"}
    )
    assert moved.status_code == 403
    assert list(SiteAlias.objects.values_list("site", "value")) == [(site.pk, "Own")]


def test_a_new_site_needs_everywhere() -> None:
    address = admin_url("catalog.site", "add")
    limited = signed_in(Role.ADMINISTRATOR, site=SiteFactory.create())
    assert limited.get(address).status_code == 403
    assert signed_in(Role.ADMINISTRATOR).get(address).status_code == 200


def test_filters_and_searches_name_no_foreign_rows() -> None:
    site, other = SiteFactory.create(name="Ours"), SiteFactory.create(name="Theirs")
    _reader(site), _reader(other)
    OrderFactory.create(site=site)
    client = _both(site)
    page = client.get(admin_url("orders.order", "changelist")).content.decode()
    found = client.get(
        "/admin/autocomplete/",
        {"app_label": "catalog", "model_name": "sitealias", "field_name": "site"},
    ).json()
    assert ("Ours" in page, "Theirs" in page) == (True, False)
    assert [row["id"] for row in found["results"]] == [str(site.pk)]


def test_other_sites_of_a_cluster_are_not_named_on_its_page() -> None:
    site = SiteFactory.create(name="Ours")
    SiteFactory.create(name="Theirs", cluster=site.cluster)
    address = admin_url("catalog.cluster", "change", site.cluster_id)
    page = signed_in(Role.ADMINISTRATOR, site=site).get(address).content.decode()
    assert ("Ours" in page, "Theirs" in page) == (True, False)


def test_actions_reach_only_where_the_viewer_may_run_them() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    own, foreign = (
        OutboundMessageFactory.create(order__site=place, state="dead") for place in (site, other)
    )
    chosen = {"action": "withdraw", "_selected_action": [own.pk, foreign.pk]}
    _both(site).post(admin_url("outbound.outboundmessage", "changelist"), chosen)
    own.refresh_from_db()
    foreign.refresh_from_db()
    assert (own.state, foreign.state) == ("cancelled", "dead")


def test_an_auditor_looks_and_changes_nothing() -> None:
    site = SiteFactory.create()
    client = signed_in(Role.AUDITOR)
    address = admin_url("catalog.site", "change", site.pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 403
    for label in sorted(set(AT) - _PATIENTS):
        assert client.get(admin_url(label, "add")).status_code == 403, label


@pytest.mark.parametrize("role", [Role.MANAGER, Role.RADIOLOGIST, Role.TECHNICIAN])
def test_who_has_no_role_for_it_does_not_open_the_admin(role: Role) -> None:
    answer = signed_in(role, is_staff=True).get("/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/")


def test_a_new_site_begins_in_the_viewers_zone() -> None:
    client = signed_in(Role.ADMINISTRATOR, time_zone="Australia/Perth")
    for label in ("catalog.site", "roster.shift"):
        assert shown_form(client, admin_url(label, "add"))["time_zone"] == "Australia/Perth"


def test_a_procedure_is_changed_by_who_may_everywhere() -> None:
    procedure = ProcedureFactory.create()
    address = admin_url("catalog.procedure", "change", procedure.pk)
    client = signed_in(Role.ADMINISTRATOR)
    data = shown_form(client, address) | {"description": "MRI of the knee"}
    assert errors_of(client.post(address, data)) == []
    procedure.refresh_from_db()
    assert procedure.description == "MRI of the knee"


def test_roster_files_are_imported_only_from_everywhere() -> None:
    address = admin_url("roster.rosterassignment", "import")
    limited = signed_in(Role.ADMINISTRATOR, site=SiteFactory.create())
    assert limited.get(address).status_code == 403
    assert signed_in(Role.ADMINISTRATOR).get(address).status_code == 200
    assert RosterAssignment.objects.count() == 0
    assert User.objects.count() == 2
