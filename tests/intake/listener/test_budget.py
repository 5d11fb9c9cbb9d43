from __future__ import annotations

from apps.intake.listener.budget import ByteBudget


class Peer:
    """A connection that only remembers whether it may read."""

    def __init__(self) -> None:
        self.reads = True

    def pause_for_budget(self) -> None:
        self.reads = False

    def resume_for_budget(self) -> None:
        self.reads = True


def test_below_the_budget_everybody_reads() -> None:
    budget, peers = ByteBudget(100, 10), [Peer(), Peer()]

    for peer in peers:
        budget.hold(peer, 50)

    assert [peer.reads for peer in peers] == [True, True]
    assert budget.used == 100


def test_beyond_the_budget_all_but_one_stop() -> None:
    budget, peers = ByteBudget(100, 10), [Peer() for _ in range(4)]

    for peer in peers:
        budget.hold(peer, 90)

    assert [peer.reads for peer in peers] == [True, True, False, False]


def test_the_favoured_one_hands_over_to_the_first_in_line_when_it_is_done() -> None:
    budget, peers = ByteBudget(100, 10), [Peer() for _ in range(4)]
    for peer in peers:
        budget.hold(peer, 90)

    budget.hold(peers[1], 0)

    assert [peer.reads for peer in peers] == [True, True, True, False]


def test_a_peer_that_leaves_gives_its_bytes_back() -> None:
    budget, peers = ByteBudget(100, 10), [Peer(), Peer(), Peer()]
    for peer in peers:
        budget.hold(peer, 60)

    budget.leave(peers[0])
    budget.leave(peers[1])

    assert (budget.used, peers[2].reads) == (60, True)


def test_only_as_many_are_let_go_as_there_is_room_for_their_next_read() -> None:
    budget, peers = ByteBudget(100, 40), [Peer() for _ in range(5)]
    budget.hold(peers[0], 100)
    for peer in peers[1:]:
        budget.hold(peer, 1)

    budget.hold(peers[0], 30)

    assert [peer.reads for peer in peers] == [True, True, True, False, False]


def test_everybody_comes_to_an_end_whatever_the_order() -> None:
    budget, peers = ByteBudget(100, 10), [Peer() for _ in range(20)]
    sizes = dict.fromkeys(peers, 0)
    done: set[Peer] = set()
    while len(done) < len(peers):
        moved = False
        for peer in peers:
            if not peer.reads or peer in done:
                continue
            moved = True
            sizes[peer] += 10
            if sizes[peer] > 70:
                done.add(peer)
                sizes[peer] = 0
            budget.hold(peer, sizes[peer])
        assert moved
        assert budget.used <= 100 + 70 + 20 * 10

    assert budget.used == 0
