"""What a published problem is: its answer, how it is reached, and how near is near enough at which resolution."""

from collections.abc import Callable
from dataclasses import dataclass


class Absent(Exception):
    """What a problem needs is not on this machine; the text says what and where to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What one run came to.

    Attributes
    ----------
    answer, reached : float
        In the problem's unit; where many values are compared, those of the worst.
    cells, steps : int
        Solid cells and accepted time steps of the run, of the finest of several.
    note : str
        What else the run found and must not hide, such as a quantity that the model cannot reach.
    """

    answer: float
    reached: float
    cells: int
    steps: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """One of the resolutions that a problem is run at.

    Attributes
    ----------
    cells : int
        Handed to the problem: cells through its thickness or radius, or of the coarsest run of an order test.
    tolerance : float
        Largest error that passes, in the problem's unit, or relative.
    """

    cells: int
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem with a published or exact answer.

    Attributes
    ----------
    id, problem, source : str
        Short name, one sentence that states it, and where its answer comes from.
    unit : str
        Of answer and reached value.
    at : tuple of Resolution
        Two or more.
    reach : function of cells
        Solves it and returns Reached.
    relative : bool
        Whether the error is divided by the answer.
    long : bool
        Whether it is left out of the default set.
    """

    id: str
    problem: str
    source: str
    unit: str
    at: tuple[Resolution, ...]
    reach: Callable[[int], Reached]
    relative: bool = False
    long: bool = False
