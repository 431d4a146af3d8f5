"""Conjugate gradients with a geometric multigrid cycle: a block's step matrix solved without being written down.

The matrix is m + K: storage and walls on the diagonal m, conductances between neighbours K. Pairs of cells along each
axis make the next coarser level: storage summed, conductances of common faces summed and divided by how much longer the
way between the centres is. That is the same finite volumes on the coarser grid, so corrections that are constant over
a pair (piecewise-constant transfer) come out at the right height. Only cells that are thin for their level are paired,
so graded axes and flat cells coarsen along the strong direction first. The cycle runs in f32, the gradients in f64.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from .kernels import multigrid as kernel

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Ints = NDArray[np.int64]

COARSEST = 200  # cells, solved directly
LOW, HIGH = 0.35, 2.0  # the part of the spectrum that the two sweeps damp; no eigenvalue of Jacobi's matrix exceeds 2
PATIENCE = 300
CHUNK = 1 << 14  # cells a block: sums are shared out by it, whatever the number of threads


def _shares() -> tuple[np.float32, np.float32]:
    """Chebyshev's two step lengths on [LOW, HIGH]."""
    middle, half = 0.5 * (HIGH + LOW), 0.5 * (HIGH - LOW) * np.sqrt(0.5)
    return np.float32(1.0 / (middle + half)), np.float32(1.0 / (middle - half))


FIRST, SECOND = _shares()


def _rows(cells: int, length: int) -> tuple[int, int]:
    """Rows in a block, and blocks."""
    rows = max(CHUNK // length, 1)
    return rows, -(-cells // length // rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skin:
    """The walls of a block: cell (n,) flat, area (n,) m2, gap (n,) m over conductivity, normal and place (n, 3)."""

    cell: Ints
    area: Array
    gap: Array
    normal: Array
    place: Array


@dataclass(frozen=True, slots=True, eq=False)
class Facing:
    """How walls are seen from a coarser level: which pieces merge, in which cell, and how much further it is, 1/m."""

    into: Ints
    cell: Ints
    further: Array

    def seen(self, w: Array, m: Single) -> Array:
        """Conductance of the merged pieces from that of the pieces, and `m` lessened by the difference."""
        near = np.bincount(self.into, w, self.cell.size)
        far = near / (1.0 + near * self.further)
        np.subtract.at(m, self.cell, (near - far).astype(np.float32))
        return far


@dataclass(slots=True, eq=False)
class Level:
    """One grid of the cycle: conductances once, storage and one over the diagonal with every matrix, and work."""

    g: tuple[Single, Single, Single]
    first: tuple[Ints, Ints, Ints] | None
    m: Single | Array  # on the finest level that of the matrix itself, in f64
    over: Single
    b: Single
    x: Single
    y: Single
    rows: int
    work: Single
    half: Single
    facing: Facing | None = None

    @property
    def bytes(self) -> int:
        """Memory of this level."""
        return sum(one.nbytes for one in (*self.g, self.m, self.over, self.b, self.x, self.y, self.work, self.half))


class Cycle:
    """Conjugate gradients with the cycle of one block.

    Parameters
    ----------
    g : three arrays, m
        Conductance of the faces (n0 + 1, n1, n2), ... over conductivity; 0 at walls and voids.
    edges : three arrays, m
        Edges of the cells along each axis.
    volume : (n0, n1, n2), m3
        Of the cells; where an axis conducts better than another is seen from it.
    skin : Skin or None
        Walls whose conductance `solve` is told.
    """

    def __init__(self, g: Sequence[Array], edges: Sequence[Array], volume: Array, skin: Skin | None = None) -> None:
        self.shape = volume.shape
        order = [axis for axis in range(3) if self.shape[axis] == 1]
        order += [axis for axis in range(3) if self.shape[axis] > 1]
        self.folded = tuple(self.shape[axis] for axis in order)
        self.g = tuple(_folded(g[axis], self.folded, place) for place, axis in enumerate(order))
        self.rows, self.blocks = _rows(volume.size, self.folded[2])
        reach = [np.asarray(edges[axis]) for axis in order]
        strength = [_strength(one, volume.reshape(self.folded), edge, axis)
                    for axis, (one, edge) in enumerate(zip(self.g, reach, strict=True))]  # fmt: skip
        self.levels = _levels(self.g, reach, strength, self.folded)
        self._share = np.zeros(0)
        if skin is not None:
            self._share = _face(self.levels, skin, order, reach)
        self.inverse = np.zeros((0, 0))
        self.iterations = 0

    @property
    def bytes(self) -> int:
        """Memory of all levels and of the gradients, the conductances in f64 not counted: the march owns them."""
        return sum(level.bytes for level in self.levels) + 4 * 8 * int(np.prod(self.shape))

    def solve(self, m: Array, b: Array, tolerance: float, wall: Array | None = None) -> Array:
        """X with |b - (m + K) x| <= tolerance |b|; m, b and x (n0, n1, n2), all 0 in voids.

        `b` is used up: it ends as what is left over.

        `wall` (n,) m is the conductance to the walls, part of m, of the cell behind each piece of skin: pairs of
        cells lie further from the wall than cells, so theirs is less.

        Raises
        ------
        SolveError
            If that is not reached within 300 iterations.
        """
        self.iterations = 0
        size = float(np.sqrt(np.vdot(b, b)))
        x = np.zeros(self.folded)
        if size == 0.0:
            return x.reshape(self.shape)
        m = np.ascontiguousarray(m).reshape(self.folded)
        self._store(m, wall)
        r = b.reshape(self.folded)
        p = np.zeros(self.folded)
        sums, work = np.zeros(self.blocks), np.empty((self.blocks, self.folded[2]))
        top = self.levels[0]
        numbers = (m, *self.g, p)
        scale = 1.0 / size
        kernel.storage(r.ravel(), scale, top.b.ravel())
        left, before = size, 1.0
        while not left <= tolerance * size:
            self.iterations += 1
            if self.iterations > PATIENCE or not np.isfinite(left):
                raise SolveError(
                    f"a linear solve stalled at {left / size:.1g} of its right side after {self.iterations - 1} "
                    f"iterations. A well-posed step reaches {tolerance:g}. "
                    "Look for properties of very different size, or take smaller steps."
                )
            self._descend(0)
            kernel.inner(r.ravel(), top.x.ravel(), sums)
            along = float(sums.sum())
            kernel.turn(top.x.ravel(), along / before if self.iterations > 1 else 0.0, p.ravel())
            before = along
            kernel.curvature(*numbers, self.rows, sums)
            kernel.descend(*numbers, along / float(sums.sum()), x, r, top.b, scale, work, self.rows, sums)
            left = float(np.sqrt(sums.sum()))
        return x.reshape(self.shape)

    def store(self, m: Array, wall: Array | None) -> None:
        """Take over the diagonal `m` and the walls, as `solve` does; for `smoothed`."""
        self._store(np.ascontiguousarray(m).reshape(self.folded), wall)

    def smoothed(self, b: Array) -> Array:
        """One cycle on `b` (n0, n1, n2) of about unit size: a preconditioner of other people's gradients."""
        top = self.levels[0]
        kernel.storage(np.ascontiguousarray(b).ravel(), 1.0, top.b.ravel())
        self._descend(0)
        return top.x.astype(np.float64).reshape(self.shape)

    def _store(self, m: Array, wall: Array | None) -> None:
        """Storage of every level, one over the diagonals, and the coarsest matrix inverted."""
        w = None if wall is None or not wall.any() else wall * self._share
        self.levels[0].m = m
        for level, below in zip(self.levels, [*self.levels[1:], None], strict=True):
            kernel.invert(level.m, *level.g, level.over, level.rows)
            if below is not None and level.first is not None:
                kernel.gather(level.m, *level.first, below.m)
                if w is not None and below.facing is not None:
                    w = below.facing.seen(w, below.m.reshape(-1))
        self.inverse = _inverse(self.levels[-1])

    def _descend(self, depth: int) -> None:
        """One cycle from `depth` down: x of that level from its b."""
        level = self.levels[depth]
        if level.first is None:
            kernel.settle(self.inverse, level.b.ravel(), level.x.ravel())
            return
        below = self.levels[depth + 1]
        A = (level.m, *level.g)
        kernel.begin(*level.g, level.over, level.b, level.x, FIRST, SECOND, level.work, level.rows)
        kernel.restrict(*A, level.b, level.x, *level.first, below.b, level.half, below.rows)
        self._descend(depth + 1)
        kernel.prolong(below.x, *level.first, level.over, level.x, below.rows)
        kernel.sweep(*A, level.over, level.b, level.x, level.y, FIRST, level.work, level.rows)
        kernel.sweep(*A, level.over, level.b, level.y, level.x, SECOND, level.work, level.rows)


def _folded(g: Array, shape: tuple[int, ...], axis: int) -> Array:
    """Conductances of one axis once axes of one cell stand first."""
    size = tuple(n + (a == axis) for a, n in enumerate(shape))
    return np.zeros(size) if shape[axis] == 1 else np.ascontiguousarray(g).reshape(size)


def _strength(g: Array, volume: Array, edges: Array, axis: int) -> float:
    """How well the axis conducts, from a few open faces: 1 where its share of conductivity is 1."""
    n = volume.shape[axis]
    if n == 1:
        return 1.0
    few = tuple(slice(None) if a == axis else slice(size // 16, None, size // 8 + 1) for a, size in enumerate(g.shape))
    inner = np.moveaxis(g[few], axis, 0)[1:-1]
    cells = np.moveaxis(volume[few], axis, 0)
    way = np.diff(0.5 * (edges[1:] + edges[:-1])).reshape(-1, 1, 1)
    between = 0.5 * (cells[1:] + cells[:-1])
    found = (inner * way**2)[inner > 0] / between[inner > 0]
    return float(np.median(found)) if found.size else 1.0


def _levels(g: tuple[Array, ...], edges: list[Array], strength: list[float], shape: tuple[int, ...]) -> list[Level]:
    """All levels, the finest first."""
    levels = []
    faces = [one.astype(np.float32) for one in g]
    while True:
        cells = int(np.prod(shape))
        first = None
        if cells > COARSEST:
            widths = [np.diff(e) / np.sqrt(s) for e, s in zip(edges, strength, strict=True)]
            first = _pairs(widths)
        rows, blocks = _rows(cells, shape[2])
        last = first is None
        below = tuple(one.size - 1 for one in first) if first is not None else shape
        halves = _rows(int(np.prod(below)), below[2])[1]
        levels.append(Level(
            g=(faces[0], faces[1], faces[2]), first=first,
            m=np.zeros(shape if levels else (1, 1, 1), np.float32), over=np.zeros(shape, np.float32),
            b=np.zeros(shape, np.float32), x=np.zeros(shape, np.float32),
            y=np.zeros((1, 1, 1) if last else shape, np.float32), rows=rows,
            work=np.zeros((blocks, shape[2]), np.float32), half=np.zeros((halves, shape[2]), np.float32)))  # fmt: skip
        if first is None:
            return levels
        coarse = [np.zeros(tuple(n + (a == axis) for a, n in enumerate(below)), np.float32) for axis in range(3)]
        ends = [edge[one] for edge, one in zip(edges, first, strict=True)]
        shares = [_shorter(edge, one) for edge, one in zip(edges, first, strict=True)]
        kernel.halve(*faces, *first, *shares, *coarse)
        faces, edges, shape = coarse, ends, below


def _face(levels: list[Level], skin: Skin, order: list[int], edges: list[Array]) -> Array:
    """How every level sees the skin; returns each piece's share of its cell's conductance."""
    own = skin.area / skin.gap
    share = own / np.bincount(skin.cell, own)[skin.cell] if own.size else own
    at = np.stack(np.unravel_index(skin.cell, levels[0].x.shape), axis=1) if own.size else np.zeros((0, 3), np.int64)
    normal, place, area = skin.normal[:, order], skin.place[:, order], skin.area
    scale = skin.gap / np.maximum((normal * (place - _middles(edges, at))).sum(axis=1), 1e-300)
    gap = skin.gap
    for level, below in pairwise(levels):
        assert level.first is not None
        at = np.stack([np.searchsorted(one, at[:, a], side="right") - 1 for a, one in enumerate(level.first)], axis=1)
        edges = [edge[one] for edge, one in zip(edges, level.first, strict=True)]
        flat = np.ravel_multi_index(tuple(at.T), below.m.shape)
        facing = np.abs(normal).argmax(axis=1)
        side = 2 * facing + (np.take_along_axis(normal, facing[:, None], 1)[:, 0] > 0)
        _, which, into = np.unique(flat * 6 + side, return_index=True, return_inverse=True)
        total = np.bincount(into, area)

        def mean(values: Array, into: Ints = into, area: Array = area, total: Array = total) -> Array:
            return np.bincount(into, values * area) / total

        normal = np.stack([mean(normal[:, a]) for a in range(3)], axis=1)
        place = np.stack([mean(place[:, a]) for a in range(3)], axis=1)
        scale, before, at, area = mean(scale), mean(gap), at[which], total
        gap = np.maximum(scale * (normal * (place - _middles(edges, at))).sum(axis=1), before)
        below.facing = Facing(into, flat[which], (gap - before) / area)
    return share


def _middles(edges: list[Array], at: Ints) -> Array:
    return np.stack([0.5 * (edge[1:] + edge[:-1])[at[:, a]] for a, edge in enumerate(edges)], axis=1)


def _pairs(widths: list[Array]) -> tuple[Ints, Ints, Ints] | None:
    """The first cell of every pair along each axis: thin cells are paired, until the level shrinks by a tenth or more.

    None where nothing can be paired.
    """
    able = [w for w in widths if w.size > 1]
    if not able:
        return None
    least = sorted(float(w.min()) for w in able)
    limit = max([1.5 * least[0], *least[1:2]])
    most = 2.0 * max(float(w.max()) for w in able)
    while True:
        first = [_paired(w, limit) for w in widths]
        shrunk = np.prod([(one.size - 1) / w.size for one, w in zip(first, widths, strict=True)])
        if shrunk <= 0.9 or limit > most:
            return first[0], first[1], first[2]
        limit *= 1.5


def _paired(widths: Array, limit: float) -> Ints:
    first, k = [0], 0
    thin = widths < limit
    while k < widths.size:
        k += 2 if k + 1 < widths.size and thin[k] and thin[k + 1] else 1
        first.append(k)
    return np.array(first)


def _shorter(edges: Array, first: Ints) -> Single:
    """Way between cells over way between pairs, at the faces between pairs."""
    fine, coarse = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (edges[first][1:] + edges[first][:-1])
    share = np.ones(first.size, np.float32)
    at = first[1:-1]
    share[1:-1] = (fine[at] - fine[at - 1]) / np.diff(coarse)
    return share


def _inverse(level: Level) -> Array:
    """The matrix of a level, inverted; a void gives 0."""
    shape = level.m.shape
    n = level.m.size
    number = np.arange(n).reshape(shape)
    A = np.diag(level.m.ravel().astype(np.float64))
    for axis in range(3):
        inner = np.take(level.g[axis], range(1, shape[axis]), axis).ravel().astype(np.float64)
        one = np.take(number, range(shape[axis] - 1), axis).ravel()
        two = np.take(number, range(1, shape[axis]), axis).ravel()
        A[one, two] -= inner
        A[two, one] -= inner
        A[one, one] += inner
        A[two, two] += inner
    void = np.diag(A) == 0.0
    A[void, void] = 1.0
    found = np.linalg.inv(A)
    found[void, void] = 0.0
    return found
