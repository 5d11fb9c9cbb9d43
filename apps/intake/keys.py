"""Names that messages are told apart by: issuer, order keys, digest and duplicate key.

The listener and the processing of a message use the same functions, so that what keeps two
messages in order at the door is what makes them one order inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

DIGEST_BYTES = 16

# An accession is shown from IPC-1 or OBR-18, else from the filler or placer number (spec 1), so
# one system's filler number is the next one's accession.
_STANDS_IN_FOR_ACCESSION = frozenset({"filler", "placer"})


def issuer_for(*, profile_issuer: str, facility: str, application: str) -> str:
    """Return who issues the order numbers: the profile's word, else MSH-4.1, else MSH-3.1."""
    return profile_issuer or facility or application


def order_keys(issuer: str, identities: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the keys ``issuer|kind|value`` of the orders a message tells of, each once.

    Messages that share a key take effect in the order of arrival. A filler or placer number
    gives an accession key too, because it may be the accession of a later message; a namespace
    (EI-2) is left out. Both can only join what need not be joined, never part what must not.

    Args:
        issuer: from ``issuer_for``.
        identities: pairs of kind (study_uid, accession, filler, placer) and value.
    """
    keys: dict[str, None] = {}
    for kind, value in identities:
        keys[f"{issuer}|{kind}|{value}"] = None
        if kind in _STANDS_IN_FOR_ACCESSION:
            keys[f"{issuer}|accession|{value}"] = None
    return tuple(keys)


def digest_of(raw: bytes) -> bytes:
    """Return the digest of a message's bytes."""
    return blake2b(raw, digest_size=DIGEST_BYTES).digest()


def message_key(*, application: bytes, facility: bytes, control_id: bytes, digest: bytes) -> bytes:
    """Return what makes a resend a resend: MSH-3, MSH-4, MSH-10 and the digest in one.

    Without MSH-10 the digest alone tells the messages of a sender apart. Every part is led by
    its length, so that no two different messages spell the same key.
    """
    parts = (application, facility, control_id, digest)
    return blake2b(
        b"".join(b"%d:%b" % (len(part), part) for part in parts), digest_size=DIGEST_BYTES
    ).digest()
