"""``python -m tests.wire.fuzz --frames N --seed S``: the fuzz for people, with its figures."""

from __future__ import annotations

import argparse
import logging
import time

from tests.wire.decider import deciding
from tests.wire.fuzz.run import CONNECTIONS, fuzz
from tests.wire.fuzz.scene import by_state, department, digests, failed, wait_until_decided
from tests.wire.fuzz.seeds import load_seeds

log = logging.getLogger("fuzz")


def main() -> int:
    """Run it; return 1 where a promise was broken. A wrong answer ends it with what was sent."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="python -m tests.wire.fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=3000, help="default: 3000")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="default: the time")
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--corpus", default=None, help="a folder; default: RADASSIGN_HL7_CORPUS")
    options = parser.parse_args()
    with department() as stack, stack.listener() as listener, deciding(stack):
        report = fuzz(
            listener.port, listener.process.pid, frames=options.frames, seed=options.seed,
            seeds=load_seeds(options.corpus), connections=options.connections,
        )  # fmt: skip
        log.info("%s", report)
        log.info("decided %.1f s later: %s", wait_until_decided(stack), by_state(stack))
        lost, raised = report.stored - digests(stack), failed(stack)
    for message_id, tries, what in raised:
        log.info("message %s failed %s times: %s", message_id, tries, what)
    log.info("%s lost, %s raised", len(lost), len(raised))
    return 1 if lost or raised else 0


if __name__ == "__main__":
    raise SystemExit(main())
