"""How a decision is told: whom and what it names, by id or by the names that people use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from apps.engine.codes import Refused, Strategy

_SHOWN = 3
_DECIMAL = re.compile(r"\d+\.\d+")


def in_utc(moment: str) -> str:
    """Return a trace's moment to the second; it is UTC."""
    return f"{moment[:10]} {moment[11:19]} UTC"


@dataclass(frozen=True, slots=True)
class Naming:
    """What everything that a trace names is called; as it is, by its id, code and UTC.

    ``sharer`` calls one of those who share a list: a reader, or everybody of a shift.
    """

    person: Callable[[str], str] = str
    shift: Callable[[str], str] = str
    site: Callable[[str], str] = str
    sharer: Callable[[str], str] = str
    rule: Callable[[int], str] = "rule {}".format
    strategy: Callable[[Strategy], str] = str
    moment: Callable[[str], str] = in_utc

    def people(self, ids: Iterable[str]) -> str:
        """Return the names of several, the first few of many."""
        return first_few([self.person(id_) for id_ in ids])

    def refused(self, code: Refused, params: Iterable[int | str]) -> tuple[int | str, ...]:
        """Return what a refusal names, named."""
        calls = {
            Refused.NO_LESS_LOAD: self.person,
            Refused.OTHER_WORK: self.shift,
            Refused.PRIVILEGE: self.site,
        }
        first, *rest = (*params, "")
        call = calls.get(code)
        named = call(str(first)) if call and first else first
        return (named, *rest)[: len(rest)]


PLAIN = Naming()


def first_few(names: list[str]) -> str:
    """Return names one after another; of more than four the first three and how many more."""
    if len(names) <= _SHOWN + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} others"


def tidy(figure: int | str) -> str:
    """Return figures without needless zeros: ``0`` for ``0.00``, ``12.5/20`` for ``12.50/20``."""
    return _DECIMAL.sub(lambda found: found[0].rstrip("0").rstrip("."), str(figure))
