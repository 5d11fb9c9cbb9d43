from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction
from django_q.signing import SignedPackage

from apps.core.models import QueueTask
from apps.core.queue import broker as broker_module
from apps.core.queue.broker import PostgresBroker
from apps.core.queue.line import Line
from apps.core.queue.nudge import nudge

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def make_broker() -> Iterator[Callable[..., PostgresBroker]]:
    made: list[PostgresBroker] = []

    def make(cluster: str = "decide", **options: object) -> PostgresBroker:
        made.append(PostgresBroker(cluster, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "_WAIT_SECONDS", 0.05)


@pytest.fixture
def broker(make_broker: Callable[..., PostgresBroker]) -> PostgresBroker:
    return make_broker()


def _expire_claims() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_queuetask SET claimed_until = clock_timestamp() - interval '1 s'"
        )


def test_tasks_are_claimed_once_in_order_and_forgotten_when_acknowledged(
    make_broker: Callable[..., PostgresBroker],
) -> None:
    broker, other = make_broker(), make_broker()
    ids = [broker.enqueue(f"task {n}") for n in range(3)]

    claimed = broker.dequeue()

    assert claimed == list(zip(ids, ["task 0", "task 1", "task 2"], strict=True))
    assert other.dequeue() == []
    for task_id, _payload in claimed:
        broker.acknowledge(task_id)
    assert not QueueTask.objects.exists()


def test_clusters_do_not_see_each_others_tasks(
    make_broker: Callable[..., PostgresBroker],
) -> None:
    make_broker("decide").enqueue("x")

    assert make_broker("deliver").dequeue() == []


def test_a_claim_that_ran_out_is_given_out_again(broker: PostgresBroker) -> None:
    broker.enqueue("x")
    first = broker.dequeue()

    _expire_claims()

    assert broker.dequeue() == first


def test_released_claims_are_given_out_again(broker: PostgresBroker) -> None:
    broker.enqueue("x")
    first = broker.dequeue()

    broker.release_claims()

    assert broker.dequeue() == first


def test_sizes_tell_waiting_from_claimed(broker: PostgresBroker) -> None:
    broker.enqueue("x")
    before = broker.queue_size(), broker.lock_size()
    broker.dequeue()

    assert (before, (broker.queue_size(), broker.lock_size())) == ((1, 0), (0, 1))
    broker.delete_queue()
    assert not QueueTask.objects.exists()


def test_a_notice_ends_the_wait(broker: PostgresBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "_WAIT_SECONDS", 20)
    broker.queue_size()  # listens from here on
    later = threading.Timer(0.2, _enqueue_elsewhere)
    later.start()
    begun = time.monotonic()

    claimed = broker.dequeue()
    later.join()

    assert [payload for _id, payload in claimed] == ["x"]
    assert time.monotonic() - begun < 10


def _enqueue_elsewhere() -> None:
    PostgresBroker("decide").enqueue("x")
    connection.close()


def test_two_claimers_never_get_the_same_task(
    make_broker: Callable[..., PostgresBroker],
) -> None:
    brokers = [make_broker(), make_broker()]
    for number in range(60):
        brokers[0].enqueue(f"{number}")
    claimed: list[list[int]] = [[], []]

    def claim(position: int) -> None:
        for _ in range(6):
            claimed[position] += [task_id for task_id, _payload in brokers[position].dequeue()]

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed[0] + claimed[1]) == len({*claimed[0], *claimed[1]}) == 60


def test_no_call_of_a_cluster_raises_while_the_database_is_away(
    broker: PostgresBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    assert broker.dequeue() == []
    broker.acknowledge(1)
    broker.delete(1)
    broker.fail(1)
    broker.release_claims()
    assert broker.ping()


def test_equal_nudges_wait_once_until_claimed(broker: PostgresBroker) -> None:
    nudge("decide", "a.task")
    nudge("decide", "a.task")
    nudge("decide", "another.task")
    nudge("deliver", "a.task")
    assert sorted(QueueTask.objects.values_list("cluster", "dedupe_key")) == [
        ("decide", "a.task"),
        ("decide", "another.task"),
        ("deliver", "a.task"),
    ]

    broker.dequeue()
    nudge("decide", "a.task")

    assert QueueTask.objects.filter(cluster="decide", dedupe_key="a.task").count() == 2


def test_a_nudge_is_a_signed_task_of_django_q2(line: Line) -> None:
    nudge("decide", "a.task", line=line)

    task = SignedPackage.loads(QueueTask.objects.get().payload)

    wanted = {"func": "a.task", "args": (), "kwargs": {}, "cluster": "decide", "ack_failure": True}
    assert {key: task[key] for key in wanted} == wanted


def test_a_nudge_without_a_path_runs_the_clusters_slice() -> None:
    nudge("deliver")

    assert QueueTask.objects.get().dedupe_key == "apps.outbound.tasks.deliver_slice"


def test_a_nudge_in_a_transaction_goes_with_it(broker: PostgresBroker) -> None:
    with transaction.atomic():
        nudge("decide")
        transaction.set_rollback(True)

    assert broker.queue_size() == 0


def test_many_plain_tasks_may_wait(broker: PostgresBroker) -> None:
    broker.enqueue("x")
    broker.enqueue("x")

    assert broker.queue_size() == 2
