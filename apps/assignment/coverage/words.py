"""Coverage in words: kinds of work, and why nobody or too few may be given it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.assignment.coverage.swept import Found
from apps.engine.codes import Refused, Urgency
from apps.engine.rota import WorkType
from apps.engine.timeline.facts import Cause, Cover, Lack, Work
from apps.engine.timeline.rows import Row
from apps.engine.words import refusal_words
from apps.roster.words import listed, work_words

COVERS = {
    Cover.COVERED: "covered",
    Cover.THIN: "thin",
    Cover.MEANT: "nobody, as planned",
    Cover.OPEN: "uncovered",
}


def lane_words(work: Work, urgencies: Sequence[Urgency]) -> str:
    """Return a kind of work: ``MR MSK``, ``CT NEURO (STAT only)``, ``everything``."""
    said = work_words(WorkType(*work))
    if len(urgencies) == len(Urgency):
        return said
    return f"{said} ({', '.join(urgency.value for urgency in urgencies)} only)"


def lanes_words(rows: Iterable[Row]) -> list[str]:
    """Return the kinds of work of some rows, each once with all its urgencies there."""
    urgencies: dict[Work, set[Urgency]] = {}
    for row in rows:
        urgencies.setdefault(row.work, set()).update(row.urgencies)
    return [
        lane_words(work, [urgency for urgency in Urgency if urgency in found])
        for work, found in urgencies.items()
    ]


def causes_words(causes: Sequence[Cause], found: Found) -> list[str]:
    """Return why nobody, or fewer than wanted, may be given some work, a shift's causes in a row.

    People who lack the same on one shift are named together.
    """
    alike: dict[tuple[object, ...], list[Cause]] = {}
    for cause in causes:
        what = cause.params[1:] if cause.lack is Lack.UNFIT else cause.params
        alike.setdefault((cause.lack, cause.shift, what), []).append(cause)
    return [
        _unfit_words(same, found) if same[0].lack is Lack.UNFIT else cause_words(same[0], found)
        for same in alike.values()
    ]


def _unfit_words(causes: Sequence[Cause], found: Found) -> str:
    _, code, *params = causes[0].params
    why = refusal_words(Refused(str(code)), tuple(params))
    names = listed([found.person_name(str(cause.params[0])) for cause in causes])
    return f"{names} on {found.shift_name(causes[0].shift)}: {why}"


def cause_words(cause: Cause, found: Found) -> str:
    """Return why nobody, or fewer than wanted, may be given some work."""
    shift = found.shift_name(cause.shift)
    match cause.lack:
        case Lack.NO_SHIFT:
            return "no shift is planned then"
        case Lack.HOLIDAY:
            return f"{shift} rests: {cause.params[0] or 'a day off'}"
        case Lack.PLANNED:
            return f"{shift} is meant to be empty: {cause.params[0]}"
        case Lack.ON_LEAVE:
            return f"{_people(cause.params, found)} on leave from {shift}"
        case Lack.OTHER_WORK:
            return f"{_people(cause.params, found)} at work that is not reading, not on {shift}"
        case Lack.UNFIT:
            return _unfit_words([cause], found)
        case Lack.THIN:
            have, wanted = cause.params
            return f"{have} of {wanted} readers on {shift}"
        case _:
            return _PLAIN[cause.lack].format(shift)


_PLAIN = {
    Lack.BY_HAND: "only {} reads it then, which is given by hand alone (its level is negative)",
    Lack.NOBODYS_TURN: "nobody's turn on {}",
    Lack.NONE_WANTED: "{} may be empty",
    Lack.NOBODY: "nobody is rostered on {}",
}


def _people(ids: Sequence[int | str], found: Found) -> str:
    names = [found.person_name(str(id_)) for id_ in ids]
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'}"
