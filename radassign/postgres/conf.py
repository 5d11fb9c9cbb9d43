"""The server's settings: fast, but never at the price of a committed row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SETTINGS: Mapping[str, str] = {
    # An HL7 acknowledgement means "on disk": these three stay as they are.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    # Short statements by the thousand: compiling them costs more than it ever gives back.
    "jit": "off",
    "random_page_cost": "1.1",
    # Queue-like tables turn over quickly.
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    # One file per weekday, begun anew each week: bounded without anybody rotating it.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    # Patient data stays out of the log: no statement text, no parameters, no DETAIL lines.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# For throw-away clusters of test runs: what a power cut would destroy is not worth keeping.
DISPOSABLE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}

ACCESS = "local all all scram-sha-256\n"


def configuration(socket_dir: Path, *, disposable: bool) -> str:
    """Return the text of our configuration file, which is rewritten at every start."""
    values = {**SETTINGS, **(DISPOSABLE if disposable else {})}
    values["unix_socket_directories"] = str(socket_dir)
    lines = [f"{name} = {_quoted(value)}" for name, value in values.items()]
    return "# Written by radassign at every start; changes are lost.\n" + "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
