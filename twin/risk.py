"""Risks of a decision: at this very value, with what was known beforehand, and over all that is made and decided so."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import norm, t

from ..models import ModelError

Limits = tuple[float | None, float | None]
POINTS = 400  # of Gauss and Legendre over twelve standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """Probabilities of a wrong decision.

    Attributes
    ----------
    conforms : float
        That the requirement is kept, at this value, nothing known beforehand.
    below, above : float
        That the lower, or the upper limit is broken; their sum with `conforms` is 1.
    prior : (float, float) or None
        Mean and standard deviation of what was known beforehand.
    with_prior : float
        That it is kept, with that; NaN without.
    consumer, producer : float
        Over all items of that prior decided by this rule: that one is accepted and breaks the requirement, and that
        one is not accepted and keeps it (global risks); NaN without a prior.
    """

    conforms: float
    below: float
    above: float
    prior: tuple[float, float] | None
    with_prior: float
    consumer: float
    producer: float

    def content(self) -> dict[str, Any]:
        """Plain data for `result.risks` of verdict.json."""
        return {"conforms": self.conforms, "below": self.below, "above": self.above,
                "prior": None if self.prior is None else list(self.prior), "with_prior": self.with_prior,
                "consumer": self.consumer, "producer": self.producer}  # fmt: skip


def risks(value: float, combined: float, *, limits: Limits, band: float = 0.0, dof: float = math.inf,
          prior: tuple[float, float] | None = None) -> Risks:  # fmt: skip
    """What a decision on a number risks, against one limit or two.

    Parameters
    ----------
    value, combined : float
        The number and its combined standard uncertainty.
    limits : (float or None, float or None)
        Lower and upper limit; None where there is none.
    band : float
        Guard band on the inner side of each limit.
    dof : float
        Effective degrees of freedom of `combined`; the risks with a prior take it as known.
    prior : (float, float) or None
        Mean and standard deviation of the quantity over the items that such a decision is made on, normal.

    Raises
    ------
    ModelError
        If there is no limit, the lower is not below the upper, an uncertainty is negative or a prior has no width.

    References
    ----------
    JCGM 106:2012, 6 and 7.2 (posterior), 7.3 to 7.5 (conformance probability), 8.3.3 (two limits), 9.3 (specific) and
    9.5 (global risks).
    """
    low, high = (-math.inf if limits[0] is None else limits[0]), (math.inf if limits[1] is None else limits[1])
    if not low < high or (math.isinf(low) and math.isinf(high)):
        raise ModelError(
            f"limits {limits} leave nothing to decide. One limit, or a lower one below an upper, does. Correct them."
        )
    if combined < 0.0 or band < 0.0 or (prior is not None and not prior[1] > 0.0):
        raise ModelError(
            f"uncertainty {combined:g}, band {band:g} and prior {prior} do not make risks. Uncertainty and band "
            "are not negative, and a prior has a width. Correct them, or leave the prior out."
        )
    below, above = _beyond(value, combined, low, high, dof)
    if prior is None:
        return Risks(conforms=1.0 - below - above, below=below, above=above, prior=None, with_prior=math.nan,
                     consumer=math.nan, producer=math.nan)  # fmt: skip
    mean, wide = prior
    weight = wide**2 / (wide**2 + combined**2)
    under, over = _beyond(mean + weight * (value - mean), math.sqrt(weight) * combined, low, high, math.inf)
    consumer, producer = _over_all(mean, wide, combined, (low, high), (low + band, high - band))
    return Risks(conforms=1.0 - below - above, below=below, above=above, prior=prior, with_prior=1.0 - under - over,
                 consumer=consumer, producer=producer)  # fmt: skip


def _beyond(value: float, std: float, low: float, high: float, dof: float) -> tuple[float, float]:
    if std == 0.0:
        return float(value < low), float(value > high)
    law = norm if dof >= 1e6 else t(dof)
    return float(law.cdf((low - value) / std)), float(law.sf((high - value) / std))


def _over_all(mean: float, wide: float, std: float, limits: tuple[float, float],
              accepted: tuple[float, float]) -> tuple[float, float]:  # fmt: skip
    """Shares of all items that are accepted though they break a limit, and refused though they keep both."""
    ends = (mean - 12.0 * wide, mean + 12.0 * wide)
    cuts = sorted({*ends, *(min(max(c, ends[0]), ends[1]) for c in (*limits, *accepted) if math.isfinite(c))})
    node, weight = np.polynomial.legendre.leggauss(POINTS)
    consumer = producer = 0.0
    for a, b in pairwise(cuts):
        x = 0.5 * (a + b) + 0.5 * (b - a) * node
        mass = 0.5 * (b - a) * weight * norm.pdf(x, mean, wide)
        if accepted[0] >= accepted[1]:
            taken = np.zeros_like(x)
        elif std == 0.0:
            taken = ((x >= accepted[0]) & (x <= accepted[1])).astype(float)
        else:
            taken = norm.cdf((accepted[1] - x) / std) - norm.cdf((accepted[0] - x) / std)
        if limits[0] <= 0.5 * (a + b) <= limits[1]:
            producer += float(mass @ (1.0 - taken))
        else:
            consumer += float(mass @ taken)
    return consumer, producer
