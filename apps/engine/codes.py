"""The closed vocabularies of the decision, as they are stored and shown."""

from __future__ import annotations

from enum import StrEnum


class Urgency(StrEnum):
    """How soon a study must be read. Source: spec 1, urgency."""

    STAT = "STAT"
    URGENT = "URGENT"
    ROUTINE = "ROUTINE"

    @property
    def rank(self) -> int:
        """Return 0 for STAT, 1 for URGENT, 2 for ROUTINE; lower is sooner."""
        return _URGENCY_RANK[self]


_URGENCY_RANK = {Urgency.STAT: 0, Urgency.URGENT: 1, Urgency.ROUTINE: 2}


class Presence(StrEnum):
    """What is known of a radiologist's whereabouts; OFFLINE and BUSY get no work."""

    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Strategy(StrEnum):
    """How one candidate is chosen among the fit; the last three are recorded, never configured."""

    LOAD_BALANCED = "LOAD_BALANCED"
    SCORED = "SCORED"
    ROUND_ROBIN = "ROUND_ROBIN"
    URGENT = "URGENT"
    FAIR = "FAIR"
    OPTIMAL = "OPTIMAL"
    RULE = "RULE"
    ESCALATED = "ESCALATED"
    MANUAL = "MANUAL"


class ActionType(StrEnum):
    """What a rule does when its conditions hold."""

    ASSIGN_TO_SHIFT = "ASSIGN_TO_SHIFT"
    ASSIGN_TO_RADIOLOGIST = "ASSIGN_TO_RADIOLOGIST"
    ASSIGN_TO_WORKLIST = "ASSIGN_TO_WORKLIST"
    OVERFLOW = "OVERFLOW"
    ESCALATE = "ESCALATE"
    HOLD = "HOLD"
    EXCLUDE = "EXCLUDE"
    SET_PRIORITY = "SET_PRIORITY"
    PREFER = "PREFER"
    REQUIRE_CREDENTIAL = "REQUIRE_CREDENTIAL"
    USE_STRATEGY = "USE_STRATEGY"


CONFIGURED = (
    Strategy.LOAD_BALANCED,
    Strategy.SCORED,
    Strategy.ROUND_ROBIN,
    Strategy.URGENT,
    Strategy.FAIR,
    Strategy.OPTIMAL,
)
"""The strategies that a shift or a rule may name."""


class Step(StrEnum):
    """The step of the decision at which a candidate fell out. Source: spec 2."""

    SHIFT = "shift"
    ROSTER = "roster"
    RULE = "rule"
    COMPETENCY = "competency"
    CAPACITY = "capacity"


class Refused(StrEnum):
    """Why a candidate fell out."""

    INACTIVE = "inactive"
    OFFLINE = "offline"
    BUSY = "busy"
    ON_LEAVE = "on_leave"
    NON_READING = "non_reading"
    EXCLUDED = "excluded_by_rule"
    CREDENTIAL = "credential_missing"
    RULE_CREDENTIAL = "credential_of_rule_missing"
    SUBSPECIALTY = "subspecialty_missing"
    LICENCE = "licence_missing"
    PRIVILEGE = "privilege_missing"
    CONCURRENT_FULL = "concurrent_full"
    CONCURRENT_RVU_FULL = "concurrent_rvu_full"
    HOURLY_FULL = "hourly_full"
    HOURLY_RVU_FULL = "hourly_rvu_full"
    PASSED_OVER = "passed_over"
    NO_LESS_LOAD = "no_less_load"
    OTHER_WORK = "other_work"
    UNKNOWN_PERSON = "unknown_radiologist"
    UNKNOWN_SITE = "unknown_site"


class Outcome(StrEnum):
    """What a decision came to."""

    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    HELD = "held"


class Reason(StrEnum):
    """Why an order has no reader. Codes are stored; words come from ``words``."""

    NO_SHIFT = "no_shift"
    NO_ROSTER = "no_roster"
    NO_COMPETENCY = "no_competency"
    PASSED_OVER = "passed_over"
    AT_CAPACITY = "at_capacity"
    EXCLUDED = "excluded"
    HELD = "held"
    WORKLIST = "worklist"
    RULE_STRICT = "rule_strict"
    UNKNOWN_SITE = "unknown_site"
    UNKNOWN_MODALITY = "unknown_modality"
    UNKNOWN_PROCEDURE = "unknown_procedure"
    NO_PATIENT = "no_patient"
    BY_HAND = "by_hand"
