from __future__ import annotations

from pathlib import Path

import pytest

from radassign.env import Env, EnvError
from radassign.hl7_transport import Hl7Tls, hl7_plain_host, hl7_tls

FILES = {"HL7_TLS_PORT": "2577", "HL7_TLS_CERT": "/tls/server.pem", "HL7_TLS_KEY": "/tls/key.pem"}


def test_without_a_port_there_is_no_tls() -> None:
    assert hl7_tls(Env({"HL7_TLS_CERT": "/tls/server.pem"})) is None


@pytest.mark.parametrize(
    ("more", "client_ca", "client"),
    [
        ({}, None, "off"),
        ({"HL7_TLS_CLIENT_CA": "/tls/ca.pem"}, Path("/tls/ca.pem"), "required"),
        (
            {"HL7_TLS_CLIENT_CA": "/tls/ca.pem", "HL7_TLS_CLIENT": "optional"},
            Path("/tls/ca.pem"),
            "optional",
        ),
    ],
)
def test_a_trusted_authority_means_that_certificates_are_required(
    more: dict[str, str], client_ca: Path | None, client: str
) -> None:
    expected = Hl7Tls(
        2577, Path("/tls/server.pem"), Path("/tls/key.pem"), client_ca=client_ca, client=client
    )
    assert hl7_tls(Env({**FILES, **more})) == expected


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"HL7_TLS_CERT": ""}, "HL7_TLS_CERT is not set; expected a value"),
        ({"HL7_TLS_KEY": ""}, "HL7_TLS_KEY is not set; expected a value"),
        (
            {"HL7_TLS_PORT": "0"},
            "HL7_TLS_PORT is '0'; expected a whole number from 1 to 65535",
        ),
        (
            {"HL7_TLS_CLIENT": "required"},
            "HL7_TLS_CLIENT is 'required'; expected off while HL7_TLS_CLIENT_CA is not set",
        ),
        (
            {"HL7_TLS_CLIENT": "maybe"},
            "HL7_TLS_CLIENT is 'maybe'; expected one of off, optional, required",
        ),
    ],
)
def test_what_does_not_go_together_is_named(changed: dict[str, str], message: str) -> None:
    with pytest.raises(EnvError) as error:
        hl7_tls(Env({**FILES, **changed}))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("host", "has_tls", "plain", "expected"),
    [
        ("127.0.0.1", False, "", "127.0.0.1"),
        ("0.0.0.0", False, "", "0.0.0.0"),  # noqa: S104 -- not bound
        ("127.0.0.1", True, "", "127.0.0.1"),
        ("::1", True, "", "::1"),
        ("localhost", True, "", "localhost"),
        ("10.1.2.3", True, "", "127.0.0.1"),
        ("10.1.2.3", True, "on", "10.1.2.3"),
        ("10.1.2.3", False, "loopback", "127.0.0.1"),
        ("10.1.2.3", True, "off", None),
    ],
)
def test_with_tls_what_is_not_encrypted_stays_on_this_machine(
    host: str, *, has_tls: bool, plain: str, expected: str | None
) -> None:
    tls = hl7_tls(Env(FILES)) if has_tls else None

    assert hl7_plain_host(Env({"HL7_PLAIN": plain}), host, tls) == expected


def test_neither_plain_nor_tls_is_an_error() -> None:
    with pytest.raises(EnvError, match="HL7_PLAIN is 'off'; expected on or loopback while"):
        hl7_plain_host(Env({"HL7_PLAIN": "off"}), "127.0.0.1", None)


def test_networks_are_checked() -> None:
    assert Env({"X": "10.1.2.3, 10.2.0.0/16,::1"}).networks("X") == [
        "10.1.2.3", "10.2.0.0/16", "::1",
    ]  # fmt: skip
    assert Env({}).networks("X") == []
    with pytest.raises(EnvError, match=r"X is '10\.1\.2\.3, hospital'; expected addr"):
        Env({"X": "10.1.2.3, hospital"}).networks("X")
