"""Problems with published or exact answers: what `foretrial qualify` runs and the tests assert."""

from . import (
    balance,
    beck,
    manufactured,
    melting,
    moving,
    nile,
    plastic,
    round,
    sensitivity,
    statistics,
    steady,
    strd,
    track,
    transient,
)
from .problem import Absent, Problem, Reached, Resolution

_TABLE = (*steady.PROBLEMS, *transient.PROBLEMS, *melting.PROBLEMS, *moving.PROBLEMS, *track.PROBLEMS,
          *round.PROBLEMS, *manufactured.PROBLEMS, *balance.PROBLEMS, *sensitivity.PROBLEMS,
          *statistics.PROBLEMS, *strd.PROBLEMS, *nile.PROBLEMS,
          *beck.PROBLEMS, *plastic.PROBLEMS)  # fmt: skip
_ORDER = (
    "T2",
    "T3",
    "T4",
    "Heisler",
    "cylinder-cut",
    "sphere-cut",
    "cylinder-walls",
    "sphere-walls",
    "semi-infinite",
    "I.3",
    "I.5",
    "III.5",
    "Stefan",
    "Rathjen-Jiji",
    "rosenthal",
    "track",
    "Hill",
    "Hill-cut",
    "Hill-limit",
    "NL1",
    "order-space",
    "order-time",
    "balance",
    "Ishigami",
    "Sobol-G",
    "StRD",
    "Nile",
    "Beck",
    "Weibull",
    "capability",
)
PROBLEMS: dict[str, Problem] = {one.id: one for one in sorted(_TABLE, key=lambda one: _ORDER.index(one.id))}

__all__ = ["PROBLEMS", "Absent", "Problem", "Reached", "Resolution"]
