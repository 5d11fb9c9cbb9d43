from __future__ import annotations

from datetime import UTC, datetime

from apps.hl7v2.mllp import Frame, Framer
from apps.intake.listener.answers import Answers, answers_to
from apps.intake.listener.profiles import Profiles
from apps.intake.listener.receipts import Failure, Result, Written
from apps.intake.listener.reception import Arrival, Reception, Submission
from tests.intake.listener.samples import fields, message

ARRIVAL = Arrival(1_770_000_000_000_000, datetime(2026, 2, 4, 12, 5, 31, tzinfo=UTC), "")


def submit(raw: bytes) -> Submission:
    return Reception(Profiles()).receive(raw, ARRIVAL)


def stored(submission: Submission) -> list[Result]:
    return [Written(receipt.ack, receipt.ack_code) for receipt in submission.receipts]


def payloads(answers: Answers) -> list[bytes]:
    return [event.payload for event in Framer().feed(answers.wire) if isinstance(event, Frame)]


def test_a_stored_message_gets_the_answer_that_is_stored_beside_it() -> None:
    submission = submit(message())

    answers = answers_to(submission, stored(submission))

    assert payloads(answers) == [submission.receipts[0].ack]
    assert (answers.codes, answers.must_close) == (["AA"], False)


def test_a_resend_gets_the_first_answer_not_the_one_just_prepared() -> None:
    first = b"MSH|^~\\&|X\rMSA|AA|1|the first\r"

    answers = answers_to(submit(message()), [Written(first, "AA")])

    assert payloads(answers) == [first]


def test_what_could_not_be_stored_is_refused_for_now() -> None:
    answers = answers_to(submit(message("77")), [Failure.NOT_NOW])

    assert [fields(answer, b"MSA")[:3] for answer in payloads(answers)] == [["MSA", "AR", "77"]]
    assert "not now" in fields(payloads(answers)[0], b"MSA")[3]
    assert answers.codes == ["AR"]


def test_in_enhanced_mode_what_could_not_be_stored_is_cr() -> None:
    answers = answers_to(submit(message(modes=("AL", "NE"))), [Failure.NOT_NOW])

    assert answers.codes == ["CR"]


def test_where_nobody_knows_whether_the_commit_arrived_nothing_is_said() -> None:
    submission = submit(message())

    assert answers_to(submission, [Failure.UNKNOWN]) == Answers(b"", ["closed"], must_close=True)


def test_two_answers_of_enhanced_mode_are_two_frames() -> None:
    submission = submit(message(modes=("AL", "AL")))

    answers = answers_to(submission, stored(submission))

    assert [fields(answer, b"MSA")[1] for answer in payloads(answers)] == ["CA", "AA"]


def test_an_acknowledgement_is_never_answered() -> None:
    submission = submit(message(kind="ACK", segments=("MSA|AA|1",)))

    assert answers_to(submission, stored(submission)) == Answers(b"", ["none"])


def test_a_batch_is_answered_by_a_batch_in_one_frame() -> None:
    batch = (
        b"FHS|^~\\&|PACS|Robina|AE|HERE|2026\rBHS|^~\\&|PACS|Robina|AE|HERE|2026\r"
        + message("1")
        + message("2", segments=("ORC|NW",))
        + b"BTS|2\rFTS|1\r"
    )
    submission = submit(batch)

    answers = answers_to(submission, stored(submission))

    (payload,) = payloads(answers)
    lines = payload.split(b"\r")
    assert lines[:2] == [b"FHS|^~\\&|AE|HERE|PACS|Robina", b"BHS|^~\\&|AE|HERE|PACS|Robina"]
    assert [line[:8] for line in lines if line.startswith(b"MSA")] == [b"MSA|AA|1", b"MSA|AE|2"]
    assert lines[-3:] == [b"BTS|2", b"FTS|1", b""]
    assert answers.codes == ["AA", "AE"]


def test_each_message_of_a_batch_is_answered_as_it_asks_itself() -> None:
    batch = (
        b"FHS|^~\\&|A\rBHS|^~\\&|A\r"
        + message("1", modes=("AL", "AL"))
        + message("2", modes=("NE", "NE"))
        + b"BTS|2\rBHS|^~\\&|A\r"
        + message("3", segments=("ORC|NW",), modes=("", "ER"))
        + message(kind="ACK", segments=("MSA|AA|9",))
        + b"BTS|2\rFTS|2\r"
    )
    submission = submit(batch)

    answers = answers_to(submission, stored(submission))

    (payload,) = payloads(answers)
    lines = payload.split(b"\r")
    wanted = (b"MSA", b"BTS", b"FTS")
    assert [b"|".join(line.split(b"|")[:3]) for line in lines if line[:3] in wanted] == [
        b"MSA|CA|1", b"MSA|AA|1", b"BTS|2", b"MSA|AE|3", b"BTS|1", b"FTS|2",
    ]  # fmt: skip
    assert answers.codes == ["AA", "none", "AE", "none"]


def test_a_batch_in_which_no_message_wants_an_answer_gets_none() -> None:
    batch = b"BHS|^~\\&|A\r" + message("1", modes=("NE", "NE")) + b"BTS|1\r"
    submission = submit(batch)

    assert answers_to(submission, stored(submission)) == Answers(b"", ["none"])


def test_a_batch_of_nothing_gets_one_of_nothing() -> None:
    submission = submit(b"BHS|^~\\&|A|B|C|D\rBTS|0\r")

    answers = answers_to(submission, stored(submission))

    assert (payloads(answers), answers.codes) == ([b"BHS|^~\\&|C|D|A|B\rBTS|0\r"], ["AA"])


def test_several_messages_without_a_batch_get_their_answers_one_by_one() -> None:
    submission = submit(message("1") + message("2"))

    answers = answers_to(submission, stored(submission))

    assert [fields(answer, b"MSA")[2] for answer in payloads(answers)] == ["1", "2"]
