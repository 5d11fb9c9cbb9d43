"""Real messages of many senders, where a collection is at hand."""

from __future__ import annotations

import csv
import os
from datetime import UTC
from pathlib import Path

import pytest

from apps.hl7v2.ack import build_ack
from apps.hl7v2.answers import parse_ack
from apps.hl7v2.emit import OutHeader, enrich
from apps.hl7v2.errors import FieldError
from apps.hl7v2.facts import read_group
from apps.hl7v2.groups import split_groups
from apps.hl7v2.message import Message
from apps.hl7v2.mllp import frame, without_framing
from apps.hl7v2.peek import glance, needs_answer, peek
from apps.hl7v2.segments import split_batch
from apps.hl7v2.stored import keep_segments
from apps.hl7v2.tree import parse_tree
from apps.hl7v2.zra import Zra, parse_zra
from tests.hl7v2.samples import NOW

FOLDER = os.environ.get("RADASSIGN_HL7_CORPUS", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="RADASSIGN_HL7_CORPUS names no folder of real messages"
)


def load() -> list[tuple[str, str, bytes]]:
    """Return name, category and bytes of every message of the collection."""
    if not FOLDER:
        return []
    folder = Path(FOLDER)
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["file"], row["category"], (folder / row["file"]).read_bytes()) for row in rows]


CORPUS = load()


def named(*categories: str) -> list[object]:
    return [
        pytest.param(raw, id=name)
        for name, category, raw in CORPUS
        if not categories or category in categories
    ]


@pytest.mark.parametrize("raw", named())
def test_every_message_is_read_answered_and_sent_on_without_a_traceback(raw: bytes) -> None:
    seen = glance(raw)
    answer = build_ack(raw, "AA", control_id="1", at=NOW)
    assert (answer is not None) is needs_answer(seen)
    if answer is not None:
        assert frame(answer)
        assert parse_ack(answer).code == "AA"
    for part in split_batch(raw):
        try:
            message = Message(part)
        except FieldError:
            continue
        for group in split_groups(message):
            read_group(message, group, zone=UTC)
            out = enrich(keep_segments(group), Zra("DR_A", code="MANUAL"), OutHeader("1", NOW))
            found = parse_zra(out)
            assert found is not None
            assert found.radiologist_id == "DR_A"
            for segment in group.segments:
                assert segment.name == "ZRA" or without_framing(segment.raw + b"\r") in out


@pytest.mark.parametrize("raw", named("order"))
def test_every_order_has_groups_and_their_numbers_were_seen_at_intake(raw: bytes) -> None:
    seen = peek(raw)
    assert seen.is_order
    assert seen.order_keys
    message = Message(raw)
    groups = split_groups(message)
    assert groups
    numbers = {read_group(message, group, zone=UTC).accession for group in groups}
    assert numbers - {""} <= set(seen.order_keys)


@pytest.mark.parametrize("raw", named("order-partial"))
def test_order_without_order_segments_is_refused(raw: bytes) -> None:
    with pytest.raises(FieldError) as caught:
        peek(raw)
    assert caught.value.segment == "ORC"


@pytest.mark.parametrize("raw", named("adt", "a40", "oru", "oml"))
def test_valid_messages_of_other_kinds_are_taken(raw: bytes) -> None:
    seen = peek(raw)
    assert (seen.is_order, seen.error) == (False, None)


@pytest.mark.parametrize("raw", named("ack", "orr"))
def test_answers_are_recognised(raw: bytes) -> None:
    assert not needs_answer(glance(raw)) or glance(raw).error is not None


@pytest.mark.parametrize("raw", named("batch"))
def test_batches_give_every_message_they_hold(raw: bytes) -> None:
    assert glance(raw).is_batch
    headers = [line for line in raw.replace(b"\n", b"\r").split(b"\r") if line[:3] == b"MSH"]
    parts = split_batch(raw)
    assert [part.replace(b"\n", b"\r").split(b"\r")[0] for part in parts] == headers


@pytest.mark.parametrize("raw", named("order", "adt", "a40", "oru", "oml", "orr"))
def test_our_splitter_agrees_with_the_hl7_package(raw: bytes) -> None:
    if b"\x0b" in raw:
        pytest.skip("the collection kept this one's framing")
    message = Message(raw)
    component = message.separators.component
    nodes = parse_tree(raw)
    assert [segment.name for segment in message.segments] == [node.name for node in nodes]
    for segment, node in zip(message.segments, nodes, strict=True):
        for field in node.fields:
            ours = [repetition.text.strip() for repetition in segment.repetitions(field.number)]
            assert ours == [component.join(parts).strip() for parts in field.repetitions]
