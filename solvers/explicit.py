"""Explicit marching on uniform boxes: no system to solve, a step bound to the cells, close to the memory's speed."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..models import Crossing, Exchange, History, Observation, Periodic, Process, SolveError, Stage, digest
from ..models.history import Keep
from .control import controllers
from .discrete import Discrete, Flow, _tables, prepared
from .kernels.conduct import exchange
from .kernels.explicit import ACROSS, step, vary
from .kernels.pieces import properties
from .march import Step, hits
from .record import Record
from .sources import made, shine
from .surroundings import surroundings
from .watch import Watch

Array = NDArray[np.float64]
LANES, LINE = 8, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Explicit:
    """Forward Euler on the cells of one box, for moving sources and as a measure of speed.

    First order in time, second in space. With constant properties heat is kept to rounding; with k(T), cp(T) to second
    order in the step, and the history's balance says how well. It has no tangent: `Heat` has.

    Attributes
    ----------
    cells : int
        Cells through the thinnest side of the box.
    dt : float, s, or None
        The step; left out, the longest that makes no new extreme.
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


def aligned(shape: tuple[int, ...]) -> Array:
    """An array of zeros that begins on a cache line, where rows are read and written fastest."""
    raw = np.zeros(8 * math.prod(shape) + LINE, dtype=np.uint8)
    first = -raw.ctypes.data % LINE
    return raw[first : first + 8 * math.prod(shape)].view(np.float64).reshape(shape)


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
        self.model = Discrete(process, self.shape)
        self.material = process.bodies[0].material
        self.k, self.c = _tables(process.bodies[0])
        span = [p.valid for p in (self.material.conductivity, self.material.heat_capacity)]
        T = np.linspace(min(s[0] for s in span), max(s[1] for s in span), 4001).reshape(-1, 1, 1)
        k, _, c, _ = self._properties(T)
        self.constant = bool(np.ptp(k) == 0.0 == np.ptp(c))
        self.capacity = float(c.max())
        self.aniso = np.asarray(self.material.anisotropy)
        self.rates = float(k.max()) / float(c.min()) * self.aniso / self.spacing**2
        shape = self.local.solid.shape
        self.T, self.out = aligned(shape), aligned(shape)
        self.T.ravel()[:] = self.model.start()
        self.work = aligned((LANES, 3 * (ACROSS + 2) + 3, shape[2]))
        self.watch = Watch(process, self.shape, observe)
        self.record = Record(process, self.shape, self.watch, keep=keep, every=every)

    def history(self) -> History:
        """March, and gather what was seen."""
        V = self.shape.volume
        before = self.model.storage(self.T.ravel())[1]
        self.record.frame(0.0, self.T.ravel())
        t, ends = 0.0, []
        for index, stage in enumerate(self.process.stages):
            met = surroundings(stage, self.local.block)
            times = self._times(stage, index, t)
            for a, b in pairwise(times):
                flow = self._advance(stage, met, t, float(a), float(b - a))
                now, new = self.T.ravel(), self.out.ravel()
                self.record.read(float(a), now, flow, [])
                self.record.passed(now, flow, Step(new, flow, new, flow, 0.0, 0, 0.0), float(a), float(b))
                self.T, self.out = self.out, self.T
            since, t = t, float(times[-1])
            ends.append(t)
            if index + 1 == len(self.process.stages):
                flow = self._advance(stage, met, since, t, float(times[-1] - times[-2]))
                self.record.read(t, self.T.ravel(), flow, [])
        self.record.frame(t, self.T.ravel())
        gained = float((V * (self.model.storage(self.T.ravel())[1] - before)).sum())
        return self.record.history(stage_ends=ends, gained=gained, solver=self.solver.digest, free=(),
                                   seconds=time.perf_counter() - self.began)  # fmt: skip

    def _times(self, stage: Stage, index: int, since: float) -> Array:
        """When to step in a stage; a step that is too long is refused."""
        assert not isinstance(stage.until, Crossing)
        longest = self._stable(stage)
        if self.solver.steps is not None:
            times = hits(self.solver.steps[index], self.solver.pace)
        else:
            dt = (longest if self.solver.dt is None else self.solver.dt) / self.solver.pace
            times = np.linspace(since, since + stage.until, max(math.ceil(stage.until / dt - 1e-9), 1) + 1)
        dt = float(np.diff(times).max()) if self.solver.dt is None else self.solver.dt / self.solver.pace
        if dt > longest * (1.0 + 1e-9):
            raise SolveError(
                f"dt = {dt:.3g} s is too long: this grid is stable up to {longest:.3g} s. "
                "Leave dt out, or use fewer cells."
            )
        return times

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

    def _advance(self, stage: Stage, met: object, since: float, t: float, dt: float) -> Flow:
        """One step of `dt` s from T into out, and what flowed."""
        number = dt * self.aniso / self.spacing**2
        if self.constant:
            k = float(self._properties(self.T[:1, :1, :1])[0][0, 0, 0])
            step(self.T, self.out, 0.0, number * k / self.capacity, np.zeros(3))
        else:
            vary(self.T, self.out, number, self.k, self.c, self.work)
        walls, new = self.local.block.walls, self.out.reshape(-1)
        here = np.ascontiguousarray(self.T.reshape(-1)[walls.cell])
        _, theta, c, _ = (one.ravel() for one in self._properties(here.reshape(-1, 1, 1)))
        failed = exchange(here, theta, np.arange(here.size), walls.area, self.local.gap,
                          shine(stage, self.local, t, since), met.low, met.high, met.weight, met.levels(t, since),
                          met.films, self.k, self.local.wall, self.local.heat, self.local.slope)  # fmt: skip
        if failed:
            raise SolveError(
                f"{failed} pieces of wall of '{self.local.body}' found no temperature at t = {t:g} s. "
                "A wall balances conduction, film and radiation. Look for a huge film, flux or ambient there."
            )
        np.add.at(new, walls.cell, dt * self.local.heat / (self.shape.volume[walls.cell] * c))
        inside, total = made(stage, self.local, t, since, {}), 0.0
        every = self.capacity if self.constant else self._properties(self.T)[2].ravel()
        if inside is not None:
            total = float(inside.sum())
            new += dt * inside.ravel() / (self.shape.volume * every)
        rate = (new - self.T.reshape(-1)) / dt
        none = np.empty(0)
        return Flow(rate * self.shape.volume, float(self.local.heat.sum()), total, none, np.ones(1), none, none, ())

    def _properties(self, T: Array) -> tuple[Array, Array, Array, Array]:
        k, theta, c, h = (np.empty_like(T) for _ in range(4))
        properties(np.ascontiguousarray(T), self.k, self.c, k, theta, c, h)
        return k, theta, c, h


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
    if getattr(body.material, "latent", None) is not None:
        raise SolveError(
            f"{body.material.name} melts with {body.material.latent.heat.value:g} J/kg. "
            "The explicit march takes materials without a heat of melting. Use Heat."
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
