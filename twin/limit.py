"""The limit of a sequence of ever finer answers, and how far each is from it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]
SAFETY, WIDE = 1.25, 3.0
LOWEST, HIGHEST = 0.05, 12.0
FREE, APART = 2.0, 0.01  # order up to which more than promised is no fault; spread below which nothing is said to part


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limit:
    """An extrapolated answer.

    Attributes
    ----------
    value, u : (n,)
        The limit, and the standard uncertainty of the answer in use (half of the expanded one).
    order : float
        Observed; NaN where the answers oscillate, diverge or agree to rounding.
    method : str
        "exact", "gci", "least squares" or "range".
    diverges : bool
        The answers move on, one way, by steps that do not shrink as those of any order above zero do: there may be no
        limit at all, and `u` is no uncertainty of one.
    """

    value: Array
    u: Array
    order: float
    method: str
    asymptotic: bool
    oscillates: bool = False
    diverges: bool = False


def limit(sizes: Array, answers: Array, *, formal: float = 2.0, here: int = -1) -> Limit:
    """Limit and uncertainty of answers on three or more meshes.

    Parameters
    ----------
    sizes : (m,)
        Mesh sizes (or step lengths) from coarse to fine, over that of the mesh in use.
    answers : (m,) or (m, n)
        One answer each, or a series that shares one order.
    formal : float
        Order that the scheme promises.
    here : int
        Index of the mesh in use.

    Returns
    -------
    Limit

    References
    ----------
    Roache, Annu. Rev. Fluid Mech. 29 (1997), eq. 4 (grid convergence index, safety 1.25 and 3).
    Eca and Hoekstra, J. Comput. Phys. 262 (2014), sec. 4 (least squares, orders outside of which the range counts).
    """
    y = np.atleast_2d(answers.T).T if answers.ndim == 1 else answers
    steps = y[:-1] - y[1:]
    spread = y.max(axis=0) - y.min(axis=0)
    if np.abs(steps).max() <= 1e-11 * max(float(np.abs(y).max()), 1e-300):
        return Limit(value=y[here].copy(), u=np.full(y.shape[1], float(spread.max())), order=np.nan, method="exact",
                     asymptotic=True)  # fmt: skip
    last = float(np.sum(steps[-1] ** 2))
    ratios = [float(np.sum(a * b)) / max(float(np.sum(b * b)), 1e-300) for a, b in pairwise(steps)]
    method = "gci" if len(y) == 3 else "least squares"
    order = _order(sizes, y, ratios) if last > 0.0 and min(ratios) > 0.0 else np.nan
    if not np.isfinite(order):
        return Limit(value=y[-1].copy(), u=_smooth(spread) * WIDE / 2.0, order=np.nan, method="range", asymptotic=False,
                     oscillates=min(ratios) <= 0.0, diverges=_diverges(sizes, y, ratios))  # fmt: skip
    used = min(max(order, 0.5), formal)
    value, noise = _extrapolate(sizes, y, used)
    error = _smooth(y[here] - value)
    inside = 0.5 * formal <= order <= 1.35 * max(formal, FREE)
    if not inside:
        method = "range" if order < 0.5 * formal else method
        error = np.maximum(error, _smooth(spread) if order < 0.5 * formal else 0.0)
    expanded = (SAFETY if inside else WIDE) * error + 2.0 * noise
    return Limit(value=value, u=expanded / 2.0, order=order, method=method, asymptotic=inside)


def _diverges(sizes: Array, y: Array, ratios: list[float]) -> bool:
    """Whether single answers move one way, by more than a hundredth in all, in steps of no order above `LOWEST`."""
    if y.shape[1] > 1 or min(ratios) <= 0.0 or np.ptp(y) <= APART * float(np.abs(y).max()):
        return False
    steps = np.diff(sizes**LOWEST)
    each = np.abs(np.diff(y[:, 0])) / np.abs(steps)  # even where the order is LOWEST, growing below it
    return bool((np.diff(each) >= 0.0).all())


def _order(sizes: Array, y: Array, ratios: list[float]) -> float:
    """Observed order: from three answers by their differences, from more by least squares over the whole sequence."""
    if len(y) == 3:

        def off(p: float) -> float:
            a, b, c = sizes**p
            return float((a - b) / (b - c) - ratios[0])

        return float(brentq(off, LOWEST, HIGHEST)) if off(LOWEST) < 0.0 < off(HIGHEST) else np.nan
    tried = np.linspace(LOWEST, 6.0, 240)
    left = [_misfit(sizes, y, float(p)) for p in tried]
    best = int(np.argmin(left))
    return float(tried[best]) if 0 < best < tried.size - 1 else np.nan


def _misfit(sizes: Array, y: Array, p: float) -> float:
    A = np.stack([np.ones_like(sizes), sizes**p], axis=1) / sizes[:, None]
    b = y / sizes[:, None]
    return float(np.sum((b - A @ np.linalg.lstsq(A, b, rcond=None)[0]) ** 2))


def _extrapolate(sizes: Array, y: Array, p: float) -> tuple[Array, Array]:
    """Limit (n,) at that order, and the scatter of the fit; finer answers weigh more. Three answers: the finer two."""
    if len(y) == 3:
        return y[2] - (y[1] - y[2]) / ((sizes[1] / sizes[2]) ** p - 1.0), np.zeros(y.shape[1])
    A = np.stack([np.ones_like(sizes), sizes**p], axis=1)
    weight = 1.0 / sizes[:, None]
    found = np.linalg.lstsq(A * weight, y * weight, rcond=None)[0]
    left = np.sqrt(np.sum((weight * (y - A @ found)) ** 2, axis=0) / np.sum(weight**2) * len(y) / (len(y) - 2.0))
    return np.asarray(found[0]), np.asarray(left)


def _smooth(error: Array) -> Array:
    """Sizes that do not vanish where a series merely crosses its limit: at least their median."""
    size = np.abs(error)
    return np.asarray(np.maximum(size, float(np.median(size))))
