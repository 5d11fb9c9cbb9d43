from __future__ import annotations

import pytest

from apps.assignment.models import Assignment
from apps.orders.models import Order, OrderIdentifier
from apps.outbound.models import OutboundMessage
from apps.roster.models import Workload
from tests import factories
from tests.support.department import (
    VENDOR,
    Department,
    group,
    order,
    readers,
    reasons,
    result,
    send,
    statuses,
)

pytestmark = pytest.mark.db


def test_vendor_message_is_understood_assigned_and_told(department: Department) -> None:
    department.add_reader("DR_SMITH_ID", family_name="Smith", given_name="John")

    message = send(*VENDOR)

    placed = Order.objects.get()
    assert message.state == "processed"
    assert message.order_ids == [placed.pk]
    assert {
        name: getattr(placed, name)
        for name in (
            "issuer",
            "accession",
            "modality",
            "body_part",
            "urgency",
            "status",
            "indication",
            "procedure_code",
            "procedure_text",
            "subspecialty",
            "flags",
        )
    } == {
        "issuer": "Robina",
        "accession": "ACCESSION_456",
        "modality": "MR",
        "body_part": "MSK",
        "urgency": "STAT",
        "status": "assigned",
        "indication": "Patient with knee pain",
        "procedure_code": "MRI MSK",
        "procedure_text": "MRI MUSCULOSKELETAL",
        "subspecialty": "musculoskeletal",
        "flags": ["unknown_procedure"],
    }
    assert readers() == {"ACCESSION_456": "DR_SMITH_ID"}
    told = bytes(OutboundMessage.objects.get().payload).split(b"\r")
    assert told[1:5] == [line.encode() for line in VENDOR[1:]]
    assert told[5].rpartition(b"|")[0] == (
        b"ZRA|1|DR_SMITH_ID^Smith^John^DR|MRI_MSK^Mri_Msk|LOAD_BALANCED^Assignment Strategy"
    )


def test_placer_only_then_filler_is_one_order_with_the_better_number(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    assert readers() == {"P1": "DR_A"}

    send(*order(control="XO", placer="P1", filler="F1", accession="ACC1"))

    assert readers() == {"ACC1": "DR_A"}
    assert sorted(OrderIdentifier.objects.values_list("kind", "value")) == [
        ("accession", "ACC1"),
        ("filler", "F1"),
        ("placer", "P1"),
    ]


def test_known_placer_with_another_accession_is_a_new_order_and_flagged(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", accession="ACC1"))

    message = send(*order(placer="P1", accession="ACC2"))

    assert message.flags == ["placer_number_reused"]
    assert readers() == {"ACC1": "DR_A", "ACC2": "DR_A"}


def test_same_number_of_another_issuer_is_another_order(department: Department) -> None:
    department.add_reader("DR_A")
    factories.SiteFactory(code="SOUTHPORT")

    send(*order(placer="P1", accession="ACC1"))
    send(*order(placer="P1", accession="ACC1", facility="SOUTHPORT"))

    assert list(Order.objects.order_by("id").values_list("issuer", "accession")) == [
        ("Robina", "ACC1"),
        ("SOUTHPORT", "ACC1"),
    ]


def test_three_steps_of_one_study_are_one_task_and_two_procedures_are_two(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    head = order(placer="P1", accession="ACC1")

    send(
        *head,
        *group(placer="P2", accession="ACC1"),
        *group(placer="P3", accession="ACC1"),
        "ZDS|1.2.3^App^Type",
    )
    send(
        *order(placer="Q1", accession="ACC9", uid=""),
        *group(placer="Q2", accession="ACC9", code="MRI HIP^MRI HIP"),
    )

    assert list(Order.objects.order_by("id").values_list("accession", "procedure_code")) == [
        ("ACC1", "MRI KNEE"),
        ("ACC9", "MRI KNEE"),
        ("ACC9", "MRI HIP"),
    ]


@pytest.mark.parametrize(
    "arrival", ["NW XO CA", "NW CA XO", "XO NW CA", "XO CA NW", "CA NW XO", "CA XO NW"]
)
def test_every_arrival_order_of_new_change_cancel_ends_cancelled(
    department: Department, arrival: str
) -> None:
    department.add_reader("DR_A")

    for control in arrival.split():
        send(*order(control=control, placer="P1", accession="ACC1"))

    assert set(statuses().values()) == {"cancelled"}
    assert readers() == {}
    assert Workload.objects.get().open_studies == 0


def test_cancel_of_an_unknown_order_is_kept_so_that_a_late_new_does_not_revive_it(
    department: Department,
) -> None:
    department.add_reader("DR_A")

    cancel = send(*order(control="CA", placer="P1"))
    send(*order(control="NW", placer="P1"))

    assert cancel.flags == ["unknown_order"]
    assert statuses() == {"P1": "cancelled"}
    assert OutboundMessage.objects.count() == 0


def test_change_keeps_a_fit_reader_and_moves_the_order_from_an_unfit_one(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    ct = department.add_shift("CT_ALL", modality="CT")
    department.add_reader("DR_CT", shift=ct)
    send(*order(placer="P1"))

    send(*order(control="XO", placer="P1", priority="S"))
    assert readers() == {"P1": "DR_A"}
    assert Workload.objects.get(pk="DR_A").open_stat == 1

    send(*order(control="XO", placer="P1", priority="S", modality="CT", code="CT HEAD^CT HEAD"))
    assert readers() == {"P1": "DR_CT"}
    assert list(Assignment.objects.order_by("id").values_list("state", "end_reason")) == [
        ("ended", "unfit"),
        ("assigned", ""),
    ]
    assert [
        (kind, b"DR_CT" in bytes(payload))
        for kind, payload in OutboundMessage.objects.order_by("id").values_list("kind", "payload")
    ] == [("assigned", False), ("reassigned", True)]


def test_result_frees_the_seat_and_moves_the_order(department: Department) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    send(*order(placer="P1"))
    send(*order(placer="P2"))
    assert (readers(), reasons()) == ({"P1": "DR_A"}, {"P2": "at_capacity"})

    send(*result(status="P", placer="P1"))
    assert statuses() == {"P1": "preliminary", "P2": "assigned"}

    send(*result(status="F", placer="P1"))
    send(*result(status="C", placer="P1"))
    assert statuses() == {"P1": "amended", "P2": "assigned"}
    assert Workload.objects.get().open_studies == 1


def test_our_own_message_sent_back_does_nothing(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    ours = bytes(OutboundMessage.objects.get().payload).decode().strip("\r").split("\r")

    echoed = send(*ours)

    assert echoed.state == "ignored"
    assert statuses() == {"P1": "assigned"}
    assert Assignment.objects.count() == 1


def test_cancel_frees_the_reader_and_tells_downstream_with_an_empty_reader(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))

    send(*order(control="CA", placer="P1"))

    last = bytes(OutboundMessage.objects.order_by("id").last().payload)
    zra = next(line for line in last.split(b"\r") if line.startswith(b"ZRA"))
    assert zra.split(b"|")[:5] == [b"ZRA", b"1", b'""', b"", b"cancelled^Unassignment Reason"]
    assert Workload.objects.get().open_studies == 0


def test_hold_frees_the_seat_and_release_gives_the_order_back(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))

    send(*order(control="HD", placer="P1"))
    assert statuses() == {"P1": "held"}
    assert Workload.objects.get().open_studies == 0

    send(*order(control="RL", placer="P1"))
    assert statuses() == {"P1": "assigned"}
    assert Workload.objects.get().open_studies == 1
    assert OutboundMessage.objects.count() == 1


def test_status_event_updates_and_never_assigns(department: Department) -> None:
    department.add_reader("DR_A")

    unknown = send(*order(control="SC", status="IP", placer="P9"))
    assert (unknown.flags, Order.objects.count()) == (["unknown_order"], 0)

    send(*order(placer="P1"))
    send(*order(control="SC", status="IP", placer="P1"))
    assert statuses() == {"P1": "in_progress"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"facility": "Nowhere", "site": "Nowhere"}, "unknown_site"),
        ({"modality": "RAD", "code": "X1^Something"}, "unknown_modality"),
        ({"modality": "", "code": "X1^Something"}, "unknown_procedure"),
        ({"mrn": ""}, "no_patient"),
    ],
)
def test_what_stays_unknown_is_parked_with_its_reason(
    department: Department, values: dict[str, str], reason: str
) -> None:
    department.add_reader("DR_A")

    message = send(*order(placer="P1", **values))

    assert message.state == "processed"
    assert reasons() == {"P1": reason}


def test_parked_order_is_decided_by_itself_when_a_mapping_is_added(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", facility="Elsewhere", site="Elsewhere"))
    assert reasons() == {"P1": "unknown_site"}

    department.site.aliases.create(value="ELSEWHERE")
    send(*order(placer="P2"))

    assert readers() == {"P1": "DR_A", "P2": "DR_A"}
