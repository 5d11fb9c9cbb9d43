"""The board: its parts, rendered once for everybody with the same lens.

Each part has a digest of what it shows. A page keeps the digests in its poll's address, so that
the answer holds the parts that changed and no others, whichever process gives it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core.access import Scope
from apps.dashboard.days import day_of
from apps.dashboard.lens import Lens
from apps.dashboard.live import PULSE, SHELF, Touches, never
from apps.dashboard.looking import SHOWN, Looking, digest_of
from apps.dashboard.queries.options import Options, options

PARTS = tuple(SHOWN)
TRUSTED_SECONDS = 30
"""For so long a page may be told that nothing changed without a look at who asks."""
_LENSES_KEPT = 512
_REMEMBERING = threading.Lock()
_LENSES: dict[str, Lens] = {}
"""Through which this process has looked of late, by the key of their board."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the board; its template is ``dashboard/_NAME.html``."""

    name: str
    html: SafeString
    digest: str


@dataclass(frozen=True, slots=True)
class Board:
    """What one lens shows at one moment; ``key`` says which lens and day."""

    key: str
    parts: tuple[Part, ...]

    @property
    def token(self) -> str:
        """Return the digests of everything shown, as the page sends them back."""
        return ".".join([self.key, *(part.digest for part in self.parts)])

    def news(self, seen: str) -> Sequence[Part]:
        """Return the parts that differ from those that ``seen``, a token, tells of."""
        key, *digests = seen.split(".")
        if key != self.key or len(digests) != len(self.parts):
            return self.parts
        return [
            part for part, digest in zip(self.parts, digests, strict=True) if part.digest != digest
        ]


_SIGNER = Signer(salt="apps.dashboard.board")


def board(lens: Lens, at: datetime) -> Board:
    """Return what the lens shows, as it stands at ``at``."""
    PULSE.feel()
    shown = _board(Looking(lens, day_of(at, lens.zone), at))
    _remember(shown.key, lens)
    return shown


def stamp_of(at: datetime) -> str:
    """Return when somebody's right to see the board was looked at, as their page sends it back.

    Signed, so that nobody without that right can write one.
    """
    return _SIGNER.sign(str(int(at.timestamp())))


def is_trusted(stamp: str, at: datetime) -> bool:
    """Return whether that was a short while ago."""
    try:
        looked_at = int(_SIGNER.unsign(stamp))
    except (BadSignature, ValueError):
        return False
    return 0 <= at.timestamp() - looked_at < TRUSTED_SECONDS


def is_current(token: str, at: datetime) -> bool:
    """Return whether a page that shows this would be told that nothing changed.

    Asks the database, whoever asks here, but no more often than for those who may know. What it
    answers says nothing that was not in the question: that digests of what is shown are still
    those of what is there.
    """
    lens = _LENSES.get(token.partition(".")[0])
    return lens is not None and board(lens, at).token == token


def options_once(scope: Scope, at: datetime) -> Options:
    """Return what the board can be narrowed by within a scope."""
    return SHELF.take_or_make(("options", scope), at, lambda: (options(scope), never))


def lens_once(
    scope: Scope, asked: tuple[str, ...], at: datetime, make: Callable[[], Lens]
) -> Lens:
    """Return the lens that ``make`` makes of a scope and what is asked for, kept for a while."""
    PULSE.feel()
    return SHELF.take_or_make(("lens", scope, asked), at, lambda: (make(), never))


def _remember(key: str, lens: Lens) -> None:
    with _REMEMBERING:
        _LENSES[key] = lens
        if len(_LENSES) > _LENSES_KEPT:
            del _LENSES[next(iter(_LENSES))]


def _board(looking: Looking) -> Board:
    return Board(looking.key, tuple(_part(looking, name) for name in PARTS))


def _part(looking: Looking, name: str) -> Part:
    return SHELF.take_or_make(
        (looking.key, name),
        looking.at,
        lambda: _make(looking, name),
        ends_at=looking.day.end,
    )


def _make(looking: Looking, name: str) -> tuple[Part, Touches]:
    shown = SHOWN[name](looking)
    context = {"at": looking.at, "day": looking.day, "lens": looking.lens, **shown.context}
    with timezone.override(looking.lens.zone):
        html = render_to_string(f"dashboard/_{name}.html", context)
    return Part(name, html, digest_of(html)), shown.touches
