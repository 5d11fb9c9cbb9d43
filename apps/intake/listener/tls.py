"""The listener's certificates: checked when they are read, read anew when the files change.

What is established keeps the certificate it began with; the next connection gets the new one. A
new file that cannot be used is logged and the old one stays, because a certificate that is
renewed in two steps, or badly, must not end what works. Source: RFC 9325, BCP 195.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from radassign.hl7_transport import Hl7Tls

log = logging.getLogger(__name__)

# Forward secrecy and authenticated encryption; TLS 1.3 has nothing else. No RSA key exchange.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_OPTIONS = (
    ssl.OP_NO_COMPRESSION
    | ssl.OP_NO_RENEGOTIATION
    | ssl.OP_CIPHER_SERVER_PREFERENCE
    | ssl.OP_SINGLE_ECDH_USE
)
_CLIENT = {
    "off": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}

_Stamp = tuple[tuple[int, int, int] | None, ...]


class TlsError(Exception):
    """A file of the TLS settings cannot be used; the message names setting, file and cause."""

    def __init__(self, name: str, path: Path, cause: str) -> None:
        super().__init__(f"{name} is '{path}': {cause}")


def server_context(tls: Hl7Tls) -> ssl.SSLContext:
    """Return what new connections are secured with.

    Raises:
        TlsError: a file is missing, cannot be read, or does not hold what it should.
    """
    _check_pem("HL7_TLS_CERT", tls.certificate, b"-----BEGIN CERTIFICATE-----", "certificate")
    _check_pem("HL7_TLS_KEY", tls.key, b"PRIVATE KEY-----", "private key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= _OPTIONS
    context.verify_mode = _CLIENT[tls.client]
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (ssl.SSLError, OSError) as error:
        raise TlsError("HL7_TLS_KEY", tls.key, _words(error)) from error
    if tls.client_ca is not None:
        _trust(context, tls.client_ca)
    return context


class Certificates:
    """The context of the moment, made anew when a file changed.

    Raises:
        TlsError: they cannot be used at the start.
    """

    def __init__(self, tls: Hl7Tls) -> None:
        self._tls = tls
        self._stamp = self._look()
        self.context = server_context(tls)

    def refresh(self) -> None:
        """Read the files anew if one of them changed."""
        if self._look() != self._stamp:
            self.reload()

    def reload(self) -> None:
        """Read the files anew; what cannot be used changes nothing."""
        # Looked at before they are read: a change in between is seen the next time.
        self._stamp = self._look()
        try:
            self.context = server_context(self._tls)
        except TlsError as error:
            log.error("new certificates are not used, the old ones stay: %s", error)  # noqa: TRY400 -- it says all
        else:
            log.info("certificates were read anew")

    def _look(self) -> _Stamp:
        paths = (self._tls.certificate, self._tls.key, self._tls.client_ca)
        return tuple(_stamp_of(path) for path in paths if path is not None)


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _check_pem(name: str, path: Path, mark: bytes, what: str) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TlsError(name, path, error.strerror or type(error).__name__) from error
    if mark not in content:
        raise TlsError(name, path, f"there is no {what} in it (PEM)")
    if b"ENCRYPTED" in content:
        raise TlsError(name, path, "the key is encrypted; it has to be readable by itself")


def _trust(context: ssl.SSLContext, client_ca: Path) -> None:
    name = "HL7_TLS_CLIENT_CA"
    _check_pem(name, client_ca, b"-----BEGIN CERTIFICATE-----", "certificate")
    try:
        context.load_verify_locations(client_ca)
    except (ssl.SSLError, OSError) as error:
        raise TlsError(name, client_ca, _words(error)) from error


def _words(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    if reason in {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"}:
        return "the key does not fit the certificate in HL7_TLS_CERT"
    return f"OpenSSL cannot read it ({reason or error.strerror or type(error).__name__})"


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal, and wait.
    return ""
