"""What a run leaves: what was asked for, at every accepted step, and what it costs to believe it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError, did_you_mean

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Temperature at a place (3,) m of a body."""

    name: str
    place: tuple[float, float, float]
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """A statistic of temperature over a named region of a body: "max", "min" or "mean"; walls and corners included."""

    name: str
    region: str = "all"
    statistic: str = "max"
    body: str = ""

    def __post_init__(self) -> None:
        if self.statistic not in ("max", "min", "mean"):
            raise ModelError(
                f"statistic '{self.statistic}' is not known. {did_you_mean(self.statistic, ('max', 'min', 'mean'))} "
                "Choose max, min or mean."
            )


Observation = Probe | Extreme


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One kept moment: temperatures (nx, ny, nz) K per body; NaN never, void cells are masked by `solid`.

    `ever` marks the cells that hold material at some time of the run, where some is laid down on its way. `skin` says
    where outer corners of cells beside a curved wall are drawn, per body: their flat index (n,) among the (nx + 1,
    ny + 1, nz + 1) corners, rising, and places (n, 3) m on the wall.
    """

    t: float
    T: Mapping[str, Array]
    solid: Mapping[str, NDArray[np.bool_]]
    edges: Mapping[str, tuple[Array, Array, Array]]
    metric: str = "cartesian"
    ever: Mapping[str, NDArray[np.bool_]] | None = None
    skin: Mapping[str, tuple[NDArray[np.int64], Array]] | None = None


Keep = Callable[[Frame], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Heat over the whole run, J: what came in through walls and sources, what is stored, and what is missing.

    `brought` is the enthalpy over 273.15 K of the material that was laid down; it is in `stored`. Its datum says
    nothing, so it counts to the scale by a millionth, for rounding.
    """

    entered: float
    made: float
    stored: float
    brought: float = 0.0

    @property
    def residual(self) -> float:
        """What is missing, over the larger of the heat that moved: 0 is perfect."""
        gained = self.stored - self.brought
        scale = max(abs(self.entered), abs(self.made), abs(gained), 1e-6 * abs(self.brought), 1e-300)
        return abs(self.entered + self.made - gained) / scale


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Probes at every accepted step.

    Attributes
    ----------
    t : (nt,) s
        Accepted steps, the start included.
    names : (np,) str
        The observations asked for.
    values, rates : (nt, np) K, K/s, or the unit of each observation
        Their values and slopes; slopes are those after the step. NaN before what they observe was laid down.
    free, tangents, tangent_rates : (nf,) str, (nf, nt, np)
        Derivatives by each parameter asked for (K per its unit), where a tangent run was made.
    stage_ends : (ns,) s
    balance : Balance
    iterations : int
        Newton iterations over all steps.
    cells : int
    iteration_error : float, K
        Bound on what the stopped iteration left in a temperature.
    iteration_errors : (np,) float or empty
        The same of each observation in its own unit, where they are of several.
    notes : tuple of str
        What was assumed on the way: properties used beyond their range, and the like.
    complete : bool
        False where the run was stopped before its end; no verdict stands on such a history.
    """

    t: Array
    names: tuple[str, ...]
    values: Array
    rates: Array
    stage_ends: tuple[float, ...]
    balance: Balance
    iterations: int
    cells: int
    iteration_error: float
    solver: str
    process: str
    seconds: float = 0.0
    free: tuple[str, ...] = ()
    tangents: Array | None = None
    tangent_rates: Array | None = None
    notes: tuple[str, ...] = ()
    complete: bool = True
    iteration_errors: tuple[float, ...] = ()

    def left(self, name: str) -> float:
        """Bound on what stopped iterations left in an observation, in its unit."""
        column = self.column(name)
        return self.iteration_errors[column] if self.iteration_errors else self.iteration_error

    @property
    def steps(self) -> tuple[tuple[float, ...], ...]:
        """Accepted times (s), one tuple a stage, both its ends included."""
        ends = [0, *(int(np.searchsorted(self.t, end, side="left")) for end in self.stage_ends)]
        return tuple(tuple(np.unique(self.t[a : b + 1]).tolist()) for a, b in pairwise(ends))

    def column(self, name: str) -> int:
        """Index of an observation."""
        if name not in self.names:
            raise ModelError(
                f"this history has no observation '{name}'. {did_you_mean(name, self.names)} "
                "Ask for it with observe=(...)."
            )
        return self.names.index(name)

    def at(self, name: str, times: Array) -> Array:
        """An observation (len(times),) K at `times` s, by the cubic through values and slopes."""
        col = self.column(name)
        at = np.asarray(times, dtype=float)
        return hermite(self.t, self.values[:, col], self.rates[:, col], self._once_there(col, at))

    def tangent_at(self, name: str, times: Array) -> Array:
        """(len(times), nf) K per unit: derivatives of an observation by each free parameter, at `times` s."""
        if self.tangents is None or self.tangent_rates is None:
            raise ModelError("this history holds no tangents. They are made on request. Call solver.tangent(...).")
        col = self.column(name)
        at = np.asarray(times, dtype=float)
        at = self._once_there(col, at)
        pairs = zip(self.tangents[:, :, col], self.tangent_rates[:, :, col], strict=True)
        return np.stack([hermite(self.t, tangent, rate, at) for tangent, rate in pairs], axis=1)

    def refuse_incomplete(self, what: str) -> None:
        """Refuse to use a run that was stopped before its end for `what`."""
        if not self.complete:
            raise ModelError(
                f"{what} from a run that was stopped at t = {self.t[-1]:g} s. It takes a run that came to its end. "
                "Run the process again."
            )

    def first(self, name: str) -> int:
        """Index of the first time at which what an observation sees is there; as many as there are, if it never is."""
        there = np.flatnonzero(np.isfinite(self.values[:, self.column(name)]))
        return int(there[0]) if there.size else self.t.size

    def _once_there(self, col: int, at: Array) -> Array:
        """`at` (n,) s where the observation has a temperature, times before are refused."""
        there = np.flatnonzero(np.isfinite(self.values[:, col]))
        born = float(self.t[there[0]]) if there.size else np.inf
        if at.size and at.min() < born - 1e-9 * max(abs(born), 1.0) and born > self.t[0]:
            when = f"it is laid down at {born:g} s" if there.size else "it is never laid down"
            raise ModelError(
                f"'{self.names[col]}' is asked for at t = {at.min():g} s, but its material is not there yet: {when}. "
                "What is not there has no temperature. Ask from then on."
            )
        return np.maximum(at, born) if there.size and born > self.t[0] else at


def hermite(t: Array, y: Array, slope: Array, at: Array) -> Array:
    """Cubic interpolation of (nt, ...) values and slopes at `at` (n,).

    Times outside `t` by more than rounding are refused.
    A repeated time marks a jump of the slope: the later entry starts the next interval.
    """
    slack = 1e-9 * max(abs(t[-1]), 1.0)
    if at.size and (at.min() < t[0] - slack or at.max() > t[-1] + slack):
        raise ModelError(
            f"a value at t = {at.min():g} to {at.max():g} s is asked for, but the run covers {t[0]:g} to {t[-1]:g} s. "
            "Ask inside the run. Make the stage longer, or cut the data."
        )
    k = np.clip(np.searchsorted(t, at, side="right") - 1, 0, t.size - 2)
    dt = t[k + 1] - t[k]
    s = np.clip(np.where(dt > 0, (at - t[k]) / np.where(dt > 0, dt, 1.0), 1.0), 0.0, 1.0)
    s, dt = (x.reshape(x.shape + (1,) * (y.ndim - 1)) for x in (s, dt))
    low, high = y[k], y[k + 1]
    a, b = slope[k] * dt - (high - low), (high - low) - slope[k + 1] * dt
    return np.asarray((1 - s) * low + s * high + s * (1 - s) * ((1 - s) * a + s * b))
