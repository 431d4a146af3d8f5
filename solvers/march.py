"""One step of TR-BDF2 in enthalpy, its error estimate, and its exact derivative by parameters.

A trapezoid to t + g dt and a second-order backward difference to t + dt, both with the same matrix:

    V H2 = V H1 + d dt (F1 + F2)               g = 2 - sqrt 2, d = g / 2
    V H3 = V H1 + w dt (F1 + F2) + d dt F3     w = sqrt 2 / 4

One-step, second order, L-stable, and conservative: the heat stored is the heat that flowed. The embedded third-order
weights give the error, filtered by the step's own matrix (Hosea and Shampine 1996, Appl. Numer. Math. 20, 21-37).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import ModelError, Process, Quantity, SolveError, substitute
from ..models.errors import did_you_mean
from .discrete import Discrete, Flow
from .linear import Linear

Array = NDArray[np.float64]

GAMMA = 2.0 - math.sqrt(2.0)
D = GAMMA / 2.0
W = math.sqrt(2.0) / 4.0
ERROR = ((1.0 - W) / 3.0 - W, (3.0 * W + 1.0) / 3.0 - W, D / 3.0 - D)
NEWTON_LIMIT = 12
FIRST, LAST = 1e-7, 1e-10  # of what a stage begins with, left by its first correction and by the others
ROUGH = 1e-5  # of the defect, left where only its size counts


@dataclass(slots=True, eq=False)
class Step:
    """What one step found: the state at its end, its middle stage, its error, and how the iteration ended."""

    T: Array
    flow: Flow
    middle: Array
    middle_flow: Flow
    error: float
    iterations: int
    left: float


class NoConvergence(SolveError):
    """Newton did not converge: the step is tried again, shorter."""


def advance(model: Discrete, linear: Linear, T1: Array, F1: Flow, t: float, dt: float, close: float) -> Step:
    """One step from `T1` (n,) K at `t` to `t + dt` s; Newton stops below `close` K."""
    V = model.shape.volume
    rate = F1.heat / (V * F1.c)
    base = V * F1.h + D * dt * F1.heat
    guess = model.ahead(T1, F1.c, F1.h, GAMMA * dt * rate)
    T2, F2, n2, left2 = _newton(model, linear, guess, base, t + GAMMA * dt, D * dt, close)
    base = V * F1.h + W * dt * (F1.heat + F2.heat)
    guess = model.beyond(T1, F1.h, T2, F2.h, 1.0 / GAMMA)
    T3, F3, n3, left3 = _newton(model, linear, guess, base, t + dt, D * dt, close)
    defect = dt * (ERROR[0] * F1.heat + ERROR[1] * F2.heat + ERROR[2] * F3.heat)
    error = linear.solve(model.system(F3, D * dt), defect, ROUGH * _size(defect)) / F3.k
    return Step(T3, F3, T2, F2, float(np.abs(error).max()), n2 + n3, left2 + left3)


def _newton(
    model: Discrete, linear: Linear, T: Array, base: Array, t: float, scale: float, close: float
) -> tuple[Array, Flow, int, float]:
    """Solve V H(T) - scale F(T, t) = base; the size of the last change bounds what is left."""
    V = model.shape.volume
    T = np.maximum(T, 1.0)
    before, begun = math.inf, 0.0
    for n in range(1, NEWTON_LIMIT + 1):
        flow = model.flow(T, t)
        residual = base - V * flow.h + scale * flow.heat
        begun = begun or _size(residual)
        change = linear.solve(model.system(flow, scale), residual, (LAST if n > 1 else FIRST) * begun) / flow.k
        size = model.effort(flow.c, change)
        if not math.isfinite(size):
            break
        if size <= close:
            T = model.ahead(T, flow.c, flow.h, change)
            return T, model.flow(T, t), n, min(size * size / before, size) if before < math.inf else size
        if n > 4 and size > 2.0 * before:
            break
        T = model.ahead(T, flow.c, flow.h, change)
        before = size
    raise NoConvergence(
        f"the temperatures of a step at t = {t:.6g} s did not settle in {NEWTON_LIMIT} iterations. "
        "A shorter step does. Lower the tolerance, or look for a property with a sharp peak."
    )


def _size(b: Array) -> float:
    """|b|, to the same bit whatever threads there are."""
    return math.sqrt(float(np.einsum("i,i", b, b)))


@dataclass(slots=True, eq=False)
class Trail:
    """Derivatives of the state by one parameter: temperature, enthalpy and flow at the last accepted time."""

    T: Array
    H: Array
    F: Array


class Twins:
    """The model at a parameter a little above and a little below: every derivative is a central difference.

    The difference is taken of the equations, never of a run, so it carries rounding only: about 1e-9 of the result.
    """

    def __init__(self, above: Discrete, below: Discrete, up: float, down: float) -> None:
        self.above, self.below, self.up, self.down = above, below, up, down
        self._stores = not above.stores_like(below)

    def start(self, t: float, T: Array) -> Trail:
        """At the beginning of the process."""
        dT = (self.above.start() - self.below.start()) / (self.up + self.down)
        dH = self._storage(T, dT)[1]
        return Trail(dT, dH, self.flow(T, dT, t))

    def flow(self, T: Array, dT: Array, t: float) -> Array:
        """D F / d parameter along `dT`, W per unit."""
        above = self.above.flow(T + self.up * dT, t).heat
        below = self.below.flow(T - self.down * dT, t).heat
        return (above - below) / (self.up + self.down)

    def stored(self, T: Array, dT: Array) -> Array:
        """D H / d parameter along `dT`, J/m3 per unit."""
        return self._storage(T, dT)[1]

    def _storage(self, T: Array, dT: Array) -> tuple[Array, Array]:
        above = self.above.storage(T + self.up * dT)
        below = self.below.storage(T - self.down * dT)
        return (above[0] - below[0]) / (self.up + self.down), (above[1] - below[1]) / (self.up + self.down)

    def advance(self, model: Discrete, linear: Linear, trail: Trail, step: Step, t: float, dt: float) -> Trail:
        """Carry the derivatives over a step that was taken: two more solves with the step's matrices."""
        V = model.shape.volume
        still = np.zeros_like(trail.T)
        base = V * trail.H + D * dt * trail.F
        _, H2 = self._solve(model, linear, step.middle, step.middle_flow, base, t + GAMMA * dt, D * dt, still)
        F2 = (V * H2 - base) / (D * dt)
        base = V * trail.H + W * dt * (trail.F + F2)
        T3, H3 = self._solve(model, linear, step.T, step.flow, base, t + dt, D * dt, still)
        return Trail(T3, H3, (V * H3 - base) / (D * dt))

    def _solve(
        self, model: Discrete, linear: Linear, T: Array, flow: Flow, base: Array, t: float, scale: float, still: Array
    ) -> tuple[Array, Array]:
        V = model.shape.volume
        own_H = self._storage(T, still)[1] if self._stores else still
        own_F = self.flow(T, still, t)
        dT = linear.solve(model.system(flow, scale), base - V * own_H + scale * own_F) / flow.k
        return dT, own_H + flow.c * dT

    def rate(self, model: Discrete, trail: Trail, T: Array, flow: Flow) -> Array:
        """D (dT/dt) / d parameter."""
        V = model.shape.volume
        dc = self._storage(T, trail.T)[0]
        return (trail.F - flow.heat / flow.c * dc) / (V * flow.c)


def hits(steps: Sequence[float], ratio: float) -> Array:
    """The same sequence of times, `ratio` times as many steps, ends kept."""
    old = np.asarray(steps, dtype=float)
    n = max(round((old.size - 1) * ratio), 1)
    new = np.interp(np.linspace(0.0, old.size - 1.0, n + 1), np.arange(old.size), old)
    new[-1] = old[-1]
    return new


def beside(process: Process, name: str, known: Mapping[str, Quantity]) -> tuple[Process, Process, float, float]:
    """The process a little above and a little below a named quantity, and how far."""
    if name not in known:
        raise ModelError(f"parameter '{name}' is not in this process. {did_you_mean(name, known)} Correct the name.")
    q = known[name]
    reach = 1e-5 * (abs(q.value) or q.std or 1.0)
    low, high = q.valid or (-math.inf, math.inf)
    up, down = min(reach, high - q.value), min(reach, q.value - low)
    above, below = (substitute(process, {name: q.value + step}) for step in (up, -down))
    return above, below, up, down
