"""A number that depends on one variable, exact in its pieces and in its integral."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ModelError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Piecewise cubic plus one simple pole per piece: y = a0 + a1 u + a2 u^2 + a3 u^3 + r / (u - p), u = x - left.

    Beyond its ends a curve holds its end values; whoever uses it there says so (`Property.beyond`).

    Attributes
    ----------
    breaks : (n + 1,) array
        Increasing ends of the pieces.
    rows : (n, 6) array
        a0, a1, a2, a3, r, p of each piece.
    """

    breaks: Array
    rows: Array

    def __post_init__(self) -> None:
        breaks, rows = (np.ascontiguousarray(a, dtype=np.float64) for a in (self.breaks, self.rows))
        if breaks.ndim != 1 or rows.shape != (breaks.size - 1, 6) or breaks.size < 2:
            raise ModelError(
                f"a curve of {breaks.size} breaks and rows of shape {rows.shape} does not fit together. "
                "n pieces need n + 1 breaks and n rows of six numbers. Use Curve.table or Curve.pieces."
            )
        if not (np.isfinite(breaks).all() and np.isfinite(rows).all()):
            raise ModelError(
                "a curve holds a number that is not finite. Every knot is finite. Look for NaN in its table."
            )
        if not (np.diff(breaks) > 0).all():
            bad = int(np.argmin(np.diff(breaks)))
            raise ModelError(
                f"a curve's knots do not increase: {breaks[bad]:g} is followed by {breaks[bad + 1]:g}. "
                "Knots run from low to high, each once. Sort the table and remove the double."
            )
        for array in (breaks, rows):
            array.setflags(write=False)
        object.__setattr__(self, "breaks", breaks)
        object.__setattr__(self, "rows", rows)

    @classmethod
    def constant(cls, value: float) -> "Curve":
        """The same value everywhere."""
        return cls(breaks=np.array([0.0, 1.0]), rows=np.array([[value, 0, 0, 0, 0, 1e9]]))

    @classmethod
    def table(cls, x: ArrayLike, y: ArrayLike) -> "Curve":
        """Straight lines between the points `x`, `y` (n,)."""
        xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if xs.ndim != 1 or xs.shape != ys.shape or xs.size < 2:
            raise ModelError(
                f"a table of {xs.size} places and {ys.size} values makes no curve. "
                "It needs two points or more, as many values as places. Complete the table."
            )
        rows = np.zeros((xs.size - 1, 6))
        rows[:, 0], rows[:, 5] = ys[:-1], 1e9
        with np.errstate(divide="ignore", invalid="ignore"):
            rows[:, 1] = np.diff(ys) / np.diff(xs)
        rows[~np.isfinite(rows).all(axis=1), 1] = 0.0
        if not (np.isfinite(xs).all() and np.isfinite(ys).all()):
            rows[0, 0] = np.nan
        return cls(breaks=xs, rows=rows)

    @classmethod
    def pieces(cls, *parts: tuple[float, float, Sequence[float], float, float]) -> "Curve":
        """From (left, right, (c0, c1, c2, c3), r, p), each y = sum c_i x^i + r / (x - p) in the curve's own x."""
        breaks = [*(part[0] for part in parts[:1]), *(part[1] for part in parts)]
        rows = []
        for (left, right, c, r, p), before in zip(parts, breaks, strict=False):
            if left != before:
                raise ModelError(
                    f"a curve's piece starts at {left:g} where the one before ends at {before:g}. "
                    "Pieces follow one another without gap. Make both ends the same number."
                )
            if len(c) > 4:
                raise ModelError(
                    f"a curve's piece from {left:g} has {len(c)} coefficients. A cubic has four at most. "
                    "Split the range, or fit a cubic."
                )
            if r and left <= p <= right:
                raise ModelError(
                    f"a curve's pole at {p:g} lies inside its piece from {left:g} to {right:g}. "
                    "A piece is finite everywhere. Correct the pole, or end the piece before it."
                )
            c0, c1, c2, c3 = (*c, 0.0, 0.0, 0.0, 0.0)[:4]
            rows.append([c0 + c1 * left + c2 * left**2 + c3 * left**3, c1 + 2 * c2 * left + 3 * c3 * left**2,
                         c2 + 3 * c3 * left, c3, r, p - left if r else 1e9])  # fmt: skip
        return cls(breaks=np.array(breaks), rows=np.array(rows))

    @property
    def range(self) -> tuple[float, float]:
        """First and last break."""
        return float(self.breaks[0]), float(self.breaks[-1])

    def __call__(self, x: ArrayLike) -> Array:
        """The value at `x`, any shape; the end values beyond the ends."""
        at = np.clip(np.asarray(x, dtype=np.float64), self.breaks[0], self.breaks[-1])
        piece = np.clip(np.searchsorted(self.breaks, at, side="right") - 1, 0, len(self.rows) - 1)
        u = at - self.breaks[piece]
        a0, a1, a2, a3, r, p = np.moveaxis(self.rows[piece], -1, 0)
        return np.asarray(a0 + u * (a1 + u * (a2 + u * a3)) + r / (u - p))

    def one(self, x: float) -> float:
        """The value at one `x`, for those who ask often."""
        breaks = self.breaks
        at = min(max(x, breaks[0]), breaks[-1])
        piece = min(max(int(breaks.searchsorted(at, side="right")) - 1, 0), len(self.rows) - 1)
        u = at - breaks[piece]
        a0, a1, a2, a3, r, p = self.rows[piece].tolist()
        return float(a0 + u * (a1 + u * (a2 + u * a3)) + (r / (u - p) if r else 0.0))

    def packed(self, shift: float = 0.0) -> Array:
        """(n + 2, 8) rows left, a0..a3, r, p, integral at left, for the kernels; both holds are pieces of their own.

        `shift` is where the integral is zero. The first row's left end stands for minus infinity.
        """
        n = len(self.rows)
        packed = np.zeros((n + 2, 8))
        packed[1:-1, 0], packed[1:-1, 1:7] = self.breaks[:-1], self.rows
        packed[0, [0, 1, 6]] = self.breaks[0], self(self.breaks[0]), 1e9
        packed[-1, [0, 1, 6]] = self.breaks[-1], self(self.breaks[-1]), 1e9
        u = np.diff(self.breaks)
        a0, a1, a2, a3, r, p = self.rows.T
        pole = np.where(r != 0, r * np.log(np.abs((u - p) / -p)), 0.0)
        whole = u * (a0 + u * (a1 / 2 + u * (a2 / 3 + u * a3 / 4))) + pole
        packed[1:, 7] = np.concatenate([[0.0], np.cumsum(whole)])
        packed[:, 7] -= _integral_at(packed, shift)
        return packed

    def integral(self, x: ArrayLike, start: float) -> Array:
        """The integral from `start` to `x`, any shape, exact in every piece."""
        packed = self.packed(start)
        each = np.vectorize(lambda one: _integral_at(packed, one), otypes=[float])
        return np.asarray(each(np.asarray(x, dtype=np.float64)))


def _integral_at(packed: Array, x: float) -> float:
    row = packed[max(int(np.searchsorted(packed[1:, 0], x, side="right")), 0)]
    left, a0, a1, a2, a3, r, p, before = row
    u = x - left
    pole = r * np.log(abs((u - p) / -p)) if r else 0.0
    return float(before + u * (a0 + u * (a1 / 2 + u * (a2 / 3 + u * a3 / 4))) + pole)
