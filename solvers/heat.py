"""Transient heat conduction: the solver that the rest of the project is handed."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..models import (
    Checkpoint,
    Crossing,
    Forecast,
    History,
    ModelError,
    Observation,
    Process,
    Quantity,
    SolveError,
    digest,
    quantities,
    substitute,
)
from ..models.errors import did_you_mean
from ..models.history import Keep, hermite
from .control import Control
from .discrete import Discrete, Flow, Geometry, prepared
from .linear import KINDS, chosen
from .march import NoConvergence, Step, Trail, Twins, advance, hits
from .record import Record
from .sources import after, longest, passes
from .watch import Watch

Array = NDArray[np.float64]
Save = Callable[[Checkpoint], None]


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

    def __post_init__(self) -> None:
        if not self.cells >= 1 or not self.tolerance > 0:
            raise SolveError(
                f"cells = {self.cells}, tolerance = {self.tolerance} K: neither a grid nor a step. "
                "Cells are 1 or more, the tolerance is above 0 K. Try cells=4, tolerance=0.05."
            )
        if self.linear not in KINDS:
            raise SolveError(
                f"linear = '{self.linear}' is none of the {len(KINDS)} ways to solve the equations of a step. "
                f"{did_you_mean(self.linear, KINDS)} Leave it out, and the number of cells decides."
            )

    def __call__(self, process: Process, *, observe: tuple[Observation, ...] = (), keep: Keep | None = None,
                 every: float | None = None, save: Save | None = None, saves: int = 100) -> History:  # fmt: skip
        """Run a process.

        Parameters
        ----------
        observe : tuple of Probe or Extreme
            What the history records at every accepted step.
        keep : callable
            Receives a Frame at the start, every `every` s (every step if None), and at the end.
        save : callable
            Receives a Checkpoint after every `saves` steps, such as one that calls write_checkpoint; `resume` goes on
            from it. Saving restarts the linear solver: runs with the same `saves` agree to the last bit.

        Raises
        ------
        SolveError
            If a patch has no boundary condition, bodies touch without a contact, or a step does not converge.
        """
        return _Run(self, process, observe, keep, every, (), save, saves).history()

    def resume(self, checkpoint: Checkpoint, process: Process, *, observe: tuple[Observation, ...] = (),
               keep: Keep | None = None, every: float | None = None, save: Save | None = None,
               saves: int = 100) -> History:  # fmt: skip
        """Go on with a run that was broken off; to the last bit what it would have left, frames from here on.

        Raises
        ------
        ModelError
            If the checkpoint is of another process, solver or other observations.
        """
        names = tuple(one.name for one in observe)
        checkpoint.refuse_other(digest(process), self.digest, names)
        return _Run(self, process, observe, keep, every, (), save, saves).history(checkpoint)

    def tangent(self, process: Process, *, free: tuple[str, ...], observe: tuple[Observation, ...]) -> History:
        """The same run with derivatives of every observation by the named quantities, K per unit."""
        return _Run(self, process, observe, None, None, free).history()

    def forecast(self, process: Process) -> Forecast:
        """Cells, steps, seconds and bytes that a run of the process will about take."""
        return _Run(self, process, (), None, None, ()).forecast()

    def refined(self, ratio: float, *, space: bool = True, time: bool = True) -> "Heat":
        """`ratio` times the cells, and steps shorter by it (frozen ones divided, adapted ones by their tolerance)."""
        return replace(self, ratio=self.ratio * (ratio if space else 1.0), pace=self.pace * (ratio if time else 1.0))

    def frozen(self, history: History) -> "Heat":
        """The same solver on the steps of that run: results become smooth in the parameters."""
        return replace(self, steps=history.steps, pace=1.0)

    @property
    def digest(self) -> str:
        """Content hash of the settings."""
        return digest(self)


class _Run:
    """One march through all stages."""

    def __init__(self, solver: Heat, process: Process, observe: tuple[Observation, ...], keep: Keep | None,
                 every: float | None, free: tuple[str, ...], save: Save | None = None,
                 saves: int = 100) -> None:  # fmt: skip
        self.began = time.perf_counter()
        self.solver, self.process, self.free = solver, process, free
        self.shape = prepared(process, cells=solver.cells, ratio=solver.ratio, along=solver.along)
        self.model = Discrete(process, self.shape)
        self.linear = chosen(solver.linear, self.shape.pattern)
        self.watch = Watch(process, self.shape, observe)
        self.record = Record(process, self.shape, self.watch, keep=keep, every=every)
        known = quantities(process) if free else {}
        self.twins = [_twins(process, self.shape, name, known) for name in free]
        self.trails: list[Trail] = []
        self.control = Control(self.model, [(twin.above, twin.below, twin.up, twin.down) for twin in self.twins])
        self.save, self.saves, self.taken = save, saves, 0
        self.H0, self.ends = np.empty(0), list[float]()
        self.tolerance = solver.tolerance / solver.pace**3
        self.close = min(1e-5, 1e-4 * self.tolerance)

    def history(self, checkpoint: Checkpoint | None = None) -> History:
        """March, and gather what was seen."""
        V = self.shape.volume
        T, t, first, dt = self.model.start(), 0.0, 0, None
        self.H0 = V * self.model.storage(T)[1]
        if checkpoint is not None:
            T, t, first, dt = self._restore(checkpoint)
        for index in range(first, len(self.process.stages)):
            since = self.ends[-1] if self.ends else 0.0
            self._enter(index, since)
            if dt is None:
                if index == 0:
                    self.trails = [twin.start(t, T) for twin in self.twins]
                    self.record.frame(t, T)
                self.control.sample(t, partial(self._reading, T))
                now = after(self.process.stages[index], t, since)
                flow = self.model.flow(T, now)
                self._retrail(T, now)
                self._read(t, T, flow)
            else:
                assert checkpoint is not None
                self.control.restore(checkpoint.arrays)
                flow = self.model.flow(T, after(self.process.stages[index], t, since))
            T, t = self._stage(index, T, flow, t, since, dt)
            dt = None
            self.ends.append(t)
        self.record.frame(t, T)
        stored = float((V * self.model.storage(T)[1] - self.H0).sum())
        return self.record.history(
            stage_ends=self.ends,
            stored=stored,
            solver=self.solver.digest,
            free=self.free,
            seconds=time.perf_counter() - self.began,
        )

    def forecast(self) -> Forecast:
        """Take one step, and multiply."""
        T = self.model.start()
        self._enter(0, 0.0)
        flow = self.model.flow(T, 0.0)
        stage = self.process.stages[0]
        length = stage.until.at_most if isinstance(stage.until, Crossing) else stage.until
        advance(self.model, self.linear, T, flow, 0.0, self._first(length, flow), self.close)
        began = time.perf_counter()
        advance(self.model, self.linear, T, flow, 0.0, self._first(length, flow), self.close)
        taken = time.perf_counter() - began
        frozen = sum(len(steps) - 1 for steps in self.solver.steps or ()) * self.solver.pace
        adapted = len(self.process.stages) * max(10.0, 20.0 * self.tolerance ** (-1.0 / 3.0))
        steps = round(frozen or max(adapted, sum(passes(stage) for stage in self.process.stages)))
        return Forecast(cells=self.shape.cut.cells, steps=steps, seconds=taken * steps,
                        bytes=self.linear.bytes + 8.0 * 60.0 * T.size)  # fmt: skip

    def _enter(self, index: int, t: float) -> None:
        for model in (self.model, *(m for twin in self.twins for m in (twin.above, twin.below))):
            model.enter(model.process.stages[index], t)
        self.control.enter(index, t)

    def _stage(self, index: int, T: Array, flow: Flow, t: float, since: float, dt: float | None) -> tuple[Array, float]:
        """Step from `t` to the end of a stage that began at `since`; returns the state and the time there."""
        stage = self.process.stages[index]
        crossing = stage.until if isinstance(stage.until, Crossing) else None
        end = since + (stage.until.at_most if isinstance(stage.until, Crossing) else stage.until)
        if self.solver.steps is not None:
            if len(self.solver.steps) != len(self.process.stages):
                raise SolveError(
                    f"{len(self.solver.steps)} stages were frozen, but this process has {len(self.process.stages)}. "
                    "Frozen steps belong to one process. Freeze them from a run of this one."
                )
            return self._fixed(index, hits(self.solver.steps[index], self.solver.pace), T, flow, t, since)
        dt = self._first(end - since, flow) if dt is None else dt
        while t < end * (1 - 1e-12):
            limit = min(self.solver.longest, self.control.wait(t), longest(stage, t, since))
            dt = min(dt, limit, end - t)
            if end - t - dt < 0.1 * dt and end - t <= limit * (1 + 1e-12):
                dt = end - t
            step, taken = self._attempt(T, flow, t, dt)
            if crossing is not None and self._crossed(crossing, T, step):
                taken = self._when(crossing, T, flow, step, taken)
                step = advance(self.model, self.linear, T, flow, t, taken, self.close)
                self._accept(T, flow, step, t, t + taken)
                return step.T, t + taken
            there = end if abs(end - t - taken) <= 1e-12 * end else t + taken
            self._accept(T, flow, step, t, there)
            dt = taken * self._growth(step.error)
            t, T = there, step.T
            flow = self._between(index, T, step.flow, t, since, dt) if t < end * (1 - 1e-12) else step.flow
        if crossing is not None:
            raise SolveError(
                f"stage '{stage.name}': '{crossing.observation}' did not cross {crossing.value:g} K within "
                f"{crossing.at_most:g} s. The stage ends when it does. "
                "Allow more time with at_most, or check the value."
            )
        return T, t

    def _fixed(self, index: int, times: Array, T: Array, flow: Flow, t: float, since: float) -> tuple[Array, float]:
        for a, b in pairwise(times[times >= t - 1e-12 * max(abs(t), 1.0)]):
            step = advance(self.model, self.linear, T, flow, float(a), float(b - a), self.close)
            self._accept(T, flow, step, float(a), float(b))
            T, flow = step.T, step.flow
            if b < times[-1]:
                flow = self._between(index, T, flow, float(b), since, float(b - a))
        return T, float(times[-1])

    def _between(self, index: int, T: Array, flow: Flow, t: float, since: float, dt: float) -> Flow:
        """What happens between two steps: controllers answer, and a checkpoint is left; the flow from here on."""
        now = after(self.process.stages[index], t, since)
        if self.control.sample(t, partial(self._reading, T)) or now > t:
            flow = self.model.flow(T, now)
            self._retrail(T, now)
            self._read(t, T, flow)
        self.taken += 1
        if self.save is not None and self.taken % self.saves == 0:
            numbers = np.array([index, since, t, dt, self.taken])
            arrays = {"T": T, "H0": self.H0, "numbers": numbers, "ends": np.array(self.ends)}
            self.save(Checkpoint(process=digest(self.process), solver=self.solver.digest, names=self.watch.names, t=t,
                                 arrays=arrays | self.record.state() | self.control.state()))  # fmt: skip
            self.linear = chosen(self.solver.linear, self.shape.pattern)  # as new as in a run that goes on from here
            flow = self.model.flow(T, now)
        return flow

    def _restore(self, checkpoint: Checkpoint) -> tuple[Array, float, int, float]:
        held = checkpoint.arrays
        index, _, t, dt, taken = held["numbers"]
        self.H0, self.taken = held["H0"].copy(), int(taken)
        self.record.restore(held)
        self.ends = [float(end) for end in held["ends"]]
        return held["T"].copy(), float(t), int(index), float(dt)

    def _retrail(self, T: Array, t: float) -> None:
        for twin, trail in zip(self.twins, self.trails, strict=True):
            trail.F = twin.flow(T, trail.T, t)

    def _reading(self, T: Array, name: str) -> tuple[float, Array]:
        """An observation and its derivatives by the free parameters, for a controller."""
        self._seen(name, T, "a controller reads")
        weights = self.watch.weights(T)[self.watch.names.index(name)]
        return weights.read(T), np.array([weights.read(trail.T) for trail in self.trails])

    def _first(self, length: float, flow: Flow) -> float:
        fastest = float(np.abs(flow.heat / (self.shape.volume * flow.c)).max())
        return min(length, 1e-2 * length, 20.0 * self.tolerance / fastest if fastest > 0 else length)

    def _attempt(self, T: Array, flow: Flow, t: float, dt: float) -> tuple[Step, float]:
        """A step within tolerance and its length, the first that gives one."""
        for _ in range(30):
            try:
                step = advance(self.model, self.linear, T, flow, t, dt, self.close)
            except NoConvergence:
                dt *= 0.25
                continue
            if step.error <= self.tolerance:
                return step, dt
            dt *= max(0.2, 0.9 * (self.tolerance / step.error) ** (1.0 / 3.0))
        raise SolveError(
            f"no step from t = {t:.6g} s is accurate to {self.tolerance:g} K, down to dt = {dt:.2g} s. "
            "A smooth process has one. Look for a jump in a driving signal, or raise the tolerance."
        )

    def _growth(self, error: float) -> float:
        return min(3.0, 0.9 * (self.tolerance / max(error, 1e-12)) ** (1.0 / 3.0))

    def _crossed(self, crossing: Crossing, T: Array, step: Step) -> bool:
        a, b = (self._seen(crossing.observation, field) - crossing.value for field in (T, step.T))
        return a < 0.0 <= b if crossing.rising else a > 0.0 >= b

    def _when(self, crossing: Crossing, T: Array, flow: Flow, step: Step, dt: float) -> float:
        """How far into the step the crossing lies, by bisection of the step's cubic."""
        y = np.array([self._seen(crossing.observation, field) for field in (T, step.T)])
        weights = self.watch.weights(step.T)[self.watch.names.index(crossing.observation)]
        V = self.shape.volume
        slope = np.array([weights.read(f.heat / (V * f.c)) for f in (flow, step.flow)])
        low, high = 0.0, dt
        for _ in range(60):
            middle = 0.5 * (low + high)
            above = float(hermite(np.array([0.0, dt]), y, slope, np.array([middle]))[0]) >= crossing.value
            low, high = (low, middle) if above == crossing.rising else (middle, high)
        return max(high, 1e-9 * dt)

    def _seen(self, name: str, T: Array, whose: str = "a stage ends on") -> float:
        if name not in self.watch.names:
            raise ModelError(
                f"{whose} '{name}', which is not observed. {did_you_mean(name, self.watch.names)} "
                "Ask for it with observe=(...)."
            )
        return self.watch.weights(T)[self.watch.names.index(name)].read(T)

    def _accept(self, T: Array, flow: Flow, step: Step, t: float, after: float) -> None:
        self.trails = [
            twin.advance(self.model, self.linear, trail, step, t, after - t)
            for twin, trail in zip(self.twins, self.trails, strict=True)
        ]
        self._read(after, step.T, step.flow)
        self.record.passed(T, flow, step, t, after)

    def _read(self, t: float, T: Array, flow: Flow) -> None:
        pairs = zip(self.twins, self.trails, strict=True)
        self.record.read(t, T, flow, [(trail.T, twin.rate(self.model, trail, T, flow)) for twin, trail in pairs])


def _twins(process: Process, shape: Geometry, name: str, known: Mapping[str, Quantity]) -> Twins:
    """The process a little above and a little below a named quantity."""
    if name not in known:
        raise ModelError(f"parameter '{name}' is not in this process. {did_you_mean(name, known)} Correct the name.")
    q = known[name]
    reach = 1e-5 * (abs(q.value) or q.std or 1.0)
    low, high = q.valid or (-math.inf, math.inf)
    up, down = min(reach, high - q.value), min(reach, q.value - low)
    above, below = (Discrete(substitute(process, {name: q.value + step}), shape) for step in (up, -down))
    return Twins(above, below, up, down)
