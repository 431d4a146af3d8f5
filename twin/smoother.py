"""Many parameters from many members and no slopes: the ensemble smoother with several data assimilations."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..models import ForetrialError, ModelError, Parameter, SolveError, Solver
from .calibrate import doubt
from .ensemble import Ensemble, ensemble, failures_in_words
from .forward import Forward, forward, whiten, whitener
from .ledger import Ledger, Tally, opened, recorded
from .problem import Problem

Array = NDArray[np.float64]
Words = tuple[str, str]
Tell = Callable[[str, float], None]
WEIGHED = 1.5  # from here on a larger variance of readings shows beside the chance of the members: rounds again
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
        Root mean square of standardised residuals of the members before each update, and at the end; where readings
        were made to weigh less, in those weights.
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


def es_mda(problem: Problem, *, solver: Solver, members: int = 100, rounds: int = 6, seed: int = 1, workers: int = 1,
           client: Any = None, ledger: Ledger | str | Path | None = None,
           tell: Tell | None = None) -> Smoothed:  # fmt: skip
    """Members drawn from the prior and moved to the readings, without slopes.

    Parameters
    ----------
    problem : Problem
        A flat prior between the bounds where a parameter has none.
    members, rounds : int
        More members than parameters; the spread of fewer is too small.
    seed : int
    workers, client, ledger
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
    `rounds` times as large (the sum of the inverses is one). Where the residuals of the members' middle are correlated
    in time or larger than stated, the rounds are made again from the same first members, standardised there, with
    readings that weigh less, as in `calibrate`: runs = members x (rounds + 1) + 1, or members x (2 rounds + 1) + 2
    then. Exact for linear models and many members only; the farther the prior is from the readings, the more rounds it
    takes, and fewer leave the spread too large rather than too small.

    References
    ----------
    Emerick and Reynolds, Computers & Geosciences 55 (2013), p. 3; by the members' own span: Evensen, Ocean Dynamics 54
    (2004), p. 539, nothing of it cut off: readings that are known to a thousandth of the prior's spread still tell.
    """
    if members < 10 or rounds < 1:
        raise ModelError(
            f"{members} members in {rounds} rounds make no ensemble. 10 or more in 1 or more do; 100 in 6 is usual. "
            "Leave both out."
        )
    nf, tally = len(problem.names), Tally()
    z = np.random.default_rng(seed).standard_normal((members, nf))
    z -= z.mean(axis=0)
    z /= z.std(axis=0)
    with opened(ledger) as book:
        once = (recorded(solver, book, free=problem.names, tally=tally),) * len(problem.experiments)

        def run(at: Array, part: Tell | None) -> Ensemble:
            return ensemble(problem, from_normal(problem, at), solver, workers=workers, client=client, ledger=book,
                            tell=part)  # fmt: skip

        first = run(z, None if tell is None else _part(tell, 0.0, 1.0 / (2 * rounds + 1)))
        places = np.vstack([np.zeros((1, nf)), z])
        at = _first_that_runs(problem, from_normal(problem, places), once)
        moved = _Moved(problem=problem, run=run, first=first, members=members, rounds=rounds, seed=seed)
        said = None if tell is None else _part(tell, 1.0 / (2 * rounds + 1), rounds / (2 * rounds + 1))
        found = moved(z, whitener(at), said)
        runs = first.runs + found.runs
        middle = _first_that_runs(problem, from_normal(problem, np.vstack([found.z.mean(axis=0), found.z])), once)
        inflation, _, _ = doubt(problem, middle)
        if (inflation > WEIGHED).any():
            said = None if tell is None else _part(tell, (rounds + 1) / (2 * rounds + 1), rounds / (2 * rounds + 1))
            told, words = found.failures, found.words
            found = moved(z, whitener(middle, inflation=inflation[middle.row]), said)
            found.failures[:0], found.words[:0] = told, words
            runs += found.runs
    runs += tally.calls
    words = [*failures_in_words(first, problem.names), *found.words]
    misfits, left = found.misfits, len(found.z)
    words.append((f"{left} members after {rounds} rounds, {runs} solver calls: misfit from {misfits[0]:.3g} to "
                  f"{misfits[-1]:.3g}.",
                  f"{rounds} 轮后余 {left} 个成员，共调用求解器 {runs} 次：残差由 {misfits[0]:.3g} 降至 "
                  f"{misfits[-1]:.3g}。"))  # fmt: skip
    if (inflation > WEIGHED).any():
        words.append((f"Readings count up to {inflation.max():.3g} times their stated variance: their residuals are "
                      "correlated or larger than stated.",
                      f"读数方差最多按所述的 {inflation.max():.3g} 倍计：其残差自相关或大于所述。"))  # fmt: skip
    if left < 5 * nf:
        words.append((f"{left} members for {nf} parameters: their spread is too small by chance correlations.",
                      f"{nf} 个参数仅有 {left} 个成员：偶然相关使离散度偏小。"))  # fmt: skip
    return Smoothed(parameters=problem.parameters, prior=from_normal(problem, z), runs=runs, words=tuple(words),
                    members=from_normal(problem, found.z), misfits=np.array(misfits),
                    failures=(*first.failures, *found.failures))  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _End:
    """Members at the end of all rounds, and what happened on the way; `misfits` in the weights that were used."""

    z: Array
    misfits: list[float]
    runs: int
    failures: list[tuple[int, str]]
    words: list[Words]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Moved:
    """All rounds, from members that have been run."""

    problem: Problem
    run: Callable[[Array, Tell | None], Ensemble]
    first: Ensemble
    members: int
    rounds: int
    seed: int

    def __call__(self, z: Array, tool: tuple[Array, Array], tell: Tell | None) -> _End:
        rng, found = np.random.default_rng(self.seed + 1), self.first
        end = _End(z=z, misfits=[], runs=0, failures=[], words=[])
        for turn in range(self.rounds + 1):
            if turn:
                part = None if tell is None else _part(tell, (turn - 1) / self.rounds, 1.0 / self.rounds)
                found = self.run(end.z, part)
                end.runs += found.runs
                end.failures.extend(found.failures)
                end.words.extend(failures_in_words(found, self.problem.names))
            end.z, white = _survivors(end.z, found, tool, self.members)
            end.misfits.append(float(np.sqrt(np.mean(white**2))))
            if turn < self.rounds:
                end.z = _update(end.z, white, float(self.rounds), rng)
        return end


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
    keep = s > 1e-10 * s.max(initial=1e-300)  # what is below is rounding
    left, s, right = left[:, keep], s[keep], right[keep]
    seen = white @ right.T + np.sqrt(inflation) * rng.standard_normal((m, s.size))
    return np.asarray(z - (seen * (s / (s**2 + inflation))) @ (left.T @ cross))


def _part(tell: Tell, begin: float, width: float) -> Tell:
    return lambda text, share: tell(text, begin + width * share)
