"""Certificates as the listener reads them: what is wrong is named, what is old stays."""

from __future__ import annotations

import logging
import shutil
import ssl
from pathlib import Path

import pytest

from apps.intake.listener.tls import Certificates, TlsError, server_context
from radassign.hl7_transport import Hl7Tls
from tests.wire.certificates import FOLDER, listener_tls


@pytest.fixture
def tls(tmp_path: Path) -> Hl7Tls:
    for name in ("server.pem", "server.key", "ca.pem"):
        shutil.copyfile(FOLDER / name, tmp_path / name)
    return Hl7Tls(
        0, tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "ca.pem", "required"
    )


def test_what_new_connections_get_is_modern() -> None:
    context = server_context(listener_tls("required"))

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    for cipher in context.get_ciphers():
        assert cipher["aead"], cipher["name"]
        assert cipher["kea"] in ("kx-ecdhe", "kx-any"), cipher["name"]


@pytest.mark.parametrize(
    ("file", "source", "message"),
    [
        ("server.pem", None, "HL7_TLS_CERT is '{}': No such file or directory"),
        ("server.key", None, "HL7_TLS_KEY is '{}': No such file or directory"),
        ("ca.pem", None, "HL7_TLS_CLIENT_CA is '{}': No such file or directory"),
        (
            "server.key",
            "client.key",
            "HL7_TLS_KEY is '{}': the key does not fit the certificate in HL7_TLS_CERT",
        ),
        ("server.pem", "server.key", "HL7_TLS_CERT is '{}': there is no certificate in it (PEM)"),
        ("server.key", "server.pem", "HL7_TLS_KEY is '{}': there is no private key in it (PEM)"),
        ("ca.pem", "server.key", "HL7_TLS_CLIENT_CA is '{}': there is no certificate in it (PEM)"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_setting_and_the_cause(
    tls: Hl7Tls, file: str, source: str | None, message: str
) -> None:
    path = tls.key.parent / file
    path.unlink()
    if source:
        shutil.copyfile(FOLDER / source, path)

    with pytest.raises(TlsError) as error:
        server_context(tls)
    assert str(error.value) == message.format(path)


def test_an_encrypted_key_is_refused_without_asking_for_its_password(tls: Hl7Tls) -> None:
    tls.key.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n", encoding="ascii")

    with pytest.raises(TlsError, match="the key is encrypted; it has to be readable by itself"):
        server_context(tls)


def test_a_broken_file_is_named(tls: Hl7Tls) -> None:
    tls.certificate.write_text(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", encoding="ascii"
    )

    with pytest.raises(TlsError, match="OpenSSL cannot read it"):
        server_context(tls)


def test_files_that_did_not_change_are_not_read_again(tls: Hl7Tls) -> None:
    certificates = Certificates(tls)
    before = certificates.context

    certificates.refresh()

    assert certificates.context is before


def test_a_renewal_in_two_steps_takes_effect_when_it_is_whole(
    tls: Hl7Tls, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = Certificates(tls)
    before = certificates.context

    shutil.copyfile(FOLDER / "elsewhere.pem", tls.certificate)
    certificates.refresh()
    certificates.refresh()
    assert certificates.context is before
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "the key does not fit the certificate" in record.getMessage()

    shutil.copyfile(FOLDER / "elsewhere.key", tls.key)
    certificates.refresh()
    assert certificates.context is not before


def test_a_file_that_vanishes_ends_nothing(tls: Hl7Tls) -> None:
    certificates = Certificates(tls)
    before = certificates.context

    tls.key.unlink()
    certificates.refresh()

    assert certificates.context is before
