"""The history of a record in words, at a cost that does not grow with it."""

from __future__ import annotations

from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.queries.history import FieldChange, Subject, history, latest_event_id
from apps.audit.queries.wording import actor_in_words, column_in_words, table_in_words
from apps.catalog.models import Procedure, Site, SiteAlias
from apps.catalog.queries.places import subject_of_site
from apps.core.actor import Actor, acting_as
from apps.roster.models import RosterAssignment, Shift
from tests.factories import (
    ClusterFactory,
    ProcedureFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    SiteFactory,
)

pytestmark = pytest.mark.db

ANN = Actor("user", "ann")


def _changes(subject: Subject) -> list[tuple[str, str, str]]:
    return [(change.name, change.old, change.new) for change in history(subject)[0].changes]


def test_an_edit_is_told_with_the_words_of_the_form() -> None:
    site = SiteFactory.create(cluster=ClusterFactory.create(name="Gold Coast"), jurisdiction="QLD")
    perth = ClusterFactory.create(name="Perth")
    with acting_as(ANN, "r1"):
        Site.objects.filter(pk=site.pk).update(
            cluster=perth, is_active=False, requires_licence=True, jurisdiction=""
        )
    [row, *_] = history(subject_of_site(site))
    assert (row.actor, row.what, row.part, row.request_id) == ("ann", "update", "", "r1")
    assert list(row.changes) == [
        FieldChange("cluster_id", "cluster", "Gold Coast", "Perth"),
        FieldChange("jurisdiction", "jurisdiction", "QLD", ""),
        FieldChange("requires_licence", "requires licence", "no", "yes"),
        FieldChange("is_active", "active", "yes", "no"),
    ]


def test_a_part_is_told_by_its_name_and_what_it_says() -> None:
    site = SiteFactory.create()
    alias = SiteAlias.objects.create(site=site, value="Robina")
    alias.delete()
    told = [(row.what, row.part, row.kept) for row in history(subject_of_site(site))]
    assert told[:2] == [
        ("delete", "site alias", [("value", "Robina")]),
        ("insert", "site alias", [("value", "Robina")]),
    ]
    assert told[2][:2] == ("insert", "")


def test_choices_lists_and_numbers_are_told_as_they_are_shown() -> None:
    procedure = ProcedureFactory.create(required_credentials=["A"])
    Procedure.objects.update(required_credentials=["A", "B"], default_urgency="STAT", rvu="2.50")
    assert _changes(Subject("catalog_procedure", str(procedure.pk))) == [
        ("RVU", "1.00", "2.50"),
        ("default urgency", "Routine", "STAT"),
        ("required credentials", "A", "A, B"),
    ]


def test_a_name_that_is_gone_leaves_its_key() -> None:
    shift = ShiftFactory.create(code="MRI", name="MRI")
    row = RosterAssignmentFactory.create(shift=shift, radiologist=RadiologistFactory(id="DR_A"))
    RosterAssignment.objects.update(shift=ShiftFactory.create(code="CT", name="CT"))
    Shift.objects.filter(pk=shift.pk).delete()
    subject = Subject("roster_rosterassignment", str(row.pk))
    assert _changes(subject) == [("shift", str(shift.pk), "CT CT")]


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("user:ann", "ann"),
        ("user:ann:of:many:colons", "ann:of:many:colons"),
        ("system:worker", "the system (worker)"),
        ("radassign", "radassign"),
    ],
)
def test_who_acted_in_words(actor: str, words: str) -> None:
    assert actor_in_words(actor) == words


def test_tables_and_columns_that_are_gone_still_read() -> None:
    assert table_in_words("old_table_of_things") == "old table of things"
    assert column_in_words("catalog_site", "former_column") == "former column"
    assert column_in_words("old_table", "is_active") == "active"


def test_history_costs_the_same_however_long_it_is() -> None:
    site = SiteFactory.create()

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            history(subject_of_site(site))
        return len(seen)

    before = asked()
    for number in range(60):
        Site.objects.filter(pk=site.pk).update(
            name=f"Name {number}", cluster=ClusterFactory.create()
        )
        SiteAlias.objects.create(site=site, value=f"Word {number}")
    assert (asked(), len(history(subject_of_site(site)))) == (before, 50)


def test_a_record_is_not_told_of_another_with_a_key_like_its_own() -> None:
    site = SiteFactory.create()
    SiteAlias.objects.create(site=SiteFactory.create(), value="Foreign")
    ShiftFactory.create(start_local=time(8))
    assert [row.what for row in history(subject_of_site(site))] == ["insert"]
    assert latest_event_id(Subject("catalog_site", "999999")) == 0
