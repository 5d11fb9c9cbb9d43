from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hl7v2.mllp import (
    CutFrame,
    Event,
    Frame,
    Framer,
    Garbage,
    Noise,
    NoiseReason,
    OversizeFrame,
    frame,
    without_framing,
)

KIB = 1024


def feed_all(pieces: list[bytes], max_bytes: int = 64) -> list[Event]:
    framer = Framer(max_bytes)
    return [event for piece in pieces for event in framer.feed(piece)]


def merged(events: Sequence[Event]) -> list[Event]:
    """Join neighbouring noise: how many reads it came in says nothing."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else None
        if isinstance(event, Noise) and isinstance(last, Noise) and event.reason == last.reason:
            result[-1] = Noise(last.size + event.size, event.reason)
        elif isinstance(event, OversizeFrame):
            # How much of the head is there depends on how much the last read held.
            result.append(OversizeFrame(event.head[:65]))
        else:
            result.append(event)
    return result


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(frame(b"one"), [Frame(b"one")], id="one"),
        pytest.param(frame(b""), [Frame(b"")], id="empty"),
        pytest.param(frame(b"one") * 3, [Frame(b"one")] * 3, id="glued"),
        pytest.param(
            frame(b"one") + b"\x00\n" + frame(b"two") + b"\r\n",
            [Frame(b"one"), Noise(2), Frame(b"two"), Noise(2)],
            id="NUL and LF between",
        ),
        pytest.param(
            b"2026-02-04 INFO sending\n" + frame(b"one"), [Noise(24), Frame(b"one")], id="log text"
        ),
        pytest.param(
            frame(b"a\x1cb\rc\n\x00"), [Frame(b"a\x1cb\rc\n\x00")], id="lone FS is content"
        ),
        pytest.param(frame(b"a\x1c\x1c"), [Frame(b"a\x1c\x1c")], id="FS before the end"),
        pytest.param(
            b"\x0bcut\x0bwhole\x1c\r", [CutFrame(3), Frame(b"whole")], id="cut by a new start"
        ),
        pytest.param(
            b"\x0bcut\x1c\x0bwhole\x1c\r", [CutFrame(4), Frame(b"whole")], id="cut after lone FS"
        ),
        pytest.param(
            frame(b"base64") + b"rest\x1c\r" + frame(b"next"),
            [Frame(b"base64"), Noise(6), Frame(b"next")],
            id="end inside a field leaves noise",
        ),
        pytest.param(b"\x0bopen", [], id="unfinished"),
        pytest.param(b"\x1c\r", [Noise(2)], id="end without start"),
        pytest.param(frame(b"x" * 64), [Frame(b"x" * 64)], id="exactly the cap"),
        pytest.param(
            frame(b"x" * 70) + frame(b"next"),
            [OversizeFrame(b"x" * 65), Noise(70, NoiseReason.OVERSIZE_REST), Frame(b"next")],
            id="over the cap",
        ),
        pytest.param(
            b"\x0b" + b"x" * 70 + frame(b"next"),
            [OversizeFrame(b"x" * 65), Noise(70, NoiseReason.OVERSIZE_REST), Frame(b"next")],
            id="over the cap and never ended",
        ),
    ],
)
def test_stream_gives_the_same_events_whole_byte_by_byte_and_with_more_behind(
    data: bytes, expected: list[Event]
) -> None:
    assert merged(feed_all([data])) == expected
    assert merged(feed_all([data[i : i + 1] for i in range(len(data))])) == expected
    # An unfinished block is cut by what follows, whatever it is.
    tail = frame(b"tail")
    open_block = [CutFrame(4)] if data == b"\x0bopen" else []
    assert merged(feed_all([data + tail])) == [*expected, *open_block, Frame(b"tail")]


def test_end_split_by_packets_ends_the_block() -> None:
    framer = Framer()
    assert framer.feed(b"\x0bone\x1c") == []
    assert (framer.is_inside_frame, framer.buffered_bytes, framer.open_since_bytes) == (True, 4, 4)
    assert framer.feed(b"") == []
    assert framer.feed(b"\r\x0bt") == [Frame(b"one")]
    assert framer.feed(b"wo\x1c") == []
    assert framer.feed(b"x\x1c\r") == [Frame(b"two\x1cx")]
    assert (framer.is_inside_frame, framer.buffered_bytes) == (False, 0)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\x1c\r", b"\x0bab\x1c\r", b"x" * 40]),
        ),
        max_size=12,
    ),
    st.data(),
)
def test_how_a_stream_is_cut_into_reads_changes_nothing(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in itertools.pairwise([0, *cuts, len(stream)])]
    whole = [event for event in feed_all([stream]) if not isinstance(event, Garbage)]
    pieced = [event for event in feed_all(pieces) if not isinstance(event, Garbage)]
    assert merged(pieced) == merged(whole)


@given(st.lists(st.binary(max_size=40).filter(lambda b: b == without_framing(b)), max_size=5))
def test_what_was_framed_comes_out_as_it_was(payloads: list[bytes]) -> None:
    blocks = b"\n".join(frame(payload) for payload in payloads)
    events = feed_all([blocks])
    assert [event for event in events if isinstance(event, Frame)] == [*map(Frame, payloads)]


def test_bytes_that_never_begin_a_block_are_reported_once_past_the_cap() -> None:
    framer = Framer(max_bytes=10)
    assert framer.feed(b"GET / HTTP") == [Noise(10)]
    assert framer.feed(b"/1.1") == [Noise(4), Garbage(14)]
    assert framer.feed(b"more") == [Noise(4)]
    assert framer.feed(frame(b"a") + b"12345678901") == [Frame(b"a"), Noise(11), Garbage(11)]


def test_oversize_block_keeps_only_its_head_in_memory() -> None:
    framer = Framer(max_bytes=64 * KIB)
    tracemalloc.start()
    events = framer.feed(b"\x0bMSH|head")
    for _ in range(1024):
        events += framer.feed(b"x" * KIB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    [oversize] = events
    assert isinstance(oversize, OversizeFrame)
    assert oversize.head.startswith(b"MSH|headxxx")
    assert len(oversize.head) == 4 * KIB
    assert (framer.buffered_bytes, framer.open_since_bytes) == (0, 8 + KIB * KIB)
    assert peak < 512 * KIB
    assert framer.feed(b"\x1c\r") == [Noise(8 + KIB * KIB, NoiseReason.OVERSIZE_REST)]


def test_large_block_byte_by_byte_scans_every_byte_once() -> None:
    class Counting(bytes):
        scanned = 0

        def find(self, sub: bytes, start: int = 0, *rest: int) -> int:  # type: ignore[override]
            found = super().find(sub, start, *rest)
            Counting.scanned += (len(self) if found < 0 else found + 1) - start
            return found

    framer = Framer()
    for _ in range(20_000):
        framer.feed(Counting(b"x"))
    framer.feed(Counting(b"\x0b" * 5_000))
    # Two searches a byte (start, end); a rescan would be in the millions.
    assert Counting.scanned <= 2 * 25_000 + 5_000 * 2


@pytest.mark.parametrize("payload", [b"a\x0bb", b"a\x1c\rb"])
def test_payload_with_framing_bytes_is_not_framed(payload: bytes) -> None:
    with pytest.raises(ValueError, match="framing bytes"):
        frame(payload)


@pytest.mark.parametrize(
    ("payload", "safe"),
    [
        (b"plain\r", b"plain\r"),
        (b"lone\x1cfs\r", b"lone\x1cfs\r"),
        (b"end\x1c\rnext", b"end\rnext"),
        (b"end\x1c\x1c\rnext", b"end\rnext"),
        (b"st\x0bart", b"start"),
    ],
)
def test_without_framing_drops_only_what_would_frame(payload: bytes, safe: bytes) -> None:
    assert without_framing(payload) == safe
    assert Framer().feed(frame(safe)) == [Frame(safe)]
