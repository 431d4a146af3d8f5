"""Strengths to design with: characteristic values out of few samples, and design values out of those."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import nct, norm

from ..models import ModelError, Quantity
from ..models.quantity import quantity

SHARES = {"A": 0.99, "B": 0.90, "5 %": 0.95}  # of all parts that are stronger than the value
FEWEST = 3


def tolerance_factor(n: int, *, share: float, confidence: float = 0.95) -> float:
    """K of the one-sided normal bound mean - k s that `share` of all parts exceed, with that confidence.

    Parameters
    ----------
    n : int
        Samples behind both mean and s.

    References
    ----------
    Owen 1963, Factors for one-sided tolerance limits, SCR-607: the non-central t, exact under a normal law.
    """
    if n < 2 or not (0.5 < share < 1.0 and 0.5 <= confidence < 1.0):
        raise ModelError(
            f"n = {n}, share = {share:g}, confidence = {confidence:g} have no tolerance factor. It takes 2 samples, "
            "and shares of more than half below 1. Correct them."
        )
    return float(nct.ppf(confidence, n - 1, math.sqrt(n) * norm.ppf(share)) / math.sqrt(n))


def basis(samples: Sequence[float], unit: str, *, kind: str = "B", confidence: float = 0.95, name: str = "",
          source: str = "") -> Quantity:  # fmt: skip
    """A-basis (99 %), B-basis (90 %) or "5 %" (95 %) value of a normal strength, with its own standard uncertainty.

    Parameters
    ----------
    samples : (n,) in `unit`
        Independent; three or more.
    confidence : float
        0.95 of A- and B-basis values; EN 1990, annex D, asks 0.75 of a 5 % fractile.

    Returns
    -------
    Quantity
        mean - k s; std is how much it would differ from lot to lot of n samples.

    Raises
    ------
    ModelError
        If samples are few, not finite, or the value that comes of them is not positive.
    """
    if kind not in SHARES:
        raise ModelError(f"basis '{kind}' is none of {len(SHARES)}. Known: {', '.join(SHARES)}. Choose one of them.")
    x = np.asarray(samples, dtype=float)
    if x.size < FEWEST or not np.isfinite(x).all():
        raise ModelError(
            f"{np.isfinite(x).sum()} of {x.size} samples are numbers, and {FEWEST} make a characteristic value at "
            "least. Scatter is not known from fewer. Test more, or leave the others out."
        )
    n, mean, s = x.size, float(x.mean()), float(x.std(ddof=1))
    k = tolerance_factor(n, share=SHARES[kind], confidence=confidence)
    value = mean - k * s
    if value <= 0.0:
        raise ModelError(
            f"mean {mean:.4g} {unit} less {k:.4g} times s = {s:.4g} {unit} is {value:.4g} {unit}, no strength. These "
            f"{n} samples scatter too much for a {kind} value. Test more."
        )
    left = 1.0 - _c4(n) ** 2
    source = source or f"{kind} value of {n} samples, k = {k:.4g}, confidence {confidence:g}"
    return Quantity(value=value, unit=unit, std=s * math.sqrt(1.0 / n + k**2 * left), dof=n - 1.0, name=name,
                    source=source)  # fmt: skip


def _c4(n: int) -> float:
    """Mean of s over sigma."""
    return math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def design_value(characteristic: Quantity | float, factor: float, unit: str = "Pa") -> Quantity:
    """The design value of a strength: the characteristic one over its partial factor.

    References
    ----------
    EN 1990:2002, 6.3.3, expression (6.3).
    """
    known = quantity(characteristic, unit)
    if not (math.isfinite(factor) and factor >= 1.0):
        raise ModelError(
            f"partial factor {factor:g} on {known.value:.4g} {unit} would raise a strength. It is 1 or more. Correct "
            "it, or say why in a requirement."
        )
    about = f"{known.source or 'stated'}; over a partial factor of {factor:g}"
    name = f"{known.name} design" if known.name else ""
    return Quantity(value=known.value / factor, unit=unit, std=known.std / factor, dof=known.dof, name=name,
                    distribution=known.distribution, group=known.group, source=about)  # fmt: skip
