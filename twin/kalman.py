"""Follow a hidden state through readings: exact filter and smoother of a linear Gaussian state space."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models import ModelError, SolveError
from .search import Residuals, descend

Array = NDArray[np.float64]
TINY = 1e-9  # of its own scale: a diffuse variance below is none
LOG2PI = math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belief:
    """What is known of a state: mean (m,), covariance (m, m), and the part of it (m, m) that is boundless."""

    mean: Array
    covariance: Array
    diffuse: Array

    @property
    def settled(self) -> bool:
        """Whether nothing about it is boundless any more."""
        return not self.diffuse.any()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateSpace:
    """Readings y = see x + offset + noise of a state that moves by x' = move x + push + drift.

    Attributes
    ----------
    see : (p, m)
    noise : (p, p)
        Covariance of the readings' errors.
    move : (m, m)
    drift : (m, m)
        Covariance of what the state does by itself in one step.
    begin : Belief
        Before the first reading; `unknown(m)` says nothing at all.
    offset, push : (p,), (m,) or None
    """

    see: Array
    noise: Array
    move: Array
    drift: Array
    begin: Belief
    offset: Array | None = None
    push: Array | None = None

    def __post_init__(self) -> None:
        for name in ("see", "noise", "move", "drift"):
            object.__setattr__(self, name, np.atleast_2d(np.asarray(getattr(self, name), dtype=float)))
        p, m = self.see.shape
        shapes = {"noise": (p, p), "move": (m, m), "drift": (m, m)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ModelError(
                    f"{name} has shape {getattr(self, name).shape}, but {p} readings of {m} states need {shape}. "
                    f"see is (readings, states). Correct {name}, or see."
                )
        for name in ("noise", "drift"):
            least = float(np.linalg.eigvalsh(getattr(self, name)).min(initial=0.0))
            if least < -1e-9 * max(float(np.abs(getattr(self, name)).max(initial=0.0)), 1e-300):
                raise ModelError(
                    f"{name} has a variance of {least:g} along one direction. A covariance has none below 0. "
                    "Check its signs."
                )


def unknown(states: int) -> Belief:
    """A belief that says nothing about `states` states."""
    return Belief(mean=np.zeros(states), covariance=np.zeros((states, states)), diffuse=np.eye(states))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Step:
    """What one scalar reading did: its row, surprise, its variances and gains; `boundless` where F_inf was above 0."""

    row: Array
    surprise: float
    spread: float
    loose: float
    gain: Array
    loose_gain: Array
    boundless: bool

    @property
    def density(self) -> float:
        if self.boundless:
            return -0.5 * math.log(self.loose)
        return -0.5 * (LOG2PI + math.log(self.spread) + self.surprise**2 / self.spread)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filtered:
    """A filtered series.

    Attributes
    ----------
    before, after : tuple of Belief
        Of each time, before and after its readings.
    density : float
        Diffuse log likelihood: a reading that ends a boundless direction counts -log(F)/2, without its log(2 pi)/2.
    parts : (n,)
        What each time contributed to it.
    surprises : (n, p)
        Standardised innovations, one after another within a time; NaN in gaps and while the state is boundless.
    """

    model: StateSpace
    before: tuple[Belief, ...]
    after: tuple[Belief, ...]
    density: float
    parts: Array
    surprises: Array
    steps: tuple[tuple[_Step, ...], ...]


def update(belief: Belief, reading: ArrayLike, model: StateSpace) -> Belief:
    """The belief after a reading (p,); NaN in it are gaps."""
    return _update(belief, np.atleast_1d(np.asarray(reading, dtype=float)), model)[0]


def advance(belief: Belief, model: StateSpace) -> Belief:
    """The belief one step later."""
    T = model.move
    mean = T @ belief.mean if model.push is None else T @ belief.mean + model.push
    loose = belief.diffuse if belief.settled else T @ belief.diffuse @ T.T
    return Belief(mean=mean, covariance=T @ belief.covariance @ T.T + model.drift, diffuse=loose)


def kalman(model: StateSpace, readings: ArrayLike) -> Filtered:
    """Filter a series, with exact treatment of what is unknown at the start.

    Parameters
    ----------
    model : StateSpace
    readings : (n,) or (n, p)
        NaN are gaps.

    Returns
    -------
    Filtered

    Raises
    ------
    ModelError
        If the readings do not fit the model.

    References
    ----------
    Durbin and Koopman, Time Series Analysis by State Space Methods, 2nd ed. (2012), secs. 5.2, 6.4 and 7.2: readings
    one by one, decorrelated by the Cholesky factor of their noise.
    """
    y = np.asarray(readings, dtype=float)
    y = y[:, None] if y.ndim == 1 else y
    if y.ndim != 2 or y.shape[1] != model.see.shape[0] or not len(y):
        raise ModelError(
            f"readings of shape {y.shape} do not fit a model of {model.see.shape[0]} readings a time. One row is one "
            "time. Transpose them, or correct see."
        )
    belief, before, after, steps = model.begin, [], [], []
    surprises, parts = np.full(y.shape, np.nan), np.zeros(len(y))
    for i, row in enumerate(y):
        before.append(belief)
        belief, done, seen = _update(belief, row, model)
        after.append(belief)
        steps.append(done)
        parts[i] = sum(step.density for step in done)
        for k, step in zip(np.flatnonzero(seen), done, strict=True):
            surprises[i, k] = np.nan if step.boundless else step.surprise / math.sqrt(step.spread)
        belief = advance(belief, model)
    return Filtered(model=model, before=tuple(before), after=tuple(after), density=float(parts.sum()), parts=parts,
                    surprises=surprises, steps=tuple(steps))  # fmt: skip


def smooth(found: Filtered) -> tuple[Array, Array]:
    """Means (n, m) and covariances (n, m, m) of the state at every time, by all readings.

    References
    ----------
    Durbin and Koopman (2012), secs. 5.3 and 6.4; the terms of the expansion that vanish are left out.
    """
    n, m = len(found.before), found.before[0].mean.size
    means, covariances = np.empty((n, m)), np.empty((n, m, m))
    r0, r1 = np.zeros(m), np.zeros(m)
    N0, N1, N2 = (np.zeros((m, m)) for _ in range(3))
    T = found.model.move
    for i in range(n - 1, -1, -1):
        if i < n - 1:
            r0, r1 = T.T @ r0, T.T @ r1
            N0, N1, N2 = (T.T @ N @ T for N in (N0, N1, N2))
        for step in reversed(found.steps[i]):
            z = step.row
            if step.boundless:
                L = np.eye(m) - np.outer(step.loose_gain, z) / step.loose
                L0 = np.outer(step.loose_gain * step.spread / step.loose - step.gain, z) / step.loose
                r1 = z * step.surprise / step.loose + L.T @ r1 + L0.T @ r0
                r0 = L.T @ r0
                cross, square = L0.T @ N1 @ L, L0.T @ N0 @ L
                N2 = (-np.outer(z, z) * step.spread / step.loose**2 + L.T @ N2 @ L + cross + cross.T
                      + L0.T @ N0 @ L0)  # fmt: skip
                N1 = np.outer(z, z) / step.loose + L.T @ N1 @ L + square + square.T
                N0 = L.T @ N0 @ L
            else:
                L = np.eye(m) - np.outer(step.gain, z) / step.spread
                r0 = z * step.surprise / step.spread + L.T @ r0
                r1 = L.T @ r1
                N0 = np.outer(z, z) / step.spread + L.T @ N0 @ L
                N1, N2 = L.T @ N1 @ L, L.T @ N2 @ L
        own = found.before[i]
        P, D = own.covariance, own.diffuse
        means[i] = own.mean + P @ r0 + D @ r1
        mixed = D @ N1 @ P
        covariances[i] = P - P @ N0 @ P - mixed - mixed.T - D @ N2 @ D
    return means, covariances


def most_likely(model: Callable[[Array], StateSpace], readings: ArrayLike, *, begin: Sequence[float]) -> Array:
    """Positive parameters (k,), such as variances, of greatest diffuse likelihood.

    Parameters
    ----------
    model : function of (k,) to StateSpace
    readings : (n,) or (n, p)
    begin : sequence of k floats above 0

    Raises
    ------
    SolveError
        If the search does not settle.

    Notes
    -----
    Each time's share of -2 log L, raised by a constant, is the square of a residual, so that the descent which
    calibrates climbs it too; coordinates are logarithms.
    """
    start = np.asarray(begin, dtype=float)
    if not (start > 0.0).all():
        raise ModelError(
            f"a search begins at {start.tolist()}. Variances are above 0. Begin with the readings' own variance, say."
        )
    u = np.log(start)

    def parts(at: Array) -> Array:
        return -2.0 * kalman(model(np.exp(at)), readings).parts

    for _ in range(6):
        raised = 1.0 - float(parts(u).min())

        def residuals(at: Array, raised: float = raised) -> tuple[Array, Array]:
            r = np.sqrt(np.maximum(parts(at) + raised, 0.1))
            ends = [(parts(at + e) - parts(at - e)) / 2e-5 for e in 1e-5 * np.eye(at.size)]
            return r, np.stack(ends, axis=1) / (2.0 * r[:, None])

        found = descend(partial(_same, residuals), u, lower=u - 12.0, upper=u + 12.0, rounds=1, steps=400, close=1e-13)
        if found.failed or not np.isfinite(found.end).all():
            raise SolveError(f"the likelihood has no top near {start.tolist()}: {found.outcome}. Begin elsewhere.")
        moved, u = float(np.abs(found.end - u).max()), found.end
        if moved < 1e-7:
            break
    return np.asarray(np.exp(u))


def _same(residuals: Residuals, _: Array) -> Residuals:
    return residuals


def _update(belief: Belief, reading: Array, model: StateSpace) -> tuple[Belief, tuple[_Step, ...], NDArray[np.bool_]]:
    seen = np.isfinite(reading)
    if not seen.any():
        return belief, (), seen
    y = (reading if model.offset is None else reading - model.offset)[seen]
    rows, H = model.see[seen], model.noise[np.ix_(seen, seen)]
    shift = 0.0
    if np.count_nonzero(H - np.diag(np.diag(H))):
        root = np.linalg.cholesky(H)
        y, rows = np.asarray(np.linalg.solve(root, y)), np.asarray(np.linalg.solve(root, rows))
        H = np.eye(len(y))
        shift = 2.0 * float(np.log(np.diag(root)).sum())
    a, P, D = belief.mean.copy(), belief.covariance.copy(), belief.diffuse.copy()
    steps = []
    for value, z, h in zip(y, rows, np.diag(H), strict=True):
        gain, loose_gain = P @ z, D @ z
        spread, loose = float(z @ gain + h), float(z @ loose_gain)
        surprise = float(value - z @ a)
        boundless = loose > TINY * float(z @ z)
        if not boundless and spread <= 0.0:
            raise SolveError(
                "a reading without noise repeats what is known exactly. Every reading has some. Give noise above 0."
            )
        step = _Step(row=z, surprise=surprise, spread=spread, loose=loose, gain=gain, loose_gain=loose_gain,
                     boundless=boundless)  # fmt: skip
        if boundless:
            k = loose_gain / loose
            a = a + k * surprise
            both = np.outer(gain, k)
            P = P + np.outer(k, k) * spread - both - both.T
            D = D - np.outer(loose_gain, k)
            D[np.abs(D) < TINY * max(loose / float(z @ z), 1e-300)] = 0.0
        else:
            a = a + gain * surprise / spread
            P = P - np.outer(gain, gain) / spread
        steps.append(step)
    if shift:  # the density is of the readings as they came, not as they were decorrelated
        steps[0] = _shifted(steps[0], shift)
    return Belief(mean=a, covariance=(P + P.T) / 2.0, diffuse=D), tuple(steps), seen


def _shifted(step: "_Step", shift: float) -> "_Step":
    """A step whose row, surprise and variances are scaled so that its density counts the decorrelation."""
    size = math.exp(0.5 * shift)
    return _Step(row=step.row * size, surprise=step.surprise * size, spread=step.spread * size**2,
                 loose=step.loose * size**2, gain=step.gain * size, loose_gain=step.loose_gain * size,
                 boundless=step.boundless)  # fmt: skip
