"""An unknown curve from thermocouples: a film coefficient or a heat flux over time, or over the wall's temperature."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import (
    Curve,
    ModelError,
    Observation,
    Parameter,
    Process,
    Property,
    Quantity,
    Signal,
    SolveError,
    Solver,
    Trial,
)
from ..models.errors import did_you_mean
from .forward import Forward, bases, forward, whiten, whitener
from .problem import Experiment, Problem, pose_rows
from .tikhonov import Regularised, roughness, tikhonov

Array = NDArray[np.float64]
Words = tuple[str, str]
OVER = ("time", "temperature")
NUDGE = 1e-3
COOLED = 10.0  # times at most is the strength lowered in one round
CLOSE = 2e-3  # of the largest value: a round that moves less is the last
SEEN = 0.1  # on the diagonal of the resolution: below, a knot is not seen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Knots:
    """A curve of straight lines between knots, whose heights are sought.

    Attributes
    ----------
    name, unit : str
        Such as "film" and "W/(m2.K)".
    at : (n,) s or K
    guess : (n,) or float
        Heights to begin with; above 0 over temperature.
    over : str
        "time", which makes a Signal, or "temperature" of the wall, which makes a Property.
    clock : str
        Of the signal.
    """

    name: str
    unit: str
    at: Array
    guess: Array | float = 0.0
    over: str = "time"
    clock: str = "process"

    def __post_init__(self) -> None:
        at = np.asarray(self.at, dtype=float)
        guess = np.array(np.broadcast_to(np.asarray(self.guess, dtype=float), at.shape))
        if at.ndim != 1 or at.size < 3 or not (np.diff(at) > 0.0).all():
            raise ModelError(
                f"{self.name}: {at.size} knots that do not all increase make no curve to be sought. Three or more that "
                "increase do. Sort them, or add some."
            )
        if self.over not in OVER:
            raise ModelError(
                f"over = '{self.over}' is not known. {did_you_mean(self.over, OVER)} Say over='time' or "
                "over='temperature'."
            )
        if self.over == "temperature" and not (guess > 0.0).all():
            raise ModelError(
                f"{self.name}: a guess of {guess.min():g} {self.unit} over temperature is not above 0. A property is "
                "positive. Begin with a typical height."
            )
        for name, array in (("at", at), ("guess", guess)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the heights."""
        unit = "s" if self.over == "time" else "K"
        return tuple(f"{self.name} at {x:.6g} {unit}" for x in self.at)

    def go(self, heights: Array) -> Array:
        """What is smoothed: the heights over time, their logarithms over temperature."""
        return np.log(heights) if self.over == "temperature" else heights

    def back(self, smoothed: Array) -> Array:
        """The heights of what is smoothed."""
        return np.asarray(np.exp(smoothed)) if self.over == "temperature" else smoothed

    def gauge(self, heights: Array) -> Array:
        """Derivative (n,) of the heights by what is smoothed."""
        return heights if self.over == "temperature" else np.ones(heights.size)

    def curve(self, heights: Array) -> Signal | Property:
        """The curve at these heights (n,), each a named quantity of a signal."""
        if self.over == "temperature":
            return Property(curve=Curve.table(self.at, heights), unit=self.unit, scale=Quantity(value=1.0),
                            source="sought", valid=(float(self.at[0]), float(self.at[-1])))  # fmt: skip
        hats = [Curve.table(self.at, row) for row in np.eye(self.at.size)]
        modes = tuple((Quantity(value=float(h), name=n), hat)
                      for n, h, hat in zip(self.names, heights, hats, strict=True))  # fmt: skip
        return Signal(curve=Curve.constant(0.0), unit=self.unit, modes=modes, clock=self.clock)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recovered:
    """The curve found, and how far to trust it.

    Attributes
    ----------
    knots : Knots
    values : (n,)
    smoothed : Regularised
        Strength and how it was chosen, resolution matrix, covariance by noise and by smoothing; of the logarithms of
        the heights over temperature.
    widths : (n,) s or K
        Over what length each height is an average: the area of its averaging kernel over its peak.
    rounds : int
        Linearisations until it stood still.
    process : Process
        With the curve put in.
    words : tuple of (English, Chinese)
    """

    knots: Knots
    values: Array
    smoothed: Regularised
    widths: Array
    rounds: int
    process: Process
    words: tuple[Words, ...]

    @property
    def noise_std(self) -> Array:
        """(n,) from the readings' errors."""
        return np.asarray(self.knots.gauge(self.values) * np.sqrt(np.diag(self.smoothed.noise)))

    @property
    def bias_std(self) -> Array:
        """(n,) from what smoothing takes away, for curves as rough as this one."""
        return np.asarray(self.knots.gauge(self.values) * np.sqrt(np.diag(self.smoothed.bias)))

    @property
    def std(self) -> Array:
        """(n,) of both."""
        return np.asarray(np.hypot(self.noise_std, self.bias_std))

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(n,) which knots the readings tell of; the others are what smoothness makes of their neighbours."""
        return np.asarray(np.diag(self.smoothed.resolution) * self._share() >= SEEN)

    def _share(self) -> Array:
        return np.maximum(self.widths / np.gradient(self.knots.at), 1.0)


def recover(build: Callable[[Signal | Property], Process], trial: Trial, *, knots: Knots, solver: Solver,
            observe: Mapping[str, Observation] | None = None, window: tuple[float, float] | None = None,
            noise: Mapping[str, float] | float | None = None, choose: str | float = "discrepancy", order: int = 1,
            rounds: int = 12) -> Recovered:  # fmt: skip
    """Find a curve that explains the readings as well as their noise allows, and is no rougher than that asks for.

    Parameters
    ----------
    build : function of Signal or Property to Process
        The recipe around the unknown curve.
    trial, observe, window, noise
        As in Experiment and calibrate; offsets, lags and places of the sensors count as correlated errors.
    knots : Knots
    solver : Solver
        Its tangents are used over time, differences between runs on frozen steps over temperature.
    choose, order
        As in `tikhonov` and `roughness`.
    rounds : int
        At most; a linear process needs two or three.

    Returns
    -------
    Recovered

    Raises
    ------
    SolveError
        If a run fails, or it does not stand still.

    References
    ----------
    Beck, Blackwell and St. Clair, Inverse Heat Conduction (1985), chs. 1 and 4 (whole-domain regularisation).
    """
    rough, heights, strength = roughness(knots.at, order), np.asarray(knots.guess, dtype=float), 0.0
    for turn in range(rounds):
        problem = _pose(build, trial, knots, heights, observe or {}, window, noise)
        found = _run(problem, build, knots, heights, solver)
        tool, gauge = whitener(found), knots.gauge(heights)
        rows, at = whiten(tool, found.jacobian * gauge), knots.go(heights)
        right = rows @ at - whiten(tool, found.residuals)
        best = tikhonov(rows, right, rough, choose=choose)
        if knots.over == "temperature":  # far away a straight line tells little: smooth less by and by
            before = strength or float(np.linalg.norm(rows) / np.linalg.norm(rough)) ** 2
            strength = max(best.strength, before / COOLED)
        hurried = strength > best.strength * 1.01
        step = (tikhonov(rows, right, rough, choose=strength) if hurried else best).values - at
        size = float(np.abs(step * gauge).max() / max(np.abs(heights).max(), 1e-300))
        if size < CLOSE and not hurried:
            return _recovered(build, knots, replace(best, values=at + step), turn + 1)
        heights = knots.back(at + (np.clip(step, -1.0, 1.0) if knots.over == "temperature" else step))
    raise SolveError(
        f"{knots.name} still moves by {size:.2g} of its size after {rounds} rounds. A curve that the readings tell of "
        "stands still. Begin nearer, use fewer knots, or give the strength: choose=..."
    )


def _pose(build: Callable[[Signal | Property], Process], trial: Trial, knots: Knots, heights: Array,
          observe: Mapping[str, Observation], window: tuple[float, float] | None,
          noise: Mapping[str, float] | float | None) -> Problem:  # fmt: skip
    run = Experiment(trial=trial, process=build(knots.curve(heights)), observe=observe, window=window)
    rows, gaps = pose_rows((run,), noise)
    parameters = tuple(Parameter(name=n, unit="1", lower=-np.inf, upper=np.inf) for n in knots.names)
    return Problem(experiments=(run,), parameters=parameters, guess=heights, rows=rows, gaps=gaps)


def _run(problem: Problem, build: Callable[[Signal | Property], Process], knots: Knots, heights: Array,
         solver: Solver) -> Forward:  # fmt: skip
    if knots.over == "time":
        return forward(problem, heights, solvers=(solver,))
    bare = replace(problem, parameters=(), guess=np.zeros(0))
    fixed = bases(bare, bare.guess, solver=solver)
    base = forward(bare, bare.guess, solvers=fixed)
    columns = []
    for i, height in enumerate(heights):
        moved = heights.copy()
        moved[i] += (step := NUDGE * abs(height))
        run = replace(problem.experiments[0], process=build(knots.curve(moved)))
        there = forward(replace(bare, experiments=(run,)), bare.guess, solvers=fixed)
        columns.append((there.residuals - base.residuals) / step)
    return replace(base, jacobian=np.stack(columns, axis=1))


def _recovered(
    build: Callable[[Signal | Property], Process], knots: Knots, found: Regularised, rounds: int
) -> Recovered:
    share = np.gradient(knots.at)
    kernels = found.resolution / share  # height per unit area of a spike at each knot
    widths = (np.abs(kernels) * share).sum(axis=1) / np.maximum(np.abs(kernels).max(axis=1), 1e-300)
    values = knots.back(found.values)
    whole = Recovered(knots=knots, values=values, smoothed=found, widths=widths, rounds=rounds,
                      process=build(knots.curve(values)), words=())  # fmt: skip
    return replace(whole, words=_words(whole))


def _words(found: Recovered) -> tuple[Words, ...]:
    knots, s = found.knots, found.smoothed
    unit, typical = ("s" if knots.over == "time" else "K"), float(np.median(found.widths))
    noise, bias = (float(np.sqrt(np.mean(one**2))) for one in (found.noise_std, found.bias_std))
    spread = f"{found.widths.min():.2g}", f"{found.widths.max():.2g}"
    words = [
        (f"{knots.name}: the readings tell {s.told:.1f} of {knots.at.size} heights; each is an average over about "
         f"{typical:.2g} {unit} ({spread[0]} to {spread[1]}).",
         f"{knots.name}：读数可确定 {knots.at.size} 个节点值中的 {s.told:.1f} 个；各节点值约为 {typical:.2g} {unit} "
         f"范围内的平均（{spread[0]} 至 {spread[1]}）。"),
        (f"{knots.name}: its standard uncertainty is {noise:.2g} {knots.unit} from noise and {bias:.2g} {knots.unit} "
         f"from smoothing (rms over the knots); strength {s.strength:.2g} by {_BY[s.principle][0]}.",
         f"{knots.name}：标准不确定度（各节点均方根）由噪声引起 {noise:.2g} {knots.unit}，由平滑引起 {bias:.2g} "
         f"{knots.unit}；正则化强度 {s.strength:.2g}（{_BY[s.principle][1]}）。"),
    ]  # fmt: skip
    if s.least > 1.2:
        words.append((f"{knots.name}: even without smoothing the readings are missed by {s.least:.2g} times their "
                      "stated uncertainty: what is wrong is not this curve, and the band does not cover it.",
                      f"{knots.name}：即使不作平滑，残差仍为声明不确定度的 {s.least:.2g} 倍："
                      "误差并非来自该曲线，不确定度带未包含此项。"))  # fmt: skip
    blind = [f"{x:.4g}" for x, there in zip(knots.at, found.seen, strict=True) if not there]
    if blind:
        words.append((f"{knots.name}: not seen at {', '.join(blind)} {unit}; there it follows its neighbours.",
                      f"{knots.name}：在 {'、'.join(blind)} {unit} 处读数不敏感，取值由相邻节点决定。"))  # fmt: skip
    return tuple(words)


_BY = {"discrepancy": ("the discrepancy principle", "偏差原理"), "L-curve": ("the L-curve", "L 曲线法"),
       "given": ("the caller", "给定")}  # fmt: skip
