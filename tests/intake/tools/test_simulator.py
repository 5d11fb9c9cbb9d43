"""The simulator on a clock of its own: hours pass in a moment."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest

from apps.hl7v2.message import Message
from apps.intake.tools.client import MllpClient
from apps.intake.tools.ris.desk import Standing
from apps.intake.tools.ris.menu import BUILT_IN
from apps.intake.tools.ris.outlet import Outlet
from apps.intake.tools.ris.simulator import Pace, Simulator
from apps.intake.tools.ris.studies import Inventor, Shape, Study
from tests.fakes.peer import FakePeer, Reply, by_turns

_HOUR = 3600.0


class _Sent(Outlet):
    """Takes every message; ``answers`` may say otherwise for some."""

    def __init__(self, answer: str = "AA") -> None:
        self.payloads: list[bytes] = []
        self.answer = answer

    def deliver(self, payload: bytes) -> str:
        self.payloads.append(payload)
        return self.answer

    def kinds(self) -> Counter[str]:
        return Counter(_kind(Message(payload)) for payload in self.payloads)

    def by_study(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for payload in self.payloads:
            message = Message(payload)
            for number in message.values("OBR-2.1"):
                found[number].append(_kind(message))
        return dict(found)


def _kind(message: Message) -> str:
    if message.get("MSH-9.1") == "ORU":
        return message.get("OBR-25")
    return message.get("ORC-1") or "NW"


class _Desk:
    def __init__(
        self, standing: Standing = Standing.WITH_READER, left: list[Study] | None = None
    ) -> None:
        self.answer = standing
        self.left = left or []

    def standing(self, study: Study) -> Standing:  # noqa: ARG002 -- the same for all
        return self.answer

    def left_open(self) -> list[Study]:
        return self.left


class _World:
    """A simulator whose pauses take no time."""

    def __init__(
        self,
        *,
        desk: _Desk | None = None,
        answer: str = "AA",
        per_minute: float = 12,
        seed: int = 1,
    ) -> None:
        rng = random.Random(seed)  # noqa: S311 -- invents studies
        self.time = 0.0
        self.outlet = _Sent(answer)
        self.said: list[str] = []
        self.simulator = Simulator(
            inventor=Inventor(BUILT_IN, rng, "R"),
            rng=rng,
            pace=Pace(per_minute),
            outlet=self.outlet,
            desk=desk or _Desk(),
            tell=self.said.append,
            now=lambda: self.time,
        )

    def run(self, seconds: float) -> None:
        def pause(wait: float) -> bool:
            self.time += wait
            return self.time >= seconds

        self.simulator.run(pause)


def test_orders_come_at_the_rate_and_every_kind_of_message_does() -> None:
    world = _World()
    world.run(4 * _HOUR)
    kinds = world.outlet.kinds()
    assert kinds["NW"] == pytest.approx(12 * 60 * 4, rel=0.1)
    assert set(kinds) == {"NW", "XO", "CA", "HD", "RL", "SC", "P", "F"}


def test_every_shape_of_message_is_sent() -> None:
    world = _World()
    world.run(_HOUR)
    senders = {Message(payload).get("MSH-3") for payload in world.outlet.payloads}
    assert senders == {shape.value for shape in Shape}


def test_the_number_of_open_studies_settles() -> None:
    after = []
    for hour in (1, 2, 6):
        world = _World()
        world.run(hour * _HOUR)
        after.append(world.simulator.open_cases)
    assert all(40 < count < 160 for count in after), after


def test_every_study_ends_once_and_nothing_follows_its_end() -> None:
    world = _World()
    world.run(4 * _HOUR)
    early = list(world.outlet.by_study().items())[: 12 * 60]
    for number, kinds in early:
        assert kinds[0] == "NW", number
        assert [kind for kind in kinds if kind in ("F", "CA")] == kinds[-1:], number


def test_the_same_seed_orders_the_same_studies() -> None:
    worlds = [_World(seed=5), _World(seed=5), _World(seed=6)]
    for world in worlds:
        world.run(600)
    first, same, other = (
        [line for line in world.said if line.startswith("ordered")] for world in worlds
    )
    assert first == same
    assert first != other


def test_nothing_is_reported_that_nobody_reads_and_in_the_end_it_is_withdrawn() -> None:
    world = _World(desk=_Desk(Standing.WAITING))
    world.run(2 * _HOUR)
    kinds = world.outlet.kinds()
    assert not {"P", "F", "SC"} & set(kinds)
    assert kinds["CA"] > kinds["NW"] / 2
    assert world.simulator.open_cases < 400


def test_what_others_finished_or_hold_is_let_be() -> None:
    for standing in (Standing.OVER, Standing.HELD):
        world = _World(desk=_Desk(standing))
        world.run(2 * _HOUR)
        assert not {"P", "F", "SC"} & set(world.outlet.kinds())
        assert world.simulator.open_cases < 400


def test_without_a_database_everything_is_reported() -> None:
    world = _World(desk=_Desk(Standing.UNKNOWN))
    world.run(_HOUR)
    assert world.outlet.kinds()["F"] > 300


def test_a_refused_order_is_not_followed() -> None:
    world = _World(answer="AE")
    world.run(_HOUR)
    assert set(world.outlet.kinds()) == {"NW"}
    assert world.simulator.open_cases == 0


def test_what_an_earlier_run_left_open_is_reported() -> None:
    at = datetime(2026, 3, 10, tzinfo=UTC)
    left = Inventor(BUILT_IN, random.Random(9), "OLD").pair(at)  # noqa: S311 -- invents studies
    world = _World(desk=_Desk(left=left), per_minute=0.001)
    world.run(2 * _HOUR)
    by_study = world.outlet.by_study()
    assert {number: by_study.get(number) for number in ("SIMOLD0001P", "SIMOLD0002P")} == {
        "SIMOLD0001P": ["F"],
        "SIMOLD0002P": ["F"],
    }


@pytest.mark.wire
def test_a_message_is_sent_again_byte_for_byte_until_somebody_takes_it() -> None:
    script = by_turns(Reply("AR"), Reply("", hangs_up=True), Reply("AA"))
    waits: list[float] = []
    said: list[str] = []

    def pause(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 1:
            peer.come_back()
        return False

    with FakePeer(script) as peer:
        peer.go_away()
        with MllpClient("127.0.0.1", peer.port, timeout=5) as client:
            outlet = Outlet(client, pause=pause, tell=said.append)
            assert outlet.deliver(b"MSH|^~\\&|A|B|||1||ORM^O01|C1|P|2.4\r") == "AA"
        assert len({message.payload for message in peer.received}) == 1
        assert peer.control_ids == ["C1"] * 3
    assert waits == [1.0, 2.0, 4.0]
    assert said == [
        f"no listener at 127.0.0.1:{peer.port}: Connection refused; trying again",
        "AR from the listener; trying again",
        "no answer from the listener; trying again",
    ]


@pytest.mark.wire
def test_a_stop_ends_the_trying() -> None:
    with FakePeer() as peer:
        port = peer.port
    with MllpClient("127.0.0.1", port) as client:
        outlet = Outlet(client, pause=lambda _: True, tell=lambda _: None)
        assert outlet.deliver(b"MSH|^~\\&|A|B|||1||ORM^O01|C1|P|2.4\r") == "no answer"
