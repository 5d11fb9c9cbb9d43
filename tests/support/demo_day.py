"""The demo's department with some work in it: what a manager finds on a busy morning."""

from __future__ import annotations

from django.core.management import call_command

from apps.assignment.queries.states import study_state
from apps.assignment.services import by_hand
from apps.core import clock
from apps.intake.models import InboundMessage
from apps.orders.models import Order
from tests.support.department import VENDOR, forget_caches, order, receive, result, settle

STUDIES = (
    {
        "placer": "A1",
        "accession": "CT-1",
        "code": "CT HEAD^CT HEAD",
        "modality": "CT",
        "priority": "S",
    },
    {"placer": "A2", "accession": "MR-2", "code": "MRI KNEE^MRI KNEE"},
    {"placer": "A3", "accession": "DX-3", "code": "XR CHEST^X-RAY CHEST", "modality": "DX"},
    {"placer": "A4", "accession": "US-4", "code": "US PELVIS^ULTRASOUND PELVIS", "modality": "US"},
    {"placer": "A5", "accession": "DONE-5", "code": "CT CHEST^CT CHEST", "modality": "CT"},
    {"placer": "A6", "accession": "HELD-6", "code": "MRI BRAIN^MRI BRAIN"},
)


def load_department() -> None:
    """Load the demo fixture into an empty database."""
    forget_caches()
    call_command("loaddata", "demo", verbosity=0)


def some_work() -> dict[str, Order]:
    """Order, report, hold and garble; return the orders by accession.

    Among them are one of each: assigned, reported, held, without a reader, of an unknown site.
    """
    receive(*VENDOR)
    for study in STUDIES:
        receive(*order(mrn=f"MRN-{study['placer']}", **study))
    receive(*order(placer="A7", accession="ODD-7", code="XX ODD^NOBODY KNOWS", modality="ES"))
    receive(*order(placer="A8", accession="LOST-8", site="Atlantis", facility="Atlantis"))
    settle()
    receive(*result(status="F", placer="A5", accession="DONE-5"))
    receive(*order(control="HD", placer="A6", accession="HELD-6", code="MRI BRAIN^MRI BRAIN"))
    settle()
    odd = Order.objects.get(accession="ODD-7")
    by_hand.unassign(
        order_id=odd.pk,
        reason="whose work is this?",
        token=study_state(odd.pk).token,
        at=clock.now(),
        actor="user:manager",
    )
    assert not InboundMessage.objects.filter(state="waiting").exists()
    return {row.accession: row for row in Order.objects.all()}
