"""Where a part's wall really runs: places for the outer corners of its solid cells, so that it is drawn as it is.

Temperatures stay those of the cells; only the corners that stand for the wall in a picture move onto it, and where
the wall has an edge onto the edge, as the planes around a corner ask for (T. Ju et al., Dual contouring of Hermite
data, SIGGRAPH 2002, sec. 2).
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..models import Grid, Part
from ..models import shape as shapes
from ..models.cells import crossed
from .surface import prepared, signed, surfaces

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
EDGE = 0.07  # least share of a second direction among the normals around a corner that lies on an edge
ROUNDS, STEPS = 4, 6  # of evening out, and of halving what would cross
REACH = 1.0  # how far a corner goes, in diagonals of its cell


def outline(part: Part, grid: Grid, offset: tuple[int, int, int],
            solid: NDArray[np.bool_]) -> tuple[Ints, Array]:  # fmt: skip
    """The outer corners of a body's solid cells, and where the wall has them.

    Parameters
    ----------
    part : Part
        On a Cartesian grid.
    offset : (3,) ints
        First cell of the body's block in the grid.
    solid : (nx, ny, nz) bool
        Which of its cells hold material.

    Returns
    -------
    array (n,) int, array (n, 3)
        Flat index among the block's (nx + 1, ny + 1, nz + 1) corners, rising; and m. No cell crosses itself.
    """
    edges = [grid.edges(a)[offset[a] : offset[a] + solid.shape[a] + 1] for a in range(3)]
    for a in range(part.active, 3):  # a section is looked at in its middle
        edges[a] = np.full(edges[a].size, edges[a].mean())
    corner, centre, facing = _faces(solid, edges, part.active)
    rows, back = np.unique(corner, return_inverse=True)
    back = back.reshape(corner.shape)
    first = np.stack(
        [e[i] for e, i in zip(edges, np.unravel_index(rows, [e.size for e in edges]), strict=True)], axis=1
    )
    reach = REACH * _diagonal(edges, rows, part.active)
    wall = _Wall(part, grid)
    on, normal = wall.nearest(centre)
    fits = (normal * facing).sum(axis=1) > 0.15
    around, weight = back.ravel(), np.repeat(fits.astype(float), corner.shape[1])
    plane = np.repeat((normal * on).sum(axis=1), corner.shape[1])
    n = np.repeat(normal, corner.shape[1], axis=0)
    total = np.maximum(np.bincount(around, weight, rows.size), 1.0)
    moment = np.stack([[np.bincount(around, weight * n[:, a] * n[:, b], rows.size) / total for b in range(3)]
                       for a in range(3)]).transpose(2, 0, 1)  # fmt: skip
    value, vector = np.linalg.eigh(moment)
    kept = value > EDGE
    loose = kept.sum(axis=1) <= 1  # on a smooth wall; the others are on an edge, or in a corner
    places = wall.nearest(first)[0]
    miss = weight * (plane - (n * places[around]).sum(axis=1))
    pull = np.stack([np.bincount(around, miss * n[:, a], rows.size) / total for a in range(3)], axis=1)
    along = np.einsum("nab,na->nb", vector, pull) * kept / np.where(kept, value, 1.0)
    places = np.where(loose[:, None], places, places + np.einsum("nab,nb->na", vector, along))
    places[~loose] = wall.nearest(places[~loose])[0]
    lost = np.linalg.norm(places - first, axis=1) > reach
    places[lost] = first[lost]
    places = _even(places, back, loose & ~lost, wall, first, reach)
    places = _settled(places, first, rows, solid, edges, part.active)
    return rows, places


class _Wall:
    """The nearest place on a part's wall, and the normal there."""

    def __init__(self, part: Part, grid: Grid) -> None:
        self._part, self._grid = part, grid
        self._width = min(float(grid.widths(a).min()) for a in range(part.active))
        self._field: Array | None = None
        if part.shape.surface is None and surfaces(part.shape):
            self._field = signed(part.shape, grid, [grid.edges(a) for a in range(3)])

    def nearest(self, places: Array) -> tuple[Array, Array]:
        """Places (n, 3) m on the wall nearest to `places` (n, 3) m, and outward unit normals (n, 3)."""
        if self._part.shape.surface is not None:
            return prepared(self._part.shape.surface).nearest(places)
        at = places.copy()
        for _ in range(4):
            slope = self._slope(at)
            size = np.maximum((slope * slope).sum(axis=1), 0.25)
            at -= (self._distance(at) / size)[:, None] * slope
        slope = self._slope(at)
        return at, slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-12)[:, None]

    def _slope(self, places: Array) -> Array:
        slope, step = np.zeros(places.shape), (1e-6 if self._field is None else 0.25) * self._width
        for axis in range(self._part.active):
            by = step * np.eye(3)[axis]
            slope[:, axis] = (self._distance(places + by) - self._distance(places - by)) / (2.0 * step)
        return slope

    def _distance(self, places: Array) -> Array:
        """Signed distance (n,) m; with triangles among other shapes, linear between the corners of the grid."""
        if self._field is None:
            return shapes.distance(self._part.shape, *places.T)
        found = np.zeros(len(places))
        low, share = [], []
        for axis in range(3):
            e = self._grid.edges(axis)
            i = np.clip(np.searchsorted(e, places[:, axis]) - 1, 0, e.size - 2)
            low.append(i)
            share.append(np.clip((places[:, axis] - e[i]) / (e[i + 1] - e[i]), 0.0, 1.0))
        for up in product((0, 1), repeat=3):
            w = np.prod([s if u else 1.0 - s for s, u in zip(share, up, strict=True)], axis=0)
            found += w * self._field[tuple(i + u for i, u in zip(low, up, strict=True))]
        return found


def _faces(solid: NDArray[np.bool_], edges: list[Array], active: int) -> tuple[Ints, Array, Array]:
    """Outer faces of the solid cells: corners (n, 4) by flat index, in order around, middles (n, 3) m, normals."""
    size = [e.size for e in edges]
    corner, centre, facing = [], [], []
    for axis in range(active):
        padded = np.pad(solid, [(int(a == axis),) * 2 for a in range(3)])
        step = np.diff(padded.astype(np.int8), axis=axis)
        at = np.stack(np.nonzero(step), axis=1)
        b, c = (a for a in range(3) if a != axis)
        rows = np.repeat(at[:, None], 4, axis=1)
        rows[:, [1, 2], b] += 1
        rows[:, [2, 3], c] += 1
        corner.append((rows[..., 0] * size[1] + rows[..., 1]) * size[2] + rows[..., 2])
        middle = np.stack([edges[a][at[:, a]] if a == axis else 0.5 * (edges[a][at[:, a]] + edges[a][at[:, a] + 1])
                           for a in range(3)], axis=1)  # fmt: skip
        centre.append(middle)
        facing.append(-step[tuple(at.T)][:, None].astype(float) * np.eye(3)[axis])
    return np.concatenate(corner), np.concatenate(centre), np.concatenate(facing)


def _diagonal(edges: list[Array], rows: Ints, active: int) -> Array:
    """Of the largest cell around each corner, (n,) m."""
    index = np.unravel_index(rows, [e.size for e in edges])
    widest = []
    for axis in range(active):
        w = np.diff(edges[axis])
        widest.append(np.maximum(w[np.clip(index[axis] - 1, 0, w.size - 1)], w[np.clip(index[axis], 0, w.size - 1)]))
    return np.asarray(np.sqrt(sum(w * w for w in widest)))


def _even(places: Array, faces: Ints, loose: NDArray[np.bool_], wall: _Wall, first: Array, reach: Array) -> Array:
    """Corners on a smooth wall drawn towards the middle of those around them, and back onto it."""
    one, two = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 3]], faces[:, [3, 0]]]).T
    for _ in range(ROUNDS):
        count = np.maximum(np.bincount(one, minlength=len(places)) + np.bincount(two, minlength=len(places)), 1)
        mean = np.stack([(np.bincount(one, places[two, a], len(places)) + np.bincount(two, places[one, a], len(places)))
                         / count for a in range(3)], axis=1)  # fmt: skip
        there = wall.nearest(0.5 * (places[loose] + mean[loose]))[0]
        near = np.linalg.norm(there - first[loose], axis=1) <= reach[loose]
        places = places.copy()
        places[loose] = np.where(near[:, None], there, places[loose])
    return places


def _settled(places: Array, first: Array, rows: Ints, solid: NDArray[np.bool_], edges: list[Array],
             active: int) -> Array:  # fmt: skip
    """The same, as far towards the grid's own corners as it takes that no cell crosses itself."""
    size = tuple(e.size for e in edges)
    around = [(0, 0), (1, 0), (1, 1), (0, 1)]
    walk = [(a, b, c) for c in (0, 1) for a, b in around] if active == 3 else [(a, b, 0) for a, b in around]
    marked = np.zeros(size, dtype=bool)
    marked.ravel()[rows] = True
    beside = np.zeros(solid.shape, dtype=bool)
    for step in walk:
        beside |= marked[tuple(slice(s, s + n) for s, n in zip(step, solid.shape, strict=True))]
    cells = np.stack(np.nonzero(beside & solid), axis=1)
    at = cells[:, None] + np.array(walk)
    own = np.stack([edges[a][at[..., a]] for a in range(3)], axis=2)
    flat = (at[..., 0] * size[1] + at[..., 1]) * size[2] + at[..., 2]
    number = np.minimum(np.searchsorted(rows, flat), rows.size - 1)
    moves = rows[number] == flat
    share, doubtful = np.ones(rows.size), np.arange(len(cells))
    for turn in range(STEPS):
        now = first + share[:, None] * (places - first)
        corners = np.where(moves[doubtful, :, None], now[number[doubtful]], own[doubtful])
        bad = doubtful[crossed(corners)]
        if not bad.size:
            break
        back = np.unique(number[bad][moves[bad]])
        share[back] *= 0.5 if turn < STEPS - 2 else 0.0
        touched = np.zeros(rows.size, dtype=bool)
        touched[back] = True
        doubtful = np.flatnonzero((touched[number] & moves).any(axis=1))
    return np.asarray(first + share[:, None] * (places - first))
