"""Try it: an order decided with nothing stored, on a message, on a past study, on a form."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.apps import apps
from django.db import InternalError, connection, transaction
from django.test import Client

from apps.accounts.choices import Role
from apps.assignment.models import Assignment
from apps.assignment.services.trying import nothing_stored
from apps.catalog.models import Site
from apps.orders.models import Order
from apps.rules.content import content_of
from apps.rules.models import DecisionPolicy, DraftChange, RuleDraft
from tests import factories
from tests.factories.intake import SenderProfileFactory
from tests.factories.times import NOON
from tests.support.department import VENDOR, Department, group, order, send
from tests.support.people import signed_in

pytestmark = pytest.mark.db
PATH = "/rules/try/"
FORM = {"by": "facts", "urgency": "ROUTINE"}


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    return Department()


@pytest.fixture
def staffed(department: Department) -> Department:
    department.add_reader("DR_A", family_name="Able")
    department.add_reader("DR_B", family_name="Baker")
    return department


@pytest.fixture
def manager(staffed: Department) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.MANAGER)


def message(*segments: str) -> dict[str, str]:
    return {"by": "message", "message": "\n".join(segments)}


def missing(page: str, *expected: str) -> list[str]:
    return [words for words in expected if words not in page]


def tried(client: Client, **values: Any) -> str:
    answer = client.post(PATH, values)
    assert answer.status_code == 200
    return answer.content.decode()


def counted() -> dict[str, Any]:
    """Return the rows of every table, and where every sequence stands."""
    with connection.cursor() as cursor:
        rows = {
            model._meta.db_table: model._default_manager.count()
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy
        }
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
        return rows | dict(cursor.fetchall())


@pytest.mark.parametrize(
    "values",
    [
        message(*VENDOR),
        message(*order(placer="NEW", mrn="NEWPATIENT")),
        {"by": "facts", "modality": "MR", "urgency": "STAT"},
        {"by": "order", "accession": "PAST", "when": "then"},
    ],
    ids=["vendor", "message", "form", "past"],
)
def test_nothing_is_stored_and_no_sequence_moves(
    manager: Client, staffed: Department, values: dict[str, Any]
) -> None:
    send(*order(placer="PAST"))
    before = counted()

    page = tried(manager, **values, site=staffed.site.pk)

    assert "Rules in force" in page
    assert counted() == before


def test_the_database_itself_refuses_to_write_while_it_is_tried() -> None:
    def write() -> None:
        with nothing_stored():
            factories.SiteFactory()

    with transaction.atomic(), pytest.raises(InternalError, match="read-only"):
        write()


def test_a_message_is_read_with_the_place_of_each_fact_and_decided(manager: Client) -> None:
    page = tried(manager, **message(*VENDOR))

    expected = (
        "ACCESSION_456",
        "ZRD-2",
        "ZRD-4",
        "Robina (ROBINA)",
        "STAT",
        "Doe",
        "DR_A",
        "Asked the shifts of priority level",
        "Every rule",
    )
    assert missing(page, *expected) == []


def test_a_tried_message_comes_to_what_the_same_message_then_does(manager: Client) -> None:
    factories.AssignmentRuleFactory(
        name="To Baker",
        condition_filters={"field": "patient_sex", "op": "=", "value": "M"},
        action_type="ASSIGN_TO_RADIOLOGIST",
        action_target="DR_B",
    )
    page = tried(manager, **message(*VENDOR))

    send(*VENDOR)

    assigned = Assignment.objects.get()
    assert (assigned.radiologist_id, assigned.strategy) == ("DR_B", "RULE")
    assert (
        missing(page, f"Assigned to {assigned.radiologist.full_name} on", "To Baker", "decides")
        == []
    )


def test_each_order_of_a_message_fills_the_reader_for_the_next(manager: Client) -> None:
    first = order(placer="P1")
    page = tried(manager, **message(*first, *group(placer="P2", code="MRI HIP^MRI HIP")))

    assert missing(page, "<h2>P1", "<h2>P2") == []
    assert "Assigned to DR Rae Able on" in page
    assert "Assigned to DR Rae Baker on" in page


def test_a_batch_shows_the_orders_of_each_message(manager: Client) -> None:
    batch = ("BHS|^~\\&|HIS|Robina", *order(placer="B1"), *order(placer="B2"), "BTS|2")

    page = tried(manager, **message(*batch))

    assert missing(page, "<h2>B1", "<h2>B2") == []


def test_an_error_names_segment_and_field(manager: Client) -> None:
    bad = [line for line in VENDOR if not line.startswith("OBR")]

    page = tried(manager, **message(*bad))

    assert "is no message" in tried(manager, **message("hello")) or "MSH" in page
    assert '<span class="code">OBR-' in page or '<span class="code">ORC-' in page


def test_a_strict_sender_refuses_as_at_the_door(manager: Client) -> None:
    SenderProfileFactory(
        application="PACS", facility="Robina", is_strict=True, accepted_versions=["2.3"]
    )

    page = tried(manager, **message(*VENDOR))

    assert missing(page, '<span class="code">MSH-12</span>', "the version is not accepted") == []


def test_a_parked_order_says_what_is_missing(manager: Client) -> None:
    page = tried(manager, **message(*order(site="MOON", facility="MOON")))

    assert "parked until that is known here: unknown site" in page


def test_a_cancel_asks_nothing_of_the_engine(manager: Client) -> None:
    page = tried(manager, **message(*order(control="CA")))

    assert "asks to cancel, so nothing is decided" in page


def test_a_study_that_is_known_already_is_told_of(manager: Client) -> None:
    send(*order(placer="P1"))

    page = tried(manager, **message(*order(placer="P1")))

    assert "is known under this number already" in page


def test_markup_in_a_message_stays_text(manager: Client) -> None:
    page = tried(manager, **message(*order(placer="<script>alert(1)</script>")))

    assert "<script>alert(1)" not in page


# -- a past study -----------------------------------------------------------------------------


def test_a_past_study_is_tried_again_with_the_loads_of_now(manager: Client) -> None:
    send(*order(placer="P1"))
    [row] = Assignment.objects.all()

    page = manager.get(f"{PATH}?order={row.order_id}").content.decode()

    expected = (
        "What really became of it",
        f"/assignments/{row.pk}/why/",
        "Assigned to DR Rae Baker on",
    )
    assert missing(page, *expected) == []


@pytest.mark.usefixtures("staffed")
def test_a_past_study_is_tried_with_the_loads_of_then_and_the_rules_of_now(
    manager: Client,
) -> None:
    send(*order(placer="P1"))
    for number in range(2, 8):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
    factories.AssignmentRuleFactory(
        action_type="EXCLUDE", action_target="DR_A", is_terminal=False, condition_filters={}
    )

    page = tried(manager, by="order", accession="P1", when="then")

    expected = ("0 RVU open for 100 seats", "Assigned to DR Rae Baker on", "loads of then")
    assert missing(page, *expected) == []


def test_its_own_seat_does_not_count_against_its_reader(department: Department) -> None:
    department.add_reader("DR_A", family_name="Able", max_concurrent_studies=1)
    send(*order(placer="P1"))

    page = tried(signed_in(Role.MANAGER), by="order", accession="P1")

    assert "Assigned to DR Rae Able on" in page


def test_a_number_that_nobody_knows_is_said_so(manager: Client) -> None:
    assert "No study that you may see" in tried(manager, by="order", accession="NOPE")


@pytest.mark.usefixtures("staffed")
def test_another_sites_study_is_not_known() -> None:
    send(*order(placer="P1"))
    client = signed_in(Role.MANAGER, site=factories.SiteFactory())

    assert "No study that you may see" in tried(client, by="order", accession="P1")
    row = Order.objects.get()
    assert "DR_A" not in client.get(f"{PATH}?order={row.pk}").content.decode()


@pytest.mark.usefixtures("staffed")
def test_what_is_known_of_the_patient_is_for_those_who_may_see_them() -> None:
    send(*order(placer="P1"))

    pages = [
        tried(signed_in(role), by="order", accession="P1") for role in (Role.MANAGER, Role.AUDITOR)
    ]

    assert ["1980-01-15" in page for page in pages] == [True, False]


# -- a stored patient in a pasted message ----------------------------------------------------


def bare(mrn: str = "MRN1") -> list[str]:
    """Return a message that says no more of its patient than their number."""
    lines = order(placer="ASKS", mrn=mrn, control_id="C0")
    return [f"PID|1||{mrn}^^^Robina" if line.startswith("PID") else line for line in lines]


def women_to_baker() -> None:
    factories.AssignmentRuleFactory(
        name="Women to Baker",
        condition_filters={"field": "patient_sex", "op": "=", "value": "F"},
        action_type="ASSIGN_TO_RADIOLOGIST",
        action_target="DR_B",
    )


def with_a_reader_of_the_patient() -> None:
    """Have DR_B read for a stored woman, whose next study would go to them too."""
    DecisionPolicy.objects.update_or_create(pk=1, defaults={"together": "patient"})
    women_to_baker()
    send(*order(placer="P1", mrn="MRN1"))
    assert Assignment.objects.get().radiologist_id == "DR_B"


@pytest.mark.usefixtures("staffed")
def test_who_sees_the_patient_is_answered_on_what_is_stored_of_them(staffed: Department) -> None:
    with_a_reader_of_the_patient()
    for site in (None, staffed.site):
        page = tried(signed_in(Role.MANAGER, site=site), **message(*bare()))
        assert re.search(r"Assigned to (DR_B|[^<]*Baker)", page)
        assert "Reads the patient&#x27;s other studies" in page
        assert "you may not see patients there" not in page


def test_a_stored_patient_is_no_more_than_a_stranger_to_who_may_see_none(
    staffed: Department,
) -> None:
    with_a_reader_of_the_patient()
    client = signed_in(Role.ADMINISTRATOR, site=staffed.site)

    known, stranger = (
        tried(client, **message(*bare(mrn))).replace(mrn, "NUMBER") for mrn in ("MRN1", "MRN9")
    )

    assert answer_of(known) == answer_of(stranger)
    assert "you may not see patients there" in known
    assert "other studies</" not in known


def test_a_patient_who_was_only_ever_elsewhere_is_a_stranger_here(staffed: Department) -> None:
    with_a_reader_of_the_patient()
    factories.SiteFactory(code="MOON", name="Moon")
    Order.objects.update(site=Site.objects.get(code="MOON"))
    client = signed_in(Role.MANAGER, site=staffed.site)

    known, stranger = (
        tried(client, **message(*bare(mrn))).replace(mrn, "NUMBER") for mrn in ("MRN1", "MRN9")
    )

    assert answer_of(known) == answer_of(stranger)


def answer_of(page: str) -> str:
    """Return what is told, without what belongs to the request alone."""
    return re.sub(
        r"csrfmiddlewaretoken[^>]*>|nonce-[^\"]*|\d\d:\d\d:\d\d", "", page.split('id="try"')[1]
    )


def test_that_a_foreign_number_is_known_is_not_told(staffed: Department) -> None:
    send(*order(placer="P1"))
    factories.SiteFactory(code="MOON", name="Moon")
    Order.objects.update(site=Site.objects.get(code="MOON"))

    own = tried(signed_in(Role.MANAGER, site=staffed.site), **message(*order(placer="P1")))
    all_ = tried(signed_in(Role.MANAGER), **message(*order(placer="P1")))

    told = "is known under this number already"
    assert [told in page for page in (own, all_)] == [False, True]


@pytest.mark.usefixtures("staffed")
def test_who_reads_for_the_patient_is_for_those_who_may_see_them() -> None:
    with_a_reader_of_the_patient()
    send(*order(placer="P2", mrn="MRN1"))

    pages = [
        tried(signed_in(role), by="order", accession="P2") for role in (Role.MANAGER, Role.AUDITOR)
    ]

    words = "Reads the patient&#x27;s other studies"
    assert [words in page for page in pages] == [True, False]


# -- a form -----------------------------------------------------------------------------------


def test_a_form_is_decided_with_the_policies_and_the_procedure_of_its_site(
    manager: Client, staffed: Department
) -> None:
    factories.ProcedureFactory(code="KNEE1", modality="MR", body_part="KNEE", rvu="2.50")

    page = tried(manager, **FORM, site=staffed.site.pk, procedure="KNEE1")

    assert missing(page, "2.50", "KNEE", "Report due", "Assigned to DR Rae Able on") == []


def test_a_moment_may_be_named(manager: Client, staffed: Department) -> None:
    page = tried(manager, **FORM, site=staffed.site.pk, modality="MR", at="2026-12-24T23:30")

    assert " Dec 2026 " in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"by": "facts", "urgency": "ROUTINE"}, "Choose a site."),
        ({"by": "message", "message": " "}, "Paste a message."),
        ({"by": "order"}, "Type the number of a study."),
        ({"by": "facts", "procedure": "NOPE"}, "No procedure has the code NOPE."),
        ({"by": "message", "message": "x" * 300_000}, "longer than 256 KiB"),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    manager: Client, values: dict[str, str], words: str
) -> None:
    assert words in tried(manager, **values)


# -- a draft beside ---------------------------------------------------------------------------


def draft(**content: Any) -> RuleDraft:
    made = RuleDraft.objects.create(name="Knees to Baker", made_by="user:m", made_at=NOON)
    rule = factories.AssignmentRuleFactory.build(condition_filters={}, **content)
    DraftChange.objects.create(draft=made, content=content_of(rule))
    return made


def test_a_draft_is_answered_beside_the_rules_in_force(
    manager: Client, staffed: Department
) -> None:
    made = draft(action_type="ASSIGN_TO_RADIOLOGIST", action_target="DR_B", name="New rule")

    page = tried(manager, **FORM, site=staffed.site.pk, modality="MR", draft=made.pk)

    expected = (
        "the draft decides otherwise",
        "Draft “Knees to Baker”",
        "Assigned to DR Rae Able on",
        "Assigned to DR Rae Baker on",
        "of the draft",
    )
    assert missing(page, *expected) == []


def test_a_draft_that_changes_nothing_here_is_said_to_be_the_same(
    manager: Client, staffed: Department
) -> None:
    made = draft(action_type="ASSIGN_TO_RADIOLOGIST", action_target="DR_A")
    DraftChange.objects.update(content=None, rule_id=factories.AssignmentRuleFactory().pk)

    page = tried(manager, **FORM, site=staffed.site.pk, modality="MR", draft=made.pk)

    assert "the same with the draft" in page or "decides otherwise" in page


# -- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.MANAGER, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.AUDITOR, 200),
        (Role.TECHNICIAN, 403),
        (Role.RADIOLOGIST, 403),
        (Role.REFERRING_PROVIDER, 403),
    ],
)
def test_who_may_see_rules_may_try_them(db: None, role: Role, status: int) -> None:  # noqa: ARG001
    assert signed_in(role).get(PATH).status_code == status


def test_an_auditor_may_not_paste_a_message(staffed: Department) -> None:  # noqa: ARG001
    client = signed_in(Role.AUDITOR)

    assert "A pasted message" not in client.get(PATH).content.decode()
    assert "ACCESSION_456" not in tried(client, **message(*VENDOR)).replace(VENDOR[2], "")


def test_a_message_for_a_site_of_others_is_not_told(staffed: Department) -> None:  # noqa: ARG001
    client = signed_in(Role.MANAGER, site=factories.SiteFactory())

    page = tried(client, **message(*VENDOR))

    assert "a site that you do not look after" in page
    assert "DR_A" not in page


def test_it_is_for_those_signed_in(client: Client, db: None) -> None:  # noqa: ARG001
    assert client.get(PATH).status_code == 302


def test_the_part_is_what_the_page_holds(manager: Client) -> None:
    part = manager.get(PATH, headers={"HX-Request": "true"}).content.decode()

    assert part.strip().startswith('<div id="try"')


def test_a_hundred_readers_cost_as_many_queries_as_one(
    department: Department,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[list[str]]],
) -> None:
    department.add_reader("DR_000")
    client = signed_in(Role.MANAGER)
    values = {**FORM, "site": department.site.pk, "modality": "MR"}
    client.post(PATH, values)
    with django_assert_max_num_queries(40) as at_one:
        client.post(PATH, values)
    for number in range(1, 100):
        department.add_reader(f"DR_{number:03}")
    client.post(PATH, values)

    with django_assert_max_num_queries(40) as at_many:
        client.post(PATH, values)

    assert len(at_many) == len(at_one)
