"""What a what-if changes beside the drafts, as it is kept with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self


class Newcomer(NamedTuple):
    """A reader who is not there yet: a copy of somebody, on the shifts that they have."""

    name: str
    like: str


class Limits(NamedTuple):
    """Other limits of a reader; None leaves one as it is."""

    open_studies: int | None = None
    per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """Strategies by shift, weights and policy values by name, people; empty changes nothing.

    ``strategy`` is for every shift, ``strategies`` by code go before it. ``weights`` are names of
    the columns of ``ScoringWeights``, ``policy`` of ``DecisionPolicy``, with their values as text.
    """

    strategy: str = ""
    strategies: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, str] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    add: tuple[Newcomer, ...] = ()
    limits: Mapping[str, Limits] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether anything is to be otherwise."""
        return self != type(self)()

    def written(self) -> dict[str, Any]:
        """Return it as it is stored, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Return what is stored; what is missing is empty."""
        said = {name: stored[name] for name in cls.__slots__ if name in stored}
        said["leave_out"] = tuple(said.get("leave_out", ()))
        said["add"] = tuple(Newcomer(*one) for one in said.get("add", ()))
        limits = said.get("limits", {})
        said["limits"] = {person: Limits(*one) for person, one in limits.items()}
        return cls(**said)
