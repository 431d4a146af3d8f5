"""Reliability from lives: Weibull with censoring, its bounds by profile likelihood, binomial bounds, and test plans."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import beta as beta_law
from scipy.stats import chi2
from scipy.stats import t as t_law

from ..models import TrialError

Array = NDArray[np.float64]
STEEPEST = 200.0  # Weibull shape beyond which lives are one number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """Lives of a test.

    Attributes
    ----------
    begin, end : (n,)
        The interval in which each unit failed; equal where the moment is known; `end` is infinite where the unit had
        not failed at `begin`.
    """

    begin: Array
    end: Array

    def __post_init__(self) -> None:
        for name in ("begin", "end"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
        wrong = ~((self.begin >= 0.0) & (self.end >= self.begin) & (self.end > 0.0)) | np.isinf(self.begin)
        if self.begin.size == 0 or wrong.any():
            k = int(np.argmax(wrong)) if self.begin.size else -1
            what = f"unit {k + 1} lived from {self.begin[k]:g} to {self.end[k]:g}" if k >= 0 else "there are no units"
            raise TrialError(
                f"{what}. A life is above 0, and an interval runs from an earlier to a later end. Correct the log."
            )

    @property
    def exact(self) -> NDArray[np.bool_]:
        """(n,) where the moment of failure is known."""
        return np.asarray(self.begin == self.end)

    @property
    def survived(self) -> NDArray[np.bool_]:
        """(n,) where the unit had not failed when it was taken off."""
        return np.asarray(np.isinf(self.end))

    @property
    def failures(self) -> int:
        """How many failed."""
        return int((~self.survived).sum())


def lives(values: ArrayLike, *, censored: ArrayLike | None = None, until: ArrayLike | None = None) -> Lives:
    """Lives (n,); `censored` (n,) is true where a unit had not failed, `until` (n,) the later end of its interval."""
    begin = np.asarray(values, dtype=np.float64)
    end = np.array(begin if until is None else until, dtype=np.float64)
    if censored is not None:
        end = np.where(np.asarray(censored, dtype=bool), np.inf, end)
    return Lives(begin=begin, end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weibull:
    """The law R(t) = exp(-(t / scale)^shape) that makes the lives most likely, and that likelihood's logarithm."""

    scale: float
    shape: float
    likelihood: float

    def reliability(self, t: float) -> float:
        """Share that lives longer than t."""
        return math.exp(-((t / self.scale) ** self.shape))

    def life(self, share: float) -> float:
        """The life that `share` of the units does not reach: 0.1 for B10."""
        return float(self.scale * (-math.log1p(-share)) ** (1.0 / self.shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A number with its one-sided bounds, each at the confidence asked for; infinite or 0, 1 where nothing bounds."""

    value: float
    lower: float
    upper: float
    method: str


def weibull(data: Lives) -> Weibull:
    """The Weibull law by maximum likelihood, with exact, interval and right-censored lives.

    Raises
    ------
    TrialError
        If fewer than two units failed, or all failures are one moment: then no shape can be found.

    References
    ----------
    Lawless, Statistical Models and Methods for Lifetime Data, 2nd ed. (2003), sec. 5.2.
    """
    moments = np.unique(np.concatenate([data.begin[~data.survived], data.end[~data.survived]]))
    if data.failures < 2 or moments.size < 2:
        raise TrialError(
            f"{data.failures} failures at {moments.size} different lives show no Weibull shape. Two different ones are "
            "the least. Give the shape (weibayes), count survivors (binomial), or test on."
        )
    best = _best(lambda shape: _scaled(data, shape)[1])
    scale, likelihood = _scaled(data, best)
    return Weibull(scale=scale, shape=best, likelihood=likelihood)


def reliability_at(data: Lives, t: float, *, confidence: float = 0.9) -> Bounded:
    """Share of the units that lives longer than t, with profile-likelihood bounds (signed root, one-sided).

    The drop of the likelihood is measured by Student's quantile with one degree of freedom less than failures: with the
    normal one, bounds from a dozen failures hold less often than they say. Errors as for `weibull`.

    References
    ----------
    Lawless (2003), as for `weibull`, sec. 5.2.2. Meeker, Escobar and Pascual, Statistical Methods for Reliability Data,
    2nd ed. (2021), sec. 8.3.
    """
    law = weibull(data)
    # log(-log R) of a unit at t: what the likelihood is profiled over
    return _profiled(data, law, law.shape * math.log(t / law.scale), lambda u, shape: math.log(t) - u / shape,
                     lambda u: math.exp(-math.exp(u)), confidence, falls=True)  # fmt: skip


def life_of(data: Lives, share: float = 0.1, *, confidence: float = 0.9) -> Bounded:
    """The life that `share` of the units does not reach (B10 for 0.1), with profile-likelihood bounds.

    Errors and references as for `reliability_at`.
    """
    law = weibull(data)
    hazard = math.log(-math.log1p(-share))
    return _profiled(data, law, math.log(law.life(share)), lambda u, shape: u - hazard / shape, math.exp, confidence)


def parameter_bounds(data: Lives, *, confidence: float = 0.95) -> dict[str, Bounded]:
    """Scale and shape, each with one-sided profile-likelihood bounds; errors as for `weibull`."""
    law = weibull(data)
    scale = _profiled(data, law, math.log(law.scale), lambda u, _: u, math.exp, confidence)

    def drop(u: float) -> float:
        return law.likelihood - _scaled(data, math.exp(u))[1]

    lower, upper = (math.exp(end) for end in _ends(drop, math.log(law.shape), confidence, data.failures))
    return {"scale": scale, "shape": Bounded(value=law.shape, lower=lower, upper=upper, method="profile likelihood")}


def weibayes(data: Lives, t: float, *, shape: float, confidence: float = 0.9) -> Bounded:
    """Reliability at t where the shape is known: lives to the power of it are exponential, their sum a chi-square.

    Bounds are exact where the test ends at a time, or with no failures; an interval counts by its earlier end.

    References
    ----------
    Abernethy, The New Weibull Handbook, 5th ed. (2006), ch. 6. Nelson, J. Quality Technology 17 (1985) 140-146.
    """
    total = float(np.sum(data.begin**shape))
    r = data.failures
    least = chi2.ppf(1.0 - confidence, 2 * r) / 2.0 if r else 0.0
    hazards = (chi2.ppf(confidence, 2 * r + 2) / 2.0, least)
    lower, upper = (math.exp(-float(h) * t**shape / total) for h in hazards)
    return Bounded(value=math.exp(-r * t**shape / total), lower=lower, upper=upper, method="weibayes")


def binomial(failures: int, units: int, *, confidence: float = 0.9) -> Bounded:
    """Share that survives, from units of which some failed, by the exact binomial law.

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934) 404-413.
    """
    if not 0 <= failures <= units or units < 1:
        raise TrialError(
            f"{failures} failures of {units} units cannot be. Failures are 0 to the number of units. Count them again."
        )
    good = units - failures
    lower = 0.0 if good == 0 else float(beta_law.ppf(1.0 - confidence, good, failures + 1))
    upper = 1.0 if failures == 0 else float(beta_law.ppf(confidence, good + 1, failures))
    return Bounded(value=good / units, lower=lower, upper=upper, method="binomial")


def counted(data: Lives, t: float) -> tuple[int, int]:
    """Failures up to t among the units whose state at t is known, and how many those are."""
    failed, alive = data.end <= t, data.begin >= t
    return int((failed & ~alive).sum()), int((failed | alive).sum())


def units_needed(reliability: float, *, confidence: float = 0.9, failures: int = 0, lives_each: float = 1.0,
                 shape: float = 1.0) -> int:  # fmt: skip
    """Units to test so that, with at most that many failures, the reliability is shown at that confidence.

    Parameters
    ----------
    lives_each : float
        Missions that each unit is run for; above 1 fewer units are needed, by the Weibull `shape`.

    References
    ----------
    Lipson and Sheth, Statistical Design and Analysis of Engineering Experiments (1973), ch. 6 (success run and
    extended test): R^n = 1 - C without failures.
    """
    if not (0.0 < reliability < 1.0 and 0.0 < confidence < 1.0 and lives_each > 0.0 and shape > 0.0):
        raise TrialError(
            f"a plan for reliability {reliability:g} at confidence {confidence:g} over {lives_each:g} missions of "
            f"shape {shape:g} cannot be. Both shares lie between 0 and 1, the others above 0. Correct them."
        )
    each = reliability ** (lives_each**shape)  # of a unit over the whole test

    def shown(n: int) -> bool:
        return n > failures and float(beta_law.ppf(1.0 - confidence, n - failures, failures + 1)) >= each - 1e-12

    high = 1
    while not shown(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


def goodness(data: Lives, *, draws: int = 500) -> float:
    """Chance that lives of the fitted law, cut off alike, bend more on Weibull paper.

    The correlation of log life and log(-log(share alive)), by adjusted ranks, is compared with drawn samples; units
    that survived keep their times. 1 where fewer than five failures show nothing.

    References
    ----------
    Johnson, Industrial Quality Control 20 (1964) (adjusted ranks); Lawless (2003), sec. 3.3 (probability plots).
    """
    if data.failures < 5:
        return 1.0
    law = weibull(data)
    middle = np.where(data.survived, data.begin, 0.5 * (data.begin + np.where(data.survived, 0.0, data.end)))
    own = _straight(np.log(middle)[None, :], data.survived[None, :])[0]
    rng = np.random.default_rng(20260102)
    life = law.scale * rng.weibull(law.shape, (draws, middle.size))
    limit = np.where(data.survived, data.begin, max(float(data.begin[data.survived].max(initial=0.0)), 0.0) or np.inf)
    out = life > limit
    drawn = _straight(np.log(np.where(out, limit, life)), out)
    return float((np.sum(drawn[np.isfinite(drawn)] <= own) + 1) / (np.isfinite(drawn).sum() + 1))


def _straight(logs: Array, out: NDArray[np.bool_]) -> Array:
    """(m,) correlation of the failures on Weibull paper, NaN where fewer than three failed."""
    m, n = logs.shape
    order = np.argsort(np.where(out, logs + 1e-9, logs), axis=1)
    x, cut = np.take_along_axis(logs, order, 1), np.take_along_axis(out, order, 1)
    rank, ranks = np.zeros(m), np.empty((m, n))
    for k in range(n):
        rank = np.where(cut[:, k], rank, rank + (n + 1 - rank) / (n - k + 1))
        ranks[:, k] = rank
    y = np.log(-np.log1p(-(ranks - 0.3) / (n + 0.4)))
    w = ~cut
    count = w.sum(axis=1)
    many = np.maximum(count, 1)[:, None]
    dx, dy = (np.where(w, a - np.sum(np.where(w, a, 0.0), 1, keepdims=True) / many, 0.0) for a in (x, y))
    spread = np.sqrt(np.sum(dx**2, 1) * np.sum(dy**2, 1))
    return np.asarray(np.where(count >= 3, np.sum(dx * dy, 1) / np.maximum(spread, 1e-300), np.nan))


def _log_likelihood(data: Lives, log_scale: float, shape: float) -> float:
    exact, survived = data.exact, data.survived
    z = shape * (np.log(np.maximum(data.begin, 1e-300)) - log_scale)
    total = -float(np.sum(np.exp(np.minimum(z[survived], 700.0))))
    y = z[exact]
    total += float(np.sum(math.log(shape) + y - np.exp(np.minimum(y, 700.0)))) - float(
        np.sum(np.log(data.begin[exact]))
    )
    between = ~(exact | survived)
    if between.any():
        late = np.exp(np.minimum(shape * (np.log(data.end[between]) - log_scale), 700.0))
        early = np.exp(np.minimum(z[between], 700.0))
        total += float(np.sum(-early + np.log(-np.expm1(-np.maximum(late - early, 1e-300)))))
    return total


def _scaled(data: Lives, shape: float) -> tuple[float, float]:
    """The scale that is most likely at a shape, and the log likelihood there."""
    end = np.where(data.survived, data.begin, data.end)
    middle = 0.5 * (data.begin + end)
    top = float(np.log(middle).max())
    start = top + math.log(float(np.sum(np.exp(shape * (np.log(middle) - top)))) / max(data.failures, 1)) / shape
    if not (~(data.exact | data.survived)).any():
        return math.exp(start), _log_likelihood(data, start, shape)
    at = _peak(lambda u: _log_likelihood(data, u, shape), start - 3.0 / shape, start + 3.0 / shape)
    return math.exp(at), _log_likelihood(data, at, shape)


def _best(objective: Callable[[float], float]) -> float:
    """The shape with the highest objective, sought over its logarithm."""
    grid = np.linspace(math.log(0.05), math.log(STEEPEST), 25)
    k = int(np.argmax([objective(math.exp(u)) for u in grid]))
    low, high = grid[max(k - 1, 0)], grid[min(k + 1, grid.size - 1)]
    return math.exp(_peak(lambda u: objective(math.exp(u)), float(low), float(high)))


def _peak(f: Callable[[float], float], low: float, high: float) -> float:
    """Where f, of one peak, is highest between two ends: golden sections, then one parabola."""
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = f(a), f(b)
    for _ in range(60):
        if high - low < 2e-3:
            break
        if at_a > at_b:
            high, b, at_b = b, a, at_a
            a = high - ratio * (high - low)
            at_a = f(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + ratio * (high - low)
            at_b = f(b)
    middle, h = 0.5 * (low + high), 1e-3
    left, here, right = f(middle - h), f(middle), f(middle + h)
    curve = left - 2.0 * here + right
    return middle + 0.5 * h * (left - right) / curve if curve < 0.0 else middle


def _profiled(data: Lives, law: Weibull, u: float, log_scale: Callable[[float, float], float],
              told: Callable[[float], float], confidence: float, *, falls: bool = False) -> Bounded:  # fmt: skip
    """Bounds of told(u), with the shape free at every u and the scale following from both."""

    def drop(v: float) -> float:
        near = math.log(law.shape)
        best = _peak(lambda b: _log_likelihood(data, log_scale(v, math.exp(b)), math.exp(b)), near - 2.5, near + 2.5)
        return law.likelihood - _log_likelihood(data, log_scale(v, math.exp(best)), math.exp(best))

    ends = [told(end) for end in _ends(drop, u, confidence, data.failures)]
    lower, upper = ends[::-1] if falls else ends
    return Bounded(value=told(u), lower=lower, upper=upper, method="profile likelihood")


def _ends(drop: Callable[[float], float], best: float, confidence: float, failures: int) -> tuple[float, float]:
    """Where the log likelihood has dropped by half of the squared quantile, on both sides."""
    wanted = 0.5 * float(t_law.ppf(confidence, failures - 1)) ** 2  # a normal one is too small for few failures
    ends = []
    for way in (-1.0, 1.0):
        near, reach = best, 0.25
        while drop(best + way * reach) < wanted and reach < 64.0:
            near, reach = best + way * reach, 2.0 * reach
        far = best + way * reach
        open_end = reach >= 64.0
        ends.append(far if open_end else float(brentq(lambda v: drop(v) - wanted, near, far, xtol=1e-7)))
    return ends[0], ends[1]
