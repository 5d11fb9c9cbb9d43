"""How a run stands in a cell of the roster's grid.

Four weeks hold a thousand of them: rendering a template for each took most of the page's time,
so the markup is put together here. Whatever is a text is escaped; nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class Chip:
    """A person on a run, or on a person's own line the shift.

    ``label`` is said where the text is too short to tell; ``mark`` and ``note`` say how the
    person came to it or why they are not there.
    """

    person: str
    text: str
    label: str
    mark: str
    note: str
    hours: str
    times: str
    is_present: bool


@dataclass(frozen=True, slots=True)
class Box:
    """What is written of a run in its cell; ``heading`` is what it is called on a phone."""

    shift: int
    heading: str
    on: str
    href: str
    state: str
    title: str
    hours: str
    clock: str
    length: str
    chips: Sequence[Chip]
    more: int
    gap: str
    empty: str
    day: str


def box_html(box: Box) -> SafeString:
    """Return a run as the grid shows it."""
    marks = f"{' data-gap' if box.gap else ''}{' data-empty' if box.empty else ''}"
    return mark_safe(  # noqa: S308 -- each text in it is escaped
        f'<div class="run" data-state="{box.state}"{marks} data-shift="{box.shift}"'
        f' data-on="{box.on}"><span class="run-title">{escape(box.heading)}'
        f"{_small(box.clock)}</span>{''.join(_parts(box))}</div>"
    )


def _parts(box: Box) -> Iterator[str]:
    href = escape(box.href)
    if box.hours or box.length or box.state == "now":
        now = " <em>now</em>" if box.state == "now" else ""
        yield (
            f'<span class="run-hours"><span class="hidden">{escape(box.day)}</span>'
            f" {escape(box.hours)}{_small(box.length)}{now}</span>"
        )
    for chip in box.chips:
        yield _chip(chip, href)
    if box.more:
        yield (
            f'<a class="turn more-people" href="{href}" aria-label="{box.more} more people">'
            f'+{box.more}<span class="more-word"> more</span></a>'
        )
    if box.gap:
        yield _gap(box, href)
    if box.empty:
        yield _empty(box, href)


def _chip(chip: Chip, href: str) -> str:
    note, away = escape(chip.note), "" if chip.is_present else " data-away"
    title = f"{escape(chip.label)}{escape(chip.times)}{f': {note}' if note else ''}"
    mark = f'<span class="mark" aria-hidden="true">{escape(chip.mark)}</span>' if chip.mark else ""
    said = f' <small class="note">{note}</small>' if note else ""
    return (
        f'<a class="turn" href="{href}" data-person="{escape(chip.person)}"{away} title="{title}">'
        f'{mark}<span class="turn-name">{escape(chip.text)}</span>{_small(chip.hours)}{said}</a>'
    )


def _gap(box: Box, href: str) -> str:
    title = escape(box.title)
    head = f'<b class="gap-title">{title}</b>' if title else ""
    said = f' title="{title}"' if title else ""
    return (
        f'<a class="turn gap" href="{href}"{said}><i aria-hidden="true">person_off</i>'
        f"{head}<span>{escape(box.gap)}</span></a>"
    )


def _empty(box: Box, href: str) -> str:
    why = escape(box.empty)
    head = f"{escape(box.title)}: " if box.title and not box.chips else ""
    return (
        f'<a class="turn empty-turn" href="{href}" title="Meant to be empty: {why}">'
        f'<span class="empty-why">{head}empty: {why}</span></a>'
    )


def _small(words: str) -> str:
    return f" <small>{escape(words)}</small>" if words else ""
