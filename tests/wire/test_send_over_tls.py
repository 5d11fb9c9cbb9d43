"""``send_hl7`` and the client under it, over TLS, against a real listener."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.wire.certificates import FOLDER
from tests.wire.stack import ROOT, ListenerProcess, Stack

pytestmark = pytest.mark.wire

MESSAGE = str(ROOT / "fixtures" / "hl7" / "orm_vendor.hl7")


@pytest.fixture(scope="module")
def tls_listener(stack: Stack) -> Iterator[ListenerProcess]:
    settings = {
        "HL7_TLS_PORT": "1",
        "HL7_TLS_CERT": str(FOLDER / "server.pem"),
        "HL7_TLS_KEY": str(FOLDER / "server.key"),
        "HL7_TLS_CLIENT_CA": str(FOLDER / "ca.pem"),
    }
    with stack.listener(settings) as process:
        yield process


def send(stack: Stack, *arguments: str) -> tuple[int, str, str]:
    answer = subprocess.run(
        [sys.executable, "manage.py", "send_hl7", MESSAGE, "--fresh", "--timeout", "5", *arguments],
        cwd=ROOT, env=stack.environment() | {"RADASSIGN_ROLE": "command"}, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    return answer.returncode, answer.stdout, answer.stderr


def test_a_message_goes_over_tls_with_a_client_certificate(
    stack: Stack, tls_listener: ListenerProcess
) -> None:
    code, out, _ = send(
        stack,
        *("--host", "localhost", "--port", str(tls_listener.tls_port)),
        *("--tls-ca", str(FOLDER / "ca.pem")),
        *("--tls-cert", str(FOLDER / "client.pem"), "--tls-key", str(FOLDER / "client.key")),
    )

    assert (code, out[:2]) == (0, "AA")


def test_an_authority_that_is_not_trusted_is_named(
    stack: Stack, tls_listener: ListenerProcess
) -> None:
    code, _, error = send(
        stack, "--port", str(tls_listener.tls_port), "--tls-ca", str(FOLDER / "other-ca.pem")
    )

    assert code == 1
    assert "its certificate is not accepted: self-signed certificate in" in error


def test_without_a_client_certificate_nothing_is_accepted(
    stack: Stack, tls_listener: ListenerProcess
) -> None:
    code, out, error = send(stack, "--port", str(tls_listener.tls_port), "--tls-unverified")

    assert code == 1
    assert "AA" not in out + error


def test_plain_bytes_on_the_tls_port_and_tls_on_the_plain_port_fail_with_words(
    stack: Stack, tls_listener: ListenerProcess
) -> None:
    assert send(stack, "--port", str(tls_listener.tls_port))[0] == 1
    code, _, error = send(stack, "--port", str(tls_listener.port), "--tls-unverified")

    assert code == 1
    assert "no HL7 listener answers at 127.0.0.1" in error


def test_the_plain_port_still_takes_messages_on_this_machine(
    stack: Stack, tls_listener: ListenerProcess
) -> None:
    assert send(stack, "--port", str(tls_listener.port))[0] == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"HL7_TLS_KEY": str(FOLDER / "client.key")},
            "the key does not fit the certificate in HL7_TLS_CERT",
        ),
        ({"HL7_TLS_CERT": "/nowhere.pem"}, "HL7_TLS_CERT is '/nowhere.pem': No such file"),
    ],
)
def test_a_listener_with_certificates_that_do_not_work_does_not_start_and_says_why(
    stack: Stack, changed: dict[str, str], words: str
) -> None:
    settings = {
        "HL7_TLS_PORT": "1",
        "HL7_TLS_CERT": str(FOLDER / "server.pem"),
        "HL7_TLS_KEY": str(FOLDER / "server.key"),
        **changed,
    }
    answer = subprocess.run(
        [sys.executable, "manage.py", "hl7_listener", "--port", "0", "--tls-port", "0"],
        cwd=ROOT, env=stack.environment() | settings, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip

    assert answer.returncode == 1
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
