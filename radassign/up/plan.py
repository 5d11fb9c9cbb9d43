"""The processes of a stack, read off the settings once."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from radassign.supervisor.leftovers import VARIABLE, mark
from radassign.supervisor.ports import Port
from radassign.supervisor.service import CommandService

# Whoever brings orders in ends first, then whoever works on them, PostgreSQL last of all.
_INTAKE_PHASE, _WORK_PHASE, _RIS_PHASE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run, and where.

    ``ports`` are by setting: HTTP_PORT, HL7_PORT, HL7_TLS_PORT where HL7 is taken over TLS and, in
    the demo, RIS_PORT. An empty ``hl7_host`` takes HL7 over TLS alone.
    """

    base_dir: Path
    data_dir: Path
    http_host: str
    hl7_host: str
    ports: Mapping[str, int]
    is_demo: bool
    embedded_database: bool
    log_format: str = "console"
    hl7_tls_host: str = ""

    def listening(self) -> list[Port]:
        """Return the ports that must be free."""
        hosts = {
            "HTTP_PORT": self.http_host,
            "HL7_PORT": self.hl7_host,
            "HL7_TLS_PORT": self.hl7_tls_host,
            "RIS_PORT": "127.0.0.1",
        }
        # Nobody listens where there is no address, as for plain HL7 where TLS alone is taken.
        return [Port(name, hosts[name], port) for name, port in self.ports.items() if hosts[name]]

    def dashboard_url(self) -> str:
        """Return the address for a browser on this machine."""
        host = "127.0.0.1" if self.http_host in {"", "0.0.0.0", "::"} else self.http_host  # noqa: S104 -- compared, not bound
        return f"http://{host}:{self.ports['HTTP_PORT']}/"

    def manage(self, *arguments: str) -> list[str]:
        """Return the command line of one of the project's commands."""
        return [sys.executable, str(self.base_dir / "manage.py"), *arguments]

    def environment(self) -> dict[str, str]:
        """Return what every process of the stack finds in its environment."""
        return {
            "DJANGO_SETTINGS_MODULE": "radassign.settings",
            "PYTHONUNBUFFERED": "1",
            "RADASSIGN_DATA_DIR": str(self.data_dir),
            "LOG_FORMAT": self.log_format,
            VARIABLE: mark(self.data_dir),
            **{name: str(number) for name, number in self.ports.items()},
        }

    def services(self) -> list[CommandService]:
        """Return the processes in the order of their start."""
        web = [sys.executable, "-m", "gunicorn", "--config", str(self.base_dir / _GUNICORN)]
        demo = self._demo_services() if self.is_demo else []
        return [
            *demo[:1],
            self._service("web", "web", web, _INTAKE_PHASE),
            self._service("listener", "listener", self.manage("hl7_listener"), _INTAKE_PHASE),
            self._service("worker", "worker", self.manage("worker"), _WORK_PHASE),
            *demo[1:],
        ]

    def _demo_services(self) -> list[CommandService]:
        """Return the RIS that receives, which must be there first, and the one that orders."""
        receive = self.manage("receive_hl7", "--port", str(self.ports["RIS_PORT"]))
        return [
            self._service("ris", "command", receive, _RIS_PHASE),
            self._service("simulator", "command", self.manage("simulate_ris"), _INTAKE_PHASE),
        ]

    def _service(self, name: str, role: str, command: Sequence[str], phase: int) -> CommandService:
        environment = {**self.environment(), "RADASSIGN_ROLE": role}
        return CommandService(name, command, environment, self.base_dir, stop_phase=phase)


_GUNICORN = Path("radassign") / "gunicorn.py"
