"""The group commit, over a store that does what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from apps.intake.listener.limits import Limits
from apps.intake.listener.profiles import Profiles
from apps.intake.listener.receipts import Failure, Receipt, Written
from apps.intake.listener.reception import Arrival, Reception
from apps.intake.listener.store import (
    MessageRefusedError,
    OutcomeUnknownError,
    StoreUnavailableError,
)
from apps.intake.listener.writer import Pending, Writers
from tests.intake.listener.samples import message

AT = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)


class FakeStore:
    """Remembers what it was given; holds every commit back while ``gate`` is closed."""

    def __init__(self, refuse: Callable[[Receipt], Exception | None] | None = None) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._refuse = refuse or (lambda _receipt: None)

    async def write(self, receipts: Sequence[Receipt]) -> list[Written]:
        self.batches.append([receipt.control_id for receipt in receipts])
        await self.gate.wait()
        await asyncio.sleep(0)
        for receipt in receipts:
            if (error := self._refuse(receipt)) is not None:
                raise error
        return [Written(receipt.ack, receipt.ack_code) for receipt in receipts]

    async def wait_ready(self, seconds: float) -> bool:  # noqa: ARG002 -- the interface's
        return True

    async def close(self) -> None:
        pass


class FakeOwner:
    def __init__(self) -> None:
        self.told = 0
        self.is_aborted = False

    def settled(self) -> None:
        self.told += 1

    def abort(self) -> None:
        self.is_aborted = True


class Bench:
    """Writers over two fake stores, and what they told."""

    def __init__(self, *stores: FakeStore, limits: Limits | None = None) -> None:
        self.stores = stores
        self.wakes = 0
        self.owner = FakeOwner()
        self._reception = Reception(Profiles())
        self.writers = Writers(stores, limits or Limits(), on_stored=self._woken)

    def submit(self, *messages: bytes, home: int = 0) -> Pending:
        arrival = Arrival(self._reception.next_seq(0), AT, "")
        pending = Pending(self._reception.receive(b"".join(messages), arrival), self.owner)
        self.writers.submit(pending, home=home)
        return pending

    async def finish(self) -> None:
        running = asyncio.create_task(self.writers.run())
        await asyncio.wait_for(self.writers.wait_idle(), 5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _woken(self) -> None:
        self.wakes += 1


def test_what_waits_goes_into_one_commit() -> None:
    async def scenario() -> Bench:
        bench = Bench(FakeStore())
        for number in range(5):
            bench.submit(message(str(number)))
        await bench.finish()
        return bench

    bench = asyncio.run(scenario())

    assert bench.stores[0].batches == [["0", "1", "2", "3", "4"]]
    assert (bench.wakes, bench.owner.told) == (1, 1)


def test_a_commit_takes_no_more_rows_than_its_cap_but_never_parts_a_frame() -> None:
    async def scenario() -> Bench:
        bench = Bench(FakeStore(), limits=Limits(batch_rows=2))
        bench.submit(message("1"))
        bench.submit(message("2"), message("3"), message("4"))
        bench.submit(message("5"))
        await bench.finish()
        return bench

    assert asyncio.run(scenario()).stores[0].batches == [["1"], ["2", "3", "4"], ["5"]]


def test_connections_are_spread_over_the_writers() -> None:
    async def scenario() -> Bench:
        bench = Bench(FakeStore(), FakeStore())
        bench.submit(message("1"), home=0)
        bench.submit(message("2"), home=1)
        await bench.finish()
        return bench

    assert [store.batches for store in asyncio.run(scenario()).stores] == [[["1"]], [["2"]]]


def test_messages_of_one_order_follow_the_one_under_way() -> None:
    async def scenario() -> Bench:
        bench = Bench(FakeStore(), FakeStore())
        bench.submit(message("1", accession="X"), home=0)
        bench.submit(message("2", accession="X"), home=1)
        bench.submit(message("3", accession="Y"), home=1)
        await bench.finish()
        return bench

    assert [store.batches for store in asyncio.run(scenario()).stores] == [[["1", "2"]], [["3"]]]


def test_a_message_of_two_orders_waits_for_the_other_writers_one() -> None:
    async def scenario() -> tuple[Bench, list[list[list[str]]]]:
        bench = Bench(FakeStore(), FakeStore())
        bench.stores[1].gate.clear()
        bench.submit(message("1", accession="X"), home=0)
        bench.submit(message("2", accession="Y"), home=1)
        both = bench.submit(message("3", accession="X", segments=("OBR|1||X", "OBR|2||Y")), home=0)
        bench.submit(message("4", accession="Z"), home=0)
        running = asyncio.create_task(bench.writers.run())
        await asyncio.sleep(0.05)
        before = [list(store.batches) for store in bench.stores]
        assert not both.is_settled
        bench.stores[1].gate.set()
        await asyncio.wait_for(bench.writers.wait_idle(), 5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return bench, before

    bench, before = asyncio.run(scenario())

    assert before == [[["1"]], [["2"]]]
    assert bench.stores[0].batches == [["1"], ["3", "4"]]


def test_a_refused_message_fails_alone_and_keeps_its_bytes() -> None:
    def refuse(receipt: Receipt) -> Exception | None:
        return MessageRefusedError("22021") if receipt.control_id == "bad" else None

    async def scenario() -> tuple[Bench, list[Pending]]:
        bench = Bench(FakeStore(refuse))
        sent = [bench.submit(message(name)) for name in ("1", "bad", "3")]
        await bench.finish()
        return bench, sent

    bench, sent = asyncio.run(scenario())

    assert bench.stores[0].batches == [["1", "bad", "3"], ["1"], ["bad"], [""], ["3"]]
    codes = [[result.ack_code for result in pending.results or ()
              if isinstance(result, Written)] for pending in sent]  # fmt: skip
    assert codes == [["AA"], ["AE"], ["AA"]]


def test_a_message_refused_for_no_fault_of_its_own_is_refused_for_now() -> None:
    async def scenario() -> Pending:
        bench = Bench(FakeStore(lambda _receipt: MessageRefusedError("42P01")))
        sent = bench.submit(message())
        await bench.finish()
        return sent

    assert asyncio.run(scenario()).results == [Failure.NOT_NOW]


def test_a_store_that_is_away_or_unsure_or_broken_fails_the_batch_and_not_the_writer() -> None:
    errors = iter([StoreUnavailableError("away"), OutcomeUnknownError("lost"), ValueError("ours")])

    async def scenario() -> list[Sequence[object] | None]:
        bench = Bench(FakeStore(lambda _receipt: next(errors, None)), limits=Limits(batch_rows=1))
        sent = [bench.submit(message(str(number))) for number in range(4)]
        await bench.finish()
        return [pending.results for pending in sent]

    results = asyncio.run(scenario())

    assert results[:3] == [[Failure.NOT_NOW], [Failure.UNKNOWN], [Failure.UNKNOWN]]
    assert isinstance((results[3] or [None])[0], Written)


def test_nothing_wakes_the_decider_where_nothing_is_to_be_decided() -> None:
    async def scenario() -> Bench:
        bench = Bench(FakeStore())
        bench.submit(message(kind="SIU^S12"))
        bench.submit(message(segments=("ORC|NW",)))
        await bench.finish()
        return bench

    assert asyncio.run(scenario()).wakes == 0


def test_an_owner_that_fails_is_cut_off_and_the_writer_goes_on() -> None:
    class FailingOwner(FakeOwner):
        def settled(self) -> None:
            raise RuntimeError

    async def scenario() -> tuple[Bench, FakeOwner]:
        bench = Bench(FakeStore())
        failing = bench.owner = FailingOwner()
        bench.submit(message("1"))
        bench.owner = FakeOwner()
        bench.submit(message("2"))
        await bench.finish()
        return bench, failing

    bench, failing = asyncio.run(scenario())

    assert (failing.is_aborted, bench.owner.told) == (True, 1)
