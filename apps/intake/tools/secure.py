"""TLS as a sender uses it: the options of a command, and the context they ask for."""

from __future__ import annotations

import ssl
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any


def add_tls_arguments(parser: ArgumentParser) -> None:
    """Take whether and how the connection is secured; any of the others asks for ``--tls`` too."""
    group = parser.add_argument_group("TLS")
    group.add_argument("--tls", action="store_true", help="secure the connection")
    group.add_argument(
        "--tls-ca", metavar="FILE", help="trust these authorities instead of the system's"
    )
    group.add_argument("--tls-cert", metavar="FILE", help="our certificate, if one is asked for")
    group.add_argument("--tls-key", metavar="FILE", help="its key; default: in the same file")
    group.add_argument(
        "--tls-unverified", action="store_true", help="accept any certificate; for trying out only"
    )


def client_context(options: Mapping[str, Any]) -> ssl.SSLContext | None:
    """Return what the options ask for, None where nothing is to be encrypted.

    Raises:
        OSError: a file cannot be read, or does not hold what it should.
    """
    names = ("tls", "tls_ca", "tls_cert", "tls_key", "tls_unverified")
    if not any(options.get(name) for name in names):
        return None
    context = ssl.create_default_context(cafile=options["tls_ca"])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options["tls_unverified"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options["tls_cert"]:
        context.load_cert_chain(options["tls_cert"], options["tls_key"])
    return context
