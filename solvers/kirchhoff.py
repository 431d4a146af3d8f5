"""The potential and the temperature of a material over its enthalpy, as piecewise polynomials."""

from itertools import pairwise

import numpy as np
from numpy.polynomial.chebyshev import cheb2poly, chebfit
from numpy.typing import NDArray

from .kernels.pieces import properties, temperatures
from .kernels.sweeps import FIRST, FORM

Array = NDArray[np.float64]
CLOSE, DEEPEST = 1e-10, 16  # of the range that the tables span; halvings of a piece


def fitted(conductivity: Array, capacity: Array) -> Array:
    """A table of theta(H) and T(H) for the kernels; theta is the integral of conductivity, H that of heat capacity.

    Pieces end where a property has a corner or a jump, and are halved until both polynomials of degree 7 are within
    1e-10 of the tables' range of the exact curves. Beyond the ends, where properties are held, both are straight.

    Parameters
    ----------
    conductivity, capacity : (n, 8) arrays, W/(m.K) and J/(m3.K)
        Packed curves.

    Returns
    -------
    (pieces, 19) array
        left, middle, 1 / half width (J/m3), 8 coefficients of theta (W/m), 8 of T (K); the first left is -inf.
    """
    breaks = np.unique(np.concatenate([conductivity[:, 0], capacity[:, 0]]))
    k, theta, c, H = _at(np.concatenate([breaks[:1] - 1.0, breaks, breaks[-1:] + 1.0]), conductivity, capacity)
    H, theta = H[1:-1], theta[1:-1]
    span = np.maximum([np.ptp(theta), np.ptp(breaks)], 1e-3 * np.abs([theta[0], breaks[0]]) + 1e-300)
    rows = [_straight(-np.inf, H[0], theta[0], breaks[0], k[0], c[0])]
    todo = [(a, b, 0) for a, b in pairwise(H)][::-1]
    while todo:
        a, b, depth = todo.pop()
        row, error = _piece(a, b, conductivity, capacity)
        if depth < DEEPEST and (error > CLOSE * span).any():
            todo += [(0.5 * (a + b), b, depth + 1), (a, 0.5 * (a + b), depth + 1)]
            continue
        rows.append(row)
    return np.array([*rows, _straight(H[-1], H[-1], theta[-1], breaks[-1], k[-1], c[-1])])


def _at(T: Array, conductivity: Array, capacity: Array) -> tuple[Array, ...]:
    found = tuple(np.empty((T.size, 1, 1)) for _ in range(4))
    properties(np.ascontiguousarray(T).reshape(-1, 1, 1), conductivity, capacity, *found)
    return tuple(one.ravel() for one in found)


def _straight(left: float, at: float, theta: float, T: float, k: float, c: float) -> Array:
    row = np.zeros(FIRST + 2 * FORM)
    row[:3] = left, at, 1.0 / c
    row[FIRST : FIRST + 2] = theta, k
    row[FIRST + FORM : FIRST + FORM + 2] = T, 1.0
    return row


def _piece(a: float, b: float, conductivity: Array, capacity: Array) -> tuple[Array, Array]:
    """The polynomials of one piece, and the largest error of each."""
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    nodes, seen = np.cos(np.pi * (np.arange(24) + 0.5) / 24), np.linspace(-1.0, 1.0, 65)
    u = np.concatenate([nodes, seen])
    T = np.empty(u.size)
    temperatures(middle + half * u, capacity, T)
    theta = _at(T, conductivity, capacity)[1]
    row, error = np.zeros(FIRST + 2 * FORM), np.zeros(2)
    row[:3] = a, middle, 1.0 / half
    for n, y in enumerate((theta, T)):
        own = cheb2poly(chebfit(nodes, y[: nodes.size], FORM - 1))
        own = np.pad(own, (0, FORM - own.size))
        row[FIRST + n * FORM : FIRST + (n + 1) * FORM] = own
        error[n] = np.abs(np.polynomial.polynomial.polyval(seen, own) - y[nodes.size :]).max()
    return row, error
