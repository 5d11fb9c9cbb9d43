"""Where and how HL7 is taken: the settings of the listener's transport."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from radassign.env import Env, EnvError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Hl7Tls:
    """The listener's TLS; files are read by the listener alone.

    ``client`` says whether client certificates are asked for: off, optional or required.
    """

    port: int
    certificate: Path
    key: Path
    client_ca: Path | None = None
    client: str = "off"


def hl7_tls(env: Env) -> Hl7Tls | None:
    """Return the listener's TLS, None where HL7_TLS_PORT is not set.

    Raises:
        EnvError: a setting is missing, or two do not go together.
    """
    if not env.is_set("HL7_TLS_PORT"):
        return None
    client_ca = _file(env, "HL7_TLS_CLIENT_CA") if env.is_set("HL7_TLS_CLIENT_CA") else None
    default = "required" if client_ca else "off"
    client = env.choice("HL7_TLS_CLIENT", default, ("off", "optional", "required"))
    if client != "off" and client_ca is None:
        raise EnvError("HL7_TLS_CLIENT", client, "off while HL7_TLS_CLIENT_CA is not set")
    return Hl7Tls(
        port=env.port("HL7_TLS_PORT", 0),
        certificate=_file(env, "HL7_TLS_CERT"),
        key=_file(env, "HL7_TLS_KEY"),
        client_ca=client_ca,
        client=client,
    )


def hl7_plain_host(env: Env, host: str, tls: Hl7Tls | None) -> str | None:
    """Return where HL7 is taken without TLS; None is nowhere.

    With TLS, what is not encrypted stays on this machine unless HL7_PLAIN says otherwise.

    Raises:
        EnvError: nothing would be left to listen on.
    """
    plain = env.choice("HL7_PLAIN", "loopback" if tls else "on", ("on", "loopback", "off"))
    if plain == "off" and tls is None:
        raise EnvError("HL7_PLAIN", plain, "on or loopback while HL7_TLS_PORT is not set")
    if plain == "off":
        return None
    return host if plain == "on" or is_loopback(host) else LOOPBACK


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _file(env: Env, name: str) -> Path:
    return env.path(name, Path(env.text(name)))
