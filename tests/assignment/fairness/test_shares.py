"""The pages of shares: what is shown to whom, and that the figures are those that decide."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.assignment.queries.shares.own import share_of
from apps.assignment.snapshot import cache
from apps.core import clock
from apps.engine.codes import Strategy
from apps.orders.models import Order
from apps.roster.models import Radiologist, WorkCredit
from tests.factories import SiteFactory
from tests.support.department import Department, group, order, readers, send
from tests.support.people import client_of, person, signed_in


def reader_of(department: Department, name: str) -> Client:
    user = person(Role.RADIOLOGIST)
    department.add_reader(name, user=user)
    return client_of(user)


def fair(department: Department) -> None:
    department.shift.strategy = Strategy.FAIR
    department.shift.save()


@pytest.mark.db
def test_a_reader_sees_what_counts_and_what_does_not_and_why(department: Department) -> None:
    browser = reader_of(department, "DR_A")
    send(*order(placer="OPEN1", mrn="MRN-OPEN"))
    send(*order(placer="HELD1", mrn="M2"))
    send(*order(placer="HELD1", mrn="M2", control="HD"))
    send(*order(placer="GONE1", mrn="M3"))
    send(*order(placer="GONE1", mrn="M3", control="CA"))

    share = share_of("DR_A", at=clock.now())

    told = {line.accession: (line.counts, line.why) for line in share.studies}
    assert told == {
        "OPEN1": (True, "Open"),
        "HELD1": (False, "Held: held by the sender"),
        "GONE1": (False, "Order cancelled"),
    }
    assert share.standing is not None
    assert share.standing.given == Decimal(1)
    page = browser.get(reverse("my-share")).content.decode()
    assert all(name in page for name in told)
    assert "Doe" not in page
    assert "MRN-OPEN" not in page


@pytest.mark.db
def test_a_reader_sees_no_list_of_others(department: Department) -> None:
    browser = reader_of(department, "DR_A")
    department.add_reader("DR_B", family_name="Secret", given_name="Sam")
    send(*order(placer="P1"))

    page = browser.get(reverse("my-share")).content.decode()

    assert "Secret" not in page
    assert "DR_B" not in page
    assert browser.get(reverse("shares")).status_code == 403
    assert browser.get(reverse("radiologist-share", args=["DR_B"])).status_code == 403


@pytest.mark.db
def test_the_figures_are_those_that_decide(department: Department) -> None:
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    fair(department)
    send(*order(placer="P1", mrn="M1"))
    first = readers()["P1"]
    other = "DR_B" if first == "DR_A" else "DR_A"

    ahead = {name: share_of(name, at=clock.now()).beside[0] for name in (first, other)}
    send(*order(placer="P2", mrn="M2"))

    assert [round(ahead[name].ahead, 4) for name in (first, other)] == [
        Decimal("0.5"),
        Decimal("-0.5"),
    ]
    assert ahead[other].next_words == "Comes first for what fits, until the rate is level."
    assert readers()["P2"] == other


@pytest.mark.db
def test_who_logged_other_work_owes_less(department: Department) -> None:
    for name in ("DR_A", "DR_B"):
        department.add_reader(name)
    fair(department)
    at = clock.now()
    WorkCredit.objects.create(
        radiologist_id="DR_A", kind="board", start_at=at - timedelta(hours=20), end_at=at
    )
    for number in range(6):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))

    given = list(readers().values())

    # Four hours against twenty-four: one study in six or seven, and nobody is caught up at once.
    assert (given.count("DR_A"), given.count("DR_B")) == (1, 5)


@pytest.mark.db
def test_a_late_starter_is_not_flooded(department: Department) -> None:
    """Behind by a day's work, they catch up three units and then take turns by what is open."""
    department.add_reader("DR_A")
    fair(department)
    for number in range(12):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
    department.add_reader("DR_B")
    cache.forget()

    after = []
    for number in range(12, 18):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
        after.append(readers()[f"P{number}"])

    assert after == ["DR_B"] * 6  # by shares and by what is open alike
    share = share_of("DR_B", at=clock.now())
    assert share.beside[0].catch_up == Decimal(3)


@pytest.mark.db
def test_managers_of_another_site_do_not_find_the_reader(department: Department) -> None:
    department.add_reader("DR_A")
    Radiologist.objects.get(pk="DR_A").home_sites.create(site=department.site)
    address = reverse("radiologist-share", args=["DR_A"])

    own = signed_in(Role.MANAGER, site=department.site)
    foreign = signed_in(Role.MANAGER, site=SiteFactory.create())

    assert (own.get(address).status_code, foreign.get(address).status_code) == (200, 404)


@pytest.mark.db
def test_studies_of_other_sites_are_counted_and_not_named(department: Department) -> None:
    other = SiteFactory.create(code="OTHER", name="Other", cluster=department.cluster)
    department.add_reader("DR_A")
    send(*order(placer="HERE1", mrn="M1"))
    send(*order(placer="AWAY1", mrn="M2"))
    Order.objects.filter(accession="AWAY1").update(site=other)
    page = (
        signed_in(Role.MANAGER, site=department.site)
        .get(reverse("radiologist-share", args=["DR_A"]))
        .content.decode()
    )

    assert "HERE1" in page
    assert "AWAY1" not in page
    assert "And 1 study of other sites" in page


@pytest.mark.db
def test_pages_cost_the_same_at_one_and_at_a_hundred_studies(department: Department) -> None:
    browser, manager = reader_of(department, "DR_A"), signed_in(Role.MANAGER)
    addresses = [reverse("my-share"), reverse("shares")]

    def costs() -> list[int]:
        found = []
        for client, address in zip((browser, manager), addresses, strict=True):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    send(*order(placer="P0", mrn="M0"))
    few = costs()
    head = order(placer="Q0", mrn="MX", control_id="MANY")
    more = (
        line
        for n in range(1, 100)
        for line in group(placer=f"Q{n}", code=f"K{n}^K", modality="MR")
    )
    send(*head, *more)
    for number in range(30):
        department.add_reader(f"DR_X{number}")

    assert costs() == few
    assert max(few) <= 15


@pytest.mark.db
def test_nobody_on_duty_is_said(department: Department) -> None:
    assert department.site
    page = signed_in(Role.MANAGER).get(reverse("shares")).content.decode()

    assert "Nobody is on duty now." in page
