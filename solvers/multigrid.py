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
from .levels import Piece, levels
from .pairs import Array, Ints

LOW, HIGH = 0.35, 2.0  # the part of the spectrum that the two sweeps damp; no eigenvalue of Jacobi's matrix exceeds 2
PATIENCE = 300


def _shares() -> NDArray[np.float32]:
    """Chebyshev's two step lengths on [LOW, HIGH]."""
    middle, half = 0.5 * (HIGH + LOW), 0.5 * (HIGH - LOW) * np.sqrt(0.5)
    return np.array([1.0 / (middle + half), 1.0 / (middle - half)], np.float32)


SHARES = _shares()


def _steps(depth: int, bodies: int) -> dict[str, Ints]:
    """Lists of what to do, on which level and on which body, as `follow` reads them."""

    def on(d: int, *whats: int) -> list[tuple[int, int, int]]:
        return [(what, d, c) for what in whats for c in range(bodies)]

    cycle = []
    for d in range(depth):
        cycle += on(d, kernel.BEGIN, kernel.RESTRICT)
    cycle.append((kernel.SETTLE, 0, 0))
    for d in range(depth - 1, -1, -1):
        cycle += on(d, kernel.PROLONG, kernel.FORTH, kernel.BACK)
    load, down = on(0, kernel.LOAD), on(0, kernel.DESCEND)
    turned = [(kernel.TURNED, 0, 0), *on(0, kernel.TURN, kernel.CURVE), (kernel.BENT, 0, 0)]
    steps = {"apply": down, "smooth": load + cycle, "store": on(0, kernel.STORE),
             "solve": [*load, *cycle, *turned, *down, (kernel.ASK, len(load), 0)],
             f"store {depth}": [*on(depth, kernel.INVERT), (kernel.SPLIT, 0, 0)]}  # fmt: skip
    steps |= {f"store {d}": on(d, kernel.INVERT, kernel.GATHER) for d in range(depth)}
    return {name: np.array(one, np.int64) for name, one in steps.items()}


class Cycle:
    """Gradients with the cycle of bodies that touch each other, or of one.

    Parameters
    ----------
    pieces : sequence of Piece
    joints : sequence of Joint
        Where two of them touch.
    """

    def __init__(self, pieces: Sequence[Piece], joints: Sequence[Joint] = ()) -> None:
        self.levels = book = levels(pieces, joints)
        grids = book.grids
        self.cells = int(sum(piece.volume.size for piece in pieces))
        self._base, total = int(grids[0, 0, 3]), int(grids[:, :, :3].prod(axis=2).sum())
        own, over, b, x, y = (np.zeros(total + 2 * self._base, np.float32) for _ in range(5))
        self._along = np.zeros(self.cells + 2 * self._base, np.float32)
        self._book = (book.at, book.g, book.lat, book.ends, book.pull, book.first)
        self._field = (own, over, b, x, y, self._along)
        rows = np.maximum(grids[:, :, 11] // 2, 1)
        blocks = int(max(grids[:, :, 12].max(), (-(-grids[:, :, 0] * grids[:, :, 13] // rows)).max()))
        length = -(-max(int(np.diff(book.first[t[14] : t[14] + t[13] + 1]).max() * t[2])
                        for level in grids for t in level) // 16) * 16  # fmt: skip
        last = int(grids[-1, :, :3].prod(axis=1).sum())
        self._space = (np.empty((blocks, length), np.float32), np.empty((blocks, length)), np.zeros(blocks))
        self._coarsest = (np.empty((last, last)), np.empty(last))
        p, q = SHARES
        self._numbers = np.zeros((12, 2))
        self._numbers[kernel.BEGIN] = p + q - p * q, p * q
        self._numbers[[kernel.FORTH, kernel.BACK, kernel.STORE], 0] = p, q, 1.0
        self._steps = _steps(len(grids) - 1, grids.shape[1])
        self.iterations = 0

    @property
    def bytes(self) -> int:
        """Memory of all levels and of the gradients."""
        book, vectors = self.levels, 36 if not self.levels.meetings else 80
        fixed = sum(one.nbytes for one in (book.at, book.g, book.G, book.lat, book.ends, book.pull, book.links))
        return fixed + sum(one.nbytes for one in self._field[:5]) + vectors * self.cells

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
        size = float(np.sqrt(np.einsum("i,i", r, r)))  # sums without threads
        x = np.zeros(self.cells)
        if size == 0.0:
            return x.reshape(shape)
        self._store(m, wall, joints)
        if self.levels.meetings:
            left = self._stabilised(m, r, x, size, tolerance)
        else:
            self._along[:] = 0.0
            self._numbers[kernel.LOAD, 0] = 1.0 / size
            self.iterations, left = self._follow("solve", m, r, x, tolerance)
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
            v = self._applied(m, z, size, np.empty_like(x))
            step = along / float(beside @ v)
            x += step * z
            r -= step * v
            z = self._smoothed(r, size)
            self._applied(m, z, size, s)
            length = float(s @ s)
            turn = float(s @ r) / length if length > 0.0 else 1.0
            x += turn * z
            r -= turn * s
            left = float(np.sqrt(r @ r))
        return left / size

    def _follow(self, name: str, m: Array, r: Array, x: Array, tolerance: float = 0.0) -> tuple[int, float]:
        """Do what a list says; iterations, and what is left."""
        book = self.levels
        return kernel.follow(self._steps[name], book.grids, self._book, self._field, (book.G, book.links, m, r, x),
                             self._numbers, *self._space, *self._coarsest, tolerance, PATIENCE)  # fmt: skip

    def _applied(self, m: Array, z: Array, size: float, out: Array) -> Array:
        """A z for what a cycle gave last."""
        out[:] = 0.0
        self._along[:] = self._field[3][: self._along.size]
        self._numbers[kernel.DESCEND] = -size, 1.0
        self._follow("apply", m, out, np.empty_like(z))
        return out

    def _smoothed(self, r: Array, size: float) -> Array:
        """One cycle on r."""
        self._numbers[kernel.LOAD, 0] = 1.0 / size
        self._follow("smooth", r, r, r)
        return self._field[3][self._base : self._base + self.cells].astype(np.float64) * size

    def _store(self, m: Array, wall: Array | None, joints: Sequence[tuple[Array, Array]]) -> None:
        """Storage and contacts of every level, one over the diagonals, and the coarsest matrix split."""
        book = self.levels
        for meetings, pair in zip(book.meetings, joints, strict=True):
            meetings[0].seen(*pair, book.links)
            for meeting in meetings:
                pair = meeting.seen(*pair, book.pull)
        walls: list[Array | None] = [None] * len(book.shares)
        if wall is not None and wall.any():
            ends = np.cumsum([0, *(one.size for one in book.shares)])
            walls = [wall[a:b] * share for a, b, share in zip(ends[:-1], ends[1:], book.shares, strict=True)]
        self._follow("store", m, m, m)
        for depth in range(len(book.grids)):
            self._follow(f"store {depth}", m, m, m)
            for n, facing in enumerate(book.facings[depth] if depth < len(book.facings) else ()):
                w = walls[n]
                if facing is not None and w is not None:
                    walls[n] = facing.seen(w, self._field[0])
