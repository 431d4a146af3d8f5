"""How well scores of a comparison agree with what they should be: areas, coverage, and many judged at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import beta

Array = NDArray[np.float64]
DRAWS = 400  # of a right model, for what its area may be
SHARE = 0.95


def areas(scores: Array) -> tuple[float, float]:
    """Areas between the distribution of standard scores and the standard normal one.

    Parameters
    ----------
    scores : (n,)
        Reading minus model, over its standard uncertainty.

    Returns
    -------
    (float, float)
        Where readings lie below the model's distribution, and where above, in standard uncertainties; their sum is the
        area metric, their difference the mean score.

    References
    ----------
    Ferson, Oberkampf and Ginzburg, Comput. Methods Appl. Mech. Eng. 197 (2008) 2408-2430; Voyles and Roy, AIAA
    2014-0908, whose modified metric keeps the two apart. Exact: the normal distribution is integrated in closed form.
    """
    z = np.sort(np.asarray(scores, dtype=np.float64))
    n = z.size
    step = np.arange(n + 1) / n
    ends = np.concatenate([[-np.inf], z, [np.inf]])
    crossed = np.clip(ndtri(step), ends[:-1], ends[1:])
    left = _under(ends[:-1], crossed, step)  # there the step is above the normal one: readings below
    right = _under(crossed, ends[1:], step)
    return float(-left.sum()), float(right.sum())


def _under(low: Array, high: Array, step: Array) -> Array:
    """Integral of (normal - step) from low to high; an infinite end stands where both agree."""
    return _primitive(high, step) - _primitive(low, step)


def _primitive(x: Array, step: Array) -> Array:
    """The integral itself, x (N(x) - step) + density(x), and 0 at an infinite end, where both agree."""
    end = np.where(np.isfinite(x), x, 0.0)
    value = end * (ndtr(end) - step) + np.exp(-0.5 * end**2) / np.sqrt(2.0 * np.pi)
    return np.where(np.isfinite(x), value, 0.0)


def likely_area(covariance: Array, *, seed: int = 1) -> float:
    """The area metric that a right model stays below in 95 of 100 comparisons, in standard uncertainties.

    Parameters
    ----------
    covariance : (n, n)
        Of the errors, shared causes included: they shift all scores together, and that is no fault.
    seed : int
    """
    std = np.sqrt(np.diag(covariance))
    size, ways = np.linalg.eigh(covariance / np.outer(std, std))
    root = ways * np.sqrt(np.maximum(size, 0.0))
    drawn = np.random.default_rng(seed).standard_normal((DRAWS, std.size)) @ root.T
    return float(np.quantile([sum(areas(one)) for one in drawn], SHARE))


def coverage_interval(share: float, independent: float, *, level: float = 0.95) -> tuple[float, float]:
    """Ends of the interval for a share that was seen in that many independent readings (Clopper and Pearson 1934)."""
    n = max(independent, 1.0)
    hits, tail = share * n, 0.5 * (1.0 - level)
    low = 0.0 if hits <= 0.0 else float(beta.ppf(tail, hits, n - hits + 1.0))
    high = 1.0 if hits >= n else float(beta.ppf(1.0 - tail, hits + 1.0, n - hits))
    return low, high


def holm(chances: Sequence[float]) -> tuple[float, ...]:
    """Chances of many quantities judged at once, corrected so that any false alarm has the stated chance.

    References
    ----------
    Holm, Scand. J. Statist. 6 (1979) 65-70: holds whatever the correlation between them.
    """
    order = np.argsort(chances)
    found = np.empty(len(order))
    worst = 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * float(chances[i])))
        found[i] = worst
    return tuple(float(one) for one in found)
