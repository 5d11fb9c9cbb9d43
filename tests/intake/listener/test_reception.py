from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.intake.choices import ANSWERED_BEFORE_EFFECT, InboundState
from apps.intake.keys import digest_of, message_key
from apps.intake.listener.merges import MOST_HELD
from apps.intake.listener.profiles import Profile, Profiles
from apps.intake.listener.receipts import Receipt
from apps.intake.listener.reception import Arrival, Reception, bare, split_answers
from tests.intake.listener.samples import VENDOR, fields, message

ARRIVAL = Arrival(1_770_000_000_000_000, datetime(2026, 2, 4, 12, 5, 31, tzinfo=UTC), "10.0.0.1:9")


def receive(raw: bytes, *profiles: Profile) -> Receipt:
    submission = Reception(Profiles.of(profiles)).receive(raw, ARRIVAL)
    assert len(submission.receipts) == 1
    return submission.receipts[0]


def test_the_vendor_message_waits_with_its_answer_beside_it() -> None:
    receipt = receive(VENDOR)

    assert receipt == Receipt(
        key=message_key(
            application=b"PACS", facility=b"Robina", control_id=b"", digest=digest_of(VENDOR)
        ),
        arrival_seq=1_770_000_000_000_000,
        received_at=ARRIVAL.at,
        sender="PACS|Robina",
        peer="10.0.0.1:9",
        control_id="",
        digest=digest_of(VENDOR),
        message_type="ORM^O01",
        order_control="",
        order_keys=(
            "Robina|placer|STUDY_ID_123",
            "Robina|accession|STUDY_ID_123",
            "Robina|filler|ACCESSION_456",
            "Robina|accession|ACCESSION_456",
        ),
        is_urgent=True,
        raw=VENDOR,
        state="waiting",
        ack=(
            b"MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE|PACS|Robina|20260204120531+0000||ACK^O01^ACK|"
            b"1770000000000000|P|2.5.1\rMSA|AA||Message received\r"
        ),
        ack_code="AA",
        error="",
    )


@pytest.mark.parametrize(
    ("raw", "state", "code"),
    [
        (message(), InboundState.WAITING, "AA"),
        (message(kind="ORM"), InboundState.WAITING, "AA"),
        (message(kind="OMI^O23"), InboundState.WAITING, "AA"),
        (message(kind="OMG^O19"), InboundState.WAITING, "AA"),
        (message(kind="ORU^R01"), InboundState.WAITING, "AA"),
        (message(kind="ADT^A40", segments=("PID|1||M1", "MRG|M2")), InboundState.WAITING, "AA"),
        (message(kind="SIU^S12"), InboundState.IGNORED, "AA"),
        (message(kind="ORU^W01"), InboundState.IGNORED, "AA"),
        (message(kind="ACK", segments=("MSA|AA|1",)), InboundState.IGNORED, ""),
        (message(kind="ORU^R01", segments=("MSA|AA|1",)), InboundState.IGNORED, ""),
        (message(kind="ORR^O02", segments=("MSA|AA|1",)), InboundState.IGNORED, ""),
        (message(kind=""), InboundState.REFUSED, "AE"),
        (message(segments=("PID|1||M1",)), InboundState.REFUSED, "AE"),
        (message(segments=("ORC|NW", "OBR|1")), InboundState.REFUSED, "AE"),
        (b"", InboundState.REFUSED, "AE"),
        (b"\x00\xff\xfe garbage", InboundState.REFUSED, "AE"),
    ],
    ids=[
        "ORM", "ORM without event", "OMI", "OMG", "ORU", "ADT", "not used", "ORU of another kind",
        "ACK", "with MSA", "ORR", "no type", "no order segment", "no identity", "empty", "no MSH",
    ],
)  # fmt: skip
def test_the_kind_of_a_message_says_what_becomes_of_it(
    raw: bytes, state: InboundState, code: str
) -> None:
    receipt = receive(raw)

    assert (receipt.state, receipt.ack_code, receipt.ack is None) == (state, code, code == "")


def test_what_is_not_used_is_accepted_with_a_note() -> None:
    receipt = receive(message(kind="SIU^S12"))

    assert fields(receipt.ack or b"", b"MSA") == ["MSA", "AA", "1", "Message received, not used"]


def test_a_refusal_keeps_its_reason_and_its_key() -> None:
    receipt = receive(message(segments=("ORC|NW", "OBR|1")))

    assert (
        receipt.error
        == "ORC-2: an order needs a placer, filler or accession number or a study UID"
    )
    assert receipt.key is not None


def test_what_a_strict_profile_refuses_is_stored_without_a_key() -> None:
    receipt = receive(message(version="2.3"), Profile(is_strict=True, accepted_versions=["2.5.1"]))

    assert (receipt.key, receipt.state, receipt.ack_code) == (None, "refused", "AR")
    assert receipt.error == "MSH-12: the version is not accepted"


def test_the_profile_names_the_issuer_of_the_order_keys() -> None:
    receipt = receive(message(accession="A1"), Profile("", "Robina", issuer="GC"))

    assert receipt.order_keys == ("GC|placer|PA1", "GC|accession|PA1", "GC|filler|A1",
                                  "GC|accession|A1")  # fmt: skip


@pytest.mark.parametrize(
    ("modes", "codes"),
    [
        (("", ""), ["AA"]),
        (("AL", "NE"), ["CA"]),
        (("AL", "AL"), ["CA", "AA"]),
        (("NE", "AL"), ["AA"]),
        (("ER", "SU"), ["AA"]),
        (("NE", "NE"), []),
    ],
    ids=["original", "accept", "both", "application", "by outcome", "none"],
)
def test_the_sender_hears_what_it_asked_for(modes: tuple[str, str], codes: list[str]) -> None:
    receipt = receive(message(modes=modes))

    answers = split_answers(receipt.ack) if receipt.ack else []
    assert [fields(answer, b"MSA")[1] for answer in answers] == codes
    assert receipt.ack_code == (codes[-1] if codes else "")


@pytest.mark.parametrize(
    "value", ["A\x00B", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "é" * 500]
)
def test_a_hostile_control_id_becomes_text_that_the_database_takes(value: str) -> None:
    receipt = receive(message(control_id=value))

    assert "\x00" not in receipt.control_id
    assert len(receipt.control_id) <= 400
    receipt.control_id.encode("utf-8")


def test_a_batch_becomes_one_row_for_each_message_in_order() -> None:
    batch = b"BHS|^~\\&|PACS|Robina\r" + message("1") + message("2") + b"BTS|2\r"

    submission = Reception(Profiles()).receive(batch, ARRIVAL)

    assert [receipt.raw for receipt in submission.receipts] == [message("1"), message("2")]
    assert [receipt.arrival_seq for receipt in submission.receipts] == [
        ARRIVAL.seq,
        ARRIVAL.seq + 1,
    ]
    assert submission.envelope is not None
    assert submission.envelope.files[0].batches[0].header == b"BHS|^~\\&|PACS|Robina"
    assert [receipt.flags for receipt in submission.receipts] == [(), ()]


def test_messages_of_a_batch_whose_count_is_wrong_are_taken_and_flagged() -> None:
    batch = b"BHS|^~\\&|PACS|Robina\r" + message("1") + message("2") + b"BTS|3\r"

    receipts = Reception(Profiles()).receive(batch, ARRIVAL).receipts

    assert [(row.state, row.ack_code, row.flags) for row in receipts] == [
        ("waiting", "AA", ("batch_count",)),
        ("waiting", "AA", ("batch_count",)),
    ]


@pytest.mark.parametrize(
    ("batch", "answer"),
    [
        (b"BHS|^~\\&|A|B|C|D\rBTS|0\r", b"BHS|^~\\&|C|D|A|B\rBTS|0\r"),
        (b"\r\nFHS#^~\\&#A\nFTS#0\n", b"FHS#^~\\&###A#\rFTS#0\r"),
    ],
    ids=["batch", "file"],
)
def test_batch_of_nothing_is_stored_and_answered_with_one(batch: bytes, answer: bytes) -> None:
    receipt = receive(batch)

    assert (receipt.state, receipt.ack_code, receipt.ack, receipt.raw, receipt.error) == (
        "ignored",
        "AA",
        answer,
        batch,
        "a batch without any message",
    )
    assert receipt.key is not None


def test_batch_of_nothing_readable_is_refused() -> None:
    receipt = receive(b"BHS\rBTS\r")

    assert (receipt.state, receipt.ack_code) == ("refused", "AE")


def test_two_messages_in_one_frame_without_a_batch_have_no_envelope() -> None:
    submission = Reception(Profiles()).receive(message("1") + message("2"), ARRIVAL)

    assert [receipt.control_id for receipt in submission.receipts] == ["1", "2"]
    assert submission.envelope is None


def test_a_batch_of_ten_thousand_messages_is_read() -> None:
    batch = b"BHS|^~\\&|PACS\r" + b"".join(message(str(number)) for number in range(10_000))

    receipts = Reception(Profiles()).receive(batch, ARRIVAL).receipts

    assert len(receipts) == 10_000
    assert {receipt.state for receipt in receipts} == {"waiting"}


def test_a_frame_that_spells_millions_of_messages_is_refused_as_one() -> None:
    flood = message() + b"MSH\r" * 1_000_000

    receipts = Reception(Profiles()).receive(flood, ARRIVAL).receipts

    assert [(receipt.state, receipt.ack_code, receipt.error) for receipt in receipts] == [
        ("refused", "AE", "too many messages in one batch")
    ]


def test_places_in_the_order_of_arrival_only_rise() -> None:
    reception = Reception(Profiles())

    assert [reception.next_seq(now) for now in (100, 100, 90, 200)] == [100, 101, 102, 200]


def test_a_message_over_the_cap_is_refused_with_its_control_id_and_stored_without_a_key() -> None:
    head = message("77")[:80]

    receipt = Reception(Profiles()).refuse_oversize(head, ARRIVAL).receipts[0]

    assert (receipt.key, receipt.state, receipt.ack_code) == (None, "refused", "AE")
    assert fields(receipt.ack or b"", b"MSA")[2] == "77"


def test_a_bare_row_keeps_the_bytes_and_nothing_that_was_read() -> None:
    submission = Reception(Profiles()).receive(VENDOR, ARRIVAL)

    row = bare(submission.receipts[0], submission.seen[0], "SQLSTATE 22021")

    assert row.raw == VENDOR
    assert (row.sender, row.control_id, row.message_type, row.order_keys) == ("", "", "", ())
    assert (row.state, row.ack_code) == ("refused", "AE")
    assert row.key == submission.receipts[0].key


@pytest.mark.parametrize(
    ("merges", "flags"), [(MOST_HELD, ()), (MOST_HELD + 1, (ANSWERED_BEFORE_EFFECT,))]
)
def test_only_a_crowd_of_merges_in_one_frame_is_answered_before_it_takes_effect(
    merges: int, flags: tuple[str, ...]
) -> None:
    crowd = b"".join(
        message(str(number), kind="ADT^A40", segments=(f"PID|1||A{number}", f"MRG|B{number}"))
        for number in range(merges)
    )

    receipts = Reception(Profiles()).receive(message("order") + crowd, ARRIVAL).receipts

    assert [row.flags for row in receipts] == [(), *[flags] * merges]
    assert {row.ack_code for row in receipts} == {"AA"}
