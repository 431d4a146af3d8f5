"""A number out of logged data, with the bounds that decide, before it is held against its limit."""

import math
from dataclasses import dataclass
from typing import Any

from ..models import Line, Requirement

Words = tuple[str, str]
WIDEST = 99.0  # stands for a bound that the data do not give


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A measured number, before it is held against its limit.

    Attributes
    ----------
    value, lower, upper : float
        In the interest's unit; the bounds one-sided at its confidence.
    n : int
        Parts, units or readings that went in.
    criterion : str
        Line of the checklist that carries it: "F5", "F6", "F7" or "B6".
    sound : bool
        Whether what the bounds take for granted was not found wanting.
    found : str
        The number as the checklist tells it.
    doubts : tuple of (English, Chinese)
        Why it is not sound.
    words : tuple of (English, Chinese)
        What else must be said, first how many parts would settle it.
    flips : tuple of mappings as in verdict.json
    details : mapping
        Plain data, more than the page shows.
    causes : tuple of Line
        What makes up the distance to the bound on the side of the limit; empty where few data alone do.
    """

    value: float
    lower: float
    upper: float
    n: int
    criterion: str
    sound: bool
    found: str
    doubts: tuple[Words, ...]
    words: tuple[Words, ...]
    flips: tuple[dict[str, Any], ...]
    details: dict[str, Any]
    causes: tuple[Line, ...] = ()

    def expanded(self, requirement: Requirement) -> float:
        """The distance to the bound on the side of the limit; what is unbounded is `WIDEST`."""
        good_above = requirement.sense == "at least"
        to_lower = (requirement.margin(self.value) >= 0.0) == good_above
        distance = self.value - self.lower if to_lower else self.upper - self.value
        return distance if math.isfinite(distance) else WIDEST

    def lines(self, requirement: Requirement) -> tuple[Line, ...]:
        """The budget: its own where it has more than one cause, else what the data leave open by being few."""
        if self.causes:
            return self.causes
        u = self.expanded(requirement) / requirement.coverage
        if u == 0.0:
            return ()
        name = "few parts" if self.criterion == "F6" else "few units"
        asked = requirement.of_data()
        return (Line(name=name, kind="sampling", std=u, unit=asked.unit, sensitivity=1.0, contribution=u,
                     source=f"{asked.confidence:.0%} one-sided bound from {self.n}"),)  # fmt: skip
