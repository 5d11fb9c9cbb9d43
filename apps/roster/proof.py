"""The files that prove competencies: what may be one is told by its content, never by its name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

from apps.roster.choices import DocumentType

MOST_BYTES = 10 * 1024 * 1024
_TAIL = 4096
_LONGEST_STEM = 150
_SUFFIXES = {DocumentType.PDF: ".pdf", DocumentType.PNG: ".png", DocumentType.JPEG: ".jpg"}


@dataclass(frozen=True)
class Proof:
    """A file to be kept; without content it is only known by its name, as in a preview."""

    name: str
    content_type: DocumentType = DocumentType.PDF
    content: bytes = field(default=b"", repr=False)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def __str__(self) -> str:
        return self.name


def type_of(content: bytes) -> DocumentType | None:
    """Return what the content is, None where it is nothing that may be kept.

    Each must begin and end as its format says, so that half a file is none.
    """
    tail = content[-_TAIL:]
    if content.startswith(b"%PDF-") and b"%%EOF" in tail:
        return DocumentType.PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and b"IEND" in tail:
        return DocumentType.PNG
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in tail:
        return DocumentType.JPEG
    return None


def proof_of(name: str, content: bytes) -> Proof | None:
    """Return the file as it may be kept, None where its content is of no known type."""
    found = type_of(content)
    return None if found is None else Proof(safe_name(name, found), found, content)


def safe_name(name: str, kind: DocumentType) -> str:
    """Return a file's name without tricks, ending as its content says."""
    stem = "".join(sign for sign in PurePath(name.replace("\\", "/")).stem if sign.isprintable())
    return f"{stem.strip(' .')[:_LONGEST_STEM] or 'document'}{_SUFFIXES[kind]}"
