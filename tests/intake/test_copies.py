"""Editing a copy of a message and running it: shown first, and never done twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from apps.accounts.choices import Role
from apps.assignment.models import Assignment
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.core import clock
from apps.core.access import EVERYWHERE
from apps.intake.exceptions import NotRunnableError
from apps.intake.forms.copies import CopyForm
from apps.intake.models import InboundMessage, MessageKey
from apps.intake.queries.copies import outcome_of, seen_of
from apps.intake.services.copies import Entered, run_copy
from apps.orders.models import Order, Patient
from apps.outbound.models import OutboundMessage
from tests import factories
from tests.factories.intake import InboundMessageFactory
from tests.intake.processing.checks import broken_promises
from tests.intake.processing.door import post
from tests.support.department import Department, order, readers, result, settle, statuses
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.fixture(autouse=True)
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    made = Department()
    made.add_reader("DR_SMITH_ID")
    return made


def came(*segments: str) -> InboundMessage:
    """Let a message in as the listener does, and take effect."""
    message = post("".join(f"{one}\r" for one in segments).encode())[0]
    settle()
    message.refresh_from_db()
    return message


def text_of(message: InboundMessage, old: str = "", new: str = "") -> str:
    return bytes(message.raw).decode().rstrip("\r").replace("\r", "\n").replace(old, new)


def edit(client: Client, message: InboundMessage, text: str, step: str = "run") -> Any:  # noqa: ANN401 -- the test client's own, undeclared kind of answer
    sent = {"text": text, "step": step, "seen": seen_by(message, text)}
    return client.post(f"/messages/in/{message.pk}/copy/", sent)


def seen_by(message: InboundMessage, text: str) -> str:
    """Return what the page of a preview holds, without leaving a look in the trail."""
    form = CopyForm({"text": text}, message=message)
    return seen_for(message, form.raw) if form.is_valid() else ""


def seen_for(message: InboundMessage, raw: bytes) -> str:
    return seen_of(raw, outcome_of(message, raw, scope=EVERYWHERE, at=clock.now()))


def made(message: InboundMessage) -> InboundMessage:
    return InboundMessage.objects.get(copy_of=message.pk)


def done() -> tuple[int, int, int]:
    """Return how many orders, assignments and outgoing messages there are."""
    return Order.objects.count(), Assignment.objects.count(), OutboundMessage.objects.count()


# -- nothing happens twice -------------------------------------------------------------------


def test_an_edited_new_order_of_an_assigned_study_keeps_its_reader_and_sends_nothing(
    department: Department, administrator: Client
) -> None:
    department.add_reader("DR_JONES_ID")
    message = came(*order(placer="P1", accession="A1"))
    first, before = readers(), done()

    answer = edit(administrator, message, text_of(message, "MRI KNEE^MRI KNEE", "MRI HIP^MRI HIP"))
    settle()

    copy = made(message)
    assert answer["Location"] == f"/messages/in/{copy.pk}/"
    assert (copy.state, copy.entered_by, copy.order_ids) == (
        *("processed", "user:ada"),
        message.order_ids,
    )
    assert copy.arrival_seq > message.arrival_seq
    assert readers() == first
    assert done() == before
    assert Order.objects.get().procedure_text == "MRI HIP"
    assert broken_promises() == []


@pytest.mark.parametrize("state", ["processed", "ignored", "waiting", "quarantined"])
def test_an_unchanged_copy_is_refused_with_words(administrator: Client, state: str) -> None:
    message = came(*order(placer="P1", accession="A1"))
    is_done = state != "waiting"
    InboundMessage.objects.update(state=state, processed_at=clock.now() if is_done else None)
    before = done()
    answer = edit(administrator, message, text_of(message))
    assert answer.status_code == 422
    assert "Nothing is different" in answer.content.decode()
    assert (InboundMessage.objects.count(), done()) == (1, before)


def test_a_double_click_stores_one_copy(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    text = text_of(message, "||Doe^Jane", "||Doe^Janet")
    first, second = (edit(administrator, message, text) for _ in range(2))
    settle()
    assert first["Location"] == second["Location"] == f"/messages/in/{made(message).pk}/"
    assert (done(), MessageKey.objects.count()) == ((1, 1, 1), 2)
    assert AuditEvent.objects.filter(action="enter").count() == 1


def test_a_copy_that_the_sender_sends_too_is_a_resend(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    edit(administrator, message, text_of(message, "Jane", "Janet"))
    copy = made(message)
    assert post(bytes(copy.raw)) == []
    assert bytes(copy.ack or b"").split(b"\r")[1].startswith(b"MSA|AA|")


def test_an_edited_order_that_was_reported_is_not_given_out_again(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    came(*result(status="F", placer="P1", accession="A1"))
    before = done()
    edit(administrator, message, text_of(message, "Jane", "Janet"))
    settle()
    assert (statuses(), done(), broken_promises()) == ({"A1": "final"}, before, [])


def test_an_edited_order_that_was_cancelled_stays_cancelled(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    came(*order(control="CA", placer="P1", accession="A1"))
    before = done()
    edit(administrator, message, text_of(message, "Jane", "Janet"))
    settle()
    assert (statuses(), done()) == ({"A1": "cancelled"}, before)
    assert "changed_after_cancel" in Order.objects.get().flags


def test_a_reader_who_is_no_longer_fit_loses_the_study_and_it_is_told(
    department: Department, administrator: Client
) -> None:
    ct = department.add_shift("CT", modality="CT")
    department.add_reader("DR_CT_ID", shift=ct)
    message = came(*order(placer="P1", accession="A1", code="KNEE^KNEE"))
    assert readers() == {"A1": "DR_SMITH_ID"}
    edit(administrator, message, text_of(message, "|MR|", "|CT|"))
    settle()
    assert (readers(), broken_promises()) == ({"A1": "DR_CT_ID"}, [])


def test_a_quarantined_message_is_mended_by_a_copy(administrator: Client) -> None:
    message = came(*order(placer="~P1", accession=""))
    assert message.state == "quarantined"
    assert "Edit a copy and give it a number" in words_of(
        administrator, f"/messages/in/{message.pk}/"
    )
    edit(administrator, message, text_of(message, "~P1", "P1"))
    settle()
    assert readers() == {"P1": "DR_SMITH_ID"}


def test_two_who_run_the_same_copy_store_one() -> None:
    """The one who comes second finds the first one's message, whatever either has looked at."""
    message = came(*order(placer="P1", accession="A1"))
    raw = bytes(message.raw).replace(b"Jane", b"Janet")
    at = clock.now()
    seen = seen_for(message, raw)
    first, second = (
        run_copy(original=message, raw=raw, seen=seen, scope=EVERYWHERE, at=at + later)
        for later in (timedelta(), timedelta(seconds=1))
    )
    assert (first.is_new, second) == (True, (first.message_id, False))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_stores() -> None:
    """Both have looked and seen nothing of each other; the key decides."""
    message = came(*order(placer="P1", accession="A1"))
    raw = bytes(message.raw).replace(b"Jane", b"Janet")
    seen = seen_for(message, raw)
    together = Barrier(2)

    def press(_who: int) -> Entered:
        try:
            together.wait(10)
            at = clock.now()
            return run_copy(original=message, raw=raw, seen=seen, scope=EVERYWHERE, at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press, range(2))
    assert (first.message_id, {first.is_new, second.is_new}) == (second.message_id, {True, False})
    assert InboundMessage.objects.filter(copy_of=message.pk).count() == 1


# -- what it would do is said first ----------------------------------------------------------


def test_the_difference_and_what_would_come_of_it_are_shown_and_nothing_is_stored(
    administrator: Client,
) -> None:
    message = came(*order(placer="P1", accession="A1"))
    path = f"/messages/in/{message.pk}/copy/"
    text = text_of(message, "||Doe^Jane", "||Doe^Janet").replace("|ROBINA|", "|NOWHERE|")
    said = words_of(administrator, path, {"text": text, "step": "check"})
    assert "PID-5 Name Doe^Jane Doe^Janet" in said
    assert "It touches a study that is assigned: A1" in said
    assert "keeps it while they are fit for it" in said
    assert "It asks for a new study" in said
    assert (InboundMessage.objects.count(), Patient.objects.get().given_name) == (1, "Jane")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("MSH|", "XSH|", "It would be refused with AE"),
        ("ORM^O01", "ACK", "It would be stored and change nothing"),
        ("ORM^O01", "ADT^A08", "It would bring 1 patient up to date"),
        ("|MR|", "||", "It could not be decided"),
        ("PV1|", "MSH|^~\\&|A|B\nPV1|", "It is not one message"),
    ],
    ids=["refused", "not used", "patient", "parked", "two messages"],
)
def test_what_would_come_of_it_is_said_in_words(
    administrator: Client, old: str, new: str, words: str
) -> None:
    message = came(*order(placer="P1", accession="A1", code="X^Y"))
    path = f"/messages/in/{message.pk}/copy/"
    text = text_of(message, old, new)
    assert words in words_of(administrator, path, {"text": text, "step": "check"})


def test_a_copy_that_would_be_refused_is_not_stored(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    for broken in (
        text_of(message, "MSH|", "XSH|"),
        text_of(message, "PV1|", "MSH|^~\\&|A\nPV1|"),
    ):
        assert edit(administrator, message, broken).status_code == 422
    assert InboundMessage.objects.count() == 1


def test_a_copy_is_run_only_as_it_was_shown(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    path = f"/messages/in/{message.pk}/copy/"
    text = text_of(message, "Jane", "Janet")
    shown = administrator.post(path, {"text": text, "step": "check"}).context["seen"]
    other = {"text": text_of(message, "Jane", "Joan"), "step": "run", "seen": shown}
    for sent in (other, {"text": text, "step": "run"}):
        answer = administrator.post(path, sent)
        assert (answer.status_code, InboundMessage.objects.count()) == (409, 1)
        assert "Nothing was run" in answer.content.decode()
    came(*order(control="CA", placer="P1", accession="A1"))
    old = {"text": text, "step": "run", "seen": shown}
    answer = administrator.post(path, old)
    assert answer.status_code == 409
    assert not InboundMessage.objects.filter(copy_of=message.pk).exists()
    again = administrator.post(path, old | {"seen": answer.context["seen"]})
    assert again["Location"] == f"/messages/in/{made(message).pk}/"
    settle()
    assert administrator.post(path, old)["Location"] == again["Location"]


def test_what_the_character_set_lacks_is_said(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    answer = edit(administrator, message, text_of(message, "Jane", "山"))
    assert answer.status_code == 422
    assert "is not in the message" in answer.content.decode()


# -- who may ---------------------------------------------------------------------------------


def test_every_look_is_in_the_trail_and_so_is_the_run(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    path = f"/messages/in/{message.pk}/copy/"
    assert administrator.get(path).status_code == 405
    begun = administrator.post(path)
    assert ("Doe^Jane" in begun.content.decode(), begun["Cache-Control"]) == (
        True,
        "max-age=0, no-cache, no-store, must-revalidate, private",
    )
    edit(administrator, message, text_of(message), "check")
    edit(administrator, message, text_of(message, "Jane", "Janet"))
    copy = made(message)
    events = AuditEvent.objects.filter(entity="intake_inboundmessage").order_by("pk")
    assert [(one.action, one.entity_id, one.new_values, one.actor) for one in events] == [
        ("open", str(message.pk), None, "user:ada"),
        ("open", str(message.pk), None, "user:ada"),
        ("copy", str(message.pk), {"message": copy.pk}, "user:ada"),
        ("enter", str(copy.pk), {"copy_of": message.pk}, "user:ada"),
    ]


def test_a_failing_trail_shows_and_runs_nothing(
    administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = came(*order(placer="P1", accession="A1"))

    def fail(*_args: object, **_values: object) -> None:
        raise DatabaseError("the trail is full")

    monkeypatch.setattr(AuditEvent.objects, "create", fail)
    administrator.raise_request_exception = False
    for text in (text_of(message), text_of(message, "Jane", "Janet")):
        answer = edit(administrator, message, text)
        assert (answer.status_code, "Doe" in answer.content.decode()) == (500, False)


def test_original_and_copy_lead_to_each_other(administrator: Client) -> None:
    message = came(*order(placer="P1", accession="A1"))
    edit(administrator, message, text_of(message, "Jane", "Janet"))
    copy = made(message)
    assert "Copies of it that people ran" in words_of(administrator, f"/messages/in/{message.pk}/")
    page = administrator.get(f"/messages/in/{copy.pk}/").content.decode()
    assert f'href="/messages/in/{message.pk}/"' in page
    assert "nobody was answered" in page
    assert f'hx-get="/messages/in/{copy.pk}/state/"' in page
    state = f"/messages/in/{copy.pk}/state/"
    assert administrator.get(state).status_code == 204
    settle()
    assert administrator.get(state)["HX-Refresh"] == "true"


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR])
def test_who_may_not_open_a_message_edits_no_copy(role: Role) -> None:
    message = came(*order(placer="P1", accession="A1"))
    client = signed_in(role)
    assert "Edit a copy" not in words_of(client, f"/messages/in/{message.pk}/")
    assert client.post(f"/messages/in/{message.pk}/copy/").status_code == 403
    assert not AuditEvent.objects.filter(action="open").exists()


@pytest.fixture
def elsewhere() -> Site:
    return factories.SiteFactory.create(code="BONDI", name="Bondi")


def test_a_copy_reaches_no_study_of_another_site(elsewhere: Site) -> None:
    """Who works at one site could otherwise cancel another's studies by typing their numbers."""
    came(*order(placer="THEIRS", accession="A9", facility="Bondi", site="Bondi"))
    theirs = Order.objects.get()
    assert theirs.site == elsewhere
    message = came(*order(placer="P1", accession="A1"))
    client = signed_in(Role.ADMINISTRATOR, site=Site.objects.get(code="ROBINA"))
    hostile = [
        text_of(message, "|Robina|", "|Bondi|").replace("P1", "THEIRS").replace("|NW|", "|CA|"),
        text_of(message, "Robina", "Bondi"),
        text_of(message, "Robina", "Nowhere"),
        text_of(message, "ORM^O01", "ADT^A08"),
    ]
    for text in hostile:
        answer = edit(client, message, text)
        page = answer.content.decode()
        assert (answer.status_code, "outside of the sites" in page, "A9" in page) == (
            *(422, True),
            False,
        )
        with pytest.raises(NotRunnableError):
            run_copy(
                original=message,
                raw=text.replace("\n", "\r").encode(),
                seen=seen_by(message, text),
                scope=client.get("/messages/").wsgi_request.access.scope("message_run"),  # type: ignore[attr-defined] # the middleware's
                at=clock.now(),
            )
    assert InboundMessage.objects.count() == 2
    own = edit(client, message, text_of(message, "Jane", "Janet"))
    assert own["Location"] == f"/messages/in/{made(message).pk}/"


def test_another_sites_message_does_not_exist(elsewhere: Site) -> None:
    message = came(*order(placer="P1", accession="A1"))
    client = signed_in(Role.ADMINISTRATOR, site=elsewhere)
    assert edit(client, message, text_of(message)).status_code == 404
    assert not AuditEvent.objects.filter(action="open").exists()


def test_long_and_empty_messages_are_not_edited_on_a_page(administrator: Client) -> None:
    long = InboundMessageFactory.create(raw=b"MSH|^~\\&|A\r" + b"x" * 300_000)
    many = InboundMessageFactory.create(raw=b"MSH|^~\\&|A\r" + b"NTE|1\r" * 2000)
    empty = InboundMessageFactory.create(raw=b"")
    for message in (long, many, empty):
        assert "Edit a copy" not in words_of(administrator, f"/messages/in/{message.pk}/")
        assert administrator.post(f"/messages/in/{message.pk}/copy/").status_code == 404
