"""Transient heat conduction: the solver that the rest of the project is handed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..models import Checkpoint, Forecast, History, Observation, Process, SolveError, digest
from ..models.errors import did_you_mean
from ..models.history import Keep
from .forecast import forecast
from .linear import KINDS
from .run import Every, Run, Save
from .spacing import Grading


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Cell-centred finite volumes in enthalpy, TR-BDF2 in time.

    Attributes
    ----------
    cells : int
        Cells through the thinnest distance between two faces of the process.
    tolerance : float, K
        Error that one step may make; the step adapts to it.
    along : three ints or None
        Cells over the whole length of an axis, instead of what `cells` asks for.
    ratio, pace : float
        Refinement of the cells, and of frozen steps.
    steps : tuple of tuples of float, s, or None
        Times to step on, one tuple a stage; set by `frozen`.
    longest : float, s
        No step is longer.
    grading : tuple of Grading
        Planes at which cells are thin, to grow away from them. An axis that has one takes its widest cells from
        `along`, or from `cells` over its whole length.
    shift : three floats
        How far the grid is moved under curved or oblique walls, in cells, 0 to 1, along axes without a flat face: what
        changes with it is the error of the cuts.
    linear : str
        How the equations of a step are solved: "direct" by a factorisation, "multigrid" by conjugate gradients
        without a matrix, "auto" by what suits their number.

    Examples
    --------
    >>> from foretrial.models import Exchange, Material, Part, Probe
    >>> from foretrial.models.process import INSULATED, quench
    >>> block = Part.slab(0.02)
    >>> iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    >>> bath = quench(block, iron, start=1100.0, bath=300.0, film=500.0, until=60.0)
    >>> history = Heat(cells=8)(bath, observe=(Probe(name="core", place=(0.01, 0, 0)),))
    >>> round(float(history.values[-1, 0]))
    652
    """

    cells: int = 4
    tolerance: float = 0.05
    along: tuple[int | None, int | None, int | None] = (None, None, None)
    ratio: float = 1.0
    pace: float = 1.0
    steps: tuple[tuple[float, ...], ...] | None = None
    longest: float = math.inf
    linear: str = "auto"
    grading: tuple[Grading, ...] = ()
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not self.cells >= 1 or not self.tolerance > 0:
            raise SolveError(
                f"cells = {self.cells}, tolerance = {self.tolerance} K: neither a grid nor a step. "
                "Cells are 1 or more, the tolerance is above 0 K. Try cells=4, tolerance=0.05."
            )
        if not all(0.0 <= one < 1.0 for one in self.shift) or len(self.shift) != 3:
            raise SolveError(
                f"shift = {self.shift} cells moves the grid by less than 0 or by 1 or more. "
                "A whole cell changes nothing. Give three numbers from 0 up to, but not including, 1."
            )
        if self.linear not in KINDS:
            raise SolveError(
                f"linear = '{self.linear}' is none of the {len(KINDS)} ways to solve the equations of a step. "
                f"{did_you_mean(self.linear, KINDS)} Leave it out, and the number of cells decides."
            )

    def __call__(self, process: Process, *, observe: tuple[Observation, ...] = (), keep: Keep | None = None,
                 every: Every | None = None, save: Save | None = None, saves: int = 100,
                 stop: Callable[[], bool] | None = None) -> History:  # fmt: skip
        """Run a process.

        Parameters
        ----------
        observe : tuple of Probe or Extreme
            What the history records at every accepted step.
        keep : callable
            Receives a Frame at the start, every `every` s (every step if None; at those times, if they are several),
            and at the end.
        save : callable
            Receives a Checkpoint after every `saves` steps, such as one that calls write_checkpoint; `resume` goes on
            from it. Saving restarts the linear solver: runs with the same `saves` agree to the last bit.
        stop : callable
            Asked after every step; what it answers True to ends the run, as Ctrl-C does at any moment.

        Raises
        ------
        SolveError
            If a patch has no boundary condition, bodies touch without a contact, or a step does not converge.
        Cancelled
            If the run was stopped, with the history up to its last step.
        """
        return Run(self, process, observe=observe, keep=keep, every=every, save=save, saves=saves, stop=stop).history()

    def resume(self, checkpoint: Checkpoint, process: Process, *, observe: tuple[Observation, ...] = (),
               keep: Keep | None = None, every: Every | None = None, save: Save | None = None, saves: int = 100,
               stop: Callable[[], bool] | None = None) -> History:  # fmt: skip
        """Go on with a run that was broken off; to the last bit what it would have left, frames from here on.

        Raises
        ------
        ModelError
            If the checkpoint is of another process, solver or other observations.
        """
        names = tuple(one.name for one in observe)
        checkpoint.refuse_other(digest(process), self.digest, names)
        run = Run(self, process, observe=observe, keep=keep, every=every, save=save, saves=saves, stop=stop)
        return run.history(checkpoint)

    def tangent(self, process: Process, *, free: tuple[str, ...], observe: tuple[Observation, ...]) -> History:
        """The same run with derivatives of every observation by the named quantities, K per unit."""
        return Run(self, process, observe=observe, free=free).history()

    def forecast(self, process: Process) -> Forecast:
        """Cells, steps, seconds and bytes that a run of the process will about take."""
        return forecast(Run(self, process))

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Heat":
        """`ratio` times the cells, and steps shorter by it (frozen ones divided, adapted ones by their tolerance)."""
        return replace(self, ratio=self.ratio * (ratio if space else 1.0), pace=self.pace * (ratio if time else 1.0))

    def frozen(self, history: History) -> "Heat":
        """The same solver on the steps of that run: results become smooth in the parameters."""
        history.refuse_incomplete("steps are to be frozen")
        return replace(self, steps=history.steps, pace=1.0)

    @property
    def digest(self) -> str:
        """Content hash of the settings."""
        return digest(self)
