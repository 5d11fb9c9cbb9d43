"""The loop: keep every service alive until a signal asks for the end, then end all in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from types import FrameType

from radassign.supervisor.output import Output
from radassign.supervisor.service import Service
from radassign.supervisor.slot import Slot

_TICK_SECONDS = 0.1
STOP_SECONDS = 15.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Runs services in one thread; whoever starts it must be the main thread."""

    def __init__(self, output: Output, *, stop_seconds: float = STOP_SECONDS) -> None:
        self.output = output
        self._slots: list[Slot] = []
        self._stop_seconds = stop_seconds
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        """Return whether a signal or ``stop`` asked for the end."""
        return self._is_stopping

    def heed_signals(self) -> None:
        """End in order on Ctrl-C, SIGTERM and a closed terminal, the last unless by nohup.

        SIGINT is heeded even where it came ignored: a script's background jobs start like that.
        """
        for number in _STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def add(self, service: Service) -> Slot:
        """Keep a service alive from the next tick on."""
        slot = Slot(service, self.output)
        self._slots.append(slot)
        return slot

    def stop(self) -> None:
        """Ask for the end; ``run`` returns when all have ended."""
        self._is_stopping = True

    def run_until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Keep all alive until the condition holds; return whether it did before time or end."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self._is_stopping or time.monotonic() >= deadline:
                return False
            self.tick()
        return True

    def run(self) -> None:
        """Keep all alive until asked to stop."""
        while not self._is_stopping:
            self.tick()

    def tick(self) -> None:
        """Look after every service once and pass on what they wrote."""
        for slot in self._slots:
            slot.tick()
        self._pump()

    def end(self) -> None:
        """End all services, phase by phase; what does not end in time is killed."""
        ordered = sorted(self._slots, key=lambda slot: slot.service.stop_phase)
        for _phase, slots in groupby(ordered, key=lambda slot: slot.service.stop_phase):
            self._end_phase(list(slots))
        self.output.drain()
        self._slots.clear()

    def _end_phase(self, slots: Sequence[Slot]) -> None:
        for slot in slots:
            slot.ask_to_stop()
        deadline = time.monotonic() + self._stop_seconds
        while any(slot.is_running for slot in slots) and time.monotonic() < deadline:
            self._pump()
        for slot in slots:
            if slot.is_running:
                self.output.say(f"{slot.service.name} did not end in time and is killed")
            slot.end()

    def _pump(self) -> None:
        began = time.monotonic()
        self.output.pump(wait_seconds=_TICK_SECONDS)
        if time.monotonic() - began < _TICK_SECONDS / 10:
            # A chatty process must not make us look after the others a thousand times a second.
            time.sleep(_TICK_SECONDS / 10)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True
