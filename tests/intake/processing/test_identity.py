"""Which order a message speaks of, by whatever numbers it brings."""

from __future__ import annotations

import pytest

from apps.assignment.models import Assignment
from apps.orders.models import Order, OrderIdentifier
from tests import factories
from tests.intake.processing.door import post
from tests.support.department import (
    Department,
    group,
    order,
    readers,
    result,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.db


def numbers() -> list[tuple[str, str]]:
    return sorted(OrderIdentifier.objects.values_list("kind", "value"))


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({"placer": "P1"}, {"placer": "P1"}),
        ({"placer": "P1^HIS"}, {"placer": "P1^HIS"}),
        ({"placer": "", "filler": "F1"}, {"placer": "P7", "filler": "F1"}),
        ({"placer": "", "accession": "A1"}, {"placer": "P7", "accession": "A1"}),
        ({"placer": "P1", "uid": "1.2.3"}, {"placer": "P7", "uid": "1.2.3"}),
        # OBR-3 stands in for an accession until the sender fills OBR-18.
        ({"placer": "P1", "filler": "A1"}, {"placer": "P7", "accession": "A1"}),
        ({"placer": "P1", "accession": "A1"}, {"placer": "P7", "filler": "A1"}),
    ],
    ids=[
        "placer",
        "namespaced",
        "filler",
        "accession",
        "study uid",
        "filler first",
        "filler later",
    ],
)
def test_one_equal_number_is_enough(
    department: Department, first: dict[str, str], later: dict[str, str]
) -> None:
    department.add_reader("DR_A")

    send(*order(**first))
    send(*order(control="XO", priority="S", **later))

    assert Order.objects.get().urgency == "STAT"


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({"placer": "P1^HIS"}, {"placer": "P1^OTHER"}),
        ({"placer": "P1", "uid": "1.2.3"}, {"placer": "P2", "uid": "1.2.3", "code": "CT^CT HEAD"}),
        ({"placer": "P1", "filler": "7"}, {"placer": "7"}),
    ],
    ids=["other namespace", "other procedure of the study", "equal value of another kind"],
)
def test_numbers_that_only_look_alike_are_two_orders(
    department: Department, first: dict[str, str], later: dict[str, str]
) -> None:
    department.add_reader("DR_A")

    send(*order(**first))
    send(*order(**later))

    assert Order.objects.count() == 2


def test_stronger_number_wins_where_two_numbers_name_different_orders(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", accession="A1"))
    send(*order(placer="P2", accession="A2"))

    send(*order(control="CA", placer="P1", accession="A2"))

    assert statuses() == {"A1": "assigned", "A2": "cancelled"}


def test_late_numbers_are_kept_and_found_alone_ever_after(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    send(*order(control="XO", placer="P1", filler="F1"))
    send(*order(control="SN", placer="P1", accession="A1"))
    send(*order(control="XO", placer="", accession="A1", uid="1.2.3"))

    send(*order(control="CA", placer="", uid="1.2.3"))

    assert statuses() == {"A1": "cancelled"}
    assert numbers() == [
        ("accession", "A1"),
        ("accession", "F1"),
        ("filler", "F1"),
        ("placer", "P1"),
        ("study_uid", "1.2.3|MRI KNEE"),
    ]


def test_shown_accession_only_ever_improves(department: Department) -> None:
    department.add_reader("DR_A")
    shown = []
    for values in (
        {"placer": "P1"},
        {"placer": "P1", "filler": "F1"},
        {"placer": "P1", "accession": "A1"},
        {"placer": "P1", "filler": "F1"},
        {"placer": "P1"},
    ):
        send(*order(control="XO", **values))
        shown.append(Order.objects.get().accession)

    assert shown == ["P1", "F1", "A1", "A1", "A1"]


def test_cancel_brings_its_numbers_so_that_a_late_change_does_not_revive_the_order(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    send(*order(control="CA", placer="P1", accession="A1"))

    late = send(*order(control="XO", placer="", accession="A1"))

    assert statuses() == {"A1": "cancelled"}
    assert late.order_ids == [Order.objects.get().pk]
    assert "changed_after_cancel" in Order.objects.get().flags


def test_reused_placer_number_flags_the_new_order_and_the_newest_is_meant_later(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", accession="A1"))

    message = send(*order(placer="P1", accession="A2"))
    send(*order(control="CA", placer="P1"))

    assert message.flags == ["placer_number_reused"]
    assert dict(Order.objects.values_list("accession", "flags")) == {
        "A1": ["unknown_procedure"],
        "A2": ["unknown_procedure", "placer_number_reused"],
    }
    assert statuses() == {"A1": "assigned", "A2": "cancelled"}


def test_two_procedures_under_one_accession_are_changed_and_cancelled_each(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    knee, hip = {"code": "MRI KNEE^MRI KNEE"}, {"code": "MRI HIP^MRI HIP"}
    send(*order(placer="", accession="A1", **knee), *group(accession="A1", **hip))

    send(*order(control="XO", placer="", accession="A1", priority="S", **hip))
    send(*order(control="CA", placer="", accession="A1", **knee))

    assert list(
        Order.objects.order_by("id").values_list("procedure_code", "urgency", "status")
    ) == [
        ("MRI KNEE", "ROUTINE", "cancelled"),
        ("MRI HIP", "STAT", "assigned"),
    ]


def test_change_of_two_procedures_of_one_accession_reaches_both(department: Department) -> None:
    department.add_reader("DR_A")
    hip = {"code": "MRI HIP^MRI HIP"}
    send(*order(placer="", accession="A1"), *group(accession="A1", **hip))

    send(
        *order(control="XO", placer="", accession="A1", priority="A"),
        *group(control="XO", accession="A1", priority="S", **hip),
    )

    assert list(Order.objects.order_by("id").values_list("procedure_code", "urgency")) == [
        ("MRI KNEE", "URGENT"),
        ("MRI HIP", "STAT"),
    ]


def test_three_steps_of_one_study_keep_all_their_segments_and_numbers(
    department: Department,
) -> None:
    department.add_reader("DR_A")

    message = send(
        *order(placer="P1", accession="A1"),
        *group(placer="P2", accession="A1"),
        *group(placer="P3", accession="A1"),
        "ZDS|1.2.3^App^Type",
    )

    placed = Order.objects.get()
    assert message.order_ids == [placed.pk]
    segments = bytes(placed.segments.group).split(b"\r")
    assert [line[:3] for line in segments] == [
        *(b"ORC", b"OBR") * 3,
        b"ZDS",
        b"",
    ]
    assert [value for kind, value in numbers() if kind == "placer"] == ["P1", "P2", "P3"]
    assert Assignment.objects.count() == 1


def test_message_of_two_orders_takes_effect_whole(department: Department) -> None:
    department.add_reader("DR_A")

    message = send(
        *order(placer="P1", accession="A1"),
        *group(control="CA", placer="P9", accession="A9"),
        *group(placer="P2", accession="A2", code="MRI HIP^MRI HIP"),
    )

    assert (message.state, message.flags) == ("processed", ["unknown_order"])
    assert readers() == {"A1": "DR_A", "A2": "DR_A"}


def test_group_whose_number_turns_out_to_be_none_keeps_the_others_from_taking_effect(
    department: Department,
) -> None:
    department.add_reader("DR_A")

    message = send(
        *order(placer="P1"),
        "ORC|NW|\\H\\\\N\\",
        "OBR|2|||MRI HIP^MRI HIP",
    )

    assert (message.state, message.error, message.order_ids) == (
        "quarantined",
        "order group 2 of 2 has no number in it",
        [],
    )
    assert Order.objects.count() == 0


def test_result_without_a_number_is_told_and_the_others_count(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))

    message = send(*result(status="F", placer="P1"), "OBR|2|||MRI HIP||||||||||||||||||||||F")

    assert (message.state, message.flags) == ("processed", ["result_without_number"])
    assert statuses() == {"P1": "final"}


@pytest.mark.parametrize("number", ["~P1", "\\H\\\\N\\"], ids=["second", "blank"])
@pytest.mark.usefixtures("department")
def test_order_whose_number_turns_out_to_be_none_waits_for_a_person(number: str) -> None:
    message = send(*order()[:3], f"ORC|NW|{number}", "OBR|1|||MRI HIP^MRI HIP")

    assert (message.state, message.error) == ("quarantined", "no order with a number in it")


def test_group_number_stands_in_where_nothing_else_is_sent(department: Department) -> None:
    department.add_reader("DR_A")
    head = order(placer="", accession="")

    send(*head[:3], "ORC|NW|||G1", "OBR|1|||MRI KNEE^MRI KNEE|||||||||||||||||||||MR")
    send(*head[:3], "ORC|CA|||G1", "OBR|1|||MRI KNEE^MRI KNEE")

    assert statuses() == {"group G1": "cancelled"}


class TestSenders:
    def test_profile_names_the_issuer_for_two_facilities(self, department: Department) -> None:
        department.add_reader("DR_A")
        for name in ("North", "South"):
            factories.SenderProfileFactory(facility=name, issuer="GROUP")
            department.site.aliases.create(value=name)

        send(*order(placer="P1", facility="North", priority="R"))
        send(*order(control="XO", placer="P1", facility="South", priority="S"))

        assert Order.objects.values_list("issuer", "urgency").get() == ("GROUP", "STAT")

    @pytest.mark.parametrize(
        ("places", "shown"),
        [
            (["IPC-1.1", "OBR-18.1", "OBR-3.1", "OBR-2.1"], "A1"),
            (["OBR-3.1", "OBR-18.1", "OBR-2.1"], "F1"),
            (["OBR-2.1"], "P1"),
            (["IPC-1.1"], "F1"),
        ],
    )
    def test_shown_accession_is_the_first_filled_of_the_senders_places(
        self, department: Department, places: list[str], shown: str
    ) -> None:
        department.add_reader("DR_A")
        factories.SenderProfileFactory(facility="Robina", places={"accession": places})

        send(*order(placer="P1", filler="F1", accession="A1"))

        assert readers() == {shown: "DR_A"}

    def test_most_specific_profile_counts(self, department: Department) -> None:
        department.add_reader("DR_A")
        for application, facility, issuer in (
            ("", "", "ALL"),
            ("HIS", "", "APPLICATION"),
            ("", "Robina", "FACILITY"),
        ):
            factories.SenderProfileFactory(
                application=application, facility=facility, issuer=issuer
            )

        send(*order(placer="P1"))
        factories.SenderProfileFactory(application="HIS", facility="Robina", issuer="BOTH")
        send(*order(placer="P1"))

        assert list(Order.objects.order_by("id").values_list("issuer", flat=True)) == [
            "FACILITY",
            "BOTH",
        ]

    def test_longest_names_and_numbers_still_make_an_order(self, department: Department) -> None:
        department.add_reader("DR_A")
        long = "X" * 3000
        for facility in (long, "Robina"):
            raw = "\r".join(
                (*order(placer=long, accession=long, facility=facility, mrn=long), "")
            ).encode()
            post(raw)

        settle()

        assert [len(value) for value in Order.objects.values_list("accession", flat=True)] == [
            200,
            200,
        ]


def test_replacement_in_the_same_message_is_an_order_of_its_own(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", accession="A1"))

    send(
        *order(control="RP", placer="P1", accession="A1"),
        *group(control="RO", placer="P2", accession="A1", code="MRI HIP^MRI HIP"),
    )

    assert list(Order.objects.order_by("id").values_list("procedure_code", "status")) == [
        ("MRI KNEE", "cancelled"),
        ("MRI HIP", "assigned"),
    ]
    assert list(Assignment.objects.order_by("id").values_list("end_reason", flat=True)) == [
        "replaced",
        "",
    ]


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_replacement_under_the_very_same_numbers_is_not_lost(
    department: Department, is_known: bool
) -> None:
    department.add_reader("DR_A")
    if is_known:
        send(*order(placer="P1", accession="A1"))

    send(
        *order(control="RP", placer="P1", accession="A1"),
        *group(control="RO", placer="P1", accession="A1"),
    )

    assert sorted(Order.objects.values_list("status", flat=True)) == (
        ["assigned", "cancelled"] if is_known else ["assigned"]
    )


def test_cancel_of_one_of_two_procedures_under_one_placer_number_hits_that_one(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    head, knee = "CT HEAD^CT HEAD", "MR KNEE^MR KNEE"
    first = order(placer="P1", code=head, modality="")
    send(*first, *group(control="NW", placer="P1", code=knee, modality=""))

    send(*order(control="CA", placer="P1", code=head, modality=""))

    found = dict(Order.objects.values_list("procedure_code", "status"))
    assert found == {"CT HEAD": "cancelled", "MR KNEE": "assigned"}


def test_orders_that_share_a_placers_group_alone_are_two(department: Department) -> None:
    department.add_reader("DR_A")
    for code in ("CT HEAD^CT HEAD", "MR KNEE^MR KNEE"):
        segments = list(order(placer="", code=code, modality=""))
        segments[-2] = "ORC|NW|||G1"
        send(*segments)

    assert sorted(Order.objects.values_list("procedure_code", flat=True)) == ["CT HEAD", "MR KNEE"]


@pytest.mark.parametrize("junk", ["CT1", "RAD", "CT"])
def test_scanner_or_department_in_place_of_an_accession_makes_no_two_studies_one(
    department: Department, junk: str
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", accession=junk, mrn="M1"))
    send(*order(placer="P2", accession=junk, mrn="M2"))

    assert sorted(Order.objects.values_list("accession", "patient__mrn")) == [
        ("P1", "M1"),
        ("P2", "M2"),
    ]
