from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from tests.factories import (
    AssignmentFactory,
    OrderFactory,
    PatientFactory,
    RadiologistFactory,
    SiteFactory,
    UnassignedFactory,
    UserFactory,
)
from tests.factories.times import NOON

pytestmark = pytest.mark.db

HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)


def part(page: str, name: str) -> str:
    found = re.search(rf'id="board-{name}".*?>(.*?)</section>', page, re.DOTALL)
    assert found is not None
    return found[1]


def token_of(page: str) -> str:
    found = re.search(r"seen=([0-9a-f.]+)", page)
    assert found is not None
    return found[1]


def stamp_of(page: str) -> str:
    found = re.search(r"stamp=([^&\"]+)", page)
    assert found is not None
    return unquote(found[1])


def poll(client: Client, page: str, path: str = "/") -> object:
    return client.get(path, {"stamp": stamp_of(page), "seen": token_of(page)}, headers=HTMX)


def shown(client: Client, path: str = "/") -> str:
    return client.get(path).content.decode()


def test_anonymous_visitor_is_sent_to_sign_in_and_back(client: Client) -> None:
    answer = client.get("/")

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/")


def test_anonymous_poll_leaves_the_page_instead_of_filling_it(client: Client) -> None:
    answer = client.get("/?seen=a.b", headers=HTMX | {"HX-Current-URL": "http://testserver/"})

    assert (answer["HX-Redirect"], answer.content) == ("/login/?next=%2F", b"")


def test_posting_to_the_board_is_refused(signed_in: Client) -> None:
    assert signed_in.post("/").status_code == 405


@pytest.mark.parametrize(
    ("role", "answer"),
    [
        (Role.ADMINISTRATOR, (200, "")),
        (Role.MANAGER, (200, "")),
        (Role.AUDITOR, (200, "")),
        (Role.TECHNICIAN, (302, "/assignments/")),
    ],
)
def test_who_has_no_board_is_led_to_what_they_have(
    client: Client, role: Role, answer: tuple[int, str]
) -> None:
    user = UserFactory()
    RoleGrant.objects.create(user=user, role=role)
    client.force_login(user)

    found = client.get("/")

    assert (found.status_code, found.get("Location", "")) == answer


def test_who_has_no_role_is_told_whom_to_ask(client: Client) -> None:
    client.force_login(UserFactory())

    answer = client.get("/")

    assert answer.status_code == 403
    assert "Ask an administrator" in answer.content.decode()
    assert "Sign out" in answer.content.decode()


def test_empty_board_says_what_to_do_next(signed_in: Client) -> None:
    page = shown(signed_in)

    said = [
        *("manage.py send_hl7", "Every order has a reader.", "no report due so far"),
        *("Nothing is due.", "No report is overdue.", "Nobody is on a shift now."),
    ]
    assert [words for words in said if words not in page] == []
    assert part(page, "alarm").strip() == ""


@pytest.mark.usefixtures("at_noon")
def test_board_shows_an_assignment_with_its_explanation(signed_in: Client) -> None:
    assignment = AssignmentFactory(
        order__accession="ACC-7",
        order__status="in_progress",
        order__urgency="STAT",
        radiologist__id="DR_LEE",
        radiologist__family_name="Lee",
        shift__code="MRI_MSK",
    )

    row = part(shown(signed_in), "recent")

    said = [
        *("ACC-7", "STAT", "DR Rae Lee", "DR_LEE", "MRI_MSK", "12:00:00", "Load balanced"),
        *("In progress", f"/assignments/{assignment.pk}/why/"),
    ]
    assert [words for words in said if words not in row] == []


@pytest.mark.usefixtures("at_noon")
def test_board_names_no_patient(signed_in: Client) -> None:
    patient = PatientFactory(family_name="SECRETNAME", mrn="MRN-4711")
    late = {"report_due_at": NOON - HOUR, "breached_at": NOON - HOUR}
    AssignmentFactory(order=OrderFactory(patient=patient, status="assigned", **late))
    UnassignedFactory(order__patient=patient)

    page = shown(signed_in)

    assert "SECRETNAME" not in page
    assert "MRN-4711" not in page


@pytest.mark.usefixtures("at_noon")
def test_unassigned_says_reason_and_wait(signed_in: Client) -> None:
    UnassignedFactory(
        order__accession="LONELY", reason="at_capacity", since=NOON - timedelta(minutes=75)
    )
    UnassignedFactory(reason="held", reason_text="prior films missing", is_waiting=False)

    found = part(shown(signed_in), "unassigned")

    said = [
        *("LONELY", "Everybody qualified is at capacity", "1 h 15 min"),
        *("Held: prior films missing", "not tried again by itself", "/unassigned/?reason=held"),
    ]
    assert [words for words in said if words not in found] == []


@pytest.mark.usefixtures("at_noon")
def test_more_urgent_and_longer_waiting_orders_come_first(signed_in: Client) -> None:
    UnassignedFactory(order__accession="ROUTINE-OLD", since=NOON - timedelta(hours=9))
    UnassignedFactory(order__accession="STAT-NEW", urgency_rank=0, since=NOON)
    UnassignedFactory(order__accession="STAT-OLD", urgency_rank=0, since=NOON - HOUR)

    page = shown(signed_in)

    places = [page.index(name) for name in ("STAT-OLD", "STAT-NEW", "ROUTINE-OLD")]
    assert places == sorted(places)


def test_queue_says_how_many_there_are_behind_those_shown(signed_in: Client) -> None:
    for _ in range(12):
        UnassignedFactory(order__site=None, order__patient=None)

    found = part(shown(signed_in), "unassigned")

    assert "All 12 unassigned" in found
    assert found.count('<tr id="unassigned-') == 10


def test_text_of_an_order_is_escaped(signed_in: Client, at_noon: object) -> None:  # noqa: ARG001
    AssignmentFactory(order__accession="<script>alert(1)</script>")

    page = shown(signed_in)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.usefixtures("at_noon")
def test_a_manager_of_one_site_sees_nothing_of_another(
    manager_of: Callable[..., Client],
) -> None:
    own, foreign = SiteFactory(), SiteFactory()
    for site, name in ((own, "OWN"), (foreign, "FOREIGN"), (None, "NOWHERE")):
        facts = {"order__site": site, "radiologist__family_name": f"Reader-{name}"}
        late = {"order__report_due_at": NOON - HOUR, "order__breached_at": NOON - HOUR}
        soon = {"order__report_due_at": NOON + HOUR}
        left = {"order__flags": ["nobody_left_to_offer"]}
        AssignmentFactory(order__accession=f"LATE-{name}", **facts, **late, **left)
        AssignmentFactory(order__accession=f"SOON-{name}", **facts, **soon)
        UnassignedFactory(order__accession=f"LONELY-{name}", order__site=site)

    page = shown(manager_of(own))

    assert sorted(set(re.findall(r"(?:LATE|SOON|LONELY|Reader)-\w+", page))) == [
        *("LATE-OWN", "LONELY-OWN", "Reader-OWN", "SOON-OWN"),
    ]
    figures = re.findall(r'class="value">\s*([\d.]+)', part(page, "figures"))
    assert figures == ["2", "0.0", "0", "40", "1", "1"]


@pytest.mark.usefixtures("at_noon")
@pytest.mark.parametrize("narrowed", ["cluster", "site", "modality"])
def test_filters_in_the_address_narrow_every_part(signed_in: Client, narrowed: str) -> None:
    site = SiteFactory()
    late = {"report_due_at": NOON - HOUR, "breached_at": NOON - HOUR}
    for name, facts in (("IN", {"site": site, "modality": "CT"}), ("OUT", {"modality": "MR"})):
        AssignmentFactory(
            order=OrderFactory(accession=f"STUDY-{name}", status="assigned", **facts, **late),
            radiologist__family_name=f"Reader-{name}",
        )
        UnassignedFactory(order=OrderFactory(accession=f"LONELY-{name}", **facts))
    value = {"cluster": site.cluster_id, "site": site.pk, "modality": "CT"}[narrowed]

    page = shown(signed_in, f"/?{narrowed}={value}")

    assert sorted(set(re.findall(r"(?:STUDY|LONELY|Reader)-\w+", page))) == [
        *("LONELY-IN", "Reader-IN", "STUDY-IN"),
    ]
    assert f"/assignments/?state=overdue&amp;{narrowed}={value}" in part(page, "figures")
    assert f"/?{narrowed}={value}&amp;stamp=" in page


@pytest.mark.parametrize("asked", ["site={other}", "site=999999", "cluster={cluster}", "site=x"])
def test_a_foreign_filter_is_as_unknown_as_one_that_does_not_exist(
    manager_of: Callable[..., Client], asked: str
) -> None:
    other = SiteFactory()
    client = manager_of(SiteFactory())

    answer = client.get("/?" + asked.format(other=other.pk, cluster=other.cluster_id))

    assert answer.status_code == 404


def test_a_modality_of_a_bookmark_that_nobody_works_with_is_just_empty(signed_in: Client) -> None:
    assert signed_in.get("/?modality=NM").status_code == 200


@pytest.mark.usefixtures("at_noon")
def test_each_figure_opens_its_list(signed_in: Client) -> None:
    addresses = re.findall(r'href="([^"]+)"', part(shown(signed_in), "figures"))

    assert addresses == [
        "/assignments/?period=today",
        "/assignments/?state=late_today",
        "/assignments/?period=today&amp;escalated=1",
        "/assignments/?period=today",
        "/unassigned/",
        "/assignments/?state=overdue",
    ]
    assert [signed_in.get(one.replace("&amp;", "&")).status_code for one in addresses] == [200] * 6


@pytest.mark.usefixtures("at_noon")
def test_unchanged_board_answers_204_and_a_changed_one_what_changed(signed_in: Client) -> None:
    AssignmentFactory()
    page = shown(signed_in)

    unchanged = poll(signed_in, page)
    UnassignedFactory(order__accession="FRESH")
    changed = poll(signed_in, page).content.decode()

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert re.findall(r'hx-swap-oob="innerHTML:#board-(\w+)"', changed) == [
        *("figures", "unassigned"),
    ]
    assert "FRESH" in changed
    assert token_of(changed) != token_of(page)


@pytest.mark.parametrize("seen", ["", ".", "a.b.c", "x" * 5000, "\u2603", "0.0.0.0.0.0.0.0.0"])
def test_a_made_up_token_gets_the_whole_board(signed_in: Client, seen: str) -> None:
    answer = signed_in.get("/", {"seen": seen}, headers=HTMX)

    assert (answer.status_code, answer.content.count(b"hx-swap-oob")) == (200, 7)


def test_page_restored_from_history_gets_the_whole_page(signed_in: Client) -> None:
    answer = signed_in.get("/", headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert b"<!doctype html>" in answer.content


def test_answers_are_kept_apart_by_what_htmx_asks(signed_in: Client) -> None:
    vary = signed_in.get("/")["Vary"]

    assert "HX-Request" in vary


@pytest.mark.usefixtures("at_noon", "kept")
def test_query_count_is_the_same_at_one_row_and_at_a_hundred(
    signed_in: Client, told: Callable[..., None], asked: list[str]
) -> None:
    late = {"report_due_at": NOON - HOUR, "breached_at": NOON - HOUR}
    counts = []
    for rows in (1, 99):
        for reader in RadiologistFactory.create_batch(rows):
            told(AssignmentFactory(radiologist=reader, order=OrderFactory(**late)).order)
            told(UnassignedFactory(reason="no_roster").order)
            told(AssignmentFactory(order__report_due_at=NOON + HOUR).order)
        shown(signed_in)  # the configuration is read once for each edit
        told(OrderFactory(site=None))
        asked.clear()
        with CaptureQueriesContext(connection) as queries:
            shown(signed_in)
        counts.append(len(queries) + len(asked))

    assert counts[0] == counts[1]
    assert counts[0] <= 15


def test_administration_is_shown_to_who_may_open_it(client: Client) -> None:
    seen = {}
    for role in (Role.MANAGER, Role.ADMINISTRATOR):
        user = UserFactory()
        RoleGrant.objects.create(user=user, role=role)
        client.force_login(user)
        seen[role] = b"Administration" in client.get("/").content

    assert seen == {Role.MANAGER: False, Role.ADMINISTRATOR: True}
