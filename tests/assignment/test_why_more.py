"""What is asked of a stored decision: every shift and rule, why not somebody, what would change it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.test import Client
from django.utils.html import escape

from apps.accounts.choices import Role
from apps.assignment.models import Assignment, DecisionBasis, Unassigned
from apps.assignment.queries.loads import whole_loads
from apps.assignment.queries.shares.own import share_of
from apps.assignment.services import by_hand, replay
from apps.core import clock
from apps.engine.codes import Strategy
from apps.roster.models import Radiologist, Shift, Workload
from apps.rules.models import AssignmentRule
from tests import factories
from tests.assignment.hand import act, state
from tests.support.department import Department, order, receive, send, settle
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def decided(department: Department) -> Department:
    """P1 with DR_A; P9, for which no shift is there, with nobody."""
    department.add_reader("DR_A", family_name="Able")
    department.add_reader("DR_B", family_name="Baker")
    department.add_shift("CT", modality="CT", priority_level=-1)
    factories.AssignmentRuleFactory(
        name="Heads wait",
        condition_filters={"field": "body_part", "op": "=", "value": "HEAD"},
        action_type="HOLD",
        action_target="later",
    )
    send(*order(placer="P1"))
    send(*order(placer="P9", modality="NM"))
    return department


def assigned() -> str:
    return f"/assignments/{Assignment.objects.get(is_current=True).pk}/why/more/"


def unassigned() -> str:
    return f"/unassigned/{Unassigned.objects.get().pk}/why/more/"


def name(id_: str) -> str:
    return str(escape(Radiologist.objects.get(pk=id_).full_name))


def missing(page: str, *expected: str) -> list[str]:
    return [words for words in expected if words not in page]


@pytest.mark.usefixtures("decided")
def test_every_shift_and_every_rule_answers_for_itself() -> None:
    page = signed_in(Role.MANAGER).get(assigned()).content.decode()

    expected = (
        name("DR_A"),
        "Does other work and takes work from people only",
        "Heads wait",
        "Body part is HEAD",
        "KNEE",
    )
    assert missing(page, *expected) == []


@pytest.mark.usefixtures("decided")
def test_why_not_tells_every_obstacle_and_what_would_lift_them() -> None:
    page = signed_in(Role.MANAGER).get(assigned() + "?reader=DR_B").content.decode()

    assert missing(page, "Was equal in everything, and comes after") == []
    assert "What would give it to" in page


@pytest.mark.usefixtures("decided")
def test_who_has_it_stands_behind_nobody() -> None:
    page = signed_in(Role.MANAGER).get(assigned() + "?reader=DR_A").content.decode()

    assert "Nothing: it went to DR" in page


@pytest.mark.usefixtures("decided")
def test_a_reader_whom_nobody_knows_is_not_asked_about() -> None:
    answer = signed_in(Role.MANAGER).get(assigned() + "?reader=%3Cscript%3E")

    assert answer.status_code == 200
    assert "What stood between" not in answer.content.decode()


def test_the_smallest_change_is_told_for_an_order_without_a_reader(
    department: Department,
) -> None:
    department.add_reader("DR_A", family_name="Able", max_concurrent_studies=1)
    send(*order(placer="P1"))
    send(*order(placer="P2"))

    page = signed_in(Role.MANAGER).get(unassigned()).content.decode()

    expected = (
        f"{name('DR_A')} finishes 1 of their open studies",
        "studies at once to 2",
        "MRI_MSK",
    )
    assert missing(page, *expected) == []


def test_it_answers_for_the_moment_of_the_decision_and_not_for_now(
    department: Department,
) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    department.add_reader("DR_0")
    Workload.objects.filter(pk="DR_0").update(presence="offline")
    send(*order(placer="P1"))
    Workload.objects.update(presence="online")
    Radiologist.objects.update(is_active=False)
    AssignmentRule.objects.all().delete()

    page = signed_in(Role.MANAGER).get(assigned() + "?reader=DR_0").content.decode()

    assert missing(page, "Offline.", "comes online") == []
    assert "Not active" not in page


def test_a_waiting_order_is_asked_with_what_was_given_in_the_hours_worked(
    department: Department,
) -> None:
    department.shift.strategy = Strategy.FAIR
    department.shift.save()
    department.add_reader("DR_A", max_concurrent_studies=1)
    department.add_reader("DR_B", max_concurrent_studies=1)
    for number in range(3):
        send(*order(placer=f"P{number}"))
    at = clock.now()

    loads = whole_loads(at)

    for reader in ("DR_A", "DR_B"):
        standing = share_of(reader, at=at).standing
        assert standing is not None
        assert loads[reader].given_units == standing.given == 1
        assert loads[reader].worked_seconds > 0
    assert signed_in(Role.MANAGER).get(unassigned() + "?reader=DR_B").status_code == 200


@pytest.mark.usefixtures("decided")
def test_a_choice_by_hand_is_told_first() -> None:
    act(by_hand.assign, state(), radiologist_id="DR_B", reason="hers")

    page = signed_in(Role.MANAGER).get(assigned() + "?reader=DR_A").content.decode()

    assert "A person chose DR" in page


@pytest.fixture
def burst(department: Department) -> Department:
    """Twelve orders given out together among three readers, one of whom has more on hand."""
    Shift.objects.update(strategy="OPTIMAL")
    for id_, family in (("DR_A", "Able"), ("DR_B", "Baker"), ("DR_C", "Cole")):
        department.add_reader(id_, family_name=family)
    Workload.objects.filter(pk="DR_A").update(open_rvu=3, open_routine=3)
    for number in range(12):
        urgency = "S" if number % 5 == 0 else "R"
        receive(*order(placer=f"P{number}", mrn=f"MRN{number}", priority=urgency))
    settle()
    return department


@pytest.mark.usefixtures("burst")
def test_of_orders_given_out_together_it_went_to_nobody_but_who_got_it() -> None:
    client, together = signed_in(Role.MANAGER), 0

    for row in Assignment.objects.filter(is_current=True):
        for reader in ("DR_A", "DR_B", "DR_C"):
            page = client.get(f"/assignments/{row.pk}/why/more/?reader={reader}")
            said = page.content.decode()
            has_it = reader == row.radiologist_id
            assert ("Nothing: it went to" in said) is has_it
            assert (f"What stood between {name(reader)}" in said) is not has_it
            assert has_it or "It was given out together with 11 others" in said
            together += "this study alone; it was given out together with 11 others" in said
    assert together > 0


@pytest.mark.usefixtures("burst")
def test_without_the_others_it_tells_the_obstacle_and_tries_no_change() -> None:
    DecisionBasis.objects.filter(area__startswith="burst:").delete()
    replay.forget()
    row = Assignment.objects.filter(is_current=True, radiologist_id="DR_B").first()
    assert row is not None

    page = signed_in(Role.MANAGER).get(f"/assignments/{row.pk}/why/more/?reader=DR_C")

    said = page.content.decode()
    assert "What stood between" in said
    assert "were not kept, so no change can be tried" in said


@pytest.mark.usefixtures("decided")
def test_a_decision_that_comes_out_otherwise_today_is_not_explained_by_another() -> None:
    row = Assignment.objects.get(is_current=True)
    result = row.trace["result"] | {"radiologist": "DR_B"}
    Assignment.objects.filter(pk=row.pk).update(
        trace=row.trace | {"result": result}, radiologist_id="DR_B"
    )
    client = signed_in(Role.MANAGER)

    pages = [client.get(f"{assigned()}?reader={one}").content.decode() for one in ("DR_A", "DR_B")]

    assert "decided again today, it comes out otherwise" in pages[0]
    assert f"Nothing: it went to {name('DR_B')}" in pages[1]


def test_a_last_order_of_many_is_told_what_is_true_with_all_of_them(
    department: Department,
) -> None:
    Shift.objects.update(strategy="OPTIMAL")
    department.add_reader("DR_A", family_name="Able", max_concurrent_studies=1)
    for number in range(3):
        receive(*order(placer=f"P{number}", mrn=f"MRN{number}"))
    settle()
    last = Unassigned.objects.order_by("pk").last()
    assert last is not None

    page = signed_in(Role.MANAGER).get(f"/unassigned/{last.pk}/why/more/").content.decode()

    assert missing(page, "studies at once to 3", "It was decided together with") == []
    assert "studies at once to 2" not in page


@pytest.mark.usefixtures("decided")
def test_without_its_basis_it_says_that_nothing_more_can_be_said() -> None:
    DecisionBasis.objects.all().delete()
    replay.forget()

    page = signed_in(Role.MANAGER).get(assigned()).content.decode()

    assert "was not kept, so nothing more can be said" in page


@pytest.mark.usefixtures("department")
def test_a_parked_order_was_never_decided() -> None:
    send(*order(placer="P1", site="NOWHERE", facility="NOWHERE"))

    page = signed_in(Role.MANAGER).get(unassigned()).content.decode()

    assert "there is nothing to ask" in page


def test_what_an_order_says_of_its_patient_is_for_those_who_may_see_them(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    factories.AssignmentRuleFactory(
        condition_filters={"field": "patient_sex", "op": "=", "value": "M"},
        action_type="HOLD",
        action_target="later",
    )
    send(*order(placer="P1"))
    here = 'here <span class="code">F</span>'

    pages = [
        signed_in(role).get(assigned()).content.decode() for role in (Role.MANAGER, Role.AUDITOR)
    ]

    assert [here in page for page in pages] == [True, False]


@pytest.mark.usefixtures("decided")
def test_the_part_is_the_page_without_its_shell() -> None:
    client = signed_in(Role.MANAGER)
    page = client.get(assigned()).content.decode()
    part = client.get(assigned(), headers={"HX-Request": "true"}).content.decode()

    assert part.strip().startswith('<div id="why-more"')
    assert part.strip() in page


@pytest.mark.usefixtures("decided")
def test_once_it_has_a_reader_the_question_goes_to_the_assignment() -> None:
    current = Assignment.objects.get(is_current=True)

    answer = signed_in(Role.MANAGER).get(f"/unassigned/{current.order_id}/why/more/")

    assert (answer.status_code, answer["Location"]) == (302, assigned())


@pytest.mark.usefixtures("decided")
def test_another_sites_decisions_do_not_exist() -> None:
    client = signed_in(Role.MANAGER, site=factories.SiteFactory())

    assert [client.get(path).status_code for path in (assigned(), unassigned())] == [404, 404]


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.MANAGER, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.AUDITOR, 200),
        (Role.TECHNICIAN, 200),
        (Role.RADIOLOGIST, 403),
        (Role.REFERRING_PROVIDER, 403),
    ],
)
def test_who_may_see_studies_may_ask(role: Role, status: int) -> None:
    client = signed_in(role)

    assert [client.get(path).status_code for path in (assigned(), unassigned())] == [status] * 2


@pytest.mark.usefixtures("decided")
def test_it_is_for_those_signed_in_and_only_read(client: Client) -> None:
    assert client.get(assigned()).status_code == 302
    assert signed_in(Role.MANAGER).post(assigned()).status_code == 405


def test_a_hundred_readers_cost_as_many_queries_as_one(
    department: Department,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[list[str]]],
) -> None:
    department.add_reader("DR_000")
    send(*order(placer="P1"))
    client, path = signed_in(Role.MANAGER), assigned() + "?reader=DR_000"
    client.get(path)
    with django_assert_max_num_queries(15) as at_one:
        client.get(path)
    for number in range(1, 100):
        department.add_reader(f"DR_{number:03}")
    client.get(path)

    with django_assert_max_num_queries(15) as at_many:
        client.get(path)

    assert len(at_many) == len(at_one)


@pytest.mark.usefixtures("decided")
def test_the_decisions_page_leads_to_the_question_and_to_trying_again() -> None:
    current = Assignment.objects.get(is_current=True)

    page = signed_in(Role.MANAGER).get(f"/assignments/{current.pk}/why/").content.decode()

    assert missing(page, assigned(), f"/rules/try/?order={current.order_id}") == []
