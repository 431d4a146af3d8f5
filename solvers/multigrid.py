"""Gradients with a geometric multigrid cycle: the step matrix of bodies solved without being written down.

The matrix is m + K: storage and walls on the diagonal m, conductances between neighbours, links and contacts K. The
cycle runs in f32 on the levels of `levels`, two damped sweeps before and after; the gradients in f64. Bodies in contact
are not symmetric, for each contact sees theta by the conductivity of its own side: they take stabilised biconjugate
gradients (van der Vorst 1992, SIAM J. Sci. Stat. Comput. 13, 631-644) round the same cycle.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from .facing import Joint
from .kernels import multigrid as kernel
from .kernels.gradients import apply, gradients, single
from .levels import Piece, levels
from .pairs import Array

LOW, HIGH = 0.35, 2.0  # the part of the spectrum that the two sweeps damp; no eigenvalue of Jacobi's matrix exceeds 2
PATIENCE = 300


def _shares() -> NDArray[np.float32]:
    """Chebyshev's two step lengths on [LOW, HIGH]."""
    middle, half = 0.5 * (HIGH + LOW), 0.5 * (HIGH - LOW) * np.sqrt(0.5)
    return np.array([1.0 / (middle + half), 1.0 / (middle - half)], np.float32)


SHARES = _shares()


class Cycle:
    """Gradients with the cycle of bodies that touch each other, or of one.

    Parameters
    ----------
    pieces : sequence of Piece
    joints : sequence of Joint
        Where two of them touch.
    """

    def __init__(self, pieces: Sequence[Piece], joints: Sequence[Joint] = ()) -> None:
        self.levels = levels(pieces, joints)
        grids = self.levels.grids
        self.cells = int(sum(piece.volume.size for piece in pieces))
        total = int(grids[:, :, :3].prod(axis=2).sum())
        self._single = [np.zeros(total, np.float32) for _ in range(5)]  # m, over, b, x, y
        quarter = np.maximum(grids[:, :, 11] // 4, 1)
        blocks = int(max(grids[:, :, 12].max(), (-(-grids[:, :, 0] * grids[:, :, 1] // quarter)).max()))
        length = int(grids[:, :, 2].max())
        self._work = np.empty((blocks, -(-length // 16) * 16), np.float32)
        self._wide = np.empty((blocks, length))
        self._sums = np.zeros(blocks)
        self._inverse = np.zeros((0, 0))
        self.iterations = 0

    @property
    def bytes(self) -> int:
        """Memory of all levels and of the gradients."""
        book, vectors = self.levels, 36 if not self.levels.meetings else 80
        fixed = sum(one.nbytes for one in (book.at, book.g, book.G, book.lat, book.ends, book.pull, book.links))
        return fixed + sum(one.nbytes for one in self._single) + vectors * self.cells

    def solve(self, m: Array, b: Array, tolerance: float, wall: Array | None = None,
              joints: Sequence[tuple[Array, Array]] = ()) -> Array:  # fmt: skip
        """X with |b - (m + K) x| <= tolerance |b|; m, b and x (cells,) of one body after the other, 0 in voids.

        `b` is used up: it ends as what is left over.

        Parameters
        ----------
        wall : (n,) m
            Conductance to the walls, part of m, of the cell behind each piece of skin: pairs of cells lie further from
            the wall than cells, so theirs is less.
        joints : one pair a joint, (n,) m
            What leaves the first cell of each piece by its own value, and enters it by the second's; no part of m.

        Raises
        ------
        SolveError
            If that is not reached within 300 iterations.
        """
        self.iterations = 0
        shape, m, r = b.shape, np.ascontiguousarray(m).reshape(-1), b.reshape(-1)
        size = float(np.sqrt(np.vdot(r, r)))
        x = np.zeros(self.cells)
        if size == 0.0:
            return x.reshape(shape)
        self._store(m, wall, joints)
        if self.levels.meetings:
            left = self._stabilised(m, r, x, size, tolerance)
        else:
            p, book = np.zeros(self.cells, np.float32), self.levels
            self.iterations, left = gradients(
                book.grids, book.at, book.g, book.G, book.lat, book.ends, book.pull, book.links, book.first,
                self._single[0], m, *self._single[1:], self._inverse, SHARES, self._work, self._wide, self._sums,
                p, r, x, size, tolerance, PATIENCE)  # fmt: skip
        if not left <= tolerance:
            raise SolveError(
                f"a linear solve stalled at {left:.1g} of its right side after {self.iterations} "
                f"iterations. A well-posed step reaches {tolerance:g}. "
                "Look for properties of very different size, or take smaller steps."
            )
        return x.reshape(shape)

    def _stabilised(self, m: Array, r: Array, x: Array, size: float, tolerance: float) -> float:
        """Biconjugate gradients; adds to x, leaves what is left over in r, and returns its share of the right side."""
        beside, p, v, s = r / size, np.zeros_like(x), np.zeros_like(x), np.empty_like(x)
        before, step, turn, left = size, 1.0, 1.0, size
        while left > tolerance * size and np.isfinite(left) and self.iterations < PATIENCE:
            self.iterations += 1
            along = float(beside @ r)
            p -= turn * v
            p *= along / before * step / turn
            p += r
            before = along
            z = self._smoothed(p, size)
            v = self._applied(m, z, np.empty_like(x))
            step = along / float(beside @ v)
            x += step * z
            r -= step * v
            z = self._smoothed(r, size)
            self._applied(m, z, s)
            length = float(s @ s)
            turn = float(s @ r) / length if length > 0.0 else 1.0
            x += turn * z
            r -= turn * s
            left = float(np.sqrt(r @ r))
        return left / size

    def _applied(self, m: Array, x: Array, out: Array) -> Array:
        book = self.levels
        for grid in book.grids[0]:
            apply(grid, book.at, book.G, book.lat, book.ends, book.links, m, x, out)
        return out

    def _smoothed(self, r: Array, size: float) -> Array:
        """One cycle on r."""
        book = self.levels
        single(r, 1.0 / size, self._single[2])
        kernel.cycle(book.grids, book.at, book.g, book.lat, book.ends, book.pull, book.first, *self._single,
                     self._inverse, SHARES, self._work, self._sums)  # fmt: skip
        return self._single[3][: self.cells].astype(np.float64) * size

    def _store(self, m: Array, wall: Array | None, joints: Sequence[tuple[Array, Array]]) -> None:
        """Storage and contacts of every level, one over the diagonals, and the coarsest matrix inverted."""
        book, (own, over, *_) = self.levels, self._single
        for meetings, pair in zip(book.meetings, joints, strict=True):
            meetings[0].seen(*pair, book.links)
            for meeting in meetings:
                pair = meeting.seen(*pair, book.pull)
        walls: list[Array | None] = [None] * len(book.shares)
        if wall is not None and wall.any():
            ends = np.cumsum([0, *(one.size for one in book.shares)])
            walls = [wall[a:b] * share for a, b, share in zip(ends[:-1], ends[1:], book.shares, strict=True)]
        single(m, 1.0, own)
        for depth, grids in enumerate(book.grids):
            for grid in grids:
                kernel.invert(grid, book.at, book.g, book.lat, book.ends, book.pull, own, over)
            if depth < len(book.facings):
                for n, (grid, facing) in enumerate(zip(grids, book.facings[depth], strict=True)):
                    kernel.gather(grid, book.grids[depth + 1, n], book.first, own)
                    w = walls[n]
                    if facing is not None and w is not None:
                        walls[n] = facing.seen(w, own)
        self._inverse = self._inverted()

    def _inverted(self) -> Array:
        """The matrix of the coarsest level, inverted; a void gives 0."""
        book, own = self.levels, self._single[0].astype(np.float64)
        last = book.grids[-1]
        base = int(last[0, 3])
        A = np.diag(own[base:])
        for n0, n1, n2, start, at0, at1, at2, *_ in last:
            number = start - base + np.arange(n0 * n1 * n2).reshape(n0, n1, n2)
            faces = ((at0, (n0 + 1, n1), n2), (at1, (n0, n1 + 1), n2), (at2, (n0, n1), n2 + 1))
            for axis, (begin, rows, length) in enumerate(faces):
                where = book.at[begin : begin + rows[0] * rows[1]].reshape(*rows, 1) + np.arange(length)
                n = number.shape[axis]
                g = np.take(book.g[where], range(1, n), axis).ravel().astype(np.float64)
                one, two = (np.take(number, ends, axis).ravel() for ends in (range(n - 1), range(1, n)))
                A[one, two] -= g
                A[two, one] -= g
                A[one, one] += g
                A[two, two] += g
        links = slice(book.lat[last[0, 7]], None)
        one, two = book.ends[:, links] - base
        np.subtract.at(A, (one, two), book.pull[0, links])
        np.add.at(A, (one, one), book.pull[1, links])
        void = np.diag(A) == 0.0
        A[void, void] = 1.0
        found = np.linalg.inv(A)
        found[void, void] = 0.0
        return found
