"""A message's text as its page shows it: a bounded part of its lines, raw and as a tree.

A message may hold 100,000 segments, and a segment ten megabytes: only the lines that are shown
are decoded, masked and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.core.legible import legible, visible
from apps.hl7v2.errors import FieldError
from apps.hl7v2.masking import separators_of, shown_segments
from apps.hl7v2.message import Message
from apps.hl7v2.outline import Branch, Outline

LINES_AT_ONCE = 200
LINE_BYTES = 16 * 1024
"""Of a longer line the beginning is shown, unless it is asked for whole."""
_PART_BYTES = 256 * 1024
_PART_ROWS = 4000
_HEAD_BYTES = 64 * 1024
_ENDS = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a message is asked for: from which line on, and whether lines are cut."""

    start: int = 1
    is_whole: bool = False


FIRST = Part()


@dataclass(frozen=True, slots=True)
class Text:
    """Some lines of a message, from ``start`` on of ``lines`` in all.

    ``next`` and ``previous`` are where the neighbouring parts begin, None without one;
    ``cut_lines`` counts lines of which only the beginning is shown.
    """

    branches: Sequence[Branch]
    is_open: bool
    start: int
    lines: int
    cut_lines: int
    is_whole: bool

    @property
    def end(self) -> int:
        """Return the last line that is shown."""
        return self.start + len(self.branches) - 1

    @property
    def next(self) -> int | None:
        """Return where the next part begins."""
        return self.end + 1 if self.end < self.lines else None

    @property
    def previous(self) -> int | None:
        """Return where the part before begins."""
        return max(1, self.start - LINES_AT_ONCE) if self.start > 1 else None


def text_of(raw: bytes, *, is_open: bool, part: Part = FIRST, like: bytes = b"") -> Text:
    """Return what a page shows of a message.

    Args:
        raw: the message, or our answer to one.
        is_open: whether the viewer may see what it says of people; nothing is hidden then.
        part: which lines.
        like: the message whose character set counts where ``raw`` is empty of one.
    """
    lines = [line for line in _ENDS.split(raw) if line.strip(b"\x00")]
    start = min(max(part.start, 1), max(len(lines), 1))
    taken = _taken(lines[start - 1 : start - 1 + LINES_AT_ONCE])
    shown = [line if part.is_whole else line[:LINE_BYTES] for line in taken]
    head = (raw or like)[:_HEAD_BYTES]
    header = legible(lines[0][:LINE_BYTES], header=head) if lines else ""
    segments = shown_segments(
        legible(b"\n".join(shown), header=head), is_open=is_open, header=header
    )
    outline = _outline(header, head)
    branches = _bounded(outline.branch(one, start + n) for n, one in enumerate(segments))
    cut = sum(len(now) < len(line) for now, line in zip(shown, taken, strict=True))
    return Text(branches, is_open, start, len(lines), cut, part.is_whole)


def _taken(lines: Sequence[bytes]) -> list[bytes]:
    """Return the lines that fit into a part; the first one always does."""
    taken: list[bytes] = []
    room = _PART_BYTES
    for line in lines:
        room -= min(len(line), LINE_BYTES)
        if taken and room < 0:
            break
        taken.append(line)
    return taken


def _bounded(branches: Iterable[Branch]) -> list[Branch]:
    found: list[Branch] = []
    rows = 0
    for branch in branches:
        found.append(branch)
        rows += len(branch.rows)
        if rows > _PART_ROWS:
            break
    return found


def _outline(header: str, head: bytes) -> Outline:
    try:
        decode = Message(head).dialect.charset.decode_strictly
    except FieldError:
        decode = None
    return Outline(separators_of(header), show=visible, decode=decode)
