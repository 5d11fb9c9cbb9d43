"""What a draft was asked with, as it is kept with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple, Self

from apps.roster.planning.facts import Rules, Weights

_HOUR = 60


class DaysWished(NamedTuple):
    """Days, both included, on which somebody would rather not, or rather, work."""

    person: str
    first_on: date
    last_on: date
    is_off: bool = True

    def days(self) -> frozenset[date]:
        """Return the days."""
        count = (self.last_on - self.first_on).days + 1
        return frozenset(self.first_on + timedelta(days=ahead) for ahead in range(count))


@dataclass(frozen=True, slots=True)
class Wishes:
    """Shifts by key, people by id, rules and weights; None is no limit.

    ``readers`` is how many each run of a shift wants, where that is not what the shift says.
    ``rest_hours`` is asked of everybody, where their own record asks for less.
    ``reads_all`` puts on a shift only who may read all of its work, else who may read some.
    ``others_count`` counts turns on shifts that are not planned here, for rest, hours and so on.
    """

    shifts: tuple[int, ...] = ()
    people: tuple[str, ...] = ()
    readers: Mapping[int, int] = field(default_factory=dict)
    rest_hours: float | None = 11
    nights_in_a_row: int | None = 4
    days_in_a_row: int | None = 6
    hours_a_week: float | None = 48
    may_overlap: bool = False
    reads_all: bool = True
    others_count: bool = True
    weights: Weights = field(default_factory=Weights)
    days_wished: tuple[DaysWished, ...] = ()
    seconds: int = 30

    @property
    def rules(self) -> Rules:
        """Return what nobody's turns may break."""
        hours = self.hours_a_week
        return Rules(
            nights_in_a_row=self.nights_in_a_row,
            days_in_a_row=self.days_in_a_row,
            minutes_a_week=None if hours is None else round(hours * _HOUR),
            may_overlap=self.may_overlap,
        )

    def written(self) -> dict[str, Any]:
        """Return it as it is stored."""
        said = asdict(self)
        said["readers"] = {str(shift): number for shift, number in self.readers.items()}
        said["days_wished"] = [
            [wish.person, wish.first_on.isoformat(), wish.last_on.isoformat(), wish.is_off]
            for wish in self.days_wished
        ]
        return said

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Return what is stored; what is missing is as usual."""
        said = {name: stored[name] for name in cls.__slots__ if name in stored}
        return cls(
            **{
                **said,
                "shifts": tuple(said.get("shifts", ())),
                "people": tuple(said.get("people", ())),
                "readers": {int(key): int(one) for key, one in said.get("readers", {}).items()},
                "weights": Weights(**said.get("weights", {})),
                "days_wished": tuple(
                    DaysWished(who, date.fromisoformat(first), date.fromisoformat(last), is_off)
                    for who, first, last, is_off in said.get("days_wished", ())
                ),
            }
        )
