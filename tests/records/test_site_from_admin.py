"""An administrator sets up a whole site from the admin alone, and its first order is decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.assignment.snapshot.load import load_config
from apps.audit.models import AuditEvent
from apps.engine.codes import Urgency
from apps.engine.compiled import compile_config
from apps.engine.decision import decide
from apps.engine.facts import OrderFacts
from apps.engine.result import Snapshot
from apps.roster.models import Shift
from tests.factories.people import UserFactory
from tests.support.admin_forms import added_row, admin_url, errors_of, shown_form

pytestmark = pytest.mark.db

NIGHT = datetime(2026, 2, 4, 15, 0, tzinfo=UTC)
"""01:00 on Thursday in Brisbane."""


class Administrator:
    """Fills in the admin's forms as they are shown."""

    def __init__(self) -> None:
        self.client = Client()
        self.client.force_login(
            UserFactory.create(username="ada", is_staff=True, is_superuser=True)
        )

    def adds(self, label: str, *rows: tuple[str, dict[str, Any]], **values: object) -> None:
        """Add a record, with rows in its inlines."""
        address = admin_url(label, "add")
        data = shown_form(self.client, address) | values
        for prefix, row in rows:
            data = added_row(data, prefix, **row)
        response = self.client.post(address, data)
        assert (errors_of(response), response.status_code) == ([], 302), label


def test_site_set_up_from_the_admin_alone_has_its_first_order_decided() -> None:
    ada = Administrator()
    ada.adds("catalog.cluster", code="GC", name="Gold Coast")
    cluster = ada.client.get(admin_url("catalog.cluster", "changelist")).context["cl"]
    ada.adds(
        "catalog.site",
        ("aliases", {"value": "Robina"}),
        code="ROBINA",
        name="Robina Imaging",
        cluster=cluster.queryset.get().pk,
        time_zone="Australia/Brisbane",
        jurisdiction="QLD",
        requires_licence="on",
    )
    ada.adds(
        "catalog.procedure",
        ("aliases", {"local_code": "MRMSK"}),
        code="MRI MSK",
        description="MRI musculoskeletal",
        modality="MRI",
        body_part="MSK",
    )
    ada.adds(
        "roster.radiologist",
        ("licences", {"jurisdiction": "QLD", "number": "7"}),
        ("credentials", {"name": "FRANZCR"}),
        id="DR_SMITH_ID",
        given_name="John",
        family_name="Smith",
        specialties="musculoskeletal",
    )
    site = ada.client.get(admin_url("catalog.site", "changelist")).context["cl"].queryset.get()
    ada.adds(
        "roster.shift",
        ("work_types", {"modality": "MR", "body_part": "MSK"}),
        ("site_rows", {"site": site.pk}),
        (
            "roster",
            {"radiologist": "DR_SMITH_ID", "start_date": "2026-01-01", "status": "active"},
        ),
        code="MRI_MSK_ROBINA",
        name="MRI MSK Robina",
        start_local="19:00",
        end_local="07:00",
        weekdays=["1", "2", "3", "4", "5"],
        time_zone="Australia/Brisbane",
    )
    ada.adds(
        "rules.assignmentrule",
        name="Children are urgent",
        condition_filters='{"all": [{"field": "patient_age", "op": "<", "value": 16}]}',
        action_type="SET_PRIORITY",
        action_target="URGENT",
    )
    ada.adds("rules.slapolicy", urgency="STAT", acknowledge_minutes="5", report_minutes="60")
    ada.adds("rules.scoringweights")
    ada.adds("outbound.destination", name="RIS", host="127.0.0.1", port="2576", sites=[site.pk])
    ada.adds("intake.senderprofile", name="PACS", facility="Robina", default_site=site.pk)
    ada.adds(
        "accounts.user",
        username="john.smith",
        password1="a long enough password",
        password2="a long enough password",
        usable_password="true",
    )

    assert Shift.objects.get().all_sites is False
    assert User.objects.filter(username="john.smith", is_staff=False).exists()
    told = AuditEvent.objects.exclude(new_values__username="ada")
    assert set(told.values_list("actor", flat=True)) == {"user:ada"}
    order = OrderFacts(
        order_id=1,
        issuer="Robina",
        accession="A1",
        site="ROBINA",
        modality="MR",
        body_part="KNEE",
        subspecialty="",
        urgency=Urgency.STAT,
        received_at=NIGHT,
    )
    decision = decide(order, NIGHT, Snapshot(compiled=compile_config(load_config({})), loads={}))
    assert (decision.radiologist, decision.shift) == ("DR_SMITH_ID", "MRI_MSK_ROBINA")
