from __future__ import annotations

import pytest

from apps.intake.tools.files import read_messages, renumbered

_ONE = b"MSH|^~\\&|A|B|||1||ORM^O01|C1|P|2.4\rORC|NW|P1\r"
_TWO = b"MSH|^~\\&|A|B|||1||ORM^O01|C2|P|2.4\nORC|NW|P2\n"


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        pytest.param(_ONE, [_ONE], id="one"),
        pytest.param(_ONE + _TWO, [_ONE, _TWO], id="two, CR and LF"),
        pytest.param(_ONE + b"\r\n" + _TWO, [_ONE + b"\r\n", _TWO], id="blank line between"),
        pytest.param(b"\xef\xbb\xbf" + _ONE, [b"\xef\xbb\xbf" + _ONE], id="byte order mark"),
        pytest.param(b"\x0b" + _ONE + b"\x1c\r", [_ONE], id="framed"),
        pytest.param(b"\x0b" + _ONE + b"\x1c\r\n\x0b" + _TWO + b"\x1c\r", [_ONE, _TWO], id="two"),
        pytest.param(b"PID|1\r", [b"PID|1\r"], id="no MSH: sent to be refused"),
        pytest.param(
            b"BHS|^~\\&\r" + _ONE + _ONE + b"BTS|2\r",
            [b"BHS|^~\\&\r" + _ONE + _ONE + b"BTS|2\r"],
            id="a batch is one",
        ),
        pytest.param(_ONE + b"OBX|1|TX|a||MSH|b\r", [_ONE + b"OBX|1|TX|a||MSH|b\r"], id="in text"),
    ],
)
def test_a_file_holds_these_messages_byte_for_byte(content: bytes, messages: list[bytes]) -> None:
    assert read_messages(content) == messages


@pytest.mark.parametrize("content", [b"", b" \r\n", b"\x0bMSH|^~\\&|A"], ids=repr)
def test_a_file_without_a_whole_message_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"message|end"):
        read_messages(content)


def test_a_renumbered_message_is_another_order_whose_parts_still_belong_together() -> None:
    message = (
        b"MSH|^~\\&|A|B|||1||ORM^O01|C1|P|2.4\r"
        b"PID|1||MRN1\r"
        b"ORC|NW|P1^OE|F1\r"
        b"OBR|1|P1^OE|F1|CT^CT HEAD||||||||||||||ACC1\r"
        b"ZDS|1.2.3^RIS\r"
    )
    assert renumbered(message, "1F") == (
        b"MSH|^~\\&|A|B|||1||ORM^O01|C1-1F|P|2.4\r"
        b"PID|1||MRN1\r"
        b"ORC|NW|P1-1F^OE|F1-1F\r"
        b"OBR|1|P1-1F^OE|F1-1F|CT^CT HEAD||||||||||||||ACC1-1F\r"
        b"ZDS|1.2.3.31^RIS\r"
    )


def test_renumbering_keeps_the_senders_own_separators_and_a_short_header() -> None:
    assert renumbered(b"MSH#*~\\&#A#B\nORC#NW#P1*OE\n", "A") == (
        b"MSH#*~\\&#A#B#####" + b"#-A\r" + b"ORC#NW#P1-A*OE\r"
    )


def test_a_long_control_id_keeps_its_end_and_20_characters() -> None:
    message = b"MSH|^~\\&|A|B|||1||ORM^O01|" + b"X" * 20 + b"|P|2.4\r"
    control_id = renumbered(message, "1F").split(b"|")[9]
    assert control_id == b"X" * 17 + b"-1F"


def test_what_has_no_usable_msh_is_not_renumbered() -> None:
    assert renumbered(b"PID|1||2\r", "1F") == b"PID|1||2\r"
