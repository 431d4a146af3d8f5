"""The product of two curves, such as density and heat capacity, as one curve."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from .curve import Curve

Array = NDArray[np.float64]
Exact = Callable[[Array], Array]
CLOSE = 1e-8  # of the product's own size, where no cubic and pole holds it exactly
DEEPEST = 12


def product(first: Curve, second: Curve) -> Curve:
    """`first` times `second`, each with its ends held beyond its own range, over the range of both.

    Exact wherever a cubic and one pole hold it: up to three powers in all, and a pole times a polynomial of up to
    three. Other pieces are split until cubics hold them to 1e-8 of the piece's largest value.
    """
    ends = [f(edge for curve in (first, second) for edge in curve.range) for f in (min, max)]
    inner = [b for curve in (first, second) for b in curve.breaks if ends[0] < b < ends[1]]
    breaks = np.unique(np.array([*ends, *inner]))
    lefts, rows = [], []
    for left, right in pairwise(breaks):
        for at, row in _piece(moved(first, left, 0.5 * (left + right)), moved(second, left, 0.5 * (left + right)),
                              right - left):  # fmt: skip
            lefts.append(left + at)
            rows.append(row)
    return Curve(breaks=np.array([*lefts, breaks[-1]]), rows=np.array(rows))


def moved(curve: Curve, left: float, inside: float) -> Array:
    """(6,) row of the piece that holds `inside`, about `left`; a held end beyond the curve's own."""
    low, high = curve.range
    if not low <= inside <= high:
        return np.array([curve.one(low if inside < low else high), 0.0, 0.0, 0.0, 0.0, 1e9])
    piece = int(np.searchsorted(curve.breaks, inside, side="right")) - 1
    a0, a1, a2, a3, r, p = curve.rows[piece]
    s = left - curve.breaks[piece]
    return np.array([a0 + s * (a1 + s * (a2 + s * a3)), a1 + s * (2 * a2 + 3 * s * a3), a2 + 3 * s * a3, a3, r, p - s])


def _piece(one: Array, two: Array, width: float) -> list[tuple[float, Array]]:
    """Rows of the product of two rows over 0 to `width`, each with the place where it begins."""
    whole, poles = Polynomial(one[:4]) * Polynomial(two[:4]), list[tuple[float, float]]()
    for mine, its in ((one, two), (two, one)):
        r, p = float(mine[4]), float(mine[5])
        if r != 0.0:
            quotient, rest = divmod(Polynomial(its[:4]), Polynomial([-p, 1.0]))
            whole += r * quotient
            poles.append((r * float(rest(0.0)), p))
    if one[4] != 0.0 and two[4] != 0.0:
        share = one[4] * two[4] / (one[5] - two[5]) if one[5] != two[5] else 0.0
        poles = [(poles[0][0] + share, poles[0][1]), (poles[1][0] - share, poles[1][1])]
    r, p = poles[0] if poles else (0.0, 1e9)
    coefficients = np.zeros(7)
    coefficients[: whole.coef.size] = whole.coef
    if len(poles) < 2 and not coefficients[4:].any():
        return [(0.0, np.array([*coefficients[:4], r, p]))]

    def exact(u: Array) -> Array:
        values = [row[0] + u * (row[1] + u * (row[2] + u * row[3])) + (row[4] / (u - row[5]) if row[4] else 0.0)
                  for row in (one, two)]  # fmt: skip
        return np.asarray(values[0] * values[1])

    same = one[4] != 0.0 and two[4] != 0.0 and one[5] == two[5]
    return _split(exact, 0.0 if same else r, p, 0.0, width, 0)


def _split(exact: Exact, r: float, p: float, low: float, high: float, depth: int) -> list[tuple[float, Array]]:
    """Cubics beside the pole r / (u - p) that hold `exact` between `low` and `high`."""
    nodes = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(np.pi * (2.0 * np.arange(4) + 1.0) / 8.0)

    def pole(u: Array) -> Array:
        return np.asarray(r / (u - p) if r else 0.0 * u)

    fitted = Polynomial.fit(nodes - low, exact(nodes) - pole(nodes), 3).convert().coef
    cubic = np.zeros(4)
    cubic[: fitted.size] = fitted
    u = np.linspace(low, high, 33)
    true = exact(u)
    miss = float(np.abs(np.polynomial.polynomial.polyval(u - low, cubic) + pole(u) - true).max())
    if miss <= CLOSE * float(np.abs(true).max()) or depth == DEEPEST:
        return [(low, np.array([*cubic, r, p - low if r else 1e9]))]
    middle = 0.5 * (low + high)
    return [*_split(exact, r, p, low, middle, depth + 1), *_split(exact, r, p, middle, high, depth + 1)]
