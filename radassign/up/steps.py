"""What is done once before the processes start: tables, static files, demo data, a sign-in."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from radassign.linux import die_with_parent_hook
from radassign.up.plan import Plan

_MARK = "demo-loaded"


@dataclass(frozen=True, slots=True)
class Step:
    """One command; ``words`` say what it did, ``leaves`` names a mark in the data folder."""

    words: str
    arguments: tuple[str, ...]
    leaves: str = ""


class StepError(Exception):
    """A step failed; the message holds what its command wrote."""


def steps(plan: Plan) -> Iterator[Step]:
    """Return what is to be done, in order.

    Demo data is loaded once: what people change in it stays changed at the next start.
    """
    yield Step("tables are up to date", ("migrate", "--noinput", "--verbosity", "0"))
    yield Step("static files are collected", ("collectstatic", "--noinput", "--verbosity", "0"))
    if plan.is_demo:
        if not (plan.data_dir / _MARK).exists():
            yield Step("demo data is loaded", ("loaddata", "demo"), leaves=_MARK)
        # The ports may be others than when the data was loaded.
        yield Step("the demo's destination is in place", ("demo_destination",))
        yield Step("the demo's people can sign in", ("demo_signin",))


def perform(step: Step, plan: Plan) -> None:
    """Run the step's command to its end.

    Raises:
        StepError: it failed.
    """
    answer = subprocess.run(  # noqa: S603 -- our own command
        plan.manage(*step.arguments),
        cwd=plan.base_dir,
        env={**os.environ, **plan.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        # Its own session: a Ctrl-C lets the step finish, and no half of it is left.
        start_new_session=True,
        preexec_fn=die_with_parent_hook(signal.SIGTERM),
    )
    if answer.returncode != 0:
        command = " ".join(("manage.py", *step.arguments))
        raise StepError(f"{command} failed:\n{answer.stdout}{answer.stderr}")
    if step.leaves:
        (plan.data_dir / step.leaves).touch()
