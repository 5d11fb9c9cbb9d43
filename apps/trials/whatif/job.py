"""Plays one what-if: the slow work "what-if" of the plan cluster."""

from __future__ import annotations

import logging

from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core import clock
from apps.core.failures import describe
from apps.core.queue import slices
from apps.rules.models import DecisionPolicy
from apps.trials.choices import RunState
from apps.trials.models import WhatIf
from apps.trials.whatif import working
from apps.trials.whatif.changing import as_it_is, as_it_would_be
from apps.trials.whatif.history import Wanted
from apps.trials.whatif.newcomers import TakenError
from apps.trials.whatif.playing import Play, StoppedError

log = logging.getLogger(__name__)
_FAILED = "It could not be played: {}. The server's log says more."


def play_once() -> int:
    """Play the oldest what-if that waits; return 0 where none does."""
    found = working.take_next(clock.now())
    if found is None:
        return 0
    if found.state == RunState.RUNNING:
        _play(found)
    return 1


def _play(found: WhatIf) -> None:
    try:
        played = play_of(found).run(lambda done: _goes_on(found, done))
    except StoppedError:
        if slices.is_stopping():
            working.give_back(found)
        return
    except TakenError as error:
        working.fail(found, str(error), clock.now())
        return
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        log.error("what-if %s failed: %s", found.pk, describe(error))  # noqa: TRY400 -- no values
        working.fail(found, _FAILED.format(type(error).__name__), clock.now())
        return
    if not played.report["orders"]:
        working.fail(found, "None of the orders of these days can be replayed.", clock.now())
        return
    working.settle(found, played, clock.now())


def play_of(found: WhatIf) -> Play:
    """Return a what-if ready to be played, against everything as it stands at this moment."""
    before = as_it_is(current_view(read_versions()).config)
    after = as_it_would_be(found, before)
    policy = DecisionPolicy.objects.first() or DecisionPolicy()
    asks = before.prefers_priors or after.prefers_priors
    return Play(
        Wanted(found.since, found.until, priors_days=policy.priors_days if asks else 0),
        before,
        after,
    )


def _goes_on(found: WhatIf, done: int) -> bool:
    return not slices.is_stopping() and working.tell_progress(found, done)
