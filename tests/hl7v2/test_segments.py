from __future__ import annotations

import pytest

from apps.hl7v2.segments import is_batch, split_batch, split_segments
from tests.hl7v2.samples import VENDOR


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"MSH|a\rPID|b\r", [b"MSH|a", b"PID|b"]),
        (b"MSH|a\r\rPID|b", [b"MSH|a", b"PID|b"]),
        (b"MSH|a\nPID|b\n", [b"MSH|a", b"PID|b"]),
        (b"MSH|a\r\nPID|b\r\n", [b"MSH|a", b"PID|b"]),
        (b"MSH|a\rPID|b\nPV1|c\r\nZDS\rORC|d", [b"MSH|a", b"PID|b", b"PV1|c", b"ZDS", b"ORC|d"]),
        (b"MSH|a\r  PID|b \r\t\rPV1|c", [b"MSH|a", b"PID|b ", b"PV1|c"]),
        (b"MSH|a\n  PID|b \n \x00\n\tPV1|c\n", [b"MSH|a", b"PID|b \n \x00", b"PV1|c"]),
        (b"MSH|a\rNTE|1||two\nlines\rPID|b\n", [b"MSH|a", b"NTE|1||two\nlines", b"PID|b"]),
        (b"MSH|a\nNTE|1||two\nlines\nPID\n\n", [b"MSH|a", b"NTE|1||two\nlines", b"PID"]),
    ],
)
def test_cr_ends_a_segment_and_lf_does_where_a_segment_follows(
    message: bytes, expected: list[bytes]
) -> None:
    assert split_segments(message, b"|") == expected


def test_batch_gives_its_messages_without_the_envelope() -> None:
    batch = b"\nFHS|^~\\&\rBHS|^~\\&\r" + VENDOR + b"MSH#!@%*#A\nPID#1\nBTS|2\rFTS|1\r"
    assert is_batch(batch.lstrip())
    assert split_batch(batch) == [VENDOR, b"MSH#!@%*#A\nPID#1\r"]


def test_indented_header_begins_a_message_of_its_own() -> None:
    indented = VENDOR.replace(b"\r", b"\r  ")
    assert is_batch(indented + VENDOR)
    assert split_batch(indented + VENDOR) == [VENDOR, VENDOR]
    assert not is_batch(VENDOR.replace(b"knee", b"MSH"))


def test_single_message_is_a_batch_of_one_and_noise_of_none() -> None:
    assert split_batch(VENDOR) == [VENDOR]
    assert split_batch(b"FHS|^~\\&\rFTS|0\r") == []
    assert split_batch(b"") == []


def test_batch_of_ten_thousand_messages_is_cut_in_one_pass() -> None:
    batch = b"BHS|^~\\&\r" + VENDOR * 10_000 + b"BTS|10000\r"
    assert split_batch(batch) == [VENDOR] * 10_000
