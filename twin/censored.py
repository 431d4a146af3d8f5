"""Readings at the end of a range: they say on which side the value was, and count by the tail of the normal law."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr

if TYPE_CHECKING:
    from .forward import Forward

Array = NDArray[np.float64]
ROUNDS = 60  # of Newton's method on what sensors share


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Censored:
    """Readings that only bound what was there, beside a run.

    Attributes
    ----------
    beyond : (nc,)
        By how far the expected reading lies beyond the limit, on the side that was read: above 0 agrees.
    sigmas, times : (nc,)
        Standard uncertainty (its short-term part), time in s.
    jacobian : (nc, nf)
        Derivative of `beyond` by the values.
    row : (nc,) int
        Index into problem.rows.
    shared : (nc, m)
        What moves a whole channel at once, at one standard uncertainty, as in `Forward.shared`.
    """

    beyond: Array
    sigmas: Array
    times: Array
    jacobian: Array
    row: NDArray[np.int64]
    shared: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneSided:
    """Rows whose plain sum of squares is minus twice the log likelihood of the readings at a limit.

    Attributes
    ----------
    residuals : (n,)
    slopes : (n, nf)
        Their derivatives by the values.
    information : (n, nf)
        Rows whose square is the exact curvature of half that sum, where `slopes` squared is less than it.
    """

    residuals: Array
    slopes: Array
    information: Array


def tail(z: Array) -> tuple[Array, Array, Array]:
    """Root of -2 log of the normal law at z, its derivative, and the curvature of half its square; each (n,).

    References
    ----------
    Tobin, Econometrica 26 (1958), p. 24: the likelihood of a limited variable. The hazard phi / Phi by the scaled
    complementary error function, which neither overflows nor cancels.
    """
    r = np.sqrt(-2.0 * log_ndtr(z))
    hazard = np.sqrt(2.0 / np.pi) / erfcx(-z / np.sqrt(2.0))
    slope = -np.divide(hazard, r, out=np.zeros_like(r), where=r > 0.0)
    return r, slope, np.clip(hazard * (hazard + z), 0.0, 1.0)


def one_sided(found: "Forward", inflation: Array | None = None) -> OneSided:
    """What the readings at a limit add to the sum of squares of all others.

    Parameters
    ----------
    found : Forward
    inflation : (rows,) or None
        By how much the variance of each row is enlarged. A reading at a limit then weighs so much less, but its tail is
        that of the stated uncertainty: a wider one would move the limit itself.

    Returns
    -------
    OneSided
        With 0 rows where no reading stands at a limit.

    Notes
    -----
    Errors that a whole channel shares are given their most likely size, after all readings; where nothing is limited
    that is exactly what their covariance says. It is found by Newton's method on a convex function, and its change
    with the values by the implicit function theorem.
    """
    past, nf = found.censored, found.jacobian.shape[1]
    if past is None or not past.beyond.size:
        return OneSided(residuals=np.zeros(0), slopes=np.zeros((0, nf)), information=np.zeros((0, nf)))
    sigma, edge, counts = found.sigmas, past.sigmas, np.ones(past.row.size)
    if inflation is not None:
        sigma, counts = sigma * np.sqrt(inflation[found.row]), 1.0 / inflation[past.row]
    U, T = found.shared / sigma[:, None], past.shared / edge[:, None]
    Jz, z = past.jacobian / edge[:, None], past.beyond / edge
    A = np.eye(U.shape[1]) + U.T @ U
    least = np.asarray(
        np.linalg.solve(A, -U.T @ (found.residuals / sigma)), np.float64
    )  # after the readings that are not limited
    moved = -np.linalg.solve(A, U.T @ (found.jacobian / sigma[:, None]))
    a = _settle(A, least, T, z, counts)
    r, slope, weight = np.array(tail(z + T @ a)) * np.stack([np.sqrt(counts), np.sqrt(counts), counts])
    along = np.linalg.solve(A + T.T @ (T * weight[:, None]), A @ moved - T.T @ (Jz * weight[:, None]))
    root, toward = np.linalg.cholesky(A).T, Jz + T @ along
    held = root @ (along - moved)
    return OneSided(residuals=np.concatenate([root @ (a - least), r]),
                    slopes=np.vstack([held, slope[:, None] * toward]),
                    information=np.vstack([held, np.sqrt(weight)[:, None] * toward]))  # fmt: skip


def _settle(A: Array, least: Array, T: Array, z: Array, counts: Array) -> Array:
    """The a (m,) that minimises (a - least)' A (a - least) / 2 - sum of counts log Phi(z + T a)."""

    def cost(a: Array) -> float:
        return float(0.5 * (a - least) @ A @ (a - least) - counts @ log_ndtr(z + T @ a))

    a = least
    now = cost(a)
    for _ in range(ROUNDS):
        r, slope, weight = tail(z + T @ a)
        down = A @ (a - least) + T.T @ (counts * slope * r)
        step = -np.linalg.solve(A + T.T @ (T * (counts * weight)[:, None]), down)
        if -float(down @ step) <= 1e-24 * (1.0 + now):
            break
        share, same = 1.0, 1e-13 * (1.0 + now)  # of rounding
        while (then := cost(a + share * step)) > now + same and share > 1e-8:
            share *= 0.5
        if then > now + same:
            break
        a, now = a + share * step, then
    return a
