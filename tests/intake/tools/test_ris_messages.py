"""The simulated RIS's messages, taken through the real processing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from apps.intake.tools.ris.desk import StackDesk, Standing
from apps.intake.tools.ris.menu import BUILT_IN, Exam, Menu, menu_of_stack
from apps.intake.tools.ris.studies import Inventor, Patient, Shape, Study
from apps.intake.tools.ris.writing import order_message, result_message
from apps.orders.models import Order, OrderIdentifier
from tests import factories
from tests.support.department import Department, send

pytestmark = pytest.mark.db

_AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
_EXAM = Exam("MRI KNEE", "MRI KNEE & JOINT", "MR", "KNEE")
_PATIENT = Patient("SIM7", "O'Dea", "Ravi", date(1980, 1, 15), "M")
_NUMBERS = {
    Shape.VENDOR: {"placer": "SIM1P", "filler": "SIM1"},
    Shape.ORM_24: {"placer": "SIM1P", "filler": "SIM1F", "accession": "SIM1"},
    Shape.ORM_231_ZDS: {
        "placer": "SIM1P",
        "filler": "SIM1F",
        "accession": "SIM1",
        "study_uid": "2.25.1",
    },
    Shape.OMI_251: {
        "placer": "SIM1P",
        "filler": "SIM1F",
        "accession": "SIM1",
        "study_uid": "2.25.1",
    },
    Shape.OMG_251: {"placer": "SIM1P"},
}


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    department = Department()
    department.add_reader("DR_A_ID")
    return department


def _study(shape: Shape, **values: str) -> Study:
    study = Study(
        number="SIM1",
        shape=shape,
        facility="Robina",
        exam=_EXAM,
        patient=_PATIENT,
        urgency="URGENT",
        reason="pain & swelling",
    )
    return replace(study, **_NUMBERS[shape], **values)


def _send(payload: bytes) -> str:
    """Let the message take effect; return the order's status, and that it is one order."""
    send(*payload.decode().rstrip("\r").split("\r"))
    return Order.objects.get().status


def _order(study: Study, control: str) -> str:
    return _send(order_message([study], control, f"C-{control}", _AT))


def _result(study: Study, status: str) -> str:
    return _send(result_message(study, status, f"R-{status}", _AT))


every_shape = pytest.mark.parametrize("shape", list(Shape), ids=lambda shape: shape.name)


@every_shape
@pytest.mark.usefixtures("department")
def test_an_order_is_understood_whole(shape: Shape) -> None:
    study = _study(shape)
    assert _order(study, "NW") == "assigned"
    order = Order.objects.select_related("site", "patient").get()
    assert order.site and order.patient  # noqa: PT018 -- one order, whole
    assert (
        order.accession,
        order.site.code,
        order.modality,
        order.body_part,
        order.urgency,
        order.procedure_text,
        order.indication,
        order.patient.mrn,
        order.patient.family_name,
        order.sent_at,
    ) == (
        study.shown,
        "ROBINA",
        "MR",
        "KNEE",
        "URGENT",
        "MRI KNEE & JOINT",
        "pain & swelling",
        "SIM7",
        "O'Dea",
        _AT,
    )


@every_shape
@pytest.mark.usefixtures("department")
def test_what_follows_an_order_finds_it(shape: Shape) -> None:
    study = _study(shape)
    _order(study, "NW")
    assert [
        _order(study.hurried(), "XO"),
        _order(study, "HD"),
        _order(study, "RL"),
        _order(study, "SC"),
        _result(study, "P"),
        _result(study, "F"),
    ] == ["assigned", "held", "assigned", "in_progress", "preliminary", "final"]


@every_shape
@pytest.mark.usefixtures("department")
def test_a_cancel_finds_its_order(shape: Shape) -> None:
    study = _study(shape)
    _order(study, "NW")
    assert _order(study, "CA") == "cancelled"


@pytest.mark.usefixtures("department")
def test_two_studies_ordered_together_are_two_orders() -> None:
    menu = Menu((_EXAM,), ("Robina",))
    pair = Inventor(menu, random.Random(1), "R").pair(_AT)  # noqa: S311 -- invents studies
    send(*order_message(pair, "NW", "C1", _AT).decode().rstrip("\r").split("\r"))
    orders = Order.objects.order_by("id").values_list("accession", "status")
    assert list(orders) == [("SIMR0001", "assigned"), ("SIMR0002", "assigned")]


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("received", Standing.WAITING),
        ("unassigned", Standing.WAITING),
        ("assigned", Standing.WITH_READER),
        ("in_progress", Standing.WITH_READER),
        ("preliminary", Standing.WITH_READER),
        ("held", Standing.HELD),
        ("final", Standing.OVER),
        ("cancelled", Standing.OVER),
    ],
)
def test_the_desk_says_what_became_of_a_study(status: str, standing: Standing) -> None:
    factories.OrderFactory(accession="SIM1", status=status)
    assert StackDesk().standing(_study(Shape.ORM_24)) is standing


def test_an_order_that_did_not_take_effect_yet_is_waiting() -> None:
    assert StackDesk().standing(_study(Shape.ORM_24)) is Standing.WAITING


@every_shape
@pytest.mark.usefixtures("department")
def test_a_later_run_can_finish_what_was_left_open(shape: Shape) -> None:
    _order(_study(shape), "NW")
    factories.OrderFactory(accession="ACC-OF-A-REAL-ONE", status="assigned")
    factories.OrderFactory(accession="SIM-DONE", status="final")
    [left] = StackDesk().left_open()
    send(*result_message(left, "F", "R9", _AT).decode().rstrip("\r").split("\r"))
    identifier = OrderIdentifier.objects.filter(kind="placer").get()
    assert identifier.order.status == "final"


def test_the_menu_is_the_catalogue() -> None:
    site = factories.SiteFactory(code="BONDI")
    site.aliases.create(value="Bondi")
    factories.ProcedureFactory(
        code="CTB",
        description="CT BRAIN",
        modality="CT",
        body_part="BRAIN",
        turnaround_minutes=12,
        default_urgency="URGENT",
    )
    exam = Exam("CTB", "CT BRAIN", "CT", "BRAIN", 12, "URGENT")
    assert menu_of_stack() == Menu((exam,), ("Bondi",))


def test_an_empty_catalogue_leaves_the_built_in_menu() -> None:
    assert menu_of_stack() == BUILT_IN
