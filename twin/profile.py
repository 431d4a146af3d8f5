"""The best misfit for each value of a parameter, all others free: its interval, or the plateau without one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from ..models import Fit, ModelError, Solver
from ..models.errors import did_you_mean
from ..models.units import suffix
from .calibrate import doubt, standard
from .forward import bases, forward, whiten, whitener
from .ledger import Ledger, Tally, opened, recorded
from .problem import Problem
from .robust import calmed, refuse_unknown
from .search import Residuals, descend

Array = NDArray[np.float64]
Words = tuple[str, str]
STRIDE = 0.75  # Laplace standard deviations between points
MOST = 12  # points to either side


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """One parameter's profile.

    Attributes
    ----------
    name, unit : str
    values, rises : (n,)
        Points, increasing, and by how much the sum of squares is above its least there.
    others : (n, nf)
        Values of all parameters at each point.
    active : (n,) tuple of str
        Which others stood at a bound.
    level, threshold : float
        Coverage of the interval, and the rise that ends it.
    interval : (float, float)
        An end that the data do not set is the bound.
    open : (bool, bool)
        Whether the low and the high end are a bound, not a finding.
    laplace : (float, float)
        Interval by the curvature at the best values.
    runs : int
    words : tuple of (English, Chinese)
    """

    name: str
    unit: str
    values: Array
    rises: Array
    others: Array
    active: tuple[tuple[str, ...], ...]
    level: float
    threshold: float
    interval: tuple[float, float]
    open: tuple[bool, bool]
    laplace: tuple[float, float]
    runs: int
    words: tuple[Words, ...]

    @property
    def identifiable(self) -> bool:
        """Whether both ends are set by the data."""
        return not any(self.open)


def profile(problem: Problem, fit: Fit, *, solver: Solver, names: tuple[str, ...] = (), level: float = 0.95,
            loss: str | None = None,
            ledger: Ledger | str | Path | None = None) -> tuple[Profile, ...]:  # fmt: skip
    """Profile likelihoods of a fit's parameters.

    Parameters
    ----------
    problem : Problem
        The one that was fitted.
    fit : Fit
    solver : Solver
    names : tuple of str
        Which parameters; all where left out.
    level : float
        Of the intervals.
    loss : "student", "huber" or None
        The one of the fit. Its rise is scaled so that its curvature at the best values is that of the fit's covariance.
    ledger : Ledger, path or None

    Returns
    -------
    tuple of Profile

    Notes
    -----
    Readings weigh what they weighed in the last polish of `calibrate`: stated errors with their correlation, widened by
    the autocorrelation and the misfit of the residuals where plain least squares are least. These, and the least sum
    under those weights, are found anew, so that a profile rises from its own least. A prior counts as data.

    References
    ----------
    Raue et al., Bioinformatics 25 (2009), p. 1923: a profile that stays below the threshold up to a bound says that the
    parameter is not identifiable.
    """
    for name in names:
        if name not in problem.names:
            raise ModelError(f"'{name}' is not free. {did_you_mean(name, problem.names)} Choose among the free ones.")
    if not 0.0 < level < 1.0:
        raise ModelError(f"level = {level} is no coverage. It lies between 0 and 1. Say level=0.95.")
    refuse_unknown(loss)
    with opened(ledger) as book:
        tally = Tally()
        by = recorded(solver, book, free=problem.names, tally=tally)
        settled = _settled(problem, fit, by, loss)
        found = []
        for name in names or problem.names:
            found.append(_profile(problem, fit, settled, problem.names.index(name), level, tally))
            tally.runs = tally.tangents = 0
    return tuple(found)


def _settled(problem: Problem, fit: Fit, solver: Solver, loss: str | None) -> tuple[Residuals, Array]:
    """The residuals whose squares a profile sums, on frozen steps and weights, and where their sum is least."""
    solvers = bases(problem, fit.values, solver=solver)
    begin = problem.unit(fit.values)

    def weighed(inflation: Array | None, scale: float) -> Residuals:
        def residuals(u: Array) -> tuple[Array, Array]:
            values = problem.values(u)
            at = forward(problem, values, solvers=solvers)
            r, J = standard(problem, at, values, inflation, loss)
            by = np.where(np.arange(r.size) < at.residuals.size, scale, 1.0)  # what follows is not bent
            return r * by, J * by[:, None]

        return residuals

    plain = descend(lambda _: weighed(None, 1.0), begin, rounds=1)
    at = forward(problem, problem.values(plain.end), solvers=solvers)
    inflation, _, _ = doubt(problem, at, loss)
    final = weighed(inflation, calmed(whiten(whitener(at, inflation=inflation[at.row]), at.residuals), loss))
    return final, descend(lambda _: final, begin, rounds=1).end


def _profile(problem: Problem, fit: Fit, settled: tuple[Residuals, Array], i: int, level: float,
             tally: Tally) -> Profile:  # fmt: skip
    residuals, best = settled
    stretch = problem.stretch(fit.values)
    covariance = fit.covariance / np.outer(stretch, stretch)
    std, along = math.sqrt(covariance[i, i]), covariance[:, i] / covariance[i, i]
    r, _ = residuals(best)
    least, threshold = float(r @ r), float(chi2.ppf(level, 1))
    points = [(float(best[i]), 0.0, best)]
    open_ends = []
    for sign in (-1.0, 1.0):
        side, at, ended = [points[0]], best, False
        for _ in range(MOST):
            share = float(np.clip(at[i] + sign * STRIDE * std * (1.0 + 0.15 * len(side)), 0.0, 1.0))
            guess = np.clip(at + along * (share - at[i]), 0.0, 1.0)
            guess[i] = share
            at, rise = _free_others(residuals, guess, i, least)
            side.append((share, rise, at))
            ended = rise > threshold
            if ended or share in (0.0, 1.0):
                break
        open_ends.append(not ended)
        points = side[::-1][:-1] + points if sign < 0.0 else points + side[1:]
    lowest = min(rise for _, rise, _ in points if np.isfinite(rise))
    shares = np.array([p[0] for p in points])
    rises = np.array([p[1] for p in points]) - min(lowest, 0.0)
    ends = _ends(shares, rises, float(best[i]), threshold, tuple(open_ends))
    reach, fitted = math.sqrt(threshold) * std, float(problem.unit(fit.values)[i])
    low, high, near, far = (float(problem.values(_at(best, i, s))[i]) for s in
                            (*ends, max(fitted - reach, 0.0), min(fitted + reach, 1.0)))  # fmt: skip
    parameter = problem.parameters[i]
    active = tuple(tuple(n for j, n in enumerate(problem.names) if j != i and not 1e-5 < p[2][j] < 1.0 - 1e-5)
                   for p in points)  # fmt: skip
    shut = (bool(open_ends[0]), bool(open_ends[1]))
    return Profile(name=parameter.name, unit=parameter.unit, values=np.array([problem.values(p[2])[i] for p in points]),
                   rises=rises, others=np.array([problem.values(p[2]) for p in points]), active=active, level=level,
                   threshold=threshold, interval=(low, high), open=shut, laplace=(near, far), runs=tally.calls,
                   words=_words(parameter.name, parameter.unit, level, (low, high), (near, far), shut,
                                sorted({n for a in active for n in a}), min(lowest, 0.0)))  # fmt: skip


def _at(best: Array, i: int, share: float) -> Array:
    moved = best.copy()
    moved[i] = share
    return moved


def _free_others(residuals: Residuals, guess: Array, i: int, least: float) -> tuple[Array, float]:
    """Where the others settle with coordinate i held, and by how much the sum of squares is above the least."""
    others = np.arange(guess.size) != i

    def held(u: Array) -> tuple[Array, Array]:
        whole = guess.copy()
        whole[others] = u
        r, J = residuals(whole)
        return r, J[:, others]

    if not others.any():
        r, _ = residuals(guess)
        return guess, float(r @ r) - least
    rebase: Callable[[Array], Residuals] = lambda _: held  # noqa: E731
    found = descend(rebase, guess[others], rounds=1, close=1e-5)
    whole = guess.copy()
    whole[others] = found.end
    return whole, found.objective - least


def _ends(shares: Array, rises: Array, best: float, threshold: float,
          open_ends: tuple[bool, ...]) -> tuple[float, float]:  # fmt: skip
    """Where the signed root of the rise, almost straight, meets that of the threshold."""
    root, goal = np.sqrt(np.maximum(rises, 0.0)), math.sqrt(threshold)
    low = shares <= best
    found = []
    for side, shut, edge in ((low, open_ends[0], shares[0]), (shares >= best, open_ends[1], shares[-1])):
        x, y = shares[side], root[side]
        if side is low:
            x, y = x[::-1], y[::-1]
        k = int(np.argmax(y > goal))
        if shut or not (y > goal).any() or not np.isfinite(y[k]):
            found.append(float(edge if shut or k == 0 else x[k - 1]))
        else:
            found.append(float(x[k - 1] + (x[k] - x[k - 1]) * (goal - y[k - 1]) / (y[k] - y[k - 1])))
    return found[0], found[1]


def _words(name: str, unit: str, level: float, interval: tuple[float, float], laplace: tuple[float, float],
           shut: tuple[bool, bool], active: list[str], lower: float) -> tuple[Words, ...]:  # fmt: skip
    said: list[Words] = []
    after = suffix(unit)
    span = f"{interval[0]:.4g} ~ {interval[1]:.4g}{after}"
    if all(shut):
        said.append((f"{name} is not identifiable: from {interval[0]:.4g} to {interval[1]:.4g}{after} the misfit "
                     "hardly rises; the others make up for it.",
                     f"{name} 不可辨识：在 {span} 内残差几乎不增，其他参数可补偿。"))  # fmt: skip
    elif any(shut):
        way, zh, end = ("smaller", "减小", interval[0]) if shut[0] else ("larger", "增大", interval[1])
        said.append((f"{name} is not identifiable towards {way} values: the misfit stays on a plateau up to "
                     f"{end:.4g}{after}; that end of its interval is not a finding.",
                     f"{name} 向{zh}方向不可辨识：直至 {end:.4g}{after} 残差保持平台，该侧界限并非测得。"))  # fmt: skip
    else:
        said.append((f"{name}: {interval[0]:.4g} to {interval[1]:.4g}{after} ({level:.0%} by profile).",
                     f"{name}：{span}（剖面似然，{level:.0%}）。"))  # fmt: skip
        ratio = (interval[1] - interval[0]) / max(laplace[1] - laplace[0], 1e-300)
        if not 0.85 < ratio < 1.18:
            said.append((f"Its profile is {ratio:.2f} times as wide as the curvature at the best value says: use the "
                         "profile.",
                         f"其剖面宽度为最优点曲率估计的 {ratio:.2f} 倍：应采用剖面区间。"))  # fmt: skip
    if active:
        said.append((f"On the way {', '.join(active)} stood at a bound: without it {name} would be freer.",
                     f"过程中 {'、'.join(active)} 抵达界限：若无此界限，{name} 的范围更宽。"))  # fmt: skip
    if lower < -1.0:
        said.append((f"A better fit was met on the way (sum of squares {-lower:.3g} lower): calibrate again "
                     "from there.",
                     f"过程中遇到更优的拟合（平方和再低 {-lower:.3g}）：应从该处重新标定。"))  # fmt: skip
    return tuple(said)
