"""Many parameters from many members and no slopes: the ensemble smoother with several data assimilations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..models import ForetrialError, ModelError, Parameter, SolveError, Solver
from .ensemble import Ensemble, ensemble, failures_in_words
from .forward import Forward, forward, whiten, whitener
from .ledger import Tally, counted
from .problem import Problem

Array = NDArray[np.float64]
Words = tuple[str, str]
Tell = Callable[[str, float], None]
KEPT = 0.999  # share of the members' variance in the readings that an update uses
FEWEST = 0.5  # share of the members that has to come through


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Smoothed:
    """Members before and after.

    Attributes
    ----------
    parameters : (nf,) Parameter
    prior, members : (m, nf)
        Values.
    misfits : (rounds + 1,)
        Root mean square of standardised residuals of the members before each update, and at the end.
    runs : int
        Solver calls.
    failures : tuple of (member, cause)
    words : tuple of (English, Chinese)
    """

    parameters: tuple[Parameter, ...]
    prior: Array
    members: Array
    misfits: Array
    runs: int
    failures: tuple[tuple[int, str], ...]
    words: tuple[Words, ...]

    @property
    def mean(self) -> Array:
        """(nf,)."""
        return np.asarray(self.members.mean(axis=0))

    @property
    def covariance(self) -> Array:
        """(nf, nf)."""
        return np.atleast_2d(np.cov(self.members.T))


def es_mda(problem: Problem, *, solver: Solver, members: int = 100, rounds: int = 4, seed: int = 1, workers: int = 1,
           client: Any = None, tell: Tell | None = None) -> Smoothed:  # fmt: skip
    """Members drawn from the prior and moved to the readings, without slopes; runs = members x (rounds + 1) + 1.

    Parameters
    ----------
    problem : Problem
        A flat prior between the bounds where a parameter has none.
    members, rounds : int
        More members than parameters; the spread of fewer is too small.
    seed : int
    workers, client
        As in `ensemble`.

    Returns
    -------
    Smoothed
        Members whose run failed are left out, and told.

    Raises
    ------
    ModelError
        Fewer than ten members, or no round.
    SolveError
        If more than half of the members failed.

    Notes
    -----
    Every parameter is moved in a coordinate in which its prior is standard normal, so no bound is left. Readings are
    standardised, shared causes included, by a run at the prior's middle; each round counts them with a variance
    `rounds` times as large (the sum of the inverses is one). Exact for linear models and many members only.

    References
    ----------
    Emerick and Reynolds, Computers & Geosciences 55 (2013), p. 3; truncated in the members' own span: Evensen, Ocean
    Dynamics 54 (2004), p. 539.
    """
    if members < 10 or rounds < 1:
        raise ModelError(
            f"{members} members in {rounds} rounds make no ensemble. 10 or more in 1 or more do; 100 in 4 is usual. "
            "Leave both out."
        )
    rng, nf = np.random.default_rng(seed), len(problem.names)
    z = rng.standard_normal((members, nf))
    z -= z.mean(axis=0)
    z /= z.std(axis=0)
    prior, tally = from_normal(problem, z), Tally()
    middle = from_normal(problem, np.zeros((1, nf)))[0]
    once = (counted(solver, tally),) * len(problem.experiments)
    tool = whitener(_first_that_runs(problem, np.vstack([middle, prior]), once))
    told: list[tuple[int, str]] = []
    misfits, runs, words = [], tally.calls, list[Words]()
    for turn in range(rounds + 1):
        part = None if tell is None else _part(tell, turn / (rounds + 1), 1.0 / (rounds + 1))
        found = ensemble(problem, from_normal(problem, z), solver, workers=workers, client=client, tell=part)
        runs += found.runs
        told.extend(found.failures)
        words.extend(failures_in_words(found, problem.names))
        z, white = _survivors(z, found, tool, members)
        misfits.append(float(np.sqrt(np.mean(white**2))))
        if turn < rounds:
            z = _update(z, white, float(rounds), rng)
    words.append((f"{len(z)} members after {rounds} rounds, {runs} solver calls: misfit from {misfits[0]:.3g} to "
                  f"{misfits[-1]:.3g}.",
                  f"{rounds} 轮后余 {len(z)} 个成员，共调用求解器 {runs} 次：残差由 {misfits[0]:.3g} 降至 "
                  f"{misfits[-1]:.3g}。"))  # fmt: skip
    if len(z) < 5 * nf:
        words.append((f"{len(z)} members for {nf} parameters: their spread is too small by chance correlations.",
                      f"{nf} 个参数仅有 {len(z)} 个成员：偶然相关使离散度偏小。"))  # fmt: skip
    return Smoothed(parameters=problem.parameters, prior=prior, members=from_normal(problem, z),
                    misfits=np.array(misfits), runs=runs, failures=tuple(told), words=tuple(words))  # fmt: skip


def _first_that_runs(problem: Problem, values: Array, solvers: tuple[Solver, ...]) -> Forward:
    said = ""
    for row in values:
        try:
            return forward(problem, row, solvers=solvers, slopes=False)
        except ForetrialError as cause:
            said = said or str(cause)
    raise SolveError(
        f"all {len(values)} members failed, the first: {said} More than half have to come through. Narrow the bounds, "
        "or give the solver finer steps."
    )


def from_normal(problem: Problem, z: Array) -> Array:
    """Values (m, nf) at standard normal coordinates (m, nf): a prior cut to its bounds, or a flat one between them."""
    found = np.empty_like(z)
    for i, p in enumerate(problem.parameters):
        share = ndtr(z[:, i])
        if p.prior is not None:
            mean, std = p.prior
            low, high = ndtr((p.lower - mean) / std), ndtr((p.upper - mean) / std)
            at = mean + std * ndtri(np.clip(low + share * (high - low), 1e-300, 1.0 - 1e-16))
        elif p.transform == "log":
            at = p.lower * (p.upper / p.lower) ** share
        else:
            at = p.lower + share * (p.upper - p.lower)
        found[:, i] = np.clip(at, p.lower, p.upper)
    return found


def _survivors(z: Array, found: Ensemble, tool: tuple[Array, Array], members: int) -> tuple[Array, Array]:
    ended = found.ended
    if ended.sum() < max(FEWEST * members, 3):
        raise SolveError(
            f"{int((~ended).sum())} of {len(z)} members failed, the first: {found.failures[0][1]} More than half have "
            "to come through. Narrow the bounds, or give the solver finer steps."
        )
    return z[ended], np.array([whiten(tool, r) for r in found.residuals[ended]])


def _update(z: Array, white: Array, inflation: float, rng: np.random.Generator) -> Array:
    """Members (m, nf) moved by their standardised residuals (m, n), each with a draw of the readings' error."""
    m = len(z)
    apart = (white - white.mean(axis=0)) / np.sqrt(m - 1.0)
    cross = (z - z.mean(axis=0)) / np.sqrt(m - 1.0)
    left, s, right = np.linalg.svd(apart, full_matrices=False)
    keep = np.cumsum(s**2) <= KEPT * np.sum(s**2)
    keep[: min(np.count_nonzero(keep) + 1, keep.size)] = True
    left, s, right = left[:, keep], s[keep], right[keep]
    seen = white @ right.T + np.sqrt(inflation) * rng.standard_normal((m, s.size))
    return np.asarray(z - (seen * (s / (s**2 + inflation))) @ (left.T @ cross))


def _part(tell: Tell, begin: float, width: float) -> Tell:
    return lambda text, share: tell(text, begin + width * share)
