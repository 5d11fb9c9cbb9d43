"""Answers that wait for an effect, over a reader that says what the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from apps.intake.listener.effects import Effects
from apps.intake.listener.limits import Limits
from apps.intake.listener.merges import MOST_HELD
from apps.intake.listener.profiles import Profiles
from apps.intake.listener.receipts import Failure, Written
from apps.intake.listener.reception import Arrival, Reception
from apps.intake.listener.store import StoreUnavailableError
from apps.intake.listener.writer import Pending, Writers
from tests.intake.listener.samples import message
from tests.intake.listener.test_writer import FakeOwner, FakeStore

AT = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)
REFUSED = Written(b"MSA|AE", "AE")
QUICK = Limits(effect_seconds=0.05, effect_poll_seconds=0.001)
PATIENT = Limits(effect_seconds=5, effect_poll_seconds=0.001)


class FakeReader:
    """Knows what became of messages; ``is_away`` while the database is."""

    def __init__(self) -> None:
        self.effects: dict[bytes, Written | None] = {}
        self.marked: list[bytes] = []
        self.asked = 0
        self.stood_by: dict[bytes, Written] = {}
        self.is_away = False
        self.fault: Exception | None = None
        self.looks = 0
        self.is_closed = False

    async def settled(self, keys: Sequence[bytes]) -> Mapping[bytes, Written | None]:
        self.looks += 1
        self._check()
        return {key: self.effects[key] for key in keys if key in self.effects}

    async def mark_answered(self, key: bytes) -> bool:
        self.asked += 1
        self._check()
        if key in self.effects:
            return False
        self.marked.append(key)
        return True

    async def stand_by(self, key: bytes, answer: Written) -> None:
        self._check()
        self.stood_by[key] = answer

    async def close(self) -> None:
        self.is_closed = True

    def _check(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("away")
        if self.fault is not None:
            raise self.fault


class Bench:
    def __init__(self, limits: Limits = PATIENT, store: FakeStore | None = None) -> None:
        self.reader = FakeReader()
        self.owner = FakeOwner()
        self._reception = Reception(Profiles())
        self.wakes = 0
        self.writers = Writers(
            [store or FakeStore()],
            limits,
            on_stored=self._woken,
            holder=Effects(self.reader, limits),
        )

    def submit(self, *messages: bytes) -> Pending:
        arrival = Arrival(self._reception.next_seq(0), AT, "")
        pending = Pending(self._reception.receive(b"".join(messages), arrival), self.owner)
        self.writers.submit(pending, home=0)
        return pending

    def _woken(self) -> None:
        self.wakes += 1


def play(bench: Bench, scenario: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        running = asyncio.create_task(bench.writers.run())
        await scenario()
        await asyncio.wait_for(bench.writers.wait_idle(), 5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def merge(control_id: str = "1", modes: tuple[str, str] = ("", "")) -> bytes:
    return message(control_id, kind="ADT^A40", segments=("PID|1||2", "MRG|1"), modes=modes)


def key(pending: Pending, place: int = 0) -> bytes:
    found = pending.submission.receipts[place].key
    assert found is not None
    return found


def codes(pending: Pending) -> list[str]:
    return [found.ack_code for found in pending.results or () if isinstance(found, Written)]


async def soon() -> None:
    await asyncio.sleep(0.02)


def test_a_merge_waits_for_its_effect_and_gets_the_answer_of_its_row() -> None:
    async def scenario() -> None:
        held, other = bench.submit(merge()), bench.submit(message("2"))
        await soon()
        assert (held.is_settled, other.is_settled, bench.wakes) == (False, True, 1)
        bench.reader.effects[key(held)] = REFUSED
        await soon()
        assert held.results == [REFUSED]

    bench = Bench()
    play(bench, scenario)
    assert bench.reader.is_closed
    assert bench.reader.marked == []


def test_of_a_frame_of_several_messages_all_wait_for_the_merges_in_it() -> None:
    async def scenario() -> None:
        batch = bench.submit(message("1"), merge("2"), merge("3"))
        bench.reader.effects[key(batch, 1)] = None
        await soon()
        assert not batch.is_settled
        bench.reader.effects[key(batch, 2)] = REFUSED
        await soon()
        assert codes(batch) == ["AA", "AA", "AE"]

    bench = Bench()
    play(bench, scenario)


def test_what_is_still_open_in_time_is_marked_and_answered_as_it_was_committed() -> None:
    async def scenario() -> None:
        late.append(bench.submit(merge()))

    bench, late = Bench(QUICK), list[Pending]()
    play(bench, scenario)
    assert (codes(late[0]), bench.reader.marked) == (["AA"], [key(late[0])])


def test_a_decider_that_is_quicker_than_the_mark_has_the_last_word() -> None:
    class Racing(FakeReader):
        async def mark_answered(self, key: bytes) -> bool:
            self.effects[key] = REFUSED
            return False

    async def scenario() -> None:
        late.append(bench.submit(merge()))

    bench, late = Bench(QUICK), list[Pending]()
    racing = Racing()
    bench.writers = Writers(
        [FakeStore()], QUICK, on_stored=lambda: None, holder=Effects(racing, QUICK)
    )
    play(bench, scenario)
    assert codes(late[0]) == ["AE"]


def test_a_database_that_is_away_costs_the_hold_and_no_answer_and_is_told_later() -> None:
    async def scenario() -> None:
        bench.reader.is_away = True
        late.append(bench.submit(merge()))
        await asyncio.wait_for(bench.writers.wait_idle(), 5)
        assert bench.reader.marked == []
        bench.reader.is_away = False
        await soon()

    bench, late = Bench(QUICK), list[Pending]()
    play(bench, scenario)
    assert (codes(late[0]), bench.reader.marked) == (["AA"], [key(late[0])])


def test_what_was_refused_behind_its_answer_stands_by_the_answer() -> None:
    async def scenario() -> None:
        bench.reader.is_away = True
        late = bench.submit(merge())
        await asyncio.wait_for(bench.writers.wait_idle(), 5)
        bench.reader.effects[key(late)] = REFUSED
        bench.reader.is_away = False
        await soon()
        assert codes(late) == ["AA"]
        assert [bench.reader.stood_by] == [{key(late): (late.results or [])[0]}]

    bench = Bench(QUICK)
    play(bench, scenario)


def test_a_database_that_is_away_is_not_asked_for_each_answer_that_waits() -> None:
    class Leaving(FakeReader):
        async def settled(self, keys: Sequence[bytes]) -> Mapping[bytes, Written | None]:
            return dict[bytes, Written | None].fromkeys(keys[:0])

    async def scenario() -> None:
        reader.is_away = True
        for number in range(50):
            bench.submit(merge(str(number)))
        await asyncio.wait_for(bench.writers.wait_idle(), 5)
        asked.append(reader.asked)

    bench, reader, asked = Bench(), Leaving(), list[int]()
    patient = Limits(effect_seconds=0.05, effect_poll_seconds=0.2)
    bench.writers = Writers(
        [FakeStore()], patient, on_stored=lambda: None, holder=Effects(reader, patient)
    )
    play(bench, scenario)
    assert asked[0] <= 2


def test_a_fault_of_the_reader_ends_neither_the_answers_nor_the_writers() -> None:
    async def scenario() -> None:
        held = bench.submit(merge())
        bench.reader.fault = ValueError("ours")
        await soon()
        bench.reader.fault = None
        bench.reader.effects[key(held)] = REFUSED
        await soon()
        assert codes(held) == ["AE"]
        assert codes(bench.submit(message("2"))) == []

    bench = Bench()
    play(bench, scenario)


def test_nothing_waits_where_no_effect_changes_the_answer() -> None:
    async def scenario() -> None:
        frames = (
            *(merge("1", ("AL", "NE")), merge("2", ("NE", "NE"))),
            *(message("3"), message("4", kind="ADT^A08", segments=("PID|1||2",))),
            message("5", kind="ADT^A40", segments=("PID|1||2", "MRG|2")),
        )
        sent = [bench.submit(frame) for frame in frames]
        await soon()
        assert [codes(pending) for pending in sent] == [["CA"], [""], ["AA"], ["AA"], ["AE"]]

    bench = Bench()
    play(bench, scenario)
    assert bench.reader.looks == 0


def test_a_merge_that_was_not_stored_is_not_waited_for() -> None:
    async def scenario() -> None:
        sent.append(bench.submit(merge()))

    sent = list[Pending]()
    bench = Bench(store=FakeStore(lambda _receipt: StoreUnavailableError("away")))
    play(bench, scenario)
    assert sent[0].results == [Failure.NOT_NOW]
    assert bench.reader.looks == 0


def test_a_crowd_of_merges_keeps_nobody_waiting_who_comes_behind() -> None:
    async def scenario() -> None:
        crowd = bench.submit(*(merge(str(number)) for number in range(MOST_HELD + 1)))
        behind = bench.submit(message("behind"))
        await soon()
        assert codes(crowd) == ["AA"] * (MOST_HELD + 1)
        assert codes(behind) == ["AA"]

    bench = Bench()
    play(bench, scenario)
    assert bench.reader.looks == 0
