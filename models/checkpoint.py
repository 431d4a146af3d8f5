"""Where a run stands: all that it needs to go on, to the last bit, after it was broken off."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError
from .readonly import read_only

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """A moment between two steps of a run.

    Attributes
    ----------
    process, solver : str
        Content hashes of what was run, and by what: nothing else can go on from here.
    names : tuple of str
        The observations of the run.
    t : float, s
    arrays : mapping of str to array
        Numbers of the march, by the names that the solver gave them.
    """

    process: str
    solver: str
    names: tuple[str, ...]
    t: float
    arrays: Mapping[str, Array]

    def __post_init__(self) -> None:
        held = {}
        for name, array in self.arrays.items():
            held[name] = np.array(array, dtype=np.float64)
            held[name].setflags(write=False)
        object.__setattr__(self, "arrays", read_only(held))

    def refuse_other(self, process: str, solver: str, names: tuple[str, ...]) -> None:
        """Refuse to go on with another process, solver or other observations."""
        pairs = (("process", self.process, process), ("solver", self.solver, solver))
        for what, mine, its in pairs:
            if mine != its:
                raise ModelError(
                    f"the checkpoint at t = {self.t:g} s is of another {what} ({mine[:12]}, not {its[:12]}). "
                    f"A run goes on with what it began. Give it the same {what}, or start anew."
                )
        if self.names != names:
            raise ModelError(
                f"the checkpoint at t = {self.t:g} s observes {', '.join(self.names) or 'nothing'}, and now "
                f"{', '.join(names) or 'nothing'} is asked for. A run goes on with what it began. Observe the same."
            )
