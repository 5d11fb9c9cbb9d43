"""One truth out of many processes' figures: the folder in which each keeps a file of its own.

prometheus_client leaves the files of ended processes lying, so that their counts are not lost;
worker processes come and go, and every scrape would read more of them. Here the counts of the
dead are added up in one archive for each kind. A manifest, replaced in one step, says which
archive counts and which files are in it already: whatever a crash leaves behind, no count is
lost or taken twice. One lock covers scraping and compaction, on each machine its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

_MANIFEST = "archive.json"
_LOCK = "archive.lock"
_CORRUPT = (RuntimeError, struct.error, UnicodeDecodeError)


def merged_families(folder: Path) -> list[Metric]:
    """Return the figures of all processes, ended ones included, added up."""
    if not folder.is_dir():
        return []
    with _locked(folder):
        archives = _compact(folder)
        files = [*archives, *folder.glob("*.db")]
        merged = MultiProcessCollector.merge([str(path) for path in files])  # type: ignore[no-untyped-call] # ships without
        return list(merged)


def compact(folder: Path) -> None:
    """Put the figures of ended processes into the archive; a gauge of theirs ends with them."""
    with _locked(folder):
        _compact(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compact(folder: Path) -> list[Path]:
    """Return the archives that count, after taking in the files of the dead."""
    archives = _finish(folder)
    dead = [path for path in folder.glob("*.db") if not _is_alive(path)]
    for path in dead:
        if path.name.startswith("gauge_"):
            path.unlink(missing_ok=True)
    counted = [path for path in dead if not path.name.startswith("gauge_")]
    if not counted:
        return archives
    fresh = _write_archives(folder, archives, counted)
    _write_manifest(folder, archives=fresh, absorbed=[*counted, *archives])
    return _finish(folder)


def _finish(folder: Path) -> list[Path]:
    """Remove what an archive has taken in; the end of a compaction, and of a crashed one."""
    manifest = folder / _MANIFEST
    if not manifest.exists():
        return []
    written = json.loads(manifest.read_text())
    archives = [folder / name for name in written["archives"]]
    if written["absorbed"]:
        for name in written["absorbed"]:
            (folder / name).unlink(missing_ok=True)
        # A later process may have the number of a dead one: its file must count again.
        _write_manifest(folder, archives=archives, absorbed=[])
    for stray in set(folder.glob("*.archive")) - set(archives):
        stray.unlink(missing_ok=True)
    return archives


def _write_manifest(folder: Path, *, archives: Iterable[Path], absorbed: Iterable[Path]) -> None:
    content = {
        "archives": [path.name for path in archives],
        "absorbed": [path.name for path in absorbed],
    }
    draft = folder / f"{_MANIFEST}.new"
    draft.write_text(json.dumps(content))
    draft.replace(folder / _MANIFEST)


def _write_archives(folder: Path, archives: list[Path], dead: list[Path]) -> list[Path]:
    """Write one new archive for each kind, beside those that it replaces."""
    generation = 1 + max((int(path.stem.split("_")[1]) for path in archives), default=0)
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for path in (*archives, *dead):
        kind = path.name.split("_")[0]
        for key, value in _values(path):
            sums[kind][key] += value
    return [_write(folder / f"{kind}_{generation}.archive", sums[kind]) for kind in sorted(sums)]


def _write(path: Path, values: dict[str, float]) -> Path:
    path.unlink(missing_ok=True)
    archive = MmapedDict(str(path))  # type: ignore[no-untyped-call] # ships without
    try:
        for key, value in values.items():
            archive.write_value(key, value, 0.0)  # type: ignore[no-untyped-call] # ships without
    finally:
        archive.close()  # type: ignore[no-untyped-call] # ships without
    return path


def _values(path: Path) -> list[tuple[str, float]]:
    try:
        read = MmapedDict.read_all_values_from_file(str(path))  # type: ignore[no-untyped-call] # ships without
        return [(key, value) for key, value, _, _ in read]
    except _CORRUPT:
        # A process killed while it wrote; its figures are lost, everybody else's are not.
        return []


def _is_alive(path: Path) -> bool:
    pid = path.stem.rpartition("_")[2]
    if not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
