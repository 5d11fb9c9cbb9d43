from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.dashboard.traces import real_trace
from tests.factories import (
    AssignmentFactory,
    EndedAssignmentFactory,
    OrderFactory,
    OrderIdentifierFactory,
    UnassignedFactory,
)

pytestmark = pytest.mark.db


def explain(accession: str) -> str:
    out = StringIO()
    call_command("explain", accession, stdout=out)
    return out.getvalue()


def test_assigned_order_is_explained_with_its_radiologists_id() -> None:
    AssignmentFactory(
        order__accession="ACC1",
        radiologist__id="DR_FREE",
        shift__code="MRI_MSK",
        trace=real_trace(),
    )

    said = explain("ACC1").splitlines()

    assert said[0] == "ACC1 of HOSPITAL: assigned, DR_FREE (DR Rae Reader) on MRI_MSK"
    assert "  DR_FULL: full, 20 of 20 studies open." in said
    assert said[-1].startswith(
        "  Assigned to DR Rae Reader (DR_FREE) on Mri_Msk (MRI_MSK) by load balancing"
    )


def test_unassigned_order_is_explained_with_its_reason() -> None:
    UnassignedFactory(order__accession="ACC1", reason="no_shift", attempts=2)

    assert explain("ACC1").splitlines() == [
        "ACC1 of HOSPITAL: unassigned",
        "  Reason: No shift for this work at this time; 2 tries, last at 2026-02-04 02:00:00 UTC.",
        "  No decision was made by the engine here, so there is no trace.",
    ]


def test_held_order_is_explained_with_what_it_waits_for() -> None:
    order = OrderFactory(accession="ACC1", status="held", held_reason="prior films missing")
    UnassignedFactory(
        order=order, reason="held", reason_text="prior films missing", is_waiting=False
    )

    said = explain("ACC1").splitlines()

    assert said[0] == "ACC1 of HOSPITAL: held, prior films missing"
    assert said[1].startswith("  Reason: Held (prior films missing); 1 try")


def test_parked_order_is_explained_with_what_is_unknown() -> None:
    UnassignedFactory(order__accession="ACC1", reason="unknown_site", order__site=None)

    assert "Reason: Unknown site; 1 try" in explain("ACC1")


def test_cancelled_order_is_explained_with_its_earlier_reader() -> None:
    order = OrderFactory(accession="ACC1", status="cancelled")
    EndedAssignmentFactory(order=order, radiologist__id="DR_GONE", end_reason="cancelled")

    assert explain("ACC1").splitlines() == [
        "ACC1 of HOSPITAL: cancelled",
        "  Earlier: DR_GONE from 2026-02-04 02:00:00 to 02:00:00 UTC, order cancelled.",
    ]


def test_orders_of_several_issuers_under_one_accession_are_all_explained() -> None:
    OrderFactory(accession="ACC1", issuer="NORTH")
    OrderFactory(accession="ACC1", issuer="SOUTH")

    said = explain("ACC1")

    assert said == "ACC1 of NORTH: received\n\nACC1 of SOUTH: received\n"


def test_order_is_found_by_an_earlier_number_too() -> None:
    order = OrderFactory(accession="SHOWN")
    OrderIdentifierFactory(order=order, kind="placer", value="PLACER-1")

    assert explain("PLACER-1") == "SHOWN of HOSPITAL: received\n"


def test_unknown_accession_is_a_clear_error() -> None:
    with pytest.raises(CommandError) as raised:
        explain("NOWHERE")

    assert str(raised.value) == "No order has the accession 'NOWHERE'."
    assert raised.value.returncode == 1


def test_explanation_names_no_patient() -> None:
    AssignmentFactory(order__accession="ACC1", order__patient__family_name="SECRETNAME")

    assert "SECRETNAME" not in explain("ACC1")
