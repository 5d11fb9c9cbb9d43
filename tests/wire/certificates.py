"""The test certificates: what a listener is set up with, and what its peers bring."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

from radassign.hl7_transport import Hl7Tls

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "tls"


def listener_tls(client: str = "off", name: str = "server") -> Hl7Tls:
    """Return a listener's TLS; it trusts the clients of our authority."""
    client_ca = None if client == "off" else FOLDER / "ca.pem"
    return Hl7Tls(0, FOLDER / f"{name}.pem", FOLDER / f"{name}.key", client_ca, client)


def client_context(name: str = "") -> ssl.SSLContext:
    """Return what a peer connects with, with a client certificate where one is named."""
    context = ssl.create_default_context(cafile=FOLDER / "ca.pem")
    if name:
        context.load_cert_chain(FOLDER / f"{name}.pem", FOLDER / f"{name}.key")
    return context


def fingerprint_of(name: str) -> str:
    """Return the SHA-256 of a certificate in hexadecimal."""
    pem = (FOLDER / f"{name}.pem").read_text(encoding="ascii")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
