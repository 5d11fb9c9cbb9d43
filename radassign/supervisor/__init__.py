"""Our own supervisor: PostgreSQL and every process, started, restarted and ended together.

Runners for Procfiles end everything when one part dies; this one starts the part again. It
knows neither Django nor what the processes do, only how they are started and stopped.
"""

from __future__ import annotations

from radassign.supervisor.output import Output
from radassign.supervisor.service import CommandService, Service
from radassign.supervisor.supervisor import Supervisor

__all__ = ["CommandService", "Output", "Service", "Supervisor"]
