"""One reader for a patient's studies, and the reader of the priors, bounded and switchable."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from apps.assignment.desk import company
from apps.assignment.models import Assignment
from apps.core import bulk, clock
from apps.orders.models import Order
from apps.rules.models import DecisionPolicy
from tests.support.department import (
    Department,
    group,
    order,
    readers,
    receive,
    result,
    send,
    settle,
    take_effect,
)


def policy(**values: object) -> None:
    DecisionPolicy.objects.update_or_create(id=1, defaults=values)


def several(*names: str, mrn: str = "MRN1", control_id: str = "C1") -> tuple[str, ...]:
    """Return one message with an order for each name."""
    head = order(placer=names[0], mrn=mrn, control_id=control_id)
    more = (
        line
        for name in names[1:]
        for line in group(placer=name, code=f"MRI {name}^X", modality="MR")
    )
    return (*head, *more)


@pytest.mark.db
def test_three_studies_of_a_patient_in_one_message_go_to_one_reader(
    department: Department,
) -> None:
    for name in ("DR_A", "DR_B", "DR_C"):
        department.add_reader(name)

    send(*several("P1", "P2", "P3"))

    assert len(set(readers().values())) == 1
    assert len(readers()) == 3
    assert Order.objects.values_list("linked_key", flat=True).distinct().count() == 1


@pytest.mark.db
def test_studies_of_a_patient_in_one_batch_go_to_one_reader(department: Department) -> None:
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    for number in range(4):
        receive(*order(placer=f"P{number}", mrn=f"M{number % 2}"))

    settle()

    held = readers()
    assert held["P0"] == held["P2"]
    assert held["P1"] == held["P3"]
    assert held["P0"] != held["P1"]


@pytest.mark.db
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"together": "patient"}, 1),
        ({"together": "linked"}, 2),
        ({"together": "off"}, 2),
        ({"together": "patient", "together_most": 1}, 2),
    ],
    ids=["all of the patient's", "linked only", "off", "bounded"],
)
def test_the_policy_says_whether_a_later_study_joins_the_first(
    department: Department, values: dict[str, object], expected: int
) -> None:
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    policy(**values)

    send(*order(placer="P1"))
    send(*order(placer="P2"))

    assert len(set(readers().values())) == expected


@pytest.mark.db
def test_who_is_much_fuller_is_not_given_the_patients_next_study(department: Department) -> None:
    department.add_reader("DR_A", max_concurrent_studies=10)
    department.add_reader("DR_B", max_concurrent_studies=10)
    policy(together="patient", together_most=100, company_share="0.25")

    for number in range(8):
        send(*order(placer=f"P{number}"))

    counts = sorted(list(readers().values()).count(name) for name in ("DR_A", "DR_B"))
    assert counts == [3, 5]


@pytest.mark.db
def test_the_reader_of_the_priors_is_preferred(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    send(*result(status="F", placer="P1"))
    department.add_reader("DR_B")

    send(*order(placer="P2"))

    assert readers()["P2"] == "DR_A"


@pytest.mark.db
def test_old_priors_and_switched_off_ones_do_not_count(department: Department) -> None:
    department.add_reader("DR_A")
    for name in ("P1", "P2"):
        send(*order(placer=name))
        send(*result(status="F", placer=name))
    department.add_reader("DR_B")
    Assignment.objects.update(completed_at=clock.now() - timedelta(days=800))

    send(*order(placer="P3"))
    policy(prefer_priors=False, together="off")
    Assignment.objects.filter(order__accession="P1").update(completed_at=clock.now())
    send(*order(placer="P4"))

    assert readers()["P3"] == "DR_B"
    assert readers()["P4"] == "DR_A"  # by load: B has one open


@pytest.mark.db
def test_a_held_study_draws_nobody(department: Department) -> None:
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    policy(prefer_priors=False)
    send(*order(placer="P1"))
    first = readers()["P1"]
    send(*order(placer="P1", control="HD"))

    send(*order(placer="P2"))

    # Nobody has a study open: who was last assigned longest ago comes first.
    assert readers()["P2"] != first


@pytest.mark.db
def test_studies_follow_a_merged_patient(department: Department) -> None:
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    send(*order(placer="P1", mrn="OLD"))
    first = readers()["P1"]
    receive(
        r"MSH|^~\&|HIS|Robina|RAD|RAD|20261122100000||ADT^A40|MG1|P|2.5.1",
        "EVN|A40|20261122100000",
        "PID|1||NEW^^^Robina||Doe^Jane",
        "MRG|OLD^^^Robina",
    )
    receive(*order(placer="P2", mrn="NEW"))

    settle()

    assert readers()["P2"] == first


@pytest.mark.db
def test_the_placers_group_links_orders_of_different_messages(department: Department) -> None:
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    policy(together="linked", prefer_priors=False)

    def grouped(placer: str) -> tuple[str, ...]:
        lines = order(placer=placer, code=f"MRI {placer}^X")
        return tuple(
            line.replace(f"ORC|NW|{placer}||", f"ORC|NW|{placer}||G7")
            if line[:3] == "ORC"
            else line
            for line in lines
        )

    send(*grouped("P1"))
    send(*order(placer="P2"))
    send(*grouped("P3"))

    held = readers()
    assert (held["P1"] == held["P3"], held["P1"] == held["P2"]) == (True, False)


@pytest.mark.db
def test_the_trace_names_readers_and_nothing_of_the_patient(department: Department) -> None:
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    send(*order(placer="P1"))
    send(*order(placer="P2"))

    trace = Assignment.objects.get(order__accession="P2").trace

    assert trace["order"]["together"] == [readers()["P1"]]
    assert "MRN1" not in str(trace)
    assert "Doe" not in str(trace)


@pytest.mark.db
def test_a_batch_asks_once_for_all_its_patients(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    asked: list[int] = []

    def select(sql: str, parameters: list[list[int]]) -> list[tuple[object, ...]]:
        asked.append(len(parameters[0]))
        return bulk.select(sql, parameters)

    monkeypatch.setattr(company, "bulk", SimpleNamespace(select=select))
    for number in range(20):
        receive(*order(placer=f"P{number}", mrn=f"M{number}"))
    take_effect()
    assert asked == []  # new patients have nothing to ask for

    for number in range(20):
        receive(*order(placer=f"Q{number}", mrn=f"M{number}"))
    take_effect()
    assert asked == [20]


@pytest.mark.db
def test_switched_off_nothing_is_asked(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    policy(together="off", prefer_priors=False)
    send(*order(placer="P1"))
    monkeypatch.setattr(company, "bulk", None)

    send(*order(placer="P2"))

    assert readers()["P2"] == "DR_A"
