"""A simulation as pictures: plain SVG without scripts or styles, and a page that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from apps.engine.codes import Urgency
from apps.trials.simulation.measures import Measures
from apps.trials.simulation.study import Simulation
from apps.trials.simulation.table import called, table, title_of

_WIDTH, _BAR, _GAP, _LEFT, _TOP = 720, 18, 8, 150, 44
_COLOURS = {"STAT": "#b3261e", "URGENT": "#c77700", "ROUTINE": "#2f6db5"}
_STYLE = (
    "body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; "
    "font: 1rem/1.5 system-ui, sans-serif; color: #1f2933; background: #f5f7f9; } "
    "h1 { font-size: 1.4rem; } "
    "svg { display: block; max-width: 100%; height: auto; margin: 0 0 1rem; "
    "border: 1px solid #d5dbe1; border-radius: 0.5rem; } "
    "pre { overflow-x: auto; padding: 1rem; font-size: 0.8rem; background: #fff; "
    "border: 1px solid #d5dbe1; border-radius: 0.5rem; }"
)
_NOTHING_READ = {"p50": 0.0, "p90": 0.0, "p99": 0.0}
_INK, _SOFT, _PAPER = "#1f2933", "#6b7a89", "#ffffff"


def pictures(simulation: Simulation) -> dict[str, str]:
    """Return the pictures as SVG, by file name."""
    return {
        "breaches.svg": _breaches(simulation.runs),
        "turnaround.svg": _turnaround(simulation.runs),
        "spread.svg": _spread(simulation.runs),
    }


def write_report(simulation: Simulation, folder: Path, text: str) -> None:
    """Write pictures, figures and a page of both into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = pictures(simulation)
    for name, svg in drawn.items():
        (folder / name).write_text(svg, encoding="utf-8")
    (folder / "simulation.json").write_text(text + "\n", encoding="utf-8")
    (folder / "index.html").write_text(_page(simulation, drawn), encoding="utf-8")


def _page(simulation: Simulation, drawn: Mapping[str, str]) -> str:
    title = escape(title_of(simulation))
    body = "\n".join(drawn.values())
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n"
        f"<h1>{title}</h1>\n{body}\n<pre>{escape(table(simulation))}</pre>\n</html>\n"
    )


def _breaches(runs: Sequence[Measures]) -> str:
    most = max((run.total_breaches for run in runs), default=0) or 1
    parts: list[str] = []
    for row, run in enumerate(runs):
        y, x = _y(row), float(_LEFT)
        parts.append(_label(called(run.decided_by), y))
        for urgency in Urgency:
            width = run.breaches[urgency.value] / most * _room()
            parts.append(_bar(x, y, width, _COLOURS[urgency.value]))
            x += width
        parts.append(_text(x + 6, y + 13, str(run.total_breaches)))
    keys = "STAT red, URGENT amber, ROUTINE blue"
    return _svg("SLA breaches", keys, parts, len(runs))


def _turnaround(runs: Sequence[Measures]) -> str:
    """Draw p50, p90 and p99 on a scale of logarithms' ease: the square root of minutes."""
    of_all = [run.turnaround.get("all", _NOTHING_READ) for run in runs]
    most = max((quantiles["p99"] for quantiles in of_all), default=1) ** 0.5 or 1
    parts: list[str] = []
    for row, (run, quantiles) in enumerate(zip(runs, of_all, strict=True)):
        y = _y(row)
        ends = [quantiles[name] ** 0.5 / most * _room() for name in ("p50", "p90", "p99")]
        shades = ("#2f6db5", "#8db4dd", "#d3e3f4")
        parts.append(_label(called(run.decided_by), y))
        parts += [
            _bar(_LEFT, y, end, shade)
            for end, shade in sorted(zip(ends, shades, strict=True), reverse=True)
        ]
        words = " / ".join(f"{quantiles[name]:,.0f}" for name in ("p50", "p90", "p99"))
        parts.append(_text(_LEFT + max(ends) + 6, y + 13, words))
    return _svg("Turnaround, minutes", "p50 / p90 / p99, square root scale", parts, len(runs))


def _spread(runs: Sequence[Measures]) -> str:
    """Draw each reader's work over that of their pool in the same hours, one dot each."""
    parts: list[str] = [
        (
            f'<line x1="{_dot(1)}" x2="{_dot(1)}" y1="{_TOP - 6}" y2="{_y(len(runs))}" '
            f'stroke="{_SOFT}" stroke-dasharray="3 3"/>'
        )
    ]
    for row, run in enumerate(runs):
        y = _y(row)
        parts.append(_label(called(run.decided_by), y))
        parts += [
            f'<circle cx="{_dot(share.index):.1f}" cy="{y + 9}" r="4" fill="#2f6db5" '
            f'fill-opacity="0.35"><title>{escape(share.reader)} {share.index:.2f}</title></circle>'
            for shares in run.shares.values()
            for share in shares
        ]
        parts.append(_text(_WIDTH - 52, y + 13, f"{run.within:.3f}"))
    note = "each dot a reader: RVU per hour over that of the pool in the same hours, 0.7 to 1.3 and beyond at the ends"
    return _svg("Who did how much", note, parts, len(runs))


def _dot(index: float) -> float:
    at = (min(max(index, 0.7), 1.3) - 0.7) / 0.6
    return _LEFT + at * (_WIDTH - _LEFT - 80)


def _room() -> int:
    return _WIDTH - _LEFT - 130


def _y(row: int) -> int:
    return _TOP + row * (_BAR + _GAP)


def _label(text: str, y: int) -> str:
    return f'<text x="{_LEFT - 10}" y="{y + 13}" text-anchor="end" fill="{_INK}">{escape(text)}</text>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{_INK}">{escape(text)}</text>'


def _bar(x: float, y: float, width: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{_BAR}" '
        f'fill="{colour}"/>'
    )


def _svg(title: str, note: str, parts: Sequence[str], rows: int) -> str:
    height = _y(rows) + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" font-family="sans-serif" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>'
        f'<text x="10" y="18" font-size="14" font-weight="bold" fill="{_INK}">{escape(title)}</text>'
        f'<text x="10" y="34" font-size="11" fill="{_SOFT}">{escape(note)}</text>'
        f"{''.join(parts)}</svg>\n"
    )
