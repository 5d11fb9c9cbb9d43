"""Embedded PostgreSQL: finds binaries, makes a cluster, starts, stops and reports it.

The server listens on a Unix socket only: nobody else on the machine or the network can reach
it, two stacks never meet on a port, and it is the fastest way in. As root it runs demoted,
because PostgreSQL refuses to be root. Nothing here imports Django.
"""

from __future__ import annotations

from radassign.postgres.errors import PostgresError
from radassign.postgres.record import ClusterRecord, connection_settings
from radassign.postgres.server import EmbeddedPostgres, ServerState

__all__ = [
    "ClusterRecord",
    "EmbeddedPostgres",
    "PostgresError",
    "ServerState",
    "connection_settings",
]
