"""The trail of configuration changes: written by the tables themselves, whoever changes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from apps.audit.models import AuditEvent
from apps.catalog.models import Cluster, Site
from apps.core.actor import Actor, acting_as
from apps.core.models import ConfigVersion
from apps.outbound.models import Destination
from tests.factories.catalog import ClusterFactory, SiteFactory
from tests.factories.everything import row_of
from tests.factories.outbound import DestinationFactory
from tests.factories.roster import RosterAssignmentFactory
from tests.factories.rules import AssignmentRuleFactory

pytestmark = pytest.mark.db

ADA = Actor("user", "ada")


def triggers_of(model: type[Model]) -> set[str]:
    return {trigger.name for trigger in getattr(model._meta, "triggers", ())}


AUDITED = sorted(
    (model for model in apps.get_models() if "audited" in triggers_of(model)),
    key=lambda model: model._meta.label,
)
VERSIONED = {
    model: trigger.name.removeprefix("raises_").removesuffix("_version")
    for model in apps.get_models()
    for trigger in getattr(model._meta, "triggers", ())
    if trigger.name.startswith("raises_")
}

WITHOUT_DECISIONS = {
    "accounts.RoleGrant",
    "accounts.User",
    "intake.SetAsideCode",
    "roster.CalendarFeed",
    "roster.CompetencyDocument",
    "roster.DraftTurn",
    "roster.PlannedGap",
    "roster.RadiologistSite",
    "roster.RosterDraft",
    "roster.RosterName",
    "roster.RosterSource",
    "roster.SwapRequest",
    "rules.DraftChange",
    "rules.RuleDraft",
    "trials.PutAway",
}
"""Who may do what, who looks after whom, which codes are no imaging, and what is proposed, proven,
published or read from elsewhere is told in the trail, and decides no order; the rows that come of
a draft, a request or a source do, by themselves."""


def last_event() -> AuditEvent:
    event = AuditEvent.objects.order_by("-id").first()
    assert event is not None
    return event


def test_everything_that_a_person_sets_up_is_audited() -> None:
    assert {model._meta.label for model in AUDITED} == {
        *WITHOUT_DECISIONS,
        "catalog.CalendarDay",
        "catalog.Cluster",
        "catalog.HolidayCalendar",
        "catalog.Procedure",
        "catalog.ProcedureAlias",
        "catalog.Site",
        "catalog.SiteAlias",
        "catalog.UnitTable",
        "catalog.UnitValue",
        "intake.SenderProfile",
        "outbound.Destination",
        "outbound.DestinationSite",
        "roster.Licence",
        "roster.Privilege",
        "roster.Radiologist",
        "roster.RadiologistCredential",
        "roster.RosterAssignment",
        "roster.RosterOverride",
        "roster.Rotation",
        "roster.RotationTurn",
        "roster.Shift",
        "roster.ShiftSite",
        "roster.ShiftWorkType",
        "roster.WorkCredit",
        "rules.AssignmentRule",
        "rules.DecisionPolicy",
        "rules.ScoringWeights",
        "rules.Shadow",
        "rules.SlaPolicy",
    }
    unversioned = {model._meta.label for model in AUDITED if model not in VERSIONED}
    assert unversioned == WITHOUT_DECISIONS


def rename_by_orm(site: Site) -> None:
    site.name = "New"
    site.save()


def rename_by_queryset(site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(name="New")


def rename_by_bulk_update(site: Site) -> None:
    site.name = "New"
    Site.objects.bulk_update([site], ["name"])


def rename_by_sql(site: Site) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_site SET name = 'New' WHERE id = %s", [site.pk])


@pytest.mark.parametrize(
    "rename", [rename_by_orm, rename_by_queryset, rename_by_bulk_update, rename_by_sql]
)
def test_change_leaves_who_what_from_and_to_however_it_is_made(
    rename: Callable[[Site], None],
) -> None:
    site = SiteFactory.create(name="Old")
    with acting_as(ADA, "request-7"):
        rename(site)
    event = last_event()
    assert (event.entity, event.entity_id, event.action, event.actor, event.request_id) == (
        "catalog_site",
        str(site.pk),
        "update",
        "user:ada",
        "request-7",
    )
    assert event.old_values is not None
    assert event.new_values is not None
    changed = {key for key in event.new_values if event.old_values[key] != event.new_values[key]}
    assert (changed, event.old_values["name"], event.new_values["name"]) == (
        {"name"},
        "Old",
        "New",
    )


def test_insert_and_delete_leave_the_whole_row() -> None:
    with acting_as(ADA):
        cluster = Cluster.objects.bulk_create([Cluster(code="GC", name="Gold Coast")])[0]
        key = cluster.pk
        Cluster.objects.filter(pk=key).delete()
    row = {"id": key, "code": "GC", "name": "Gold Coast"}
    seen = AuditEvent.objects.filter(entity="catalog_cluster").order_by("id")
    assert list(seen.values_list("action", "old_values", "new_values", "actor")) == [
        ("insert", None, row, "user:ada"),
        ("delete", row, None, "user:ada"),
    ]


def test_each_row_of_a_bulk_change_has_its_line() -> None:
    clusters = ClusterFactory.create_batch(3)
    Cluster.objects.update(name="Same")
    events = AuditEvent.objects.filter(entity="catalog_cluster", action="update")
    assert set(events.values_list("entity_id", flat=True)) == {str(row.pk) for row in clusters}


def test_save_that_changes_nothing_leaves_no_line() -> None:
    cluster = ClusterFactory.create()
    before = AuditEvent.objects.count()
    cluster.save()
    assert AuditEvent.objects.count() == before


def test_change_by_nobody_in_particular_names_the_program() -> None:
    ClusterFactory.create()
    assert last_event().actor == "system:radassign-command"


@pytest.mark.parametrize("model", AUDITED, ids=lambda model: model._meta.label)
def test_every_configuration_table_leaves_a_line_for_insert_and_delete(
    model: type[Model],
) -> None:
    row = _row(model)
    key = str(row.pk)
    actions = AuditEvent.objects.filter(entity=model._meta.db_table, entity_id=key)
    assert "insert" in set(actions.values_list("action", flat=True))
    type(row)._default_manager.filter(pk=row.pk).delete()
    assert "delete" in set(actions.values_list("action", flat=True))


def _row(model: type[Model]) -> Model:
    if model._meta.label == "outbound.DestinationSite":
        destination = DestinationFactory.create()
        destination.sites.add(SiteFactory.create())
        return Destination.sites.through._default_manager.get()
    return row_of(model)


@pytest.mark.parametrize(
    ("model", "area"), VERSIONED.items(), ids=lambda part: getattr(part, "__name__", part)
)
def test_every_configuration_table_raises_its_areas_version(model: type[Model], area: str) -> None:
    row = _row(model)
    before = ConfigVersion.objects.get(area=area).version
    type(row)._default_manager.filter(pk=row.pk).delete()
    assert ConfigVersion.objects.get(area=area).version > before


def test_raw_sql_raises_the_version_once_per_statement() -> None:
    ClusterFactory.create_batch(3)
    before = ConfigVersion.objects.get(area="catalog").version
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_cluster SET name = 'Same'")
    assert ConfigVersion.objects.get(area="catalog").version == before + 1


@pytest.mark.parametrize(
    "change",
    [
        AssignmentRuleFactory.create,
        RosterAssignmentFactory.create,
        lambda: Cluster.objects.update(name="New"),
    ],
    ids=["rule", "roster", "bulk"],
)
def test_failing_audit_undoes_the_change(change: Callable[[], object]) -> None:
    cluster = ClusterFactory.create(name="Old")
    before = {model: model._default_manager.count() for model in AUDITED}
    too_long = Actor("user", "x" * 200)
    with pytest.raises(DatabaseError), acting_as(too_long):
        change()
    assert {model: model._default_manager.count() for model in AUDITED} == before
    cluster.refresh_from_db()
    assert cluster.name == "Old"


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_auditevent SET actor = 'me'", "DELETE FROM audit_auditevent"]
)
def test_trail_is_append_only(statement: str) -> None:
    ClusterFactory.create()
    before = list(AuditEvent.objects.values())
    with (
        pytest.raises(DatabaseError, match="audit_auditevent"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(AuditEvent.objects.values()) == before
