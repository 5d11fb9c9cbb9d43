"""How a day of somebody, or of a shift, stands in the roster's grid: the runs and all about them.

Four weeks of a page of people have some four hundred of them; see ``run_boxes`` for why the
markup is put together here. Whatever is a text is escaped; nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class AwayMark:
    """What keeps somebody away; the icon stands only where they have nothing else that day."""

    words: str
    icon: str


@dataclass(frozen=True, slots=True)
class CellBox:
    """What is written of a day; addresses are empty where there is nothing to go to.

    ``name`` is the line's person; ``runs`` are markup; ``more`` counts those that are not shown.
    """

    number: int
    on: str
    is_today: bool
    is_past: bool
    is_free: bool
    name: str
    away: Sequence[AwayMark | None]
    rests: str
    runs: Sequence[SafeString]
    more: int
    more_href: str
    free_href: str
    day: str


def cell_html(box: CellBox) -> SafeString:
    """Return a day as the grid shows it."""
    marks = (
        f"{' data-today' if box.is_today else ''}{' data-past' if box.is_past else ''}"
        f"{' data-free' if box.is_free else ''}"
    )
    return mark_safe(  # noqa: S308 -- each text in it is escaped
        f'<div class="cell day-{box.number}" role="gridcell" data-on="{box.on}"{marks}>'
        f"{''.join(_parts(box))}</div>"
    )


def _parts(box: CellBox) -> Iterator[str]:
    for mark in box.away:
        if mark is not None:
            yield _away(mark, box.name)
    if box.rests:
        yield f'<span class="rests">{escape(box.rests)}</span>'
    yield from box.runs
    if box.more:
        yield (
            f'<a class="more-runs" href="{escape(box.more_href)}" aria-label="{box.more} more turns'
            f' of {escape(box.name)}">+{box.more}<span class="more-word">&nbsp;more</span></a>'
        )
    if box.free_href:
        yield (
            f'<a class="turn free" href="{escape(box.free_href)}" aria-label="Put'
            f' {escape(box.name)} on, {escape(box.day)}">+</a>'
        )


def _away(mark: AwayMark, name: str) -> str:
    words = escape(mark.words)
    if not mark.icon:
        return f'<span class="away">{words}</span>'
    return (
        f'<span class="away"><span class="away-name">{escape(name)}</span>'
        f' <i aria-hidden="true">{mark.icon}</i>{words}</span>'
    )
