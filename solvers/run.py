"""One march of `Heat` through all stages: steps, layings, controllers, checkpoints, and what a stop leaves."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..models import (
    Cancelled,
    Checkpoint,
    Crossing,
    History,
    Observation,
    Process,
    SolveError,
    Stage,
    digest,
    quantities,
)
from ..models.history import Keep
from .births import Births, carried
from .control import Control
from .coupled import Coupled
from .crossing import crossed, weighed, when
from .discrete import Discrete, Flow, prepared
from .linear import Linear, chosen
from .march import NoConvergence, Step, Trail, Twins, advance, beside, hits
from .record import Mark, Record
from .sources import after, longest
from .watch import Watch

if TYPE_CHECKING:
    from .heat import Heat

Array = NDArray[np.float64]
Save = Callable[[Checkpoint], None]
Every = float | Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What a run had at its last accepted step: enough for a history, should it end there."""

    T: Array
    t: float
    H0: Array
    model: Discrete
    mark: Mark


class Run:
    """One march through all stages."""

    def __init__(self, solver: "Heat", process: Process, *, observe: tuple[Observation, ...] = (),
                 keep: Keep | None = None, every: Every | None = None, free: tuple[str, ...] = (),
                 save: Save | None = None, saves: int = 100,
                 stop: Callable[[], bool] | None = None) -> None:  # fmt: skip
        self.began = time.perf_counter()
        self.solver, self.process, self.free, self.observe = solver, process, free, observe
        whole = prepared(process, cells=solver.cells, ratio=solver.ratio, along=solver.along, grading=solver.grading,
                         shift=solver.shift)  # fmt: skip
        self.births, self.born = Births(process, whole), 0
        self.shape = self.births.geometry(0)
        known = quantities(process) if free else {}
        sizes = quantities([body.part for body in process.bodies]) if free else {}
        for name in free:
            if name in sizes:
                raise SolveError(
                    f"'{name}' is a size of a part ({sizes[name]}), and the grid of a heat run stands still while "
                    "slopes are taken. Slopes go by what leaves the shape alone. Leave it out of free, and run the "
                    "sizes at both ends of its tolerance."
                )
        self.moved = {name: beside(process, name, known) for name in free}
        self.model: Discrete
        self.linear: Linear
        self.watch: Watch
        self.twins: list[Twins]
        self.stand(process.stages[0])
        self.record = Record(process, self.shape, self.watch, whole=whole, keep=keep, every=every)
        self.trails: list[Trail] = []
        self.control = Control(self.model, self.beside())
        self.save, self.saves, self.taken = save, saves, 0
        self.stop = stop
        self.last: Kept | None = None
        self.H0, self.ends = np.empty(0), list[float]()
        self.tolerance = solver.tolerance / solver.pace**3
        self.close = min(1e-5, 1e-4 * self.tolerance)

    def history(self, checkpoint: Checkpoint | None = None) -> History:
        """March, and gather what was seen.

        Raises
        ------
        Cancelled
            When stopped, with the history up to the last accepted step.
        """
        try:
            T, t = self._march(checkpoint)
        except KeyboardInterrupt as cause:
            if self.last is None:
                raise
            raise self._cancelled(self.last) from cause
        self.record.frame(t, T)
        return self._gathered(self._kept(T, t), complete=True)

    def _march(self, checkpoint: Checkpoint | None) -> tuple[Array, float]:
        T, t, first, dt = self.model.start(), 0.0, 0, None
        self.H0 = self.shape.volume * self.model.storage(T)[1]
        if checkpoint is not None:
            T, t, first, dt = self._restore(checkpoint)
        for index in range(first, len(self.process.stages)):
            since = self.ends[-1] if self.ends else 0.0
            self.enter(index, since)
            if dt is None:
                if index == 0:
                    self.trails = [twin.start(t, T) for twin in self.twins]
                    self.record.frame(t, T)
                T, _ = self._laid(index, T, t, since)
                self.control.sample(t, partial(self._reading, T))
                now = after(self.process.stages[index], t, since)
                flow = self.model.flow(T, now)
                self._retrail(T, now)
                self._read(t, T, flow)
                self._hold(T, t)
            else:
                assert checkpoint is not None
                self.control.restore(checkpoint.arrays)
                flow = self.model.flow(T, after(self.process.stages[index], t, since))
                self._hold(T, t)
            T, t = self._stage(index, T, flow, t, since, dt)
            dt = None
            self.ends.append(t)
        return T, t

    def _gathered(self, kept: Kept, *, complete: bool) -> History:
        V = kept.model.shape.volume
        gained = float((V * kept.model.storage(kept.T)[1] - kept.H0).sum())
        ends = self.ends if complete else [*(end for end in self.ends if end <= kept.t), kept.t]
        return self.record.history(
            stage_ends=ends,
            gained=gained,
            solver=self.solver.digest,
            free=self.free,
            seconds=time.perf_counter() - self.began,
            complete=complete,
        )

    def _cancelled(self, last: Kept) -> Cancelled:
        self.record.back(last.mark)
        history = self._gathered(last, complete=False)
        return Cancelled(
            f"the run of '{self.process.name}' was stopped at t = {last.t:.6g} s, after {history.t.size - 1} steps and "
            f"{history.seconds:.1f} s. Its history up to there is whole, and marked as not complete. "
            "Run it again for the rest, or resume it from a checkpoint.",
            history,
        )

    def stand(self, stage: Stage) -> None:
        """Equations, solver and observations for the cells that are there now."""
        shape = self.shape
        self.model = Discrete(self.process, shape, stage)
        self.linear = self._solver()
        self.watch = Watch(self.process, shape, self.observe, self.births.whole)
        self.twins = [
            Twins(Discrete(above, shape, stage), Discrete(below, shape, stage), up, down)
            for above, below, up, down in self.moved.values()
        ]

    def _solver(self) -> Linear:
        inner = chosen(self.solver.linear, self.shape.pattern)
        return Coupled(inner) if any(stage.enclosures for stage in self.process.stages) else inner

    def beside(self) -> list[tuple[Discrete, Discrete, float, float]]:
        """The models above and below in each free parameter, and how far."""
        return [(twin.above, twin.below, twin.up, twin.down) for twin in self.twins]

    def enter(self, index: int, t: float) -> None:
        """Begin a stage at `t` s."""
        for model in (self.model, *(m for twin in self.twins for m in (twin.above, twin.below))):
            model.enter(model.process.stages[index], t)
        self.control.enter(index, t)

    def _laid(self, index: int, T: Array, t: float, since: float) -> tuple[Array, bool]:
        """Lay down what is due at `t`: the state on all cells that are there then, and whether there are more."""
        due = self.births.due(self.born, index, since, t)
        if due:
            before, self.born = self.shape, self.born + 1
            self.shape = after = self.births.geometry(self.born)
            self.stand(self.process.stages[index])
            for model in (self.model, *(m for twin in self.twins for m in (twin.above, twin.below))):
                model.enter(model.process.stages[index], since)
            self.control.moved(self.model, self.beside())
            fresh, laid = self.births.laid(self.born, after, self.process)
            T = np.where(fresh, laid, carried(T, before, after))
            brought = np.where(fresh, after.volume * self.model.storage(T)[1], 0.0)
            self.H0 = carried(self.H0, before, after) + brought
            self.record.moved(after, self.watch, float(brought.sum()))
            for twin, trail in zip(self.twins, self.trails, strict=True):
                up, down = (self.births.laid(self.born, after, one.process)[1] for one in (twin.above, twin.below))
                trail.T = np.where(fresh, (up - down) / (twin.up + twin.down), carried(trail.T, before, after))
                trail.H = np.where(fresh, twin.stored(T, trail.T), carried(trail.H, before, after))
        return T, due

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
            return self._fixed(index, self._frozen(index, since), T, flow, t, since)
        dt = self.first(end - since, flow) if dt is None else dt
        while t < end * (1 - 1e-12):
            stop = min(end, self.births.next(self.born, index, since))
            limit = min(self.solver.longest, self.control.wait(t), longest(stage, t, since))
            dt = min(dt, limit, stop - t)
            if stop - t - dt < 0.1 * dt and stop - t <= limit * (1 + 1e-12):
                dt = stop - t
            step, taken = self._attempt(T, flow, t, dt)
            if crossing is not None and crossed(self.watch, crossing, T, step):
                taken = when(self.watch, crossing, T, flow, step, taken, self.shape.volume)
                step = advance(self.model, self.linear, T, flow, t, taken, self.close)
                self._accept(T, flow, step, t, t + taken)
                self._refuse_unlaid(index, since, t + taken)
                return step.T, t + taken
            there = stop if abs(stop - t - taken) <= 1e-12 * stop else t + taken
            self._accept(T, flow, step, t, there)
            dt = taken * self._growth(step.error)
            t, T, flow = there, step.T, step.flow
            if t < end * (1 - 1e-12):
                T, flow, dt = self._between(index, T, flow, t, since, dt)
        if crossing is not None:
            raise SolveError(
                f"stage '{stage.name}': '{crossing.observation}' did not cross {crossing.value:g} K within "
                f"{crossing.at_most:g} s. The stage ends when it does. "
                "Allow more time with at_most, or check the value."
            )
        return T, t

    def _refuse_unlaid(self, index: int, since: float, t: float) -> None:
        left = self.births.next(self.born, index, since)
        if left < math.inf:
            raise SolveError(
                f"stage '{self.process.stages[index].name}' ended on its crossing at t = {t:.6g} s, before what is "
                f"laid down at {left:g} s. All of a stage's deposits come before its end. "
                "Move them to a stage before or after."
            )

    def _frozen(self, index: int, since: float) -> Array:
        """The frozen steps of a stage, as many times as many as asked for; what is laid down keeps its times."""
        assert self.solver.steps is not None
        old = np.asarray(self.solver.steps[index])
        ends = [0]
        for laying in self.births.layings:
            at = since + laying.at
            if laying.stage == index and at > old[0]:
                near = int(np.argmin(np.abs(old - at)))
                if abs(old[near] - at) > 1e-9 * max(abs(at), 1e-3):
                    raise SolveError(
                        f"something is laid down at t = {at:g} s, but the nearest frozen step ends at "
                        f"{old[near]:g} s. Frozen steps belong to one process. Freeze them from a run of this one."
                    )
                ends.append(near)
        ends.append(old.size - 1)
        pieces = [hits(tuple(old[a : b + 1]), self.solver.pace) for a, b in pairwise(ends)]
        return np.concatenate([*(piece[:-1] for piece in pieces[:-1]), pieces[-1]])

    def _fixed(self, index: int, times: Array, T: Array, flow: Flow, t: float, since: float) -> tuple[Array, float]:
        for a, b in pairwise(times[times >= t - 1e-12 * max(abs(t), 1.0)]):
            step = advance(self.model, self.linear, T, flow, float(a), float(b - a), self.close)
            self._accept(T, flow, step, float(a), float(b))
            T, flow = step.T, step.flow
            if b < times[-1]:
                T, flow, _ = self._between(index, T, flow, float(b), since, float(b - a))
        return T, float(times[-1])

    def _between(self, index: int, T: Array, flow: Flow, t: float, since: float,
                 dt: float) -> tuple[Array, Flow, float]:  # fmt: skip
        """What happens between two steps: something is laid down, controllers answer, a checkpoint is left.

        Returns the state, the flow, and the next step from here on.
        """
        stage = self.process.stages[index]
        now = after(stage, t, since)
        T, more = self._laid(index, T, t, since)
        if self.control.sample(t, partial(self._reading, T)) or now > t or more:
            flow = self.model.flow(T, now)
            self._retrail(T, now)
            self._read(t, T, flow)
            self._hold(T, t)
        if more:
            length = stage.until.at_most if isinstance(stage.until, Crossing) else stage.until
            dt = min(dt, self.first(since + length - t, flow))
        self.taken += 1
        if self.save is not None and self.taken % self.saves == 0:
            numbers = np.array([index, since, t, dt, self.taken, self.born])
            arrays = {"T": T, "H0": self.H0, "numbers": numbers, "ends": np.array(self.ends)}
            self.save(Checkpoint(process=digest(self.process), solver=self.solver.digest, names=self.watch.names, t=t,
                                 arrays=arrays | self.record.state() | self.control.state()))  # fmt: skip
            self.linear = self._solver()  # as new as in a run that goes on from here
            flow = self.model.flow(T, now)
        return T, flow, dt

    def _restore(self, checkpoint: Checkpoint) -> tuple[Array, float, int, float]:
        held = checkpoint.arrays
        index, _, t, dt, taken, born = held["numbers"]
        self.born, self.shape = int(born), self.births.geometry(int(born))
        self.stand(self.process.stages[int(index)])
        self.control.moved(self.model, self.beside())
        self.record.moved(self.shape, self.watch, 0.0)
        self.H0, self.taken = held["H0"].copy(), int(taken)
        self.record.restore(held)
        self.ends = [float(end) for end in held["ends"]]
        return held["T"].copy(), float(t), int(index), float(dt)

    def _retrail(self, T: Array, t: float) -> None:
        for twin, trail in zip(self.twins, self.trails, strict=True):
            trail.F = twin.flow(T, trail.T, t)

    def _reading(self, T: Array, name: str) -> tuple[float, Array]:
        """An observation and its derivatives by the free parameters, for a controller."""
        weights = weighed(self.watch, name, T, "a controller reads")
        reading = weights.read(T)
        if not math.isfinite(reading):
            raise SolveError(
                f"a controller reads '{name}', but its material is not there yet ({reading} K). A controller reads "
                "what is there from the start of its stage. Move the probe, or steer in a later stage."
            )
        return reading, np.array([weights.read(trail.T) for trail in self.trails])

    def first(self, length: float, flow: Flow) -> float:
        """A first step (s) for a stage of that length."""
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

    def _accept(self, T: Array, flow: Flow, step: Step, t: float, after: float) -> None:
        self.trails = [
            twin.advance(self.model, self.linear, trail, step, t, after - t)
            for twin, trail in zip(self.twins, self.trails, strict=True)
        ]
        self._read(after, step.T, step.flow)
        self.record.passed(T, flow, step, t, after)
        self._hold(step.T, after)
        if self.stop is not None and self.stop():
            raise KeyboardInterrupt

    def _hold(self, T: Array, t: float) -> None:
        """From here a stop goes back to this state; one assignment, so a Ctrl-C finds the old or the new one."""
        self.last = self._kept(T, t)

    def _kept(self, T: Array, t: float) -> Kept:
        return Kept(T=T, t=t, H0=self.H0, model=self.model, mark=self.record.mark())

    def _read(self, t: float, T: Array, flow: Flow) -> None:
        pairs = zip(self.twins, self.trails, strict=True)
        self.record.read(t, T, flow, [(trail.T, twin.rate(self.model, trail, T, flow)) for twin, trail in pairs])
