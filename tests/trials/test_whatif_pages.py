"""The pages of what-ifs: who sees and asks what, what is refused, and what can be taken back."""

from __future__ import annotations

import csv
import html
import io
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.core.access import EVERYWHERE, Scope
from apps.roster.models import RadiologistSite
from apps.trials.models import MovedOrder, WhatIf
from apps.trials.whatif import making, working
from apps.trials.whatif.wishes import Limits, Newcomer, Wishes
from tests.factories import OrderFactory, RadiologistFactory, SiteFactory
from tests.factories.times import NOON
from tests.rules.pages import HTMX, client_of, said, undo_of
from tests.trials.scenes import UNTIL, department, played, whatif

pytestmark = pytest.mark.db
WITHOUT_BOB = Wishes(leave_out=("BOB",))


@pytest.fixture
def client() -> Client:
    return client_of(Role.MANAGER)


def of(found: WhatIf, name: str = "what-if") -> str:
    return reverse(name, args=[found.pk])


def form_of(client: Client, **changes: Any) -> dict[str, Any]:
    """Return what the form sends when nothing is touched, but for what is said."""
    form = client.get(reverse("what-if-add")).context["form"]
    data = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in data.items() if value not in (None, "", [], False)}
    days = {"name": "Without Bob", "first_on": "2026-02-03", "last_on": "2026-02-04"}
    return sent | days | changes


def shown_moves(response: HttpResponse) -> list[str]:
    return [move.order.accession for move, _, _ in response.context["lines"]]


def only(*sites: Site) -> Scope:
    return Scope(site_ids=frozenset(site.pk for site in sites))


VIEWS = ("what-if", "what-if-moves", "what-if-moves-csv")
CHANGES = ("what-if-cancel", "what-if-again", "what-if-delete")


@pytest.mark.parametrize("made_for", ["everywhere", "another site", "more sites"])
def test_what_was_made_for_more_than_ones_own_sites_does_not_exist(made_for: str) -> None:
    place, mine = department(), SiteFactory.create()
    scopes = {
        "everywhere": EVERYWHERE,
        "another site": only(place.site),
        "more sites": only(place.site, mine),
    }
    found = played(wishes=WITHOUT_BOB, scope=scopes[made_for])
    other = client_of(Role.MANAGER, site=mine, username="eve")
    assert [other.get(of(found, name)).status_code for name in VIEWS] == [404] * 3
    assert [other.post(of(found, name)).status_code for name in CHANGES] == [403] * 3
    assert b"What if" not in other.get(reverse("what-ifs")).content
    found.refresh_from_db()
    assert (found.state, found.moves.count()) == ("done", 3)


def test_one_of_ones_own_sites_is_seen_and_is_its_makers_to_change() -> None:
    place = department()
    found = whatif(wishes=WITHOUT_BOB, scope=only(place.site))
    beside = client_of(Role.MANAGER, site=place.site, username="eve")
    page = beside.get(of(found)).content
    assert b"Waiting for the worker" in page
    assert b"Cancel" not in page
    assert b"Delete" not in beside.get(reverse("what-ifs")).content
    assert [beside.post(of(found, name)).status_code for name in CHANGES] == [403] * 3
    found.refresh_from_db()
    assert found.state == "waiting"


def test_its_maker_who_has_one_site_ends_repeats_and_deletes_it() -> None:
    place = department()
    maker = client_of(Role.MANAGER, site=place.site)
    sent = maker.post(reverse("what-if-add"), form_of(maker, leave_out=["BOB"]))
    found = WhatIf.objects.get()
    assert sent.headers["Location"] == of(found)
    assert found.sites == [place.site.pk]
    assert maker.post(of(found, "what-if-cancel")).status_code == 302
    assert maker.post(of(found, "what-if-cancel")).status_code == 409
    assert maker.post(of(found, "what-if-again")).status_code == 302
    assert maker.post(of(found, "what-if-again")).status_code == 409
    assert maker.post(of(found, "what-if-delete")).status_code == 409
    maker.post(of(found, "what-if-cancel"))
    response = maker.post(of(found, "what-if-delete"), follow=True)
    assert said(response) == [f"What-if {found} deleted."]
    assert b"Undo" not in response.content
    assert maker.get(of(found)).status_code == 404


def test_who_may_everywhere_changes_what_others_made(client: Client) -> None:
    place = department()
    found = whatif(scope=only(place.site))
    WhatIf.objects.update(made_by="user:eve")
    assert client.post(of(found, "what-if-cancel")).status_code == 302
    assert client.post(of(found, "what-if-again")).status_code == 302


def test_a_reader_of_other_sites_is_counted_and_neither_named_nor_listed() -> None:
    place = department()
    RadiologistSite.objects.create(radiologist=place.bob, site=SiteFactory.create())
    wishes = Wishes(leave_out=("BOB",), add=(Newcomer("Cleo", "ANN"),))
    found = played(wishes=wishes, scope=only(place.site))
    own = client_of(Role.MANAGER, site=place.site, username="eve")
    page = own.get(of(found))
    assert {row.id for row in page.context["readers"]} == {"ANN", "Cleo"}
    assert page.context["changes"][0] == "Without a reader of other sites"
    assert b"1 reader of other sites counts in the figures" in page.content
    moves = own.get(of(found, "what-if-moves"), {"reader": "BOB"})
    assert shown_moves(moves) == shown_moves(own.get(of(found, "what-if-moves")))
    moves = own.get(of(found, "what-if-moves"))
    for response in (page, moves, own.get(of(found, "what-if-moves-csv"))):
        assert b"BOB" not in response.content
        assert b"Rae Bob" not in response.content
    assert b"a reader of other sites" in moves.content
    assert b"Rae Bob" not in own.get(reverse("what-if-add")).content


def test_a_newcomer_under_somebody_elses_id_opens_nothing_of_theirs() -> None:
    place = department()
    RadiologistSite.objects.create(radiologist=place.bob, site=SiteFactory.create())
    wishes = Wishes(add=(Newcomer("BOB", "ANN"),))
    found = played(scope=only(place.site))
    WhatIf.objects.update(wishes=wishes.written())
    own = client_of(Role.MANAGER, site=place.site, username="eve")
    assert [row.id for row in own.get(of(found)).context["readers"]] == ["ANN"]


def test_a_manager_of_this_site_is_shown_its_orders_alone() -> None:
    place = department()
    found = played(wishes=WITHOUT_BOB, scope=only(place.site))
    MovedOrder.objects.create(
        whatif=found, order=OrderFactory.create(accession="FOREIGN"), at=NOON
    )
    own = client_of(Role.MANAGER, site=place.site, username="eve")
    assert shown_moves(own.get(of(found, "what-if-moves"))) == ["ACC1", "ACC3", "ACC5"]


@pytest.mark.parametrize("name", ["what-if-cancel", "what-if-again"])
def test_nothing_is_done_by_a_link(client: Client, name: str) -> None:
    department()
    assert client.get(of(whatif(), name)).status_code == 405


def test_who_only_looks_can_neither_ask_nor_end() -> None:
    department()
    found = whatif()
    auditor = client_of(Role.AUDITOR)
    assert auditor.get(of(found)).status_code == 200
    assert auditor.get(reverse("what-if-add")).status_code == 403
    assert auditor.post(of(found, "what-if-cancel")).status_code == 403
    assert auditor.post(of(found, "what-if-delete")).status_code == 403
    assert b"Cancel" not in auditor.get(of(found)).content


def test_asking_keeps_every_wish_and_plays_it_soon(client: Client) -> None:
    department()
    data = form_of(
        client,
        strategy="FAIR",
        shift_1="MR_ALL",
        by_1="SCORED",
        leave_out=["BOB"],
        newcomer_1="Cleo",
        like_1="ANN",
        limited_1="ANN",
        open_1="5",
        weight_start="90",
        policy_together="off",
    )
    response = client.post(reverse("what-if-add"), data)
    found = WhatIf.objects.get()
    assert response.headers["Location"] == of(found)
    assert Wishes.read(found.wishes) == Wishes(
        strategy="FAIR",
        strategies={"MR_ALL": "SCORED"},
        weights={"start": "90"},
        policy={"together": "off"},
        leave_out=("BOB",),
        add=(Newcomer("Cleo", "ANN"),),
        limits={"ANN": Limits(5, None)},
    )
    assert (found.state, found.total) == ("waiting", 6)
    assert working.waiting_since() == found.made_at
    page = client.get(of(found))
    assert page.context["changes"] == [
        "Every shift chooses by fair (least work for the hours worked)",
        "MR_ALL chooses by scored",
        "Weight start 90",
        "Together: off",
        "Without DR Rae Bob",
        "Cleo added, like DR Rae Ann",
        "DR Rae Ann: at most 5 open",
    ]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"last_on": "2999-01-01"}, "last_on", "not over yet"),
        ({"first_on": "2026-02-05"}, "last_on", "before the first"),
        ({"first_on": "2025-02-03"}, "last_on", "At most 90 days"),
        ({"newcomer_1": "Cleo"}, "like_1", "Say which"),
        ({"shift_1": "MR_ALL"}, "by_1", "Say which"),
        ({"newcomer_1": "BOB", "like_1": "ANN"}, "newcomer_1", "somebody's id"),
        ({"newcomer_2": " FOREIGN ", "like_2": "ANN"}, "newcomer_2", "somebody's id"),
        (
            {"newcomer_1": "Cleo", "like_1": "ANN", "newcomer_3": "Cleo", "like_3": "BOB"},
            "newcomer_3",
            "somebody's id",
        ),
        ({"policy_catch_up_units": "-1"}, "policy_catch_up_units", "greater than or equal to 0"),
        ({"policy_company_share": "1.01"}, "policy_company_share", "less than or equal to 1"),
        ({"policy_together_most": "40000"}, "policy_together_most", "32767"),
        ({"weight_slow_over_minutes": "40000"}, "weight_slow_over_minutes", "32767"),
        ({"leave_out": ["NOBODY"]}, "leave_out", "NOBODY"),
        ({"rule_draft": "7"}, "rule_draft", "7"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_replayed_is_refused_at_its_field(
    client: Client, changes: dict[str, Any], field: str, words: str
) -> None:
    department()
    RadiologistFactory.create(id="FOREIGN", is_active=False)
    response = client.post(reverse("what-if-add"), form_of(client, **changes))
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert words in html.unescape(str(errors[field]))
    assert not WhatIf.objects.exists()


def test_days_without_orders_are_refused_in_words(client: Client) -> None:
    response = client.post(reverse("what-if-add"), form_of(client))
    assert response.status_code == 422
    assert b"No order came in these days" in response.content


def test_the_page_polls_while_it_is_played_and_says_how_far_it_is(client: Client) -> None:
    department()
    found = whatif()
    taken = working.take_next(NOON)
    assert taken is not None
    assert working.tell_progress(taken, 3)
    part = client.get(of(found), headers=HTMX)
    assert b"<html" not in part.content
    assert b'hx-trigger="every 1s"' in part.content
    assert b"3 of 6" in part.content
    making.cancel(whatif_id=found.pk, at=UNTIL)
    assert b"hx-trigger" not in client.get(of(found), headers=HTMX).content


def test_a_second_cancel_and_one_that_comes_too_late_are_told_so(client: Client) -> None:
    department()
    found = whatif()
    assert client.post(of(found, "what-if-cancel")).status_code == 302
    late = client.post(of(found, "what-if-cancel"))
    assert late.status_code == 409
    assert b"What if is cancelled." in late.content
    assert client.post(of(found, "what-if-again")).status_code == 302
    assert client.post(of(found, "what-if-again")).status_code == 409


def test_the_result_says_what_differs_in_figures_and_words(client: Client) -> None:
    department()
    page = client.get(of(played(wishes=WITHOUT_BOB)))
    figures = {one.label: (one.before, one.after, one.verdict) for one in page.context["measures"]}
    assert figures["Never had a reader"] == ("0", "0", "same")
    assert figures["Unevenness of RVU per hour"][2] == "same"
    rows = [(row.name, row.studies.before, row.studies.after) for row in page.context["readers"]]
    assert rows == [("DR Rae Ann", 3, 6), ("DR Rae Bob", 3, 0)]
    assert page.context["agreement"] == 100
    assert b"<b>3</b> of 6 orders would be read by somebody else" in page.content


def test_moves_are_narrowed_by_reader_shift_and_work(client: Client) -> None:
    department()
    moves = of(played(wishes=WITHOUT_BOB), "what-if-moves")
    assert shown_moves(client.get(moves)) == ["ACC1", "ACC3", "ACC5"]
    assert shown_moves(client.get(moves, {"reader": "BOB", "shift": "MR_ALL"})) == [
        *("ACC1", "ACC3", "ACC5"),
    ]
    for narrowed in ({"modality": "CT"}, {"only": "late"}, {"only": "unassigned"}):
        assert shown_moves(client.get(moves, narrowed)) == []


def test_a_download_holds_no_formula(client: Client) -> None:
    place = department()
    for order in place.orders:
        order.accession = "=HYPERLINK(1)"
        order.save()
    found = played(wishes=WITHOUT_BOB)
    text = client.get(of(found, "what-if-moves-csv")).content.decode("utf-8-sig")
    heading, *rows = csv.reader(io.StringIO(text))
    assert heading[0] == "study"
    assert [row[0] for row in rows] == ["'=HYPERLINK(1)"] * 3
    assert [(row[6], row[10]) for row in rows] == [("DR Rae Bob", "DR Rae Ann")] * 3


def test_one_that_is_deleted_can_be_brought_back_whole(client: Client) -> None:
    department()
    found = played(wishes=WITHOUT_BOB)
    assert b"Delete what-if" in client.get(of(found, "what-if-delete")).content
    response = client.post(of(found, "what-if-delete"), follow=True)
    assert said(response) == ["What-if What if deleted."]
    assert client.get(of(found)).status_code == 404
    client.post(undo_of(response))
    page = client.get(of(found))
    assert page.status_code == 200
    assert len(page.context["readers"]) == 2
    assert found.moves.count() == 3


def test_one_at_work_is_not_deleted(client: Client) -> None:
    department()
    found = whatif()
    assert b"Cancel it first" in client.get(of(found, "what-if-delete")).content
    response = client.post(of(found, "what-if-delete"))
    assert response.status_code == 409


def test_there_is_something_to_read_before_anything_was_replayed(client: Client) -> None:
    assert b"Nothing was replayed yet." in client.get(reverse("what-ifs")).content


@pytest.mark.parametrize("name", ["what-ifs", "what-if", "what-if-moves"])
def test_a_page_costs_the_same_at_one_and_at_many_rows(client: Client, name: str) -> None:
    department(count=4)
    few = played(wishes=WITHOUT_BOB)
    address = reverse(name) if name == "what-ifs" else of(few, name)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    queries()
    at_few = queries()
    for number in range(60):
        order = OrderFactory.create(accession=f"MORE{number}")
        MovedOrder.objects.create(whatif=few, order=order, at=NOON)
        whatif(name=f"Another {number}")
    assert queries() == at_few <= 15
