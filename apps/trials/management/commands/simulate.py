"""``manage.py simulate``: days of a department in seconds, by any strategy or draft."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.engine.codec import canonical, to_json
from apps.engine.codes import CONFIGURED
from apps.engine.facts import Config
from apps.rules.queries.drafts import rule_facts_with
from apps.trials.queries.simulated import (
    NothingToSimulateError,
    check_can_simulate_draft,
    department_of_roster,
)
from apps.trials.simulation.deciders import ByEngine
from apps.trials.simulation.department import Department
from apps.trials.simulation.pictures import write_report
from apps.trials.simulation.stated import stated_department
from apps.trials.simulation.study import simulate
from apps.trials.simulation.table import table

AS_SET = "SHIFTS"
_INTERRUPTED = 130
"""What a shell takes for a command that Ctrl-C ended."""
_NAMES = (AS_SET, *(strategy.value for strategy in CONFIGURED))


class Command(BaseCommand):
    """Runs days of a department and reports what they came to; nothing is stored."""

    help = (
        "Run days of a department in fast motion and compare strategies with two baselines: "
        "first come from a common list, and the lowest count of open studies."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what can be chosen."""
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument("--stated", action="store_true", help="the stated department (default)")
        whose.add_argument(
            "--from-roster",
            action="store_true",
            help="shifts, roster, rules and past orders of the database",
        )
        parser.add_argument("--days", type=_positive, default=5)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument(
            "--utilisation", type=_share, help="0.9 for the stated department; else as it was"
        )
        parser.add_argument(
            "--strategy",
            action="append",
            choices=_NAMES,
            help="may be repeated; SHIFTS leaves what the shifts say",
        )
        parser.add_argument(
            "--draft", type=int, help="a draft of rules, decided beside the live ones"
        )
        parser.add_argument("--out", type=Path, help="a folder for figures and pictures")

    def handle(self, *_args: object, **options: Any) -> None:
        """Simulate, print the table, write the folder; Ctrl-C ends it with one line."""
        if options["stated"] and options["draft"] is not None:
            raise CommandError("--draft needs the roster of the database, not --stated")
        if options["out"] is not None:
            _check_can_write(options["out"])
        try:
            self._simulate(**options)
        except KeyboardInterrupt:
            raise CommandError("interrupted", returncode=_INTERRUPTED) from None

    def _simulate(self, **options: Any) -> None:
        department = self._department(**options)
        names, others = list(options["strategy"] or ["OPTIMAL"]), {}
        if options["draft"] is not None:
            names = options["strategy"] or [AS_SET]
            others[f"draft {options['draft']}"] = WithDraft(options["draft"])
        made = simulate(
            department, days=options["days"], seed=options["seed"], names=names, others=others
        )
        if not made.runs[0].studies:
            raise CommandError("nothing comes in on these days, by what came in before")
        self.stdout.write(table(made))
        if options["out"] is not None:
            write_report(made, options["out"], canonical(to_json(made)))
            self.stdout.write(f"written to {options['out']}")

    def _department(self, **options: Any) -> Department:
        seed, utilisation = options["seed"], options["utilisation"]
        if not options["from_roster"] and options["draft"] is None:
            return stated_department(utilisation or 0.9, seed)
        try:
            if options["draft"] is not None:
                check_can_simulate_draft(options["draft"])
            return department_of_roster(
                at=clock.now(), days=options["days"], seed=seed, utilisation=utilisation
            )
        except NothingToSimulateError as error:
            raise CommandError(str(error)) from error


class WithDraft(ByEngine):
    """The engine with the rules as they would be once a draft is live."""

    def __init__(self, draft: int) -> None:
        super().__init__()
        self._draft = draft

    def know(self, config: Config) -> None:
        """Decide by this configuration, its rules as the draft has them."""
        super().know(replace(config, rules=rule_facts_with(self._draft, config.rules)))


def _check_can_write(folder: Path) -> None:
    """Raise before anything runs unless a folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CommandError(f"cannot write to {folder}: {error.strerror}") from error


def _positive(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 31:
        raise argparse.ArgumentTypeError("1 to 31 days")
    return days


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 2:
        raise argparse.ArgumentTypeError("above 0, 2 at most")
    return share
