"""TLS to a peer: 1.2 or later, its certificate and name always checked, ours shown where wanted.

The context is made for each connection, so that renewed certificates count from the next one.
What goes wrong is said in words that tell a person what to mend.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from django.conf import settings

from apps.outbound.delivery.letters import Tls

_OF_CERTIFICATE = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is signed by itself, and not trusted here",
    19: "the authority of its certificate is not trusted here",
    20: "the authority of its certificate is not trusted here",
    21: "the authority of its certificate is not trusted here",
    23: "its certificate was revoked",
}
_NAME_MISMATCH = frozenset({62, 64})
"""OpenSSL's verify codes for host names and addresses."""
_BY_REASON = (
    ("WRONG_VERSION_NUMBER", "the peer does not speak TLS"),
    ("HTTP_REQUEST", "the peer does not speak TLS"),
    ("RECORD_LAYER_FAILURE", "the peer does not speak TLS"),
    ("UNEXPECTED_MESSAGE", "the peer does not speak TLS"),
    ("PROTOCOL_VERSION", "the peer speaks no TLS of 1.2 or later"),
    ("UNSUPPORTED_PROTOCOL", "the peer speaks no TLS of 1.2 or later"),
    ("CERTIFICATE_REQUIRED", "the peer asks for a client certificate"),
    ("ALERT_UNKNOWN_CA", "the peer does not trust our client certificate"),
    ("ALERT_BAD_CERTIFICATE", "the peer does not take our client certificate"),
    ("ALERT_CERTIFICATE_EXPIRED", "the peer says that our client certificate has expired"),
    ("ALERT_CERTIFICATE", "the peer does not take our client certificate"),
    ("HANDSHAKE_FAILURE", "the peer refused: no common cipher, or it asks for a certificate"),
)


def context_for(tls: Tls) -> ssl.SSLContext:
    """Return the context of a new connection, with the certificates as they are now.

    Raises:
        OSError: the client certificate is wanted, and is not set, not there or not usable; the
            words say which.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.authority:
        context.load_verify_locations(cadata=tls.authority)
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if tls.shows_certificate:
        _load_own(context, settings.HL7_CLIENT_CERT, settings.HL7_CLIENT_KEY)
    return context


def in_words(error: BaseException, server_name: str) -> str:
    """Return what a failed handshake means, for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_in_words(error, server_name)
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "").upper()
        return next((words for name, words in _BY_REASON if name in reason), f"TLS: {error}")
    if isinstance(error, ConnectionResetError | ssl.SSLEOFError | EOFError):
        return "closed during the TLS handshake: the peer may not speak TLS"
    return str(error) or type(error).__name__


def _certificate_in_words(error: ssl.SSLCertVerificationError, server_name: str) -> str:
    if error.verify_code in _NAME_MISMATCH:
        return f"the name does not match: its certificate is not for {server_name}"
    known = _OF_CERTIFICATE.get(error.verify_code)
    return known or f"its certificate is not accepted: {error.verify_message}"


def _load_own(context: ssl.SSLContext, certificate: Path | None, key: Path | None) -> None:
    if certificate is None:
        raise OSError("HL7_CLIENT_CERT is not set: there is no client certificate to show")
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise OSError(
            f"HL7_CLIENT_CERT {certificate} and its key are not usable: {error.reason}"
        ) from error
    except OSError as error:
        raise OSError(f"HL7_CLIENT_CERT or HL7_CLIENT_KEY: {error}") from error


def _no_password() -> str:
    # Otherwise OpenSSL would ask at the terminal for that of an encrypted key.
    return ""
