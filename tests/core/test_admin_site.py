"""What holds for every page of the admin, whoever's record it shows."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from apps.core.admin_base import HistoryAdmin
from tests.factories.everything import row_of
from tests.factories.people import UserFactory
from tests.support.admin_forms import admin_url

pytestmark = pytest.mark.db

OURS = sorted(
    (model for model in admin.site._registry if model.__module__.startswith("apps.")),
    key=lambda model: model._meta.label,
)
HISTORY = {
    "assignment.Assignment",
    "assignment.DecisionBasis",
    "catalog.UnitTable",
    "catalog.UnitValue",
    "roster.WorkCredit",
    "rules.DecisionPolicy",
    "assignment.LedgerEntry",
    "assignment.ReplayCheck",
    "assignment.ShadowResult",
    "assignment.ShadowTally",
    "rules.DraftChange",
    "rules.RuleDraft",
    "rules.Shadow",
    "trials.MovedOrder",
    "trials.PutAway",
    "trials.WhatIf",
    "assignment.ShiftTurn",
    "assignment.Unassigned",
    "audit.AuditEvent",
    "catalog.WaitingFile",
    "core.ConfigVersion",
    "core.DueTime",
    "core.Heartbeat",
    "core.QueueTask",
    "intake.BatchMarker",
    "intake.InboundMessage",
    "intake.MessageKey",
    "intake.SenderContact",
    "intake.SenderProfileVersion",
    "intake.SetAsideCode",
    "intake.UnknownCode",
    "orders.Order",
    "orders.OrderIdentifier",
    "orders.OrderSegments",
    "orders.Patient",
    "orders.PatientMerge",
    "orders.UnknownCancel",
    "outbound.DestinationLink",
    "outbound.OutboundMessage",
    "roster.CalendarFeed",
    "roster.CompetencyDocument",
    "roster.DocumentContent",
    "roster.DraftTurn",
    "roster.RosterDraft",
    "roster.RosterSourceState",
    "roster.SwapRequest",
    "roster.Workload",
    "rules.RuleVersion",
}
ONE_ROW = {"core.ConfigVersion", "intake.BatchMarker", "rules.ScoringWeights"}
_INLINE = (
    re.compile(r"<style\b", re.I),
    re.compile(r"<[^>]+\sstyle\s*=", re.I),
    re.compile(r"<[^>]+\son[a-z]+\s*=", re.I),
    re.compile(r"javascript:", re.I),
    re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.I),
)


@pytest.fixture
def client() -> Client:
    signed_in = Client(raise_request_exception=True)
    signed_in.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return signed_in


def url(model: type[Model], page: str, *args: object) -> str:
    return admin_url(model._meta.label, page, *args)


def html_of(client: Client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200, address
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    return response.content.decode()


def inline_parts(html: str) -> list[str]:
    return [found.group() for pattern in _INLINE for found in pattern.finditer(html)]


def by_label(model: type[Model]) -> str:
    return model._meta.label


@pytest.mark.parametrize("model", OURS, ids=by_label)
def test_list_of_every_record_shows_and_searches(client: Client, model: type[Model]) -> None:
    row_of(model)
    page = html_of(client, url(model, "changelist"))
    assert inline_parts(page) == []
    for term in ("nothing of the kind", "1", "Robina's <b>|^~\\&"):
        html_of(client, f"{url(model, 'changelist')}?q={term}")
    assert model._meta.label == "rules.ScoringWeights" or admin.site._registry[model].search_fields


@pytest.mark.parametrize("model", OURS, ids=by_label)
def test_page_of_every_record_shows_under_the_strict_policy(
    client: Client, model: type[Model]
) -> None:
    row = row_of(model)
    assert inline_parts(html_of(client, url(model, "change", row.pk))) == []
    assert inline_parts(html_of(client, url(model, "history", row.pk))) == []


@pytest.mark.parametrize(
    "model", [model for model in OURS if model._meta.label not in ONE_ROW], ids=by_label
)
def test_list_asks_as_often_for_three_rows_as_for_one(client: Client, model: type[Model]) -> None:
    address = url(model, "changelist")
    row_of(model)
    asked_for_one = queries_of(client, address)
    row_of(model)
    row_of(model)
    assert queries_of(client, address) == asked_for_one


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        html_of(client, address)
    return len(seen)


@pytest.mark.parametrize("model", OURS, ids=by_label)
def test_history_can_be_looked_at_and_nothing_else(client: Client, model: type[Model]) -> None:
    is_history = isinstance(admin.site._registry[model], HistoryAdmin)
    assert is_history is (model._meta.label in HISTORY)
    if not is_history:
        return
    row = row_of(model)
    assert client.get(url(model, "add")).status_code == 403
    assert client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    if model._meta.label != "roster.Workload":
        assert client.post(url(model, "change", row.pk), {}).status_code == 403
    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    "model", [model for model in OURS if model._meta.label not in HISTORY], ids=by_label
)
def test_form_for_a_new_record_shows_under_the_strict_policy(
    client: Client, model: type[Model]
) -> None:
    assert inline_parts(html_of(client, url(model, "add"))) == []


def test_every_record_of_the_project_is_reachable() -> None:
    own = {model for model in apps.get_models() if model.__module__.startswith("apps.")}
    inlines = {
        inline.model
        for model_admin in admin.site._registry.values()
        for inline in model_admin.inlines
    }
    missing = own - set(OURS) - inlines
    assert {model._meta.label for model in missing if not model._meta.proxy} == set()


def test_front_page_is_ours_and_leads_back_to_the_board(client: Client) -> None:
    page = html_of(client, reverse("admin:index"))
    assert inline_parts(page) == []
    assert '<a href="/">Back to the board</a>' in page
    assert "radassign" in page
    assert "css/admin.css" in page


def test_queue_pages_that_would_mislead_are_gone() -> None:
    for name in ("schedule", "success", "ormq"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:django_q_{name}_changelist")


def test_somebody_without_staff_rights_is_sent_to_the_sign_in(client: Client) -> None:
    client.force_login(UserFactory.create())
    response = client.get(reverse("admin:catalog_site_changelist"))
    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/admin/login/")
