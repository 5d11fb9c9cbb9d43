#!/usr/bin/env python
"""The project's commands: ``manage.py help`` lists them."""

from __future__ import annotations

import os
import sys

# Commands that change tables connect as the owner; all others as the role that may not.
_OWNER_COMMANDS = frozenset({"migrate", "makemigrations", "sqlmigrate", "sqlflush", "flush"})
_ROLES = {
    "hl7_listener": "listener",
    "worker": "worker",
    "run_cluster": "worker",
    "qcluster": "worker",
}


def main() -> int:
    """Run a command; a wrong setting ends it with one line instead of a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    os.environ.setdefault("RADASSIGN_ROLE", _ROLES.get(command, "command"))
    if command in _OWNER_COMMANDS:
        os.environ.setdefault("RADASSIGN_DB_OWNER", "1")

    # Imported once the role is set, because the settings read it.
    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- see above
    from django.db.utils import OperationalError  # noqa: PLC0415 -- see above

    from radassign.env import EnvError  # noqa: PLC0415 -- see above

    try:
        execute_from_command_line(sys.argv)
    except EnvError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OperationalError:
        from radassign.database import why_unreachable  # noqa: PLC0415 -- needs settings

        reason = why_unreachable()
        if not reason:
            raise
        sys.stderr.write(f"{reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
