"""The demo department: loads again without a trace, and leaves no hour without a reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker

from apps.assignment.snapshot.load import load_config
from apps.audit.models import AuditEvent
from apps.catalog.models import Procedure, Site
from apps.engine.codes import Outcome, Urgency
from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.decision import decide
from apps.engine.facts import OrderFacts
from apps.engine.occurrences import on_shift
from apps.engine.result import Decision, Snapshot
from apps.outbound.models import Destination
from apps.roster.models import Radiologist, RosterAssignment, ShiftSite, Workload
from apps.rules.models import AssignmentRule, RuleVersion, SlaPolicy
from fixtures.build_demo import DEMO, demo_records, text
from fixtures.demo_catalog import SITES
from tests.factories.catalog import SiteFactory
from tests.factories.roster import RosterAssignmentFactory

pytestmark = pytest.mark.db

DEMO_MODELS = [apps.get_model(label) for label in sorted({row["model"] for row in demo_records()})]
# Weeks in which some clock changes (Sydney in April and October), and two in which none does.
WEEKS = [
    pytest.param(datetime(2026, 2, 2, tzinfo=UTC), id="plain"),
    pytest.param(datetime(2026, 4, 2, tzinfo=UTC), id="dst ends in Sydney"),
    pytest.param(datetime(2026, 10, 1, tzinfo=UTC), id="dst starts in Sydney"),
    pytest.param(datetime(2026, 12, 28, tzinfo=UTC), id="turn of the year"),
]


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None,  # noqa: ARG001 -- a fixture for its effect
    django_db_blocker: DjangoDbBlocker,
) -> CompiledConfig:
    """Return what decisions know of the demo; it is loaded once, and its rows are gone again."""
    with django_db_blocker.unblock(), transaction.atomic():
        known = loaded()
        transaction.set_rollback(True)
    return known


def loaded() -> CompiledConfig:
    call_command("loaddata", "demo", verbosity=0)
    return compile_config(load_config({}))


def hours_from(start: datetime) -> Iterator[datetime]:
    return (start + timedelta(hours=hour) for hour in range(7 * 24))


def vendor_order(at: datetime) -> OrderFacts:
    """The vendor message of spec 1: MRI MSK at Robina, STAT, an adult."""
    return OrderFacts(
        order_id=1,
        issuer="Robina",
        accession="ACCESSION_456",
        site="ROBINA",
        modality="MR",
        body_part="MSK",
        subspecialty="musculoskeletal",
        urgency=Urgency.STAT,
        received_at=at,
        procedure="MRI MSK",
        procedure_text="MRI MUSCULOSKELETAL",
        rvu=Decimal(2),
        patient_birth_on=date(1980, 1, 15),
        patient_sex="M",
        indication="Patient with knee pain",
    )


def decided(demo: CompiledConfig, order: OrderFacts) -> Decision:
    return decide(order, order.received_at, Snapshot(compiled=demo, loads={}))


def test_file_is_what_its_tables_say() -> None:
    assert DEMO.read_text(encoding="utf-8") == text()


def contents() -> dict[str, list[dict[str, object]]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in DEMO_MODELS
    }


def test_loading_twice_changes_nothing_and_leaves_no_line_in_the_trail() -> None:
    call_command("loaddata", "demo", verbosity=0)
    before, lines, versions = contents(), AuditEvent.objects.count(), RuleVersion.objects.count()
    call_command("loaddata", "demo", verbosity=0)
    assert contents() == before
    assert (AuditEvent.objects.count(), RuleVersion.objects.count()) == (lines, versions)


def test_loading_again_keeps_what_the_readers_have_on_hand() -> None:
    call_command("loaddata", "demo", verbosity=0)
    Workload.objects.filter(pk="DR_SMITH_ID").update(open_stat=3, presence="online")
    call_command("loaddata", "demo", verbosity=0)
    assert Workload.objects.count() == Radiologist.objects.count()
    workload = Workload.objects.get(pk="DR_SMITH_ID")
    assert (workload.open_stat, workload.presence) == (3, "online")


def test_rows_that_were_there_before_the_demo_stay_as_they_are() -> None:
    own = SiteFactory.create(code="OURS", name="Our hospital")
    shift = RosterAssignmentFactory.create(shift__code="OURS").shift
    call_command("loaddata", "demo", verbosity=0)
    assert Site.objects.get(pk=own.pk).name == "Our hospital"
    assert [row.shift for row in RosterAssignment.objects.filter(shift=shift)] == [shift]
    assert Site.objects.count() == len(SITES) + 1


def test_what_the_demo_owns_is_brought_up_to_date_and_added_where_it_is_missing() -> None:
    call_command("loaddata", "demo", verbosity=0)
    before = {site.code: (site.pk, site.name) for site in Site.objects.all()}
    Site.objects.update(name="Renamed")
    ShiftSite.objects.all().delete()
    call_command("loaddata", "demo", verbosity=0)
    assert {site.code: (site.pk, site.name) for site in Site.objects.all()} == before
    listed = ShiftSite.objects.filter(shift__code="MRI_MSK_ROBINA")
    assert [row.site.code for row in listed] == ["ROBINA"]


def test_every_record_would_pass_its_own_form() -> None:
    call_command("loaddata", "demo", verbosity=0)
    for model in DEMO_MODELS:
        for row in model._default_manager.all():
            row.full_clean()


def test_department_is_as_large_as_promised() -> None:
    call_command("loaddata", "demo", verbosity=0)
    assert Radiologist.objects.count() >= 12
    assert Procedure.objects.count() >= 30
    assert set(Site.objects.values_list("time_zone", flat=True)) == {
        "Australia/Brisbane",
        "Australia/Sydney",
        "Australia/Perth",
    }
    assert set(AssignmentRule.objects.values_list("action_type", flat=True)) == {
        "ASSIGN_TO_SHIFT",
        "ASSIGN_TO_RADIOLOGIST",
        "ESCALATE",
        "HOLD",
        "EXCLUDE",
        "SET_PRIORITY",
    }
    assert set(
        SlaPolicy.objects.values_list("urgency", "acknowledge_minutes", "report_minutes")
    ) == {
        ("STAT", 5, 60),
        ("URGENT", 15, 240),
        ("ROUTINE", None, 1440),
    }
    destination = Destination.objects.get()
    assert (destination.name, destination.host, destination.port) == (
        "Demo RIS",
        "127.0.0.1",
        settings.RIS_PORT,
    )


@pytest.mark.parametrize("start", WEEKS)
def test_shift_of_the_vendor_message_runs_at_every_hour(
    demo: CompiledConfig, start: datetime
) -> None:
    readers = {on_shift(demo, hour)["MRI_MSK_ROBINA"].people for hour in hours_from(start)}
    assert readers == {("DR_OKAFOR_ID", "DR_SMITH_ID", "DR_TANAKA_ID")}


@pytest.mark.parametrize("start", WEEKS)
def test_vendor_message_goes_to_its_shift_at_every_hour(
    demo: CompiledConfig, start: datetime
) -> None:
    decisions = [decided(demo, vendor_order(hour)) for hour in hours_from(start)]
    assert {(item.outcome, item.shift, item.strategy) for item in decisions} == {
        ("assigned", "MRI_MSK_ROBINA", "LOAD_BALANCED")
    }


def test_every_procedure_at_every_site_has_a_reader_day_and_night() -> None:
    demo = loaded()
    sites = list(Site.objects.values_list("code", flat=True))
    unread = []
    for at in (datetime(2026, 2, 4, hour, tzinfo=UTC) for hour in (2, 8, 14, 20)):
        for procedure in Procedure.objects.all():
            for site in sites:
                order = _order(procedure, site, at)
                if decided(demo, order).outcome is not Outcome.ASSIGNED:
                    unread.append((procedure.code, site, at.hour))
    assert unread == []


def _order(procedure: Procedure, site: str, at: datetime) -> OrderFacts:
    return OrderFacts(
        order_id=1,
        issuer=site,
        accession="A1",
        site=site,
        modality=procedure.modality,
        body_part=procedure.body_part,
        subspecialty=procedure.subspecialty,
        urgency=Urgency(procedure.default_urgency),
        received_at=at,
        procedure=procedure.code,
        procedure_text=procedure.description,
        required_credentials=frozenset(procedure.required_credentials),
        required_subspecialty=procedure.required_subspecialty,
        rvu=procedure.rvu,
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"procedure_text": "MRI Research Protocol 7"}, ("held", None, None, "STAT")),
        (
            {"modality": "CT", "body_part": "HEAD", "indication": "?Stroke", "urgency": "ROUTINE"},
            ("assigned", "URGENT_GOLD_COAST_DAY", "DR_SINGH_ID", "STAT"),
        ),
        (
            {"modality": "DX", "body_part": "HAND", "patient_birth_on": date(2019, 5, 1)},
            ("assigned", "PAEDIATRIC", "DR_CHEN_ID", "STAT"),
        ),
        (
            {"procedure": "MRI CARDIAC", "body_part": "CARDIAC", "urgency": "ROUTINE"},
            ("assigned", "CHEST_CARDIAC", "DR_MEHTA_ID", "ROUTINE"),
        ),
    ],
    ids=["hold", "stroke", "child", "cardiac lead"],
)
def test_rules_of_the_demo_do_what_their_names_say(
    demo: CompiledConfig,
    values: dict[str, object],
    expected: tuple[str, str | None, str | None, str],
) -> None:
    noon = datetime(2026, 2, 4, 2, tzinfo=UTC)
    order = replace(vendor_order(noon), **values)  # type: ignore[arg-type] # facts by name
    order = replace(order, urgency=Urgency(order.urgency))
    decision = decided(demo, order)
    assert (
        decision.outcome,
        decision.shift,
        decision.radiologist,
        decision.urgency,
    ) == expected
