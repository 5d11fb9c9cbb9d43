"""What can go wrong with the catalogue."""

from __future__ import annotations


class FileError(Exception):
    """A file cannot be read as a table; the words say where and why."""


class CellError(Exception):
    """A cell does not hold what its column is for; the words say why."""


class StaleImportError(Exception):
    """What an import would do is no longer what was shown."""
