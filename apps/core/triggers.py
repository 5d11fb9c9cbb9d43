"""Database triggers that raise the version of a configuration area, bulk SQL included."""

from __future__ import annotations

import pgtrigger

DECIDE_CHANNEL = "radassign_decide"
DELIVER_CHANNEL = "radassign_deliver"


def raise_version_sql(area: str) -> str:
    """Return the trigger body that raises ``area``'s version and wakes the decider."""
    return f"""
        INSERT INTO core_configversion (area, version) VALUES ('{area}', 1)
        ON CONFLICT (area) DO UPDATE SET version = core_configversion.version + 1;
        PERFORM pg_notify('{DECIDE_CHANNEL}', '{area}');
        RETURN NULL;
    """  # noqa: S608 -- the area is a literal of our own models


def raises_version(area: str) -> pgtrigger.Trigger:
    """Return a statement trigger that raises ``area``'s version, bulk SQL included."""
    return pgtrigger.Trigger(
        name=f"raises_{area}_version",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=raise_version_sql(area),
    )
