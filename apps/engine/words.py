"""The words of a decision: why somebody fell out, why nobody was found, what a rule does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.engine.codes import ActionType, Reason, Refused
from apps.engine.naming import PLAIN, Naming, tidy
from apps.engine.targets import NAMES, Names, Target, read_target

_REFUSED: Mapping[Refused, str] = {
    Refused.INACTIVE: "not active",
    Refused.OFFLINE: "offline",
    Refused.BUSY: "busy for some minutes",
    Refused.ON_LEAVE: "on leave",
    Refused.NON_READING: "at work that is not reading",
    Refused.EXCLUDED: "excluded by a rule",
    Refused.CREDENTIAL: "lacks the credential {}",
    Refused.RULE_CREDENTIAL: "lacks the credential {}, which rule “{}” asks for",
    Refused.SUBSPECIALTY: "is not a reader of {}",
    Refused.LICENCE: "has no valid licence for {}",
    Refused.PRIVILEGE: "has no valid privilege for {}",
    Refused.CONCURRENT_FULL: "full, {} of {} studies open",
    Refused.CONCURRENT_RVU_FULL: "full, {} of {} RVU open",
    Refused.HOURLY_FULL: "full for this hour, {} of {} studies assigned in the last 60 minutes",
    Refused.HOURLY_RVU_FULL: "full for this hour, {} of {} RVU assigned in the last 60 minutes",
    Refused.PASSED_OVER: "had it already and did not take it",
    Refused.NO_LESS_LOAD: "has no less on hand than {}",
    Refused.OTHER_WORK: "has it on shift {}, which does other work",
    Refused.UNKNOWN_PERSON: "not a known radiologist",
    Refused.UNKNOWN_SITE: "cannot be judged, the order's site is unknown",
}
_COUNTED = (
    Refused.CONCURRENT_FULL,
    Refused.CONCURRENT_RVU_FULL,
    Refused.HOURLY_FULL,
    Refused.HOURLY_RVU_FULL,
)
_REASONS: Mapping[Reason, str] = {
    Reason.NO_SHIFT: "no shift that runs now reads this work at this site",
    Reason.NO_ROSTER: "nobody is at work on the shifts that read it",
    Reason.NO_COMPETENCY: "nobody at work has the credentials, licence or privilege it needs",
    Reason.PASSED_OVER: "everybody fit had it before and did not take it",
    Reason.AT_CAPACITY: "everybody who may read it is full",
    Reason.EXCLUDED: "a rule excludes everybody who is at work",
    Reason.HELD: "a rule holds it",
    Reason.WORKLIST: "it is on a list that several readers share, until one of them takes it",
    Reason.RULE_STRICT: "a strict rule names its readers and none of them is fit",
    Reason.UNKNOWN_SITE: "its site is not known",
    Reason.UNKNOWN_MODALITY: "its modality is not known",
    Reason.UNKNOWN_PROCEDURE: "its procedure is not known",
    Reason.NO_PATIENT: "it names no patient",
    Reason.BY_HAND: "a person took its reader off",
}
_ACTIONS: Mapping[ActionType, str] = {
    ActionType.ASSIGN_TO_SHIFT: "assign to shift {}",
    ActionType.ASSIGN_TO_RADIOLOGIST: "assign to {}",
    ActionType.ESCALATE: "escalate",
    ActionType.HOLD: "hold, {}",
    ActionType.EXCLUDE: "exclude {}",
    ActionType.SET_PRIORITY: "set the urgency to {}",
    ActionType.ASSIGN_TO_WORKLIST: "put on the list that {} share",
    ActionType.OVERFLOW: "let it flow over to {}",
    ActionType.PREFER: "prefer {}",
    ActionType.REQUIRE_CREDENTIAL: "require {}",
    ActionType.USE_STRATEGY: "choose by {}",
}
_WITHOUT_TARGET: Mapping[ActionType, str] = {
    ActionType.HOLD: "hold",
    ActionType.OVERFLOW: "let it flow over to everybody on shift",
}


def reason_words(reason: Reason) -> str:
    """Return why an order has no reader, as the end of a sentence."""
    return _REASONS[reason]


def refusal_words(code: Refused, params: tuple[int | str, ...] = ()) -> str:
    """Return why a reader fell out, to be read after their id."""
    if code in _COUNTED:
        return _REFUSED[code].format(*map(tidy, params))
    if code is Refused.BUSY and params:
        return f"busy for another {params[0]} min"
    if code is Refused.RULE_CREDENTIAL:
        *lacking, rule = params
        return _REFUSED[code].format(", ".join(map(str, lacking)), rule)
    return _REFUSED[code].format(", ".join(str(param) for param in params if param))


def refused_words(code: Refused, params: tuple[int | str, ...] = ()) -> str:
    """Return why several fell out for one cause, to be read after how many they are."""
    said = refusal_words(code, params)
    first, _, rest = said.partition(" ")
    if code is Refused.SUBSPECIALTY:
        return said.replace("is not a reader of", "do not read")
    if code is Refused.UNKNOWN_PERSON:
        return "are not known radiologists"
    return f"{_OF_SEVERAL[first]} {rest}" if first in _OF_SEVERAL else f"are {said}"


_OF_SEVERAL = {"is": "are", "has": "have", "lacks": "lack", "had": "had", "cannot": "cannot"}


def action_words(action: ActionType, target: str, naming: Naming = PLAIN) -> str:
    """Return what a rule does to whom, as the end of a sentence; lists are said one by one."""
    try:
        read = read_target(action, target)
    except ValueError:
        return _ACTIONS[action].format(target)
    if not read.named and action in _WITHOUT_TARGET:
        return _WITHOUT_TARGET[action]
    return _ACTIONS[action].format(_named(action, read, naming) or target)


def _named(action: ActionType, read: Target, naming: Naming) -> str:
    if read.strategy is not None:
        return naming.strategy(read.strategy)
    calls: Mapping[Names, Callable[[str], str]] = {
        Names.SHIFT: naming.shift,
        Names.SHIFTS: naming.shift,
        Names.READER: naming.person,
        Names.READERS: naming.person,
        Names.READERS_OR_SHIFTS: naming.sharer,
    }
    call = calls.get(NAMES[action], str)
    return ", ".join(call(one) for one in read.named)
