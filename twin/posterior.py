"""All values that the data allow, and how likely each: few runs teach a stand-in, chains walk on it, runs check it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..models import ForetrialError, Parameter, SolveError, Solver
from .calibrate import doubt, prior_rows
from .censored import one_sided
from .forward import Forward, bases, forward, sharing, whiten, whitener
from .ledger import Ledger, Tally, opened, recorded
from .polynomial import count, monomials, products, slopes_of
from .problem import Problem
from .robust import bend, calmed, losses, name_outliers, refuse_unknown
from .sampler import Chains, sample
from .search import descend

Array = NDArray[np.float64]
Words = tuple[str, str]
CHAINS, STEPS = 32, 7500
CLOSE = 0.1  # spread of the stand-in's log density about the true one that is good enough
BATCH = 6  # runs between two looks at it
MOST = 150
FAR = 1.5  # of the posterior's width: new runs are spread so much wider than it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """A sample of what the data allow.

    Attributes
    ----------
    parameters : (nf,) Parameter
    draws : (chains, n, nf)
        Values.
    rhat, ess : (nf,)
        Rank-normalised split R-hat, effective number of draws.
    accepted : float
    mismatch : float
        Spread of the log density between stand-in and true runs at places of the posterior that it had not seen.
    converged : bool
        False where a number here is not to be used.
    runs, tangents : int
        Solver calls, the search for the best values included.
    failures : tuple of str
    words : tuple of (English, Chinese)
    """

    parameters: tuple[Parameter, ...]
    draws: Array
    rhat: Array
    ess: Array
    accepted: float
    mismatch: float
    converged: bool
    runs: int
    tangents: int
    failures: tuple[str, ...]
    words: tuple[Words, ...]

    @property
    def flat(self) -> Array:
        """(m, nf) draws of all chains."""
        return self.draws.reshape(-1, self.draws.shape[2])

    @property
    def mean(self) -> Array:
        """(nf,)."""
        return np.asarray(self.flat.mean(axis=0))

    @property
    def covariance(self) -> Array:
        """(nf, nf)."""
        return np.atleast_2d(np.cov(self.flat.T))

    def interval(self, level: float = 0.95) -> Array:
        """(nf, 2) equal-tailed intervals.

        Raises
        ------
        SolveError
            If the sample has not converged: an interval from it would be made up.
        """
        if not self.converged:
            raise SolveError(
                f"this posterior has not converged: {self.words[-1][0]} An interval needs one that has. "
                "Allow more runs with most=, or narrow the bounds."
            )
        return np.asarray(np.quantile(self.flat, [(1 - level) / 2, (1 + level) / 2], axis=0).T)


def posterior(problem: Problem, *, solver: Solver, most: int = MOST, seed: int = 1, loss: str | None = None,
              ledger: Ledger | str | Path | None = None) -> Posterior:  # fmt: skip
    """The posterior of a problem's parameters in few solver calls.

    Parameters
    ----------
    problem : Problem
        Parameters with a prior have that one times their bounds; the others a flat one between their bounds, flat in
        the logarithm where the transform says so.
    solver : Solver
        Its tangents are used where it has them.
    most : int
        Solver calls at most.
    seed : int
    loss : "student", "huber" or None
        Of the likelihood: minus half the robust loss of `calibrate` in place of minus half the sum of squares, to a
        power that gives it the curvature of that fit's covariance; the readings set aside are named.
    ledger : Ledger, path or None

    Returns
    -------
    Posterior
        `converged` is False, and says why, where calls ran out or the chains disagree.

    Raises
    ------
    SolveError
        If no run at the guess succeeds.

    Notes
    -----
    1. A bounded search finds the best values. Errors there fix how readings are weighed (offsets, lag, place;
       autocorrelation and misfit as in `calibrate`), and the steps of the solver are frozen there.
    2. The whitened residuals of all runs near them (of readings at a limit the root of their tail, see `one_sided`),
       with their slopes, are fitted by a polynomial in the principal directions (quadratic, then cubic as runs
       allow). The least-squares structure is kept: the log density is minus half the square of what they give.
    3. Chains walk on that. Batches of their places, spread wider, are run truly; where they differ from the stand-in,
       they teach it, until a fresh batch agrees.
    After Christen and Fox, J. Comput. Graph. Stat. 14 (2005), p. 795, with the check in batches; Conrad et al., J. Am.
    Stat. Assoc. 111 (2016), p. 1591, for refining a local approximation.
    """
    refuse_unknown(loss)
    with opened(ledger) as book:
        tally = Tally()
        by = recorded(solver, book, free=problem.names, tally=tally)
        return _Study(problem, by, tally, most, seed, loss).answer()


class _Study:
    """One posterior under way: the runs so far and the stand-in that they teach."""

    def __init__(self, problem: Problem, solver: Solver, tally: Tally, most: int, seed: int,
                 loss: str | None) -> None:  # fmt: skip
        self.problem, self.tally, self.most, self.loss = problem, tally, most, loss
        self.rng, self.seed = np.random.default_rng(seed), seed
        self.slopes = getattr(solver, "tangent", None) is not None
        self.at: list[Array] = []
        self.seen: list[tuple[Array, Array | None]] = []
        self.failures: list[str] = []
        self._settle(solver)

    def _settle(self, solver: Solver) -> None:
        """The best values, the weighing of readings and the frozen steps there, and the posterior's first guess."""
        problem, cache = self.problem, dict[bytes, Forward]()

        def rebase(u: Array) -> Callable[[Array], tuple[Array, Array]]:
            solvers = bases(problem, problem.values(u), solver=solver)

            def residuals(at: Array) -> tuple[Array, Array]:
                found = forward(problem, problem.values(at), solvers=solvers)
                cache[at.tobytes()] = found
                r, J = _white(problem, found, at, whitener(found), None)
                n = found.residuals.size
                r[:n], J[:n] = bend(r[:n], J[:n], self.loss)
                prior, slope = prior_rows(problem, problem.values(at))
                return np.concatenate([r, prior]), np.concatenate([J, slope])

            return residuals

        begin = np.clip(problem.unit(problem.guess), 0.02, 0.98)
        found = descend(rebase, begin, rounds=1)
        if found.failed:
            raise SolveError(
                f"the run at the guess failed: {found.outcome} One that succeeds is needed to start from. "
                "Run the solver on the guess alone, or calibrate first and pose the problem at the fit."
            )
        self.failures.extend(found.failures)
        self.best = found.end
        self.solvers = bases(problem, problem.values(self.best), solver=solver)
        again = forward(problem, problem.values(self.best), solvers=self.solvers)
        self.inflation, _, _ = doubt(problem, again, self.loss)
        self.tool, self.again = whitener(again, inflation=self.inflation[again.row]), again
        self._keep(self.best, again)
        self.size, self.readings = self.seen[0][0].size, again.residuals.size
        self.calm = calmed(self.seen[0][0][: self.readings], self.loss)
        _, J = _white(problem, again, self.best, self.tool, self.inflation)
        _, slope = prior_rows(problem, problem.values(self.best))
        flat = np.array([12.0 if p.prior is None else 0.0 for p in problem.parameters])
        self.covariance: Array = np.asarray(np.linalg.inv(J.T @ J + slope.T @ slope + np.diag(flat)))
        if not hasattr(solver, "frozen") or solver.frozen is None:
            for key, one in cache.items():
                self._keep(np.frombuffer(key), one)

    def _keep(self, u: Array, found: Forward, *, slopes: bool = True) -> None:
        white, J = _white(self.problem, sharing(found, self.again), u, self.tool, self.inflation)
        self.at.append(np.array(u))
        self.seen.append((white, J if slopes else None))

    def _run(self, u: Array) -> float:
        """Run truly, teach the stand-in, and return the true log density."""
        try:
            found = forward(self.problem, self.problem.values(u), solvers=self.solvers, slopes=self.slopes)
        except ForetrialError as cause:
            self.failures.append(str(cause))
            return -np.inf
        self._keep(u, found, slopes=self.slopes)
        return -0.5 * float(self._squares(self.seen[-1][0])) + float(_log_prior(self.problem, u[None])[0])

    def _squares(self, white: Array) -> Array:
        """Sum (...) of the loss over standardised residuals (..., n); limited readings follow and are not bent."""
        if self.loss is None:
            return np.asarray((white**2).sum(axis=-1))
        told, rest = white[..., : self.readings], white[..., self.readings :]
        return np.asarray(self.calm**2 * losses(told, self.loss).sum(axis=-1) + (rest**2).sum(axis=-1))

    def _teach(self) -> Callable[[Array], Array]:
        """The stand-in's log density from all runs near enough."""
        size, vectors = np.linalg.eigh(self.covariance)
        to = vectors / np.sqrt(np.maximum(size, 1e-300))
        far = np.array([float(np.linalg.norm((u - self.centre) @ to)) for u in self.at])
        near = [i for i in np.argsort(far) if far[i] < 4.0 * np.sqrt(self.best.size) + 2.0]
        z = np.array([(self.at[i] - self.centre) @ to for i in near])
        back = np.linalg.inv(to).T  # du/dz
        whites = np.array([self.seen[i][0] for i in near])
        n, nf = len(near), self.best.size
        equations = n + sum(nf for i in near if self.seen[i][1] is not None)
        powers = products(nf, 3 if equations >= 1.3 * count(nf, 3) else 2 if equations >= 1.1 * count(nf, 2) else 1)
        fade = np.exp(-0.5 * (far[near] / (2.5 * math.sqrt(nf))) ** 2)
        rows, sides, weights = [monomials(z, powers)], [whites], [fade]
        for k, i in enumerate(near):
            slopes = self.seen[i][1]
            if slopes is not None:
                rows.append(slopes_of(z[k], powers))
                sides.append((slopes @ back).T)
                weights.append(np.full(nf, 0.5 * fade[k]))
        ridge = 1e-3 * np.diag([0.0 if len(p) < 2 else 10.0 ** (len(p) - 2) for p in powers])
        w = np.concatenate(weights)[:, None]
        A = np.vstack([np.vstack(rows) * w, ridge])
        b = np.vstack([np.vstack(sides) * w, np.zeros((len(powers), self.size))])
        coefficients = np.linalg.lstsq(A, b, rcond=1e-12)[0]
        # all that plain squares need is the triangle; a robust loss needs every reading
        kept: Array = np.asarray(coefficients.T if self.loss else np.linalg.qr(coefficients.T, mode="r"))

        def density(u: Array) -> Array:
            inside = ((u >= 0.0) & (u <= 1.0)).all(axis=1)
            found = np.full(len(u), -np.inf)
            if inside.any():
                r = monomials((u[inside] - self.centre) @ to, powers) @ kept.T
                found[inside] = -0.5 * self._squares(r) + _log_prior(self.problem, u[inside])
            return found

        return density

    def _chains(self, density: Callable[[Array], Array], steps: int) -> Chains:
        root = np.linalg.cholesky(self.covariance + 1e-14 * np.eye(self.best.size))
        begin = self.centre + 2.0 * self.rng.standard_normal((CHAINS, self.best.size)) @ root.T
        return sample(density, np.clip(begin, 1e-6, 1.0 - 1e-6), covariance=self.covariance, steps=steps,
                      seed=self.seed)  # fmt: skip

    def _batch(self, draws: Array, count: int) -> Array:
        """Places (count, nf): a third where the posterior is, the rest around it."""
        found = draws[self.rng.integers(len(draws), size=count)]
        around = np.clip(self.centre + FAR * (found - self.centre), 0.0, 1.0)
        around[1::3] = found[1::3]
        return around

    def answer(self) -> Posterior:
        """Teach and check until a fresh batch agrees, then walk."""
        nf, mismatch = self.best.size, math.inf
        self.centre = self.best
        first = 0 if self.slopes else max(0, int(1.2 * count(nf, 2)) - len(self.at))
        root = np.linalg.cholesky(self.covariance + 1e-14 * np.eye(nf))
        for z in self.rng.standard_normal((first, nf)):
            if self.tally.calls < self.most:
                self._run(np.clip(self.centre + FAR * root @ z, 0.0, 1.0))
        while True:
            density = self._teach()
            chains = self._chains(density, STEPS // 12)
            draws = chains.draws.reshape(-1, nf)
            self.centre, spread = draws.mean(axis=0), np.asarray(np.cov(draws.T), np.float64)
            self.covariance = spread.reshape(nf, nf)
            room = self.most - self.tally.calls
            if room < 2:
                break
            wide = self._batch(draws, min(BATCH, room))
            said = density(wide)
            apart = said - np.array([self._run(u) for u in wide])
            mismatch = _spread(apart, said)
            if mismatch < CLOSE:
                break
        final = self._chains(self._teach(), STEPS)
        values = values_at(self.problem, final.draws.reshape(-1, nf)).reshape(final.draws.shape)
        good = mismatch < CLOSE and final.converged
        return Posterior(parameters=self.problem.parameters, draws=values, rhat=final.rhat, ess=final.ess,
                         accepted=final.accepted, mismatch=float(mismatch), converged=good, runs=self.tally.runs,
                         tangents=self.tally.tangents, failures=tuple([*self.failures, *self.tally.failures]),
                         words=(*self._outliers(),
                                *_words(final, float(mismatch), good, self.tally, len(self.failures))))  # fmt: skip

    def _outliers(self) -> tuple[Words, ...]:
        """Which loss, and which readings it sets aside at the best values."""
        if self.loss is None:
            return ()
        at = self.again
        return name_outliers(whiten(whitener(at), at.residuals), residuals=at.residuals, times=at.times, row=at.row,
                             labels=[row.label for row in self.problem.rows], loss=self.loss)  # fmt: skip


def _white(problem: Problem, found: Forward, u: Array, tool: tuple[Array, Array],
           inflation: Array | None) -> tuple[Array, Array]:  # fmt: skip
    """Residuals in units of their stated uncertainty, limited readings one-sided, and their slopes by coordinates."""
    stretch, limited = problem.stretch(problem.values(u)), one_sided(found, inflation)
    return (np.concatenate([whiten(tool, found.residuals), limited.residuals]),
            np.vstack([whiten(tool, found.jacobian * stretch), limited.slopes * stretch]))  # fmt: skip


def _spread(apart: Array, said: Array) -> float:
    """Spread of the difference between two log densities, places counting by how likely they are."""
    ok = np.isfinite(apart)
    if ok.sum() < 3:
        return math.inf
    w = np.exp(0.5 * (said[ok] - said[ok].max()))  # half the exponent: the tails are asked for too
    w /= w.sum()
    return math.sqrt(float(w @ (apart[ok] - w @ apart[ok]) ** 2))


def _log_prior(problem: Problem, u: Array) -> Array:
    """Logarithm (n,) of the prior's density over the coordinates (n, nf), up to a constant."""
    total = np.zeros(len(u))
    for i, p in enumerate(problem.parameters):
        if p.prior is not None:
            low, high = (np.log([p.lower, p.upper])) if p.transform == "log" else (p.lower, p.upper)
            go = low + u[:, i] * (high - low)
            value = np.exp(go) if p.transform == "log" else go
            total += -0.5 * ((value - p.prior[0]) / p.prior[1]) ** 2 + (go if p.transform == "log" else 0.0)
    return total


def values_at(problem: Problem, u: Array) -> Array:
    """Values (n, nf) at coordinates (n, nf), as Problem.values gives them one by one."""
    found = np.empty_like(u)
    for i, p in enumerate(problem.parameters):
        low, high = (math.log(p.lower), math.log(p.upper)) if p.transform == "log" else (p.lower, p.upper)
        at = low + np.clip(u[:, i], 0.0, 1.0) * (high - low)
        found[:, i] = np.clip(np.exp(at) if p.transform == "log" else at, p.lower, p.upper)
    return found


def _words(chains: Chains, mismatch: float, good: bool, tally: Tally, failed: int) -> tuple[Words, ...]:
    mixed = (f"worst R-hat {chains.rhat.max():.3f}, {chains.ess.min():.0f} independent draws",
             f"最差 R-hat {chains.rhat.max():.3f}，独立样本 {chains.ess.min():.0f} 个")  # fmt: skip
    said = [(f"{tally.calls} solver calls ({tally.tangents} with tangents, {failed} failed); "
             f"{chains.draws.shape[0]} chains, {mixed[0]}.",
             f"共调用求解器 {tally.calls} 次（{tally.tangents} 次含切线，{failed} 次失败）；"
             f"{chains.draws.shape[0]} 条链，{mixed[1]}。")]  # fmt: skip
    if good:
        said.append((f"The stand-in agrees with runs that it had not seen to {mismatch:.2f} in log density.",
                     f"代理模型与未见过的运行在对数密度上相差 {mismatch:.2f}。"))  # fmt: skip
    elif not mismatch < CLOSE:
        said.append((f"No posterior: after {tally.calls} calls the stand-in is still {mismatch:.2g} off in log "
                     f"density; {CLOSE} is needed.",
                     f"未得到后验：{tally.calls} 次调用后代理模型的对数密度仍差 {mismatch:.2g}；"
                     f"须不大于 {CLOSE}。"))  # fmt: skip
    else:
        said.append((f"No posterior: the chains do not agree ({mixed[0]}).",
                     f"未得到后验：各链不一致（{mixed[1]}）。"))  # fmt: skip
    return tuple(said)
