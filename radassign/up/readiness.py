"""Asks the stack whether it is healthy, and says what to do with it once it is."""

from __future__ import annotations

import http.client
from pathlib import Path

from radassign.secret_files import FOLDER
from radassign.up.plan import Plan

DEMO_PEOPLE = ("manager", "smith", "auditor", "admin")
"""A manager, a radiologist, an auditor and an administrator, with one password for all."""
DEMO_PASSWORD_FILE = "demo.password"  # noqa: S105 -- the name of a file
_ASK_SECONDS = 1.0


def is_healthy(plan: Plan) -> bool:
    """Return whether ``/health`` answers 200: database, queue and listener together."""
    host = plan.dashboard_url().split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=_ASK_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(plan: Plan) -> str:
    """Return where everything is and what to try first."""
    lines = [
        "ready.",
        f"  dashboard       {plan.dashboard_url()}",
        *_sign_in(plan),
        *_hl7_in(plan),
        f"  data folder     {plan.data_dir}",
        "In another terminal:",
        f"  send an order   {_command(plan)} send_hl7 fixtures/hl7/orm_vendor.hl7",
        f"  ask why         {_command(plan)} explain ACCESSION_456",
        "Ctrl-C ends everything.",
    ]
    return "\n".join(lines)


def _hl7_in(plan: Plan) -> list[str]:
    tls_port = plan.ports.get("HL7_TLS_PORT")
    ways = [
        (plan.hl7_host, plan.ports["HL7_PORT"], "MLLP"),
        (plan.hl7_tls_host if tls_port else "", tls_port, "MLLP over TLS"),
    ]
    return [f"  HL7 v2 in       {host}:{port} ({how})" for host, port, how in ways if host]


def _sign_in(plan: Plan) -> list[str]:
    if not plan.is_demo:
        return [f"  first sign-in   {_command(plan)} createsuperuser"]
    secret = (plan.data_dir / FOLDER / DEMO_PASSWORD_FILE).read_text(encoding="ascii").strip()
    return [f"  sign in as      {name} / {secret}" for name in DEMO_PEOPLE]


def _command(plan: Plan) -> str:
    default = plan.data_dir == plan.base_dir / "var"
    folder = "" if default else f"RADASSIGN_DATA_DIR={plan.data_dir} "
    return f"{folder}{Path('.venv/bin/python')} manage.py"
