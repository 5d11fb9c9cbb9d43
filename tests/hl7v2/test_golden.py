"""Our own golden messages: each .hl7 stands beside the facts it must give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.hl7v2.message import Message
from apps.hl7v2.segments import split_batch
from apps.hl7v2.tree import parse_tree
from tests.hl7v2.describing import describe

FOLDER = Path(__file__).parents[2] / "fixtures" / "hl7"
GOLDEN = sorted(FOLDER.glob("*.hl7"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_message_gives_the_facts_beside_it(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(describe(path.read_bytes()))) == expected


def test_every_golden_message_has_its_facts_and_the_other_way_round() -> None:
    facts = {path.stem for path in FOLDER.glob("*.json")}
    assert {path.stem for path in GOLDEN} == facts
    assert facts


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_our_splitter_agrees_with_the_hl7_package(path: Path) -> None:
    for raw in split_batch(path.read_bytes()):
        ours = Message(raw).segments
        theirs = parse_tree(raw)
        assert [segment.name for segment in ours] == [node.name for node in theirs]
        for segment, node in zip(ours, theirs, strict=True):
            for field in node.fields:
                texts = [repetition.text for repetition in segment.repetitions(field.number)]
                assert texts == [_joined(raw, parts) for parts in field.repetitions]


def _joined(raw: bytes, parts: tuple[str, ...]) -> str:
    return Message(raw).separators.component.join(parts)
