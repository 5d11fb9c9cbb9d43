"""Typed readers of the environment that fail loudly.

A wrong value stops the process with its name, its value and what was expected; a default is
used only where the variable is unset or empty. A secret is never shown in an error.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class EnvError(ImproperlyConfigured):
    """A variable of the environment is missing or holds what it may not."""

    def __init__(self, name: str, value: str | None, expected: str) -> None:
        """Say which variable holds what, and what it should hold."""
        self.name = name
        shown = "is not set" if value is None else f"is {value!r}"
        super().__init__(f"{name} {shown}; expected {expected}")


class Env:
    """Reads settings from a mapping, by default the process environment."""

    def __init__(self, source: Mapping[str, str] | None = None) -> None:
        """Read from ``source``; None means ``os.environ`` as it is at each call."""
        self._source = os.environ if source is None else source

    def is_set(self, name: str) -> bool:
        """Return whether the variable holds more than white space."""
        return bool(self._raw(name))

    def text(self, name: str, default: str | None = None) -> str:
        """Return the value; without a default an unset variable is an error."""
        raw = self._raw(name)
        if raw:
            return raw
        if default is None:
            raise EnvError(name, None, "a value")
        return default

    def boolean(self, name: str, *, default: bool) -> bool:
        """Return the value of 1/0, true/false, yes/no or on/off in any case."""
        raw = self._raw(name)
        if not raw:
            return default
        if raw.lower() in _TRUE:
            return True
        if raw.lower() in _FALSE:
            return False
        raise EnvError(name, raw, "one of 1, 0, true, false, yes, no, on, off")

    def integer(
        self, name: str, default: int, *, minimum: int = 0, maximum: int = 2**31 - 1
    ) -> int:
        """Return a whole number between ``minimum`` and ``maximum``, both included."""
        raw = self._raw(name)
        if not raw:
            return default
        if not raw.lstrip("-").isdecimal() or not minimum <= int(raw) <= maximum:
            raise EnvError(name, raw, f"a whole number from {minimum} to {maximum}")
        return int(raw)

    def port(self, name: str, default: int) -> int:
        """Return a TCP port."""
        return self.integer(name, default, minimum=1, maximum=65535)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Return one of the allowed words."""
        value = self.text(name, default)
        if value not in allowed:
            raise EnvError(name, value, f"one of {', '.join(allowed)}")
        return value

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """Return the comma-separated words, trimmed, empty ones dropped."""
        raw = self._raw(name)
        if not raw:
            return list(default)
        return [word.strip() for word in raw.split(",") if word.strip()]

    def networks(self, name: str) -> list[str]:
        """Return the comma-separated addresses and networks, empty where none is set."""
        found = self.words(name)
        for word in found:
            try:
                ipaddress.ip_network(word, strict=False)
            except ValueError as error:
                expected = "addresses or networks such as 10.1.2.3, 10.1.0.0/16"
                raise EnvError(name, self._raw(name), expected) from error
        return found

    def path(self, name: str, default: Path) -> Path:
        """Return an absolute path; a relative one counts from the working directory."""
        return Path(self.text(name, str(default))).expanduser().absolute()

    def file(self, name: str) -> Path | None:
        """Return the absolute path of a file that is there, None where the variable is not set.

        Raises:
            EnvError: there is no such file.
        """
        raw = self._raw(name)
        if not raw:
            return None
        found = Path(raw).expanduser().absolute()
        if not found.is_file():
            raise EnvError(name, raw, "the path of a file")
        return found

    def secret(self, name: str) -> str | None:
        """Return the secret in ``name`` or in the file that ``name_FILE`` points at.

        Returns:
            None where neither is set. The newline that ends a secret file is not part of it.

        Raises:
            EnvError: both are set, or the file cannot be read or is empty.
        """
        direct, file_name = self._raw(name), self._raw(f"{name}_FILE")
        if direct and file_name:
            raise EnvError(f"{name}_FILE", file_name, f"to be unset while {name} is set")
        if not file_name:
            return direct or None
        try:
            value = Path(file_name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise EnvError(f"{name}_FILE", file_name, "a readable text file") from error
        if not value:
            raise EnvError(f"{name}_FILE", file_name, "a file that is not empty")
        return value

    def _raw(self, name: str) -> str:
        return self._source.get(name, "").strip()
