"""How well scores of a comparison agree with what they should be: areas, coverage, and many judged at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import beta, norm

Array = NDArray[np.float64]
DRAWS = 400  # of a right model, for what its area may be
SHARE = 0.95
ONE, MANY = 4.0, 1.25  # factors of safety of the modified area metric, from few readings to ever so many


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


def modified_area(below: float, above: float, independent: float) -> tuple[float, float]:
    """How far the truth may lie below and above the model, as so few readings show it; in the unit of the areas.

    Parameters
    ----------
    below, above : float
        From `areas`.
    independent : float
        Readings that count, N: half the sum of both areas is taken F = 1.25 + 1.2 (4 - 1.25) / N^(1/3) times about half
        their difference, so 4.55 times from one reading, 2.78 times from ten and 1.25 times from ever so many.

    Returns
    -------
    (float, float)
        Both >= 0 where the factor is at least 1: the end below and the end above, as distances from the model.

    References
    ----------
    Voyles and Roy, Evaluation of model validation techniques in the presence of aleatory and epistemic input
    uncertainties, 17th AIAA Non-Deterministic Approaches Conference (2015); Whiting, Roy, Duque, Lawrence and
    Oberkampf, J. Verif. Valid. Uncertain. Quantif. 8 (2023) 011001.
    """
    middle, half = 0.5 * (above - below), 0.5 * few(independent) * (above + below)
    return half - middle, half + middle


def few(independent: float) -> float:
    """The sample-size factor of `modified_area`."""
    return MANY + 1.2 * (ONE - MANY) / float(max(independent, 1.0) ** (1.0 / 3.0))


def widened(coverage: float, together: int) -> float:
    """The coverage factor for so many questions at once that the chance of any miss stays that of one (Bonferroni).

    Normal tails: k = 2 becomes 2.28 for two, 2.43 for three and 2.84 for ten. Unlike Holm's, the correction of one
    question does not hang on the answers to the others, so that each verdict can be checked by itself.
    """
    return coverage if together == 1 else float(norm.isf(norm.sf(coverage) / together))


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
