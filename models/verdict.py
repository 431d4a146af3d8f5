"""The product: a result, its margin and uncertainty, and everything that it rests on."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .errors import ModelError

SCHEMA = "foretrial.verdict/1.2"
"""Name, major and minor version: a minor one adds keys, and what reads one reads all of its major."""


class State(Enum):
    """The four results, from worst to best; the worst of several is their combination."""

    FAIL = "FAIL"
    NOT_VALID_HERE = "NOT-VALID-HERE"
    INCONCLUSIVE = "INCONCLUSIVE"
    PASS = "PASS"

    @staticmethod
    def worst(states: "Iterable[State]") -> "State":
        """The worst of several."""
        order = list(State)
        return min(states, key=order.index)


def readable(schema: object) -> bool:
    """Whether this version reads a verdict of that schema: the same name and major version, any minor."""
    return isinstance(schema, str) and re.fullmatch(r"foretrial\.verdict/1(\.\d+)?", schema) is not None


CRITERION_STATES = ("met", "not-met", "waived", "not-applicable", "not-yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One line of the checklist: what it asks, what was found, and whether that is enough.

    `group` is its letter A to H; `why` says who waived it and why, or why it does not apply;
    "not-yet" is a criterion that this version cannot evidence, said openly.
    """

    id: str
    group: str
    text: str
    text_zh: str
    state: str
    value: str = ""
    why: str = ""
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.state not in CRITERION_STATES:
            raise ModelError(
                f"criterion {self.id}: state '{self.state}' is not known. It is one of {', '.join(CRITERION_STATES)}. "
                "Correct it."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """A decision and its evidence; `content` is the whole of verdict.json.

    Attributes
    ----------
    state : State
    value, limit, margin, expanded : float
        In SI units of the quantity of interest.
    reasons : tuple of str
        Sentences that carry the decision.
    content : mapping
        Plain data, canonical when written.
    """

    id: str
    state: State
    value: float
    limit: float
    margin: float
    expanded: float
    reasons: tuple[str, ...]
    content: Mapping[str, Any]

    @property
    def passes(self) -> bool:
        """Whether the requirement is met with its guard band, every needed criterion evidenced."""
        return self.state is State.PASS

    def json(self) -> str:
        """Canonical JSON: sorted keys, UTF-8, no NaN."""
        return canonical(self.content)

    def __str__(self) -> str:
        spread = f"margin {self.margin:.3g} +- {self.expanded:.2g} (k U)"
        return f"{self.state.value}  {self.id}: {spread}. {' '.join(self.reasons)}"


def canonical(content: Any) -> str:
    """Text that is the same for the same content on every machine."""
    try:
        return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as cause:
        raise ModelError(
            "the verdict holds a number that is not finite. Every number in it can be checked. "
            "Look for NaN in the data that it was made from."
        ) from cause
