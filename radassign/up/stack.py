"""Brings a stack up, keeps it alive and takes it down, leaving nothing behind."""

from __future__ import annotations

import shutil
import time

from radassign import stack as announcement
from radassign.locks import try_hold
from radassign.postgres import EmbeddedPostgres, PostgresError
from radassign.supervisor import Output, Supervisor
from radassign.supervisor.database import PostgresService
from radassign.supervisor.leftovers import end_leftovers
from radassign.supervisor.ports import obstacles
from radassign.up.plan import Plan
from radassign.up.readiness import is_healthy, welcome
from radassign.up.steps import StepError, perform, steps

READY_SECONDS = 90.0
_DATABASE_SECONDS = 90.0
_HEALTH_PAUSE_SECONDS = 0.5


class StackError(Exception):
    """The stack cannot come up; the message says why and what to change."""


def run_stack(plan: Plan, output: Output) -> None:
    """Run the stack until a signal ends it.

    Raises:
        StackError: another supervisor has the folder, a port is taken, or a step failed.
    """
    plan.data_dir.mkdir(parents=True, exist_ok=True)
    lock = try_hold(plan.data_dir / "supervisor.lock")
    if lock is None:
        raise StackError(
            f"another stack runs on {plan.data_dir}; stop it, or set RADASSIGN_DATA_DIR"
        )
    supervisor = Supervisor(output)
    supervisor.heed_signals()
    with lock:
        try:
            _run(plan, supervisor, output)
        finally:
            _take_down(plan, supervisor, output)


def _run(plan: Plan, supervisor: Supervisor, output: Output) -> None:
    _clear_the_way(plan, output)
    if plan.embedded_database:
        _start_database(plan, supervisor, output)
    for step in steps(plan):
        if supervisor.is_stopping:
            return
        try:
            perform(step, plan)
        except StepError as error:
            raise StackError(str(error)) from error
        output.say(step.words)
    if supervisor.is_stopping:
        return
    announcement.announce(plan.data_dir, plan.ports)
    for service in plan.services():
        supervisor.add(service)
    _wait_until_healthy(plan, supervisor, output)
    supervisor.run()


def _clear_the_way(plan: Plan, output: Output) -> None:
    """End what a killed supervisor left; then the ports must be free."""
    leftovers = end_leftovers(plan.data_dir)
    if leftovers:
        output.say(f"ended {leftovers} processes that an earlier run left behind")
    # Counters of processes that are no more; none of ours runs yet.
    shutil.rmtree(plan.data_dir / "metrics", ignore_errors=True)
    found = obstacles(plan.listening())
    if found:
        raise StackError("\n".join(found))


def _start_database(plan: Plan, supervisor: Supervisor, output: Output) -> None:
    server = EmbeddedPostgres(plan.data_dir)
    try:
        server.stop()  # one that `manage.py postgres start` left running; from now on it is ours
        server.prepare()
        supervisor.add(PostgresService(server))
        if not supervisor.run_until(lambda: server.state().is_ready, seconds=_DATABASE_SECONDS):
            if supervisor.is_stopping:
                return
            raise StackError(f"PostgreSQL did not start:\n{server.log_tail()}")
        server.wait_ready()
    except PostgresError as error:
        raise StackError(str(error)) from error
    output.say("PostgreSQL is ready")


def _wait_until_healthy(plan: Plan, supervisor: Supervisor, output: Output) -> None:
    next_look = 0.0

    def healthy() -> bool:
        nonlocal next_look
        if time.monotonic() < next_look:
            return False
        next_look = time.monotonic() + _HEALTH_PAUSE_SECONDS
        return is_healthy(plan)

    if supervisor.run_until(healthy, seconds=READY_SECONDS):
        output.say(welcome(plan))
    elif not supervisor.is_stopping:
        output.say(
            f"not healthy after {READY_SECONDS:g} s; {plan.dashboard_url()}health says why. "
            "Everything that dies is still started again."
        )


def _take_down(plan: Plan, supervisor: Supervisor, output: Output) -> None:
    if supervisor.is_stopping:
        output.say("stopping")
    supervisor.end()
    announcement.withdraw(plan.data_dir)
    if plan.embedded_database:
        # Backends that outlived their server, where it was killed while we were stopping.
        EmbeddedPostgres(plan.data_dir).stop()
    end_leftovers(plan.data_dir)
    if supervisor.is_stopping:
        output.say("stopped")
