"""The roster through the admin: what a form refuses, and what two people at once may not break."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.audit.models import AuditEvent
from apps.core import admin_base
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    Shift,
    ShiftSite,
    ShiftWorkType,
    Workload,
)
from apps.roster.services.presence import set_presence
from tests.factories.assignment import AssignmentFactory
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory, UserFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.support.admin_forms import added_row, admin_url, errors_of, shown_form

pytestmark = pytest.mark.db

OVERLAP = "This radiologist is on this shift on some of these dates already"


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(UserFactory.create(username="ada", is_staff=True, is_superuser=True))
    return signed_in


def roster_rows() -> list[tuple[str, str, str | None, str]]:
    rows = RosterAssignment.objects.order_by("start_date", "radiologist_id")
    return [
        (row.radiologist_id, str(row.start_date), row.end_date and str(row.end_date), row.status)
        for row in rows
    ]


def test_overlapping_roster_row_is_a_form_error(client: Client) -> None:
    row = RosterAssignmentFactory.create(start_date=date(2026, 1, 1))
    data = {
        "shift": row.shift_id,
        "radiologist": row.radiologist_id,
        "start_date": "2026-03-01",
        "every_weeks": "1",
        "end_date": "",
        "status": "active",
    }
    response = client.post(admin_url("roster.rosterassignment", "add"), data)
    assert [error[: len(OVERLAP)] for error in errors_of(response)] == [OVERLAP]
    assert RosterAssignment.objects.count() == 1


def test_end_before_start_is_a_form_error(client: Client) -> None:
    data = {
        "shift": ShiftFactory.create().pk,
        "radiologist": RadiologistFactory.create().pk,
        "start_date": "2026-03-01",
        "every_weeks": "1",
        "end_date": "2026-02-01",
        "status": "active",
    }
    response = client.post(admin_url("roster.rosterassignment", "add"), data)
    assert errors_of(response) == ["The end date lies before the start date."]


def test_row_is_ended_and_followed_by_another_in_one_save(client: Client) -> None:
    row = RosterAssignmentFactory.create(start_date=date(2026, 1, 1), radiologist__id="DR_A")
    address = admin_url("roster.shift", "change", row.shift_id)
    data = shown_form(client, address) | {"roster-0-end_date": "2026-06-30"}
    data = added_row(data, "roster", radiologist="DR_A", start_date="2026-07-01", status="active")
    response = client.post(address, data)
    assert (errors_of(response), response.status_code) == ([], 302)
    assert roster_rows() == [
        ("DR_A", "2026-01-01", "2026-06-30", "active"),
        ("DR_A", "2026-07-01", None, "active"),
    ]


@pytest.mark.parametrize("page", ["roster.shift", "roster.radiologist"])
def test_two_new_rows_that_overlap_each_other_are_a_form_error(client: Client, page: str) -> None:
    shift, person = ShiftFactory.create(), RadiologistFactory.create()
    target = shift if page == "roster.shift" else person
    other = {"radiologist": person.pk} if page == "roster.shift" else {"shift": shift.pk}
    address = admin_url(page, "change", target.pk)
    data = shown_form(client, address)
    for start in ("2026-03-01", "2026-04-01"):
        data = added_row(data, "roster", start_date=start, status="active", **other)
    assert errors_of(client.post(address, data)) == [f"{OVERLAP}."]
    assert not RosterAssignment.objects.exists()


def test_cancelled_and_deleted_rows_do_not_count_as_overlap(client: Client) -> None:
    first = RosterAssignmentFactory.create(start_date=date(2026, 1, 1), radiologist__id="DR_A")
    RosterAssignmentFactory.create(
        shift=first.shift,
        radiologist=first.radiologist,
        start_date=date(2025, 1, 1),
        end_date=date(2025, 12, 31),
    )
    address = admin_url("roster.shift", "change", first.shift_id)
    data = shown_form(client, address) | {"roster-0-DELETE": "on", "roster-1-status": "cancelled"}
    data = added_row(data, "roster", radiologist="DR_A", start_date="2025-06-01", status="active")
    assert client.post(address, data).status_code == 302
    assert roster_rows() == [
        ("DR_A", "2025-06-01", None, "active"),
        ("DR_A", "2026-01-01", None, "cancelled"),
    ]


def unseen_overlap(client: Client, monkeypatch: pytest.MonkeyPatch) -> HttpResponse:
    """Post a row that overlaps one that was committed after the form was checked."""
    row = RosterAssignmentFactory.create(start_date=date(2026, 1, 1))
    monkeypatch.setattr(RosterAssignment, "validate_constraints", lambda *_, **__: None)
    data = {
        "shift": row.shift_id,
        "radiologist": row.radiologist_id,
        "start_date": "2026-03-01",
        "every_weeks": "1",
        "end_date": "",
        "status": "active",
    }
    return client.post(admin_url("roster.rosterassignment", "add"), data, follow=True)


def test_overlap_that_the_form_could_not_see_is_a_message_and_saves_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = unseen_overlap(client, monkeypatch)
    assert response.status_code == 200
    (message,) = response.context["messages"]
    assert str(message) == (
        "Not saved: the change breaks “roster_rows_do_not_overlap”. Somebody may have changed "
        "the same records meanwhile; look at them and try again."
    )
    assert RosterAssignment.objects.count() == 1


def test_deadlock_with_another_change_is_a_message_and_saves_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadlock() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE 'deadlock' USING ERRCODE = '40P01'; END $$")

    monkeypatch.setattr(admin_base, "check_deferred_constraints", deadlock)
    response = unseen_overlap(client, monkeypatch)
    (message,) = response.context["messages"]
    assert str(message).startswith("Not saved: it met another change at the same moment.")
    assert RosterAssignment.objects.count() == 1


def test_listing_a_site_ends_all_sites_whatever_the_box_says(client: Client) -> None:
    shift, site = ShiftFactory.create(), SiteFactory.create()
    ShiftSite.objects.create(shift=shift, site=site)
    address = admin_url("roster.shift", "change", shift.pk)
    data = shown_form(client, address) | {"all_sites": "on"}
    assert client.post(address, data).status_code == 302
    assert Shift.objects.get().all_sites is False


def test_work_type_speaks_the_engines_words(client: Client) -> None:
    address = admin_url("roster.shift", "change", ShiftFactory.create().pk)
    data = added_row(
        shown_form(client, address),
        "work_types",
        modality="mri",
        body_part="l-spine",
        subspecialty="Neuroradiology",
        urgency="STAT",
    )
    assert errors_of(client.post(address, data)) == []
    work = ShiftWorkType.objects.get()
    assert (work.modality, work.body_part, work.subspecialty, work.urgency) == (
        "MR",
        "LSPINE",
        "neuroradiology",
        "STAT",
    )


def test_specialties_speak_the_engines_words(client: Client) -> None:
    person = RadiologistFactory.create()
    address = admin_url("roster.radiologist", "change", person.pk)
    data = shown_form(client, address) | {"specialties": "Breast  Imaging, Paediatrics"}
    assert errors_of(client.post(address, data)) == []
    person.refresh_from_db()
    assert person.specialties == ["breast imaging", "Paediatrics"]


def test_unknown_modality_is_a_form_error(client: Client) -> None:
    address = admin_url("roster.shift", "change", ShiftFactory.create().pk)
    data = added_row(shown_form(client, address), "work_types", modality="QQ")
    (error,) = errors_of(client.post(address, data))
    assert error.startswith("“QQ” is not a DICOM modality. Known are ")


def test_weekdays_are_boxes_and_none_ticked_is_an_error(client: Client) -> None:
    shift = ShiftFactory.create()
    address = admin_url("roster.shift", "change", shift.pk)
    data = shown_form(client, address)
    assert client.post(address, data | {"weekdays": ["1", "5"]}).status_code == 302
    shift.refresh_from_db()
    assert shift.weekdays == [1, 5]
    data.pop("weekdays")
    assert errors_of(client.post(address, data)) == ["This field is required."]


@pytest.mark.parametrize(
    ("kind", "names", "error"),
    [
        ("leave", {"shift"}, "Leave and other work name no shift and no taker"),
        ("swap", {"shift"}, "Leave and other work name no shift and no taker"),
        ("extra", set(), "Leave and other work name no shift and no taker"),
        ("leave", set(), ""),
        ("swap", {"shift", "taker"}, ""),
        ("extra", {"shift"}, ""),
    ],
)
def test_override_names_what_its_kind_needs(
    client: Client, kind: str, names: set[str], error: str
) -> None:
    given = {"shift": ShiftFactory.create().pk, "taker": RadiologistFactory.create().pk}
    data = {
        "kind": kind,
        "radiologist": RadiologistFactory.create().pk,
        "start_date": "2026-02-04",
        "end_date": "2026-02-05",
        "status": "active",
        **{name: given[name] for name in names},
    }
    response = client.post(admin_url("roster.rosteroverride", "add"), data)
    assert [found[: len(error)] for found in errors_of(response)] == ([error] if error else [])


def test_radiologist_without_history_is_deleted_with_the_workload(client: Client) -> None:
    person = RadiologistFactory.create()
    address = admin_url("roster.radiologist", "delete", person.pk)
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not Radiologist.objects.exists()
    assert not Workload.objects.exists()


def test_radiologist_with_assignments_is_kept_and_the_page_says_why(client: Client) -> None:
    assignment = AssignmentFactory.create()
    address = admin_url("roster.radiologist", "delete", assignment.radiologist_id)
    response = client.post(address, {"post": "yes"})
    assert response.status_code == 200
    assert [str(title) for title in response.context["protected"]] != []
    assert Radiologist.objects.filter(pk=assignment.radiologist_id).exists()


def test_id_of_a_radiologist_cannot_be_changed(client: Client) -> None:
    person = RadiologistFactory.create(id="DR_A")
    address = admin_url("roster.radiologist", "change", person.pk)
    data = shown_form(client, address) | {"id": "DR_B", "family_name": "Renamed"}
    assert client.post(address, data).status_code == 302
    assert list(Radiologist.objects.values_list("id", "family_name")) == [("DR_A", "Renamed")]


def test_presence_is_saved_and_the_counts_are_not_written_over(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    workload = Workload.objects.get(radiologist=RadiologistFactory.create())
    address = admin_url("roster.workload", "change", workload.pk)
    data = shown_form(client, address) | {"presence": "offline", "open_stat": "9"}

    def set_late(**said: Any) -> None:
        # A decision commits between the reading of the form's row and its save.
        Workload.objects.filter(pk=workload.pk).update(open_stat=3)
        set_presence(**said)

    monkeypatch.setattr("apps.roster.admin.people.set_presence", set_late)
    assert client.post(address, data).status_code == 302
    workload.refresh_from_db()
    assert (workload.presence, workload.open_stat) == ("offline", 3)


def uploaded(lines: list[str]) -> SimpleUploadedFile:
    text = "\n".join(["shift,radiologist,start_date,end_date,status", *lines])
    return SimpleUploadedFile("roster.csv", text.encode(), "text/csv")


def imported(client: Client, lines: list[str]) -> HttpResponse:
    """Send the file, and confirm the preview where there is one; return the preview."""
    address = admin_url("roster.rosterassignment", "import")
    preview = client.post(address, {"format": "0", "import_file": uploaded(lines)})
    form = preview.context.get("confirm_form")
    if form is not None:
        confirmed = client.post(
            admin_url("roster.rosterassignment", "process_import"), form.initial
        )
        assert confirmed.status_code == 302
    return preview


def test_import_previews_then_adds_updates_and_skips(client: Client) -> None:
    shift = ShiftFactory.create(code="MRI")
    for name in ("DR_A", "DR_B", "DR_C"):
        RadiologistFactory.create(id=name)
    RosterAssignmentFactory.create(shift=shift, radiologist_id="DR_A", start_date=date(2026, 1, 1))
    RosterAssignmentFactory.create(shift=shift, radiologist_id="DR_B", start_date=date(2026, 1, 1))
    lines = [
        "MRI,DR_A,2026-01-01,2026-06-30,active",
        "MRI,DR_A,2026-07-01,,active",
        "MRI,DR_B,2026-01-01,,active",
        "MRI,DR_C,2026-02-01,2026-02-28,",
    ]
    preview = imported(client, lines)
    assert [row.import_type for row in preview.context["result"].rows] == [
        "update",
        "new",
        "skip",
        "new",
    ]
    assert "style=" not in preview.content.decode()
    assert roster_rows() == [
        ("DR_A", "2026-01-01", "2026-06-30", "active"),
        ("DR_B", "2026-01-01", None, "active"),
        ("DR_C", "2026-02-01", "2026-02-28", "active"),
        ("DR_A", "2026-07-01", None, "active"),
    ]
    audited = AuditEvent.objects.filter(entity="roster_rosterassignment", actor="user:ada")
    assert sorted(audited.values_list("action", flat=True)) == ["insert", "insert", "update"]


@pytest.mark.parametrize(
    "line",
    [
        "MRI,DR_A,2026-03-01,,active",
        "CT,DR_A,2026-03-01,,active",
        "MRI,DR_NOBODY,2026-03-01,,active",
        "MRI,DR_B,01/02/2026,,active",
        "MRI,DR_B,2026-03-01,2026-02-01,active",
        "MRI,DR_B,2026-03-01,,on",
        "MRI,DR_B,,,active",
    ],
    ids=["overlap", "shift", "person", "date", "order", "status", "no start"],
)
def test_import_with_one_bad_row_changes_nothing(client: Client, line: str) -> None:
    RosterAssignmentFactory.create(
        shift=ShiftFactory.create(code="MRI"),
        radiologist=RadiologistFactory.create(id="DR_A"),
        start_date=date(2026, 1, 1),
    )
    RadiologistFactory.create(id="DR_B")
    preview = imported(client, ["MRI,DR_B,2026-01-01,2026-01-31,active", line])
    result = preview.context["result"]
    assert result.has_errors() or result.has_validation_errors()
    assert preview.context.get("confirm_form") is None
    assert roster_rows() == [("DR_A", "2026-01-01", None, "active")]


def test_roster_is_exported_as_it_is_imported(client: Client) -> None:
    RosterAssignmentFactory.create(
        shift=ShiftFactory.create(code="MRI"),
        radiologist=RadiologistFactory.create(id="DR_A"),
        start_date=date(2026, 1, 1),
    )
    address = admin_url("roster.rosterassignment", "export")
    assert client.get(address).status_code == 200
    response = client.post(address, {"format": "0", "resource": "0"})
    assert response.content.decode().splitlines() == [
        "shift,radiologist,start_date,end_date,status",
        "MRI,DR_A,2026-01-01,,active",
    ]


def test_who_may_only_look_exports_but_does_not_import(client: Client) -> None:
    viewer = UserFactory.create()
    RoleGrant.objects.create(user=viewer, role=Role.AUDITOR)
    client.force_login(viewer)
    assert client.get(admin_url("roster.rosterassignment", "export")).status_code == 200
    assert client.get(admin_url("roster.rosterassignment", "import")).status_code == 403
