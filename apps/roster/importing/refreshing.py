"""Reads feeds when they are due or asked for; the work of the slow-jobs cluster.

A feed that fails changes nothing: what was good last stays the roster, the page says since when,
and it is tried again. What was tried is written down before the network is touched, so that a
feed that kills its process is not fetched again at once.
"""

from __future__ import annotations

import hashlib
import logging
import time
import zlib
from datetime import datetime, timedelta

from django.db import transaction

from apps.core import clock
from apps.core.actor import acting_as
from apps.core.failures import describe
from apps.core.queue import jobs
from apps.core.queue.slices import is_stopping
from apps.engine.occurrences import local_date
from apps.roster.choices import SourceKind
from apps.roster.exceptions import OverTimeError, RosterImportError, StaleRosterError
from apps.roster.importing import baring, sources, undoing
from apps.roster.importing.fetching import Asked, Fetched, fetch
from apps.roster.importing.ical import read_feed
from apps.roster.importing.planning import own_scope, packed_feed, plan_of
from apps.roster.importing.plans import RosterPlan
from apps.roster.models import RosterSource, RosterSourceState
from apps.roster.queries import sources as queries

log = logging.getLogger(__name__)

_AGAIN_AFTER_FAILURE = timedelta(minutes=10)
_DAYS_BACK = 28
_LONGEST_WAIT = timedelta(days=1)
_MOST_DOUBLED = 10
_TOLD_EVERY_SECONDS = 1.0


class CancelledError(RosterImportError):
    """Somebody stopped the reading, or the process is to end."""


def refresh_next() -> int:
    """Read the feed that is longest due; return 1, or 0 where none is."""
    source = _taken(clock.now())
    if source is None:
        return 0
    refresh(source)
    return 1


def due_since() -> datetime | None:
    """Return since when the longest due feed waits, None where none does."""
    return queries.due_since(clock.now())


@transaction.atomic
def ask(source: RosterSource, *, at: datetime) -> None:
    """Have a feed read as soon as may be."""
    RosterSourceState.objects.update_or_create(
        source=source,
        defaults={"due_at": at, "progress": "Waits for its turn", "is_cancelled": False},
    )
    jobs.wake()


def cancel(source: RosterSource, *, at: datetime) -> None:
    """Have the reading of a feed stopped; it is read again at its next time."""
    due_at = at + timedelta(minutes=source.every_minutes)
    RosterSourceState.objects.filter(pk=source.pk).update(
        is_cancelled=True, due_at=due_at, progress=""
    )


@transaction.atomic
def _taken(at: datetime) -> RosterSource | None:
    """Return the feed that is read next, its try and its next time written down."""
    due = RosterSourceState.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        due_at__lte=at, source__is_enabled=True, source__kind=SourceKind.ICAL
    )
    state = due.select_related("source").defer("content", "events").order_by("due_at").first()
    source = state.source if state is not None else queries.never_read().first()
    if source is None:
        return None
    _write(
        source,
        tried_at=at,
        due_at=at + timedelta(minutes=source.every_minutes),
        progress="Fetching",
        is_cancelled=False,
    )
    return source


def refresh(source: RosterSource) -> None:
    """Fetch and read a feed, and apply what it says if it applies itself."""
    try:
        _read(source, _Progress(source))
        _judge(source)
    except CancelledError:
        _write(source, progress="")
    except OverTimeError as error:
        _wait_longer(source, str(error))
    except RosterImportError as error:
        _fail(source, str(error))
    except Exception as error:
        # Whatever a made-up calendar can raise: the row says so, and the job's loop logs it.
        _fail(source, f"It cannot be read ({type(error).__name__}).")
        log.error("feed %s failed: %s", source.pk, describe(error))  # noqa: TRY400 -- no values
        raise


def _read(source: RosterSource, progress: _Progress) -> None:
    state = queries.state_of(source)
    raw = zlib.decompress(bytes(state.content)) if state.content else None
    asked = Asked(source.url, *((state.etag, state.last_modified) if raw else ()))
    fetched = fetch(asked, progress=progress)
    content = fetched.content if fetched.content is not None else raw
    if content is None:
        raise RosterImportError("The host says that nothing changed, and nothing came before.")
    today = local_date(clock.now(), source.time_zone)
    back = _DAYS_BACK if source.options.get("past") else 1
    first_on, last_on = today - timedelta(days=back), today + timedelta(days=source.days_ahead)
    feed = read_feed(content, first_on, last_on, source.time_zone, progress)
    _write(
        source,
        **_validators(fetched),
        content=zlib.compress(content, level=1),
        content_name=feed.name,
        events=packed_feed(feed, first_on, last_on),
        digest=hashlib.sha256(content).hexdigest(),
        good_at=clock.now(),
        error="",
    )


def _validators(fetched: Fetched) -> dict[str, str]:
    return {"etag": fetched.etag, "last_modified": fetched.last_modified}


def _judge(source: RosterSource) -> None:
    """Note what the feed would change, and change it if it may."""
    at = clock.now()
    scope = own_scope(source)
    plan = plan_of(source, scope, at=at)
    before = queries.progress_of(source).found
    applied = str(before.get("applied", ""))
    lasting = {name: before[name] for name in undoing.NOTED if name in before}
    found = {**plan.counts(), **lasting, "waits": bool(plan.rows), "applied": applied}
    if plan.rows and source.applies_itself:
        found["held_back"] = _held_back(plan, applied, at)
        if not found["held_back"] and _applied(source, plan):
            _write(source, progress="")
            return
    _write(source, found=found, progress="")


def _applied(source: RosterSource, plan: RosterPlan) -> bool:
    """Apply a plan as the feed's own doing; False if somebody was quicker."""
    at = clock.now()
    request_id = f"roster-feed-{source.pk}-{at:%Y%m%d%H%M%S}-{plan.digest[:12]}"
    try:
        with acting_as(undoing.ACTOR, request_id=request_id):
            sources.apply(source, own_scope(source), digest=plan.digest, at=at)
            undoing.note(source, request_id, at=at)
    except StaleRosterError:
        return False
    return True


def _held_back(plan: RosterPlan, applied: str, at: datetime) -> str:
    """Return why a plan is not applied without a look, in words; empty if it is."""
    if plan.digest == applied:
        return undoing.TAKEN_BACK
    if plan.fault:
        return plan.fault
    if plan.removed > plan.same:
        return f"It would take away {plan.removed:,} of {plan.removed + plan.same:,} turns."
    return " ".join(baring.words(baring.bared(plan, at=at)))


def _fail(source: RosterSource, words: str) -> None:
    wait = min(timedelta(minutes=source.every_minutes), _AGAIN_AFTER_FAILURE)
    _write(source, error=words[:500], progress="", due_at=clock.now() + wait)


def _wait_longer(source: RosterSource, words: str) -> None:
    """Give others the time that a feed took which had to be ended: twice as long each time."""
    found = queries.progress_of(source).found
    times = int(found.get("over_time", 0)) + 1
    usual = max(timedelta(minutes=source.every_minutes), _AGAIN_AFTER_FAILURE)
    wait = max(min(usual * 2 ** min(times, _MOST_DOUBLED), _LONGEST_WAIT), usual)
    found = {**found, "over_time": times}
    _write(source, error=words, progress="", found=found, due_at=clock.now() + wait)


def _write(source: RosterSource, **values: object) -> None:
    RosterSourceState.objects.update_or_create(source=source, defaults=values)


class _Progress:
    """Tells the source's page how far the reading is, and stops it when that is asked for."""

    def __init__(self, source: RosterSource) -> None:
        self._source = source
        self._told_at = 0.0

    def __call__(self, words: str) -> None:
        """Tell it, once a second.

        Raises:
            CancelledError: somebody stopped it, or the process is to end.
        """
        if time.monotonic() - self._told_at < _TOLD_EVERY_SECONDS:
            return
        self._told_at = time.monotonic()
        state = RosterSourceState.objects.filter(pk=self._source.pk, is_cancelled=False)
        if is_stopping():
            state.update(due_at=clock.now())  # the next process reads it
            raise CancelledError("stopped")
        if not state.update(progress=words[:200]):
            raise CancelledError("cancelled")
