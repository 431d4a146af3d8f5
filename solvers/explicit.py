"""Explicit marching on uniform boxes: no system to solve, a step bound to the cells, several steps a sweep."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval
from numpy.typing import NDArray

from ..models import Crossing, Exchange, History, Observation, Periodic, Process, SolveError, Stage, digest
from ..models.history import Keep
from .control import controllers
from .discrete import Discrete, Flow, _tables, prepared
from .kernels.sweeps import BACK, FIRST, form, formed
from .kirchhoff import fitted
from .march import Step, hits
from .openings import Openings, entered
from .record import Record
from .sources import longest, made
from .sweep import Sweep, aligned
from .watch import Watch

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explicit:
    """Forward Euler on the cells of one box, for moving sources and as a measure of speed.

    First order in time, second in space. What marches is the temperature where properties are constant, the enthalpy
    where they vary or something melts: heat is kept to rounding. Several steps are taken in one sweep over memory (6
    with constant, 3 with varying properties); a sweep is one step of the history, and what its walls and sources depend
    on besides the cells' own temperature is taken in its middle. It has no tangent: `Heat` has.

    Attributes
    ----------
    cells : int
        Cells through the thinnest side of the box.
    dt : float, s, or None
        The longest step; left out, the longest that makes no new extreme.
    along : three ints or None
        Cells over the whole length of an axis, instead of what `cells` asks for.
    ratio, pace : float
        Refinement of the cells, and of the step.
    steps : tuple of tuples of float, s, or None
        Times to step on, one tuple a stage; set by `frozen`.

    Examples
    --------
    >>> from foretrial.models import Material, Part, Probe
    >>> from foretrial.models.process import quench
    >>> iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    >>> bath = quench(Part.slab(0.02), iron, start=1100.0, bath=300.0, film=500.0, until=60.0)
    >>> history = Explicit(cells=8)(bath, observe=(Probe(name="core", place=(0.01, 0, 0)),))
    >>> round(float(history.values[-1, 0]))
    652
    """

    cells: int = 8
    dt: float | None = None
    along: tuple[int | None, int | None, int | None] = (None, None, None)
    ratio: float = 1.0
    pace: float = 1.0
    steps: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        if not self.cells >= 1 or not (self.dt is None or 0 < self.dt < math.inf):
            raise SolveError(
                f"cells = {self.cells}, dt = {self.dt} s: neither a grid nor a step. "
                "Cells are 1 or more, the step is above 0 s. Try cells=8, and leave dt out."
            )

    def __call__(self, process: Process, *, observe: tuple[Observation, ...] = (), keep: Keep | None = None,
                 every: float | Sequence[float] | None = None) -> History:  # fmt: skip
        """Run a process.

        Parameters
        ----------
        observe : tuple of Probe or Extreme
            What the history records at every step.
        keep : callable
            Receives a Frame at the start, every `every` s (every step if None; at those times, if they are several),
            and at the end.

        Raises
        ------
        SolveError
            If `dt` is longer than the stable step, or the process is more than one solid box in timed stages.
        """
        return _Run(self, process, observe, keep, every).history()

    def tangent(self, process: Process, *, free: tuple[str, ...], observe: tuple[Observation, ...]) -> History:
        """Always refused: this solver has no derivatives."""
        seen = ", ".join(one.name for one in observe)
        raise SolveError(
            f"derivatives of {seen} by {len(free)} quantities of '{process.name}' are asked of the explicit march, "
            "which has none. Heat has tangents for every quantity. Calibrate with Heat."
        )

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Explicit":
        """`ratio` times the cells, and steps shorter by it."""
        return replace(self, ratio=self.ratio * (ratio if space else 1.0), pace=self.pace * (ratio if time else 1.0))

    def frozen(self, history: History) -> "Explicit":
        """The same solver on the steps of that run."""
        return replace(self, steps=history.steps, pace=1.0)

    @property
    def digest(self) -> str:
        """Content hash of the settings."""
        return digest(self)


class _Run:
    """One march through all stages."""

    def __init__(self, solver: Explicit, process: Process, observe: tuple[Observation, ...], keep: Keep | None,
                 every: float | Sequence[float] | None) -> None:  # fmt: skip
        self.began = time.perf_counter()
        _refuse(process)
        self.solver, self.process = solver, process
        self.shape = prepared(process, cells=solver.cells, ratio=solver.ratio, along=solver.along)
        [self.local] = self.shape.locals
        self.spacing = np.array([self.shape.cut.grid.widths(a)[0] for a in range(3)])
        uniform = all(np.ptp(self.shape.cut.grid.widths(a)) < 1e-6 * self.spacing[a] for a in range(3))
        if not self.local.solid.all() or not uniform:
            holes = int((~self.local.solid).sum())
            raise SolveError(
                f"'{self.local.body}' leaves {holes} cells of its grid empty, or spaces them unevenly. "
                "The explicit march fills one box evenly. Use Heat for this part."
            )
        self.k, self.c = _tables(process.bodies[0])
        self.table = fitted(self.k, self.c)
        self.constant = all(np.ptp(one[:, 1]) == 0.0 and not one[:, 2:6].any() for one in (self.k, self.c))
        self.aniso = np.asarray(process.bodies[0].material.anisotropy)
        self.rates = _steepest(self.table) * self.aniso / self.spacing**2
        shape = self.local.solid.shape
        self.sweep = Sweep((shape[0], shape[1], shape[2]), None if self.constant else self.table)
        self.T, self.new = aligned(shape), aligned(shape)
        self.T.ravel()[:] = Discrete(process, self.shape).start()
        self.field, self.out = self.T, self.new
        if not self.constant:
            self.field, self.out = aligned(shape), aligned(shape)
            self.field.ravel()[:] = Discrete(process, self.shape).storage(self.T.ravel())[1]
        self.volume = float(self.shape.volume[0])
        self.watch = Watch(process, self.shape, observe)
        self.record = Record(process, self.shape, self.watch, keep=keep, every=every)

    def history(self) -> History:
        """March, and gather what was seen."""
        before = self.field.copy()
        self.record.frame(0.0, self.T.ravel())
        t, ends, flow = 0.0, [], self._flow(0.0, 0.0, 1.0)
        for index, stage in enumerate(self.process.stages):
            openings, since = Openings(stage, self.local, self.k), t
            for a, b, steps in self._sweeps(stage, index, t):
                flow = self._advance(stage, openings, since, a, b - a, steps)
                now, new = self.T.ravel(), self.new.ravel()
                self.record.read(a, now, flow, [])
                self.record.passed(now, flow, Step(new, flow, new, flow, 0.0, 0, 0.0), a, b)
                self.T, self.new, self.field, self.out = self.new, self.T, self.out, self.field
                t = b
            ends.append(t)
        self.record.read(t, self.T.ravel(), flow, [])
        self.record.frame(t, self.T.ravel())
        scale = float(self.c[0, 1]) if self.constant else 1.0
        gained = self.volume * scale * float((self.field - before).sum())
        return self.record.history(stage_ends=ends, gained=gained, solver=self.solver.digest, free=(),
                                   seconds=time.perf_counter() - self.began)  # fmt: skip

    def _sweeps(self, stage: Stage, index: int, since: float) -> Iterator[tuple[float, float, int]]:
        """Begin, end and steps of every sweep of a stage; a step that is too long is refused."""
        assert not isinstance(stage.until, Crossing)
        stable, dt, pace = self._stable(stage), self.solver.dt, self.solver.pace
        if dt is not None and dt / pace > stable * (1.0 + 1e-9):
            raise SolveError(
                f"dt = {dt / pace:.3g} s is too long: this grid is stable up to {stable:.3g} s. "
                "Leave dt out, or use fewer cells."
            )
        step = (stable if dt is None else dt) / pace
        if self.solver.steps is not None:
            for a, b in pairwise(hits(self.solver.steps[index], pace)):
                yield float(a), float(b), max(math.ceil((b - a) / step - 1e-9), 1)
            return
        count, done = max(math.ceil(stage.until / step - 1e-9), 1), 0
        even = stage.until / count
        while done < count:
            a = since + done * even
            steps = int(min(self.sweep.at_once, count - done, max(longest(stage, a, since) // even, 1)))
            done += steps
            yield a, since + done * even, steps

    def _stable(self, stage: Stage) -> float:
        """The longest step that makes no new extreme: a wall conducts at most over half a cell."""
        total = 0.0
        for axis, rate in enumerate(self.rates):
            n = self.local.solid.shape[axis]
            total += rate * (2.0 if n > 1 else 0.0)
            names = self.local.block.walls.patches
            across = self.local.block.walls.patch[np.abs(self.local.block.walls.normal[:, axis]) > 0.5]
            met = [stage.walls.get(f"{self.local.body}.{names[p]}", stage.walls.get(names[p])) for p in set(across)]
            if any(not _idle(wall) for wall in met):
                total += rate * (1.0 if n > 1 else 4.0)
        return 1.0 / total if total > 0.0 else math.inf

    def _advance(self, stage: Stage, openings: Openings, since: float, t: float, dt: float, steps: int) -> Flow:
        """March `steps` steps of together `dt` s from field into out, and say what flowed."""
        middle, own, here = t + 0.5 * dt, dt / steps, self.T.reshape(-1)[openings.cell]
        k, c = (float(self.k[0, 1]), float(self.c[0, 1])) if self.constant else (1.0, 1.0)
        if self.constant:
            theta = self.k[0, 7] + k * (here - self.k[0, 0])
        else:
            theta = np.empty_like(here)
            form(theta, self.field.reshape(-1)[openings.cell], self.table, FIRST)
        openings.meet(here, theta, middle, since)
        share = own / (self.volume * c)
        openings.fill(self.sweep, share, k, here if self.constant else theta)
        inside = made(stage, self.local, middle, since, {})
        self.sweep.made = np.zeros((0, 0, 0)) if inside is None else inside * share
        number = own * k / c * self.aniso / self.spacing**2
        came, left, before, after = 0.0, steps, self.field, self.out
        while left > 0:
            now = min(left, self.sweep.at_once)
            self.sweep(before, after, number, now)
            came += entered(self.sweep, now)
            left -= now
            before, after = after, np.empty_like(after) if left > 0 else after
        if before is not self.out:
            self.out[:] = before
        if not self.constant:
            formed(self.new, self.out, self.table, BACK)
        return self._flow(came * self.volume * c / dt, 0.0 if inside is None else float(inside.sum()), dt)

    def _flow(self, entered: float, made: float, dt: float) -> Flow:
        """The mean of a sweep, per second."""
        none = np.empty(0)
        rate = ((self.new - self.T) / dt).reshape(-1)
        return Flow(rate * self.shape.volume, entered, made, none, np.ones(1), none, none, ())


def _steepest(table: Array) -> float:
    """The largest d theta / dH of a table, m2/s."""
    u, found = np.linspace(-1.0, 1.0, 65), 0.0
    for n, row in enumerate(table):
        at = u if 0 < n < len(table) - 1 else np.zeros(1)
        found = max(found, float((polyval(at, polyder(row[FIRST:BACK])) * row[2]).max()))
    return found * (1.0 + 1e-9)


def _idle(wall: object) -> bool:
    """Whether nothing at a wall depends on its temperature."""
    numbers = (getattr(wall, name, None) for name in ("film", "emissivity"))
    return isinstance(wall, Exchange) and all(getattr(one, "value", None) == 0.0 for one in numbers)


def _refuse(process: Process) -> None:
    """What the explicit march cannot do is said before it starts."""
    if len(process.bodies) > 1:
        raise SolveError(
            f"process '{process.name}' has {len(process.bodies)} bodies. The explicit march takes one box. Use Heat."
        )
    body = process.bodies[0]
    if body.part.metric != "cartesian" or body.part.shape.kind != "box":
        raise SolveError(
            f"'{body.name}' is 1 {body.part.shape.kind} in {body.part.metric} coordinates. "
            "The explicit march takes one cartesian box. Use Heat for other shapes."
        )
    for stage in process.stages:
        if isinstance(stage.until, Crossing):
            raise SolveError(
                f"stage '{stage.name}' ends at a crossing of {stage.until.value:g} K. "
                "The explicit march takes stages of a stated length. Give until in s, or use Heat."
            )
        around = [key for key, wall in stage.walls.items() if isinstance(wall, Periodic)]
        if around or stage.enclosures:
            raise SolveError(
                f"stage '{stage.name}' has {len(around)} periodic patches and {len(stage.enclosures)} enclosures. "
                "The explicit march takes walls that meet their own surroundings. Use Heat."
            )
        if stage.deposits:
            raise SolveError(
                f"stage '{stage.name}' lays down {len(stage.deposits)} deposits. "
                "The explicit march takes one box that is there all the time. Use Heat."
            )
        steered = controllers(stage)
        if steered:
            raise SolveError(
                f"stage '{stage.name}' has {len(steered)} controllers ({', '.join(steered)}). "
                "The explicit march reads no probe on its way. Give signals instead, or use Heat."
            )
