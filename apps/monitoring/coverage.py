"""How much work nobody may be given in the next hour, worked out at the scrape.

It follows from the configuration and the minute alone, so it is worked out once for both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily

from apps.assignment.coverage.swept import coverage_once
from apps.core import clock
from apps.engine.timeline.facts import Cover
from apps.engine.timeline.sweep import Swept
from apps.monitoring.probe import Connection

_AHEAD = timedelta(hours=1)
_LABELS = ("site", "modality")
_VERSIONS_SQL = "SELECT area, version FROM core_configversion ORDER BY area"
_SAID = (
    (
        Cover.OPEN,
        "assignment_engine_coverage_uncovered",
        "Kinds of work that nobody may be given at some time of the next hour, not meant so.",
    ),
    (
        Cover.THIN,
        "assignment_engine_coverage_thin",
        "Kinds of work with fewer readers than wanted at some time of the next hour.",
    ),
)

_Key = tuple[datetime, tuple[object, ...]]
_last: tuple[_Key, list[GaugeMetricFamily]] | None = None


def coverage_gauges(connection: Connection) -> Iterator[GaugeMetricFamily]:
    """Yield the gauges; where the configuration cannot be read they have no value."""
    global _last  # noqa: PLW0603 -- the same answer for every scrape of a minute
    minute = clock.now().replace(second=0, microsecond=0)
    key = (minute, tuple(connection.execute(_VERSIONS_SQL).fetchall()))
    if _last is None or _last[0] != key:
        try:
            _last = (key, _families(coverage_once(minute, minute + _AHEAD).swept))
        except DatabaseError:
            yield from (_family(name, words) for _cover, name, words in _SAID)
            return
    yield from _last[1]


def _families(swept: Swept) -> list[GaugeMetricFamily]:
    """Count the kinds of work of each site and modality; those of any modality under ``any``."""
    known: set[tuple[str, str]] = set()
    lacking: dict[Cover, set[tuple[str, str, object]]] = {cover: set() for cover, *_ in _SAID}
    for row in (row for row in swept.rows if row.shifts):
        for site in row.sites:
            labels = (site, row.work.modality or "any")
            known.add(labels)
            for cover, kinds in lacking.items():
                if row.covers[cover]:
                    kinds.add((*labels, row.work))
    families = []
    for cover, name, words in _SAID:
        counts = Counter(kind[:2] for kind in lacking[cover])
        family = _family(name, words)
        for labels in sorted(known):
            family.add_metric(labels, counts[labels])
        families.append(family)
    return families


def _family(name: str, words: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=_LABELS)
