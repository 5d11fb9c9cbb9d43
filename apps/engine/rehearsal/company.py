"""Who has a patient's other unread studies, and who read the earlier ones, as the desk tells it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from apps.engine.facts import OrderFacts
from apps.engine.rehearsal.facts import Case, Conduct, Mate, Study

_MOST_PRIORS = 3


class Company:
    """Keeps who has what of whom, as far as the department's conduct asks for it."""

    def __init__(self, conduct: Conduct) -> None:
        """Begin knowing nobody."""
        self._conduct = conduct
        self._is_on = conduct.together != "off" or conduct.prefers_priors
        self._mates: dict[str, dict[int, Mate]] = defaultdict(dict)

    def facts(self, study: Study, order: OrderFacts) -> OrderFacts:
        """Return the order with those who keep it company."""
        case = study.case
        if not (self._is_on and case.patient):
            return order
        self._learn(case.patient, case.earlier)
        mates = [one for one in self._mates[case.patient].values() if one.order != order.order_id]
        if not mates:
            return order
        together = self._together([one for one in mates if one.read_at is None], case)
        priors = self._priors([one for one in mates if one.read_at is not None], order)
        return replace(order, together=together, priors=priors)

    def note(self, study: Study) -> None:
        """Take over whose a study is by now; without a reader, or cancelled, it is nobody's."""
        case = study.case
        if not (self._is_on and case.patient):
            return
        order = case.order
        self._mates[case.patient].pop(order.order_id, None)
        if study.reader and (not study.is_over or study.done_at is not None):
            kind = (case.linked, order.modality, order.body_part)
            mate = Mate(order.order_id, study.reader, *kind, study.done_at)
            self._mates[case.patient][order.order_id] = mate

    def _learn(self, patient: str, earlier: Iterable[Mate]) -> None:
        known = self._mates[patient]
        for mate in earlier:
            known.setdefault(mate.order, mate)

    def _together(self, unread: list[Mate], case: Case) -> tuple[str, ...]:
        """Return who has most of what was ordered together, then most of all."""
        conduct = self._conduct
        if conduct.together == "off" or not unread:
            return ()
        linked = Counter(
            mate.reader for mate in unread if case.linked and mate.linked == case.linked
        )
        held = Counter(mate.reader for mate in unread)
        wanted = held if conduct.together == "patient" else linked
        may = [reader for reader in wanted if held[reader] < conduct.together_most]
        return tuple(sorted(may, key=lambda reader: (-linked[reader], -held[reader], reader)))

    def _priors(self, read: list[Mate], order: OrderFacts) -> tuple[str, ...]:
        """Return who read the likest, then the latest; each once."""
        if not (self._conduct.prefers_priors and read):
            return ()

        def place(mate: Mate) -> tuple[bool, float, int]:
            is_like = mate.modality == order.modality or mate.body_part == order.body_part != ""
            read_at = mate.read_at.timestamp() if mate.read_at else 0.0
            return not is_like, -read_at, -mate.order

        readers = dict.fromkeys(mate.reader for mate in sorted(read, key=place))
        return tuple(readers)[:_MOST_PRIORS]
