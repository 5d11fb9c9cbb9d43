"""Who has the patient's other studies: unread ones, linked ones, and those read before.

One query answers for all patients of a batch; what the batch itself gives and takes away is noted
in memory, so that the first study of a message already draws the second. Nothing of a patient
leaves this room but the ids of readers. Source: spec 3, together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from apps.assignment.lifecycle import COUNTS, HOLDS_A_SEAT
from apps.assignment.snapshot.company import CompanyRules
from apps.core import bulk
from apps.rules.choices import Together

if TYPE_CHECKING:
    from apps.assignment.desk.case import Case

_MOST_PRIORS = 3
_PRIORS_LOOKED_AT = 40
_UNREAD = sorted(state.value for state in HOLDS_A_SEAT)
_STUDIES = """
    SELECT study.* FROM unnest(%s::bigint[]) AS patient (id) CROSS JOIN LATERAL (
        (SELECT patient.id, o.id, a.radiologist_id, o.linked_key, o.modality, o.body_part,
                NULL::timestamptz
         FROM orders_order o JOIN assignment_assignment a ON a.order_id = o.id AND a.is_current
         WHERE o.patient_id = patient.id AND a.state = ANY(%s::text[]))
        UNION ALL
        (SELECT patient.id, o.id, a.radiologist_id, o.linked_key, o.modality, o.body_part,
                a.completed_at
         FROM orders_order o JOIN assignment_assignment a ON a.order_id = o.id AND a.is_current
         WHERE o.patient_id = patient.id AND a.state = 'completed' AND a.completed_at >= %s
         ORDER BY a.completed_at DESC LIMIT %s)
    ) study
"""


class Company(NamedTuple):
    """Readers of a patient's other studies; see ``OrderFacts.together`` and ``priors``."""

    together: tuple[str, ...] = ()
    priors: tuple[str, ...] = ()


ALONE = Company()


class Mate(NamedTuple):
    """Another study of the patient, with its reader; ``read_at`` is None while it is unread."""

    patient_id: int
    order_id: int
    radiologist: str
    linked_key: str
    modality: str
    body_part: str
    read_at: datetime | None


class CompanyBook:
    """The studies of the patients in hand, as stored and as changed at this desk since."""

    def __init__(self, rules: CompanyRules, *, at: datetime) -> None:
        """Begin knowing nobody."""
        self._rules = rules
        self._at = at
        self._studies: dict[int, dict[int, Mate]] = {}
        self._patient_of: dict[int, int] = {}
        self._learned: set[int] = set()
        self._others_are_new = False

    def learn(self, patient_ids: Iterable[int], *, others_are_new: bool = False) -> None:
        """Read the studies of these patients, in one query.

        Args:
            patient_ids: those known already are not asked again.
            others_are_new: whether every other patient at this desk is one who was just made and
                has no study yet.
        """
        self._others_are_new = self._others_are_new or others_are_new
        ids = sorted(set(patient_ids) - self._learned)
        if not (ids and self._rules.is_on):
            return
        self._learned.update(ids)
        since = self._at - self._rules.priors
        for row in bulk.select(_STUDIES, [ids, _UNREAD, since, _PRIORS_LOOKED_AT]):
            if row[1] not in self._patient_of:
                self._put(Mate(*row))

    def note(self, case: Case) -> None:
        """Take over what became of a study at this desk, or whose it is by now."""
        order, assignment = case.order, case.assignment
        if not self._rules.is_on or order.patient_id is None:
            return
        before = self._patient_of.get(order.pk, order.patient_id)
        self._studies.get(before, {}).pop(order.pk, None)
        # Known from now on, with or without a reader: what is stored of it is older.
        self._patient_of[order.pk] = order.patient_id
        if assignment is not None and assignment.state in COUNTS:
            self._put(
                Mate(
                    order.patient_id,
                    order.pk,
                    assignment.radiologist_id,
                    order.linked_key,
                    order.modality,
                    order.body_part,
                    assignment.completed_at,
                )
            )

    def merge(self, dead: int, heir: int) -> None:
        """Give the studies of a patient who was merged to the one who stays."""
        if self._rules.is_on:
            for mate in list(self._known(dead).values()):
                self._put(mate._replace(patient_id=heir))
            self._studies[dead] = {}

    def of(self, case: Case) -> Company:
        """Return the readers of the patient's other studies, as far as the policy wants them."""
        order = case.order
        if order.patient_id is None or not self._rules.is_on:
            return ALONE
        known = self._known(order.patient_id)
        if not known:
            return ALONE
        others = [mate for mate in known.values() if mate.order_id != order.pk]
        return Company(
            self._together([one for one in others if one.read_at is None], order.linked_key),
            self._priors([one for one in others if one.read_at], order.modality, order.body_part),
        )

    # -- inside --------------------------------------------------------------------------

    def _known(self, patient_id: int) -> dict[int, Mate]:
        if not self._others_are_new:
            self.learn([patient_id])
        return self._studies.setdefault(patient_id, {})

    def _put(self, mate: Mate) -> None:
        self._patient_of[mate.order_id] = mate.patient_id
        self._studies.setdefault(mate.patient_id, {})[mate.order_id] = mate

    def _together(self, unread: list[Mate], linked_key: str) -> tuple[str, ...]:
        """Return who has most of what was ordered together, then most of all."""
        if self._rules.together is Together.OFF or not unread:
            return ()
        linked = Counter(
            mate.radiologist for mate in unread if linked_key and mate.linked_key == linked_key
        )
        held = Counter(mate.radiologist for mate in unread)
        wanted = held if self._rules.together is Together.PATIENT else linked
        may = [reader for reader in wanted if held[reader] < self._rules.most]
        return tuple(sorted(may, key=lambda reader: (-linked[reader], -held[reader], reader)))

    def _priors(self, read: list[Mate], modality: str, body_part: str) -> tuple[str, ...]:
        """Return who read the likest, then the latest; each once."""
        if not (self._rules.prefers_priors and read):
            return ()

        def place(mate: Mate) -> tuple[bool, float, int]:
            is_like = mate.modality == modality or mate.body_part == body_part != ""
            read_at = mate.read_at.timestamp() if mate.read_at else 0.0
            return not is_like, -read_at, -mate.order_id

        readers = dict.fromkeys(mate.radiologist for mate in sorted(read, key=place))
        return tuple(readers)[:_MOST_PRIORS]
