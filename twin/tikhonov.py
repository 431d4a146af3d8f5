"""Linear unknowns from noisy rows: smoothed as much as the noise asks for, with what is resolved and what is lost."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

from ..models import ModelError
from ..models.errors import did_you_mean

Array = NDArray[np.float64]
PRINCIPLES = ("discrepancy", "L-curve")
GRID = 65
DECADES = 8.0  # of the strength, to either side of where rows and roughness weigh the same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regularised:
    """The solution with its doubts.

    Attributes
    ----------
    values : (n,)
    resolution : (n, n)
        What the solution would be of each unit vector, noise apart; its trace counts what the rows tell.
    noise : (n, n)
        Covariance from the noise of the rows.
    bias : (n, n)
        Expected outer product of what smoothing took away, for unknowns as rough as the solution.
    strength : float
        Weight of the roughness.
    principle : str
        How it was chosen: "discrepancy", "L-curve" or "given".
    misfit : float
        Root mean square of what is left of the rows; 1 where their noise is as stated.
    least : float
        The same at the least smoothing tried.
    curve : (k, 3)
        Strength, sum of squares left, and squared roughness, over all strengths tried.
    """

    values: Array
    resolution: Array
    noise: Array
    bias: Array
    strength: float
    principle: str
    misfit: float
    least: float
    curve: Array

    @property
    def covariance(self) -> Array:
        """(n, n) of noise and bias together."""
        return self.noise + self.bias

    @property
    def told(self) -> float:
        """How many independent numbers the rows tell."""
        return float(np.trace(self.resolution))


def roughness(at: ArrayLike, order: int = 1) -> Array:
    """Rows (n - order, n): squares sum to the integral of the squared slope (1) or curvature (2) over knots (n,)."""
    x = np.asarray(at, dtype=float)
    if order not in (1, 2) or x.ndim != 1 or x.size <= order or not (np.diff(x) > 0.0).all():
        raise ModelError(
            f"roughness of order {order} over {x.size} knots is not defined. Order is 1 or 2, and more knots than that "
            "increase. Sort the knots, or add some."
        )
    slope = np.diff(np.eye(x.size), axis=0) / np.diff(x)[:, None]
    if order == 1:
        return np.asarray(slope * np.sqrt(np.diff(x))[:, None])
    apart = (x[2:] - x[:-2]) / 2.0
    return np.asarray(np.diff(slope, axis=0) / apart[:, None] * np.sqrt(apart)[:, None])


def tikhonov(rows: Array, right: Array, rough: Array, *, choose: str | float = "discrepancy") -> Regularised:
    """The unknowns x that make |rows x - right|^2 + strength |rough x|^2 least.

    Parameters
    ----------
    rows : (m, n)
        In units of their noise, which is independent and of size one.
    right : (m,)
    rough : (k, n)
        From `roughness`.
    choose : str or float
        "discrepancy": the most smoothing that leaves no more than noise may, |rows x - right|^2 = m + sqrt(2 m);
        "L-curve": the corner of misfit against roughness; or the strength itself.

    Returns
    -------
    Regularised

    Raises
    ------
    ModelError
        Unknown principle, a strength that is not above 0, shapes that do not fit.

    Notes
    -----
    Where even the freest solution leaves more than the noise, the discrepancy principle has no answer; the corner is
    taken, and `principle` says so. What smoothing takes away is unknown by nature; it is stated for unknowns as rough
    as the solution shows them to be once what it cannot show is allowed for, or for those that make the strength the
    right one, whichever are rougher.

    References
    ----------
    Hansen, Rank-Deficient and Discrete Ill-Posed Problems (1998), chs. 4, 5 and 7; Aster, Borchers and Thurber,
    Parameter Estimation and Inverse Problems, 2nd ed. (2013), ch. 4 (resolution).
    """
    m, n = rows.shape
    if right.shape != (m,) or rough.ndim != 2 or rough.shape[1] != n:
        raise ModelError(
            f"rows {rows.shape}, right {right.shape} and roughness {rough.shape} do not fit together. They are (m, n), "
            "(m,) and (k, n). Transpose or cut them."
        )
    if isinstance(choose, str) and choose not in PRINCIPLES:
        raise ModelError(
            f"choose = '{choose}' is not known. {did_you_mean(choose, PRINCIPLES)} Say 'discrepancy', 'L-curve', or "
            "give the strength."
        )
    if not isinstance(choose, str) and not choose > 0.0:
        raise ModelError(f"a strength of {choose:g} smooths nothing. It is above 0. Say choose='discrepancy'.")
    q, triangle = np.linalg.qr(rows)
    b = q.T @ right
    lost = max(float(right @ right - b @ b), 0.0)  # what no x explains
    A, L = triangle.T @ triangle, rough.T @ rough
    even = float(np.trace(A) / np.trace(L))
    mu, V = eigh(L, A + even * L)
    mu = np.clip(mu, 0.0, (1.0 - 1e-12) / even)  # A + s L = V^-T (1 + (s - even) mu) V^-1
    loaded = V.T @ (triangle.T @ b)

    def at(strengths: Array) -> tuple[Array, Array, Array]:
        x = V @ (loaded[:, None] / (1.0 + (strengths - even) * mu[:, None]))
        return x, lost + ((triangle @ x - b[:, None]) ** 2).sum(axis=0), ((rough @ x) ** 2).sum(axis=0)

    tried = even * np.logspace(-DECADES, DECADES, GRID)
    curve = np.stack([tried, *at(tried)[1:]], axis=1)
    principle, strength = "given", float(choose) if not isinstance(choose, str) else 0.0
    target = m + np.sqrt(2.0 * m)  # a draw of noise above its mean is noise all the same
    if choose == "discrepancy" and curve[0, 1] <= target:
        principle, strength = (
            "discrepancy",
            _discrepancy(tried, curve[:, 1], lambda s: float(at(np.array([s]))[1][0]), target),
        )
    elif isinstance(choose, str):
        principle, strength = "L-curve", _corner(curve)
    (x,), (left,), (lively,) = (part.T for part in at(np.array([strength])))
    spread = V / (1.0 + (strength - even) * mu)
    gain = spread @ V.T @ triangle.T
    noise, resolution = gain @ gain.T, gain @ triangle
    # covariance of x by its roughness: tau (L'L)^+; the bias is (R - 1) x = -(A'A + s L'L)^-1 s L'L x
    pushed = strength * spread @ V.T @ rough.T
    # `kept` is the share of the truth's roughness that the solution has
    kept = float(np.sum((rough @ resolution @ np.linalg.pinv(rough)) ** 2))
    tau = max(1.0 / strength, (float(lively) - float(np.sum((rough @ gain) ** 2))) / max(kept, 1e-3))
    return Regularised(values=x, resolution=resolution, noise=noise, bias=tau * pushed @ pushed.T, strength=strength,
                    principle=principle, misfit=float(np.sqrt(left / m)), least=float(np.sqrt(curve[0, 1] / m)),
                    curve=curve)  # fmt: skip


def _discrepancy(tried: Array, left: Array, of: Callable[[float], float], target: float) -> float:
    beyond = np.flatnonzero(left > target)
    if not beyond.size:
        return float(tried[-1])
    low, high = np.log(tried[beyond[0] - 1]), np.log(tried[beyond[0]])
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if of(float(np.exp(middle))) <= target else (low, middle)
    return float(np.exp(low))


def _corner(curve: Array) -> float:
    """Where misfit over roughness, both logarithmic, turns most sharply."""
    s, x, y = np.log(np.maximum(curve, 1e-300)).T
    x1, y1 = np.gradient(x, s), np.gradient(y, s)
    x2, y2 = np.gradient(x1, s), np.gradient(y1, s)
    bend = (x1 * y2 - x2 * y1) / np.maximum((x1**2 + y1**2) ** 1.5, 1e-12)
    bend[[0, 1, -2, -1]] = -np.inf
    return float(np.exp(s[int(np.argmax(bend))]))
