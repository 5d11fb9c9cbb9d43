"""Keeps what decisions were made from, so that any of them can be replayed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.assignment.models import DecisionBasis
from apps.assignment.snapshot.cache import ConfigView
from apps.core import bulk
from apps.engine.facts import Config
from apps.engine.replay import config_from_json

BURST = "burst:"
"""What the area begins with under which the orders of one burst are kept."""
_kept: set[tuple[str, int]] = set()


class BasisMissingError(LookupError):
    """The configuration of a decision's version was not kept."""


def keep_basis(view: ConfigView) -> None:
    """Store each area of the configuration once per version, in the current transaction."""
    missing = [pair for pair in view.versions.items() if pair not in _kept]
    if not missing:
        return
    bulk.insert(
        DecisionBasis,
        [
            {"area": area, "version": version, "payload": _packed(view.as_json[area])}
            for area, version in missing
        ],
        or_ignore=True,
    )
    transaction.on_commit(lambda: _kept.update(missing))


def keep_bursts(bursts: Mapping[str, Any]) -> None:
    """Store what orders were decided from that were decided together, by digest."""
    bulk.insert(
        DecisionBasis,
        [
            {
                "area": f"{BURST}{digest}",
                "version": 0,
                "payload": _packed(basis),
                "made_at": basis["at"],
            }
            for digest, basis in sorted(bursts.items())
        ],
        or_ignore=True,
    )


def load_burst(digest: str) -> Any:  # noqa: ANN401 -- canonical JSON of the engine
    """Return what the orders of a burst were decided from.

    Raises:
        BasisMissingError: it was never stored.
    """
    return _area(f"{BURST}{digest}", 0)


def load_basis(versions: dict[str, int]) -> Config:
    """Return the configuration as it was at these versions.

    Raises:
        BasisMissingError: an area's version was never stored.
    """
    areas = {area: _area(area, version) for area, version in versions.items()}
    return config_from_json(areas, versions)


def forget() -> None:
    """Forget what was stored, as after a change of database."""
    _kept.clear()


def _area(area: str, version: int) -> Any:  # noqa: ANN401 -- canonical JSON of the engine
    row = DecisionBasis.objects.filter(area=area, version=version).first()
    if row is None:
        raise BasisMissingError(f"{area} {version} was not kept")
    return json.loads(zlib.decompress(bytes(row.payload)))


def _packed(content: object) -> bytes:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode())
