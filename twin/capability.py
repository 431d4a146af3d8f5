"""Capability and performance of a process with confidence bounds, and how many parts would settle a question."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import beta, chi, chi2, norm

from ..models import TrialError

Array = NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.legendre.leggauss(160)
MOST = 10_000_000  # parts beyond which no lot settles it
HIGHEST = 1e3  # index beyond which nothing is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """An index with its one-sided bounds, each at the confidence asked for.

    Attributes
    ----------
    value, lower, upper : float
        1; `upper` is infinite where nothing bounds it.
    mean, std : float
        In the characteristic's unit; `std` as the readings have it, the gauge's share included.
    n : int
    dof : float
        Degrees of freedom of `std`.
    removed : float
        Share of the variance that the gauge takes (removed) or adds (negative).
    """

    statistic: str
    value: float
    lower: float
    upper: float
    mean: float
    std: float
    n: int
    dof: float
    removed: float = 0.0


def capability(
    values: ArrayLike,
    *,
    specification: tuple[float | None, float | None],
    statistic: str = "Cpk",
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
    gauge: float = 0.0,
    gauge_is: str = "kept",
    method: str = "normal",
) -> Capability:
    """Cp, Cpk, Pp or Ppk of a lot.

    Cp and Cpk take the scatter pooled within subgroups, Pp and Ppk that of all parts; where no subgroups are given the
    two are the same number: a stable process has one scatter, and whether it is stable is asked by `stability`.

    Parameters
    ----------
    values : (n,)
        In the order in which the parts were made.
    specification : (float or None, float or None)
        Lower and upper limit.
    confidence : float
        Of each one-sided bound.
    groups : (n,) or None
        Number of the subgroup of each part.
    gauge, gauge_is : float, str
        Standard deviation of the measuring system, and whether it is "kept", "removed" or "added".
    method : str
        "distribution-free" (Ppk only): the share outside is bounded by the binomial law, whatever the distribution,
        and told as the index of a normal law with that share beyond one limit.

    Returns
    -------
    Capability

    Raises
    ------
    TrialError
        If there are fewer than three parts, they do not scatter, or a gauge scatters more than the readings.

    Notes
    -----
    One limit: both bounds are exact under a normal law (non-central t). Two limits: the lower bound is the exact one of
    the nearer limit, conservative where both are near; the upper takes half of the risk for each limit. With a gauge
    taken as known, the same integral over the scatter is a fiducial one, exact only without a gauge.

    References
    ----------
    Kushler and Hurley, J. Quality Technology 24 (1992) 188-195 (bounds by the non-central t; two limits).
    Chou, Owen, Borrego, J. Quality Technology 22 (1990) 223-229 (lower limits of Cp, Cpk).
    Clopper and Pearson, Biometrika 26 (1934) 404-413.
    """
    x = np.asarray(values, dtype=np.float64)
    low, high = specification
    if x.size < 3:
        raise TrialError(f"{x.size} parts show no scatter that could be judged. Three are the least. Measure more.")
    mean, n = float(x.mean()), x.size
    if method == "distribution-free":
        return _free(x, low, high, statistic, confidence)
    std, dof = _scatter(x, groups if statistic in ("Cp", "Cpk") else None)
    if std <= 1e-12 * max(abs(mean), 1e-300):
        raise TrialError(
            f"all {n} parts read {mean:g}: they do not scatter. Parts do; the gauge is too coarse, or the "
            "channel is stuck. Look at its resolution."
        )
    share = {"kept": 0.0, "removed": -1.0, "added": 1.0}[gauge_is] * gauge**2
    if std**2 + share <= 0.0:
        raise TrialError(
            f"the gauge scatters by {gauge:g}, the readings by {std:.3g}. Readings scatter more than their gauge. "
            "State the gauge's standard deviation anew, or keep it in the index."
        )
    own = math.sqrt(std**2 + share)
    if statistic in ("Cp", "Pp"):
        width = (math.inf if high is None else high) - (-math.inf if low is None else low)
        ends = [std * math.sqrt(dof / float(chi2.ppf(p, dof))) for p in (1.0 - confidence, confidence)]
        lower, upper = (width / 6.0 / math.sqrt(max(e**2 + share, 1e-300)) for e in ends)
        value = width / (6.0 * own)
    else:
        room = min(d for d in (math.inf if high is None else high - mean, math.inf if low is None else mean - low))
        value = room / (3.0 * own)
        risk = (1.0 - confidence) / (1.0 if low is None or high is None else 2.0)
        lower = _bound(room / std, n, dof, confidence, share / std**2)
        upper = _bound(room / std, n, dof, risk, share / std**2)
    return Capability(statistic=statistic, value=value, lower=lower, upper=upper, mean=mean, std=std, n=n, dof=dof,
                      removed=-share / std**2)  # fmt: skip


def index_bounds(value: float, n: int, *, confidence: float = 0.95, dof: float | None = None) -> tuple[float, float]:
    """One-sided lower and upper bound of an index with one limit (or two, seen from the nearer), each at `confidence`.

    An interval of 95 % takes both at 0.975. References as for `capability`.
    """
    own = n - 1.0 if dof is None else dof
    return _bound(3.0 * value, n, own, confidence), _bound(3.0 * value, n, own, 1.0 - confidence)


@lru_cache(maxsize=4096)
def parts_to_settle(observed: float, limit: float, *, confidence: float = 0.95, two_sided: bool = False,
                    chance: float | None = None) -> int | None:  # fmt: skip
    """How many parts would settle whether an index keeps its limit.

    Parameters
    ----------
    observed, limit : float
    confidence : float
        Of the one-sided bound that decides.
    two_sided : bool
        Whether the characteristic has two limits, which halves the risk of the upper bound.
    chance : float or None
        None: the lot's index would come out as observed. Else the true index is as observed, and the lot settles it
        with this chance.

    Returns
    -------
    int or None
        None where no lot would: the index is at its limit.
    """
    if math.isclose(observed, limit, rel_tol=1e-6):
        return None
    above = observed > limit
    p = confidence if above else (1.0 - confidence) / (2.0 if two_sided else 1.0)

    def settles(n: int) -> bool:
        if chance is None:
            bound = _bound(3.0 * observed, n, n - 1.0, p)
            return bound >= limit if above else bound <= limit
        # the observed index (times 3) whose bound is just the limit, and how often a lot comes out beyond it
        edge = _solve(lambda c: _share(c, limit, n, n - 1.0, 0.0) - p, rising=True)
        beyond = 1.0 - _reach(edge, observed, n) if above else _reach(edge, observed, n)
        return beyond >= chance

    low, high = 2, 4
    while not settles(high):
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settles(middle) else (middle, high)
    return high


def _scatter(x: Array, groups: ArrayLike | None) -> tuple[float, float]:
    """Standard deviation and its degrees of freedom, of all parts or pooled within subgroups."""
    if groups is None:
        return float(x.std(ddof=1)), x.size - 1.0
    _, which = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.bincount(which)
    dof = float(x.size - counts.size)
    if dof < 1.0:
        raise TrialError(
            f"{counts.size} subgroups of {x.size} parts leave none to compare. A subgroup has two parts or more. "
            "Leave the subgroups out, or name the channel that numbers them."
        )
    means = np.bincount(which, weights=x) / counts
    return math.sqrt(float(np.sum((x - means[which]) ** 2)) / dof), dof


@cache
def _chi(dof: float) -> tuple[Array, Array]:
    """Nodes of s/sigma (160,) and their probabilities, for `dof` degrees of freedom."""
    low, high = (float(v) / math.sqrt(dof) for v in chi.ppf((1e-13, 1.0 - 1e-13), dof))
    at = 0.5 * (high - low) * NODES + 0.5 * (high + low)
    weight = WEIGHTS * chi.pdf(at * math.sqrt(dof), dof)
    return at, weight / weight.sum()


def _share(room: float, index: float, n: int, dof: float, gauge: float) -> float:
    """Confidence that the true index is above `index`, with `room` between mean and limit in observed deviations.

    `gauge` is the variance that is added, over the observed one.
    """
    at, weight = _chi(dof)
    sigma = 1.0 / at  # of the process, in observed deviations
    true = np.sqrt(np.maximum(sigma**2 + gauge, 0.0))
    return float(weight @ ndtr(math.sqrt(n) * (room - 3.0 * index * true) / sigma))


def _bound(room: float, n: int, dof: float, p: float, gauge: float = 0.0) -> float:
    """The index above which the truth lies with confidence p."""
    return _solve(lambda index: _share(room, index, n, dof, gauge) - p)


def _reach(room: float, index: float, n: int) -> float:
    """Chance that a lot of n shows less room (in observed deviations) than `room` where the true index is `index`."""
    at, weight = _chi(n - 1.0)
    return float(weight @ ndtr(math.sqrt(n) * (room * at - 3.0 * index)))


def _solve(f: Callable[[float], float], *, rising: bool = False) -> float:
    """The root of a monotonic f, sought outwards from zero; infinite where there is none up to `HIGHEST`."""
    begin = f(0.0)
    way = 1.0 if (begin > 0.0) != rising else -1.0
    near = 0.0
    for reach in (0.5, 1.0, 2.0, 4.0, 10.0, 30.0, 100.0, HIGHEST):
        far = way * reach
        if begin * f(far) <= 0.0:
            return float(brentq(f, min(near, far), max(near, far), xtol=1e-10))
        near = far
    return way * math.inf


def _free(x: Array, low: float | None, high: float | None, statistic: str, confidence: float) -> Capability:
    """Bounds on the share outside as an equivalent index."""
    outside = int(np.sum((x < (-math.inf if low is None else low)) | (x > (math.inf if high is None else high))))
    n = x.size
    most = 1.0 if outside == n else float(beta.ppf(confidence, outside + 1, n - outside))
    least = 0.0 if outside == 0 else float(beta.ppf(1.0 - confidence, outside, n - outside + 1))
    sides = 1.0 if low is None or high is None else 2.0
    lower = float(norm.isf(most)) / 3.0
    upper = math.inf if least == 0.0 else float(norm.isf(least / sides)) / 3.0
    value = float(norm.isf((outside + 0.5) / (n + 1.0))) / 3.0
    return Capability(statistic=statistic, value=value, lower=lower, upper=upper, mean=float(x.mean()),
                      std=float(x.std(ddof=1)), n=n, dof=n - 1.0)  # fmt: skip
