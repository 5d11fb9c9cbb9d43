r"""Writing a segment anew with other delimiters and character set, every value the same.

Structure is taken apart with the old delimiters and put together with the new ones. In a value,
delimiter sequences (``\F\``) become their characters and are escaped again where they need it;
formatting (``\.br\``, ``\H\``) keeps its meaning and gets the new escape character.
"""

from __future__ import annotations

from apps.hl7v2.escapes import escape, scan_escapes, unescape
from apps.hl7v2.message import Dialect, Segment
from apps.hl7v2.separators import Separators


def recode_segment(segment: Segment, target: Separators) -> str:
    """Return the segment's text with the target's delimiters; not for MSH."""
    source = segment.dialect
    return target.field.join(recode_field(text, source, target) for text in segment.fields)


def recode_field(text: str, source: Dialect, target: Separators) -> str:
    """Return a field's text with the target's delimiters."""
    old = source.separators
    levels = (
        (old.repetition, target.repetition),
        (old.component, target.component),
        (old.subcomponent, target.subcomponent),
    )
    return _recode(text, levels, source, target)


def _recode(
    text: str, levels: tuple[tuple[str, str], ...], source: Dialect, target: Separators
) -> str:
    if not levels:
        return _value(text, source, target)
    (old, new), deeper = levels[0], levels[1:]
    if not old or not new or old not in text:
        return _recode(text, deeper, source, target)
    return new.join(_recode(part, deeper, source, target) for part in text.split(old))


def _value(text: str, source: Dialect, target: Separators) -> str:
    if not source.separators.escape or source.separators.escape not in text:
        return escape(text, target)
    return "".join(
        _sequence(token.text, source, target) if token.is_escape else escape(token.text, target)
        for token in scan_escapes(text, source.separators.escape)
    )


def _sequence(inside: str, source: Dialect, target: Separators) -> str:
    if inside in "FSTREP" or inside.startswith("X"):
        mark = source.separators.escape
        meaning = unescape(
            f"{mark}{inside}{mark}", source.separators, source.charset.decode_strictly
        )
        return escape(meaning, target)
    return f"{target.escape}{inside}{target.escape}" if target.escape else " "
