"""Surfaces of triangles on a grid: signed distances, the nearest triangle, what crosses itself, and how thick it is."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..models import Grid, Surface, SurfaceError
from ..models import shape as shapes
from ..models.shape import Shape
from .kernels.tree import LEAF, crossings, grow, nearest, through
from .kernels.triangles import describe, distances, planes

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
KEPT, RAYS, FACING = 4, 400_000, 0.8  # walls within 37 degrees of parallel face each other
_kept: "OrderedDict[str, Prepared]" = OrderedDict()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A surface with all that its kernels ask of it, made once; only `prepared` makes one."""

    surface: Surface

    @cached_property
    def described(self) -> tuple[Array, Array, Array]:
        """Table (nt, 16) of the triangles, and their boxes (nt, 3)."""
        s, n = self.surface, len(self.surface.triangles)
        table, low, high = np.empty((n, 16)), np.empty((n, 3)), np.empty((n, 3))
        describe(s.points, s.triangles, table, low, high)
        return table, low, high

    @cached_property
    def tree(self) -> tuple[Array, Ints]:
        """Boxes of the tree, and the triangles in the order of its leaves: along a Morton curve."""
        _, low, high = self.described
        middle = low + high
        scale = np.maximum(np.ptp(middle, axis=0).max(), np.finfo(float).tiny)
        step = ((middle - middle.min(axis=0)) * (2097151.0 / scale)).astype(np.uint64)
        code = np.zeros(len(step), dtype=np.uint64)
        for axis in range(3):
            code |= _spread(step[:, axis]) << np.uint64(axis)
        order = np.argsort(code, kind="stable").astype(np.int64)
        leaves = 1 << max(int(np.ceil(len(order) / LEAF)) - 1, 0).bit_length()
        boxes = np.empty((2 * leaves, 6))
        grow(order, low, high, boxes)
        return boxes, order

    @cached_property
    def crossing(self) -> Ints:
        """(n, 2) triangles that cross or cover each other."""
        s, (table, low, high) = self.surface, self.described
        found = np.empty(len(table), dtype=np.int64)
        crossings(s.points, s.triangles, table, low, high, *self.tree, 2e-7 * _size(s), found)
        first = np.flatnonzero(found >= 0)
        return np.stack([first, found[first]], axis=1)

    @cached_property
    def rays(self) -> tuple[Ints, Array]:
        """Triangles (n,) and places (n, 3) m on them: middles of equal shares, more on large triangles."""
        return _sampled(self.described[0], self.tree[1])

    def nearest(self, places: Array) -> tuple[Array, Array]:
        """The nearest place on the surface to each of `places` (n, 3) m, and the normal of its triangle: (n, 3)."""
        table, own, apart = self.described[0], np.empty(len(places), dtype=np.int64), np.empty(len(places))
        nearest(np.ascontiguousarray(places), *self.tree, table, own, apart)
        a, b, c, normal = (table[own, start : start + 3] for start in (0, 3, 6, 9))
        return a + _within(places - a, b, c), normal

    @cached_property
    def beside(self) -> Ints:
        """(nt, 4) every triangle and its three neighbours."""
        corners, nt = self.surface.triangles, len(self.surface.triangles)
        ends = np.sort(np.stack([corners, np.roll(corners, -1, axis=1)], axis=2), axis=2).reshape(-1, 2)
        order = np.lexsort(ends.T)
        found = np.repeat(np.arange(nt), 3)
        found[order[0::2]], found[order[1::2]] = order[1::2] // 3, order[0::2] // 3
        return np.column_stack([np.arange(nt), found.reshape(nt, 3)])

    def signed(self, places: Array) -> Array:
        """Signed distance (n,) m of `places` (n, 3) m, negative inside, exact everywhere.

        Beside an edge the side is told by the triangle that is seen most squarely; where none is, by winding.
        """
        table, own, apart = self.described[0], np.empty(len(places), dtype=np.int64), np.empty(len(places))
        nearest(np.ascontiguousarray(places), *self.tree, table, own, apart)
        side, slack = np.zeros(len(places)), 1e-12 * _size(self.surface)
        for near in self.beside[own].T:
            off = places - table[near, :3]
            off -= _within(off, table[near, 3:6], table[near, 6:9])
            square = np.einsum("ni,ni->n", table[near, 9:12], off)
            touching = np.linalg.norm(off, axis=1) <= apart * (1.0 + 1e-9) + slack
            side = np.where(touching & (np.abs(square) > np.abs(side)), square, side)
        unseen = np.flatnonzero(np.abs(side) < 0.05 * apart)
        if unseen.size:
            side[unseen] = shapes.distance(Shape(kind="surface", surface=self.surface), *places[unseen].T)
        return np.copysign(apart, side)

    def walls(self, most: float) -> tuple[Array, Array, Array]:
        """Where walls face each other within `most` m: places (n, 3) m, how far apart (n,) m, and normals (n, 3)."""
        own, places = self.rays
        table, length, facing = self.described[0], np.empty(len(own)), np.empty(len(own))
        through(places, own, most, *self.tree, table, length, facing)
        thin = np.isfinite(length) & (facing > FACING)
        return places[thin], length[thin], table[own[thin], 9:12]


def prepared(surface: Surface) -> Prepared:
    """A surface ready for its kernels; the last few are kept by their key.

    Raises
    ------
    SurfaceError
        If triangles cross or cover each other.
    """
    found = _kept.pop(surface.key, None) or Prepared(surface)
    if len(found.crossing):
        pairs, middles = found.crossing, surface.points[surface.triangles].mean(axis=1)
        places = middles[np.unique(pairs)]
        where = "; ".join(str(tuple(round(float(c) * 1e3, 3) for c in place)) for place in places[:3])
        raise SurfaceError(
            f"{len(places)} triangles of the surface cross or cover others, first near {where} mm. The surface of a "
            "solid meets itself nowhere. Unite its bodies, or mend it where it was drawn.",
            surface=surface, places=places,
        )  # fmt: skip
    _kept[surface.key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def forget() -> None:
    """Keep no surface: the next one is made ready anew."""
    _kept.clear()


def surfaces(shape: Shape) -> tuple[Surface, ...]:
    """Every surface of triangles in a tree of shapes."""
    if shape.surface is not None:
        return (shape.surface,)
    return tuple(one for part in shape.parts for one in surfaces(part))


def signed(shape: Shape, grid: Grid, points: list[Array]) -> Array:
    """Signed distance (m) of a tree that holds surfaces, at the points x (nx,), y, z (m) of a grid.

    Returns
    -------
    array (nx, ny, nz)
        Negative inside; from a surface exact to one cell's diagonal and more, and held beyond.

    Raises
    ------
    SurfaceError
        If triangles of a surface cross or cover each other.
    """
    if shape.surface is not None:
        return _measured(prepared(shape.surface), grid, points)
    if not shape.parts:
        x, y, z = (one.reshape([-1 if a == b else 1 for b in range(3)]) for a, one in enumerate(points))
        return np.concatenate([shapes.distance(shape, x[n : n + 8], y, z) for n in range(0, x.size, 8)])
    found = signed(shape.parts[0], grid, points)
    for part in shape.parts[1:]:
        other = signed(part, grid, points)
        if shape.kind == "difference":
            np.negative(other, out=other)
        (np.minimum if shape.kind == "union" else np.maximum)(found, other, out=found)
    return found


def exactly(shape: Shape, places: Array) -> Array:
    """Signed distance (n,) m of any tree at `places` (n, 3) m."""
    if shape.surface is not None:
        return prepared(shape.surface).signed(places)
    if not shape.parts:
        return shapes.distance(shape, *places.T)
    each = [exactly(part, places) for part in shape.parts]
    if shape.kind == "difference":
        each = [each[0], *(-one for one in each[1:])]
    return np.asarray((np.minimum if shape.kind == "union" else np.maximum).reduce(each))


def solids_at(shape: Shape, places: Array) -> tuple[Ints, tuple[str, ...]]:
    """Index (n,) into the names that follow of the solid nearest to each of `places` (n, 3) m; -1 without surfaces."""
    best, solid = np.full(len(places), np.inf), np.full(len(places), -1, dtype=np.int64)
    names: tuple[str, ...] = ()
    for surface in surfaces(shape):
        if len(surface.solids) == 1 and not names and surface is surfaces(shape)[-1]:
            return np.zeros(len(places), dtype=np.int64), surface.solids
        ready, near, apart = prepared(surface), np.empty(len(places), dtype=np.int64), np.empty(len(places))
        nearest(np.ascontiguousarray(places), *ready.tree, ready.described[0], near, apart)
        nearer = apart < best
        best[nearer], solid[nearer] = apart[nearer], surface.solid[near[nearer]] + len(names)
        names += surface.solids
    return solid, names


def _measured(ready: Prepared, grid: Grid, points: list[Array]) -> Array:
    """Signed distances of a surface at the points of a grid."""
    table, low, high = ready.described
    s = ready.surface
    x, y, z = (np.ascontiguousarray(one) for one in points)
    band = 1.05 * float(np.sqrt(sum(float(grid.widths(a).max()) ** 2 for a in range(3))))
    first = np.empty(x.size + 1, dtype=np.int64)
    listed = np.empty(planes(low, high, band, x, first, np.empty(0, dtype=np.int32)), dtype=np.int32)
    planes(low, high, band, x, first, listed)
    bottom = np.minimum(s.points.min(axis=0), [grid.edges(a)[0] for a in range(3)])
    top = np.maximum(s.points.max(axis=0), [grid.edges(a)[-1] for a in range(3)])
    scale = 2.0**31 / float((top - bottom).max())
    whole = [np.rint((one - 0.5 * (bottom[a] + top[a])) * scale).astype(np.int64)
             for a, one in enumerate((s.points[:, 0], s.points[:, 1]))]  # fmt: skip
    X, Y = (np.rint((one - 0.5 * (bottom[a] + top[a])) * scale).astype(np.int64) for a, one in enumerate((x, y)))
    corners = np.ascontiguousarray(np.stack(whole, axis=1)[s.triangles])
    heights = np.ascontiguousarray(s.points[:, 2][s.triangles])
    order = np.argsort(np.arange(x.size) % 16, kind="stable").astype(np.int64)
    field = np.empty((x.size, y.size, z.size))
    distances(order, first, listed, table, low, high, corners, heights, X, Y, x, y, z, band, field)
    return field


def _within(p: Array, b: Array, c: Array) -> Array:
    """The place (n, 3) nearest to `p` in the triangle 0, b, c (Ericson, Real-Time Collision Detection, sec. 5.1.5)."""
    best, least = np.zeros(p.shape), (p * p).sum(axis=1)
    bb, bc, cc, pb, pc = (np.einsum("ni,ni->n", u, v) for u, v in ((b, b), (b, c), (c, c), (p, b), (p, c)))
    spread = np.maximum(bb * cc - bc * bc, np.finfo(float).tiny)
    u, v = (pb * cc - pc * bc) / spread, (pc * bb - pb * bc) / spread
    inside = (u >= 0.0) & (v >= 0.0) & (u + v <= 1.0)
    for start, way in ((np.zeros(p.shape), b), (np.zeros(p.shape), c), (b, c - b)):
        size = np.maximum(np.einsum("ni,ni->n", way, way), np.finfo(float).tiny)
        share = np.clip(np.einsum("ni,ni->n", p - start, way) / size, 0.0, 1.0)
        at = start + share[:, None] * way
        far = ((p - at) ** 2).sum(axis=1)
        nearer = far < least
        best[nearer], least[nearer] = at[nearer], far[nearer]
    return np.where(inside[:, None], u[:, None] * b + v[:, None] * c, best)


def _size(surface: Surface) -> float:
    """The largest number (m) among coordinates and extents: what single precision rounds to."""
    return float(max(np.abs(surface.points).max(), np.ptp(surface.points, axis=0).max()))


def _spread(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The lower 21 bits, two zeros between one and the next."""
    number = number & np.uint64(0x1FFFFF)
    for shift, mask in ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F),
                        (4, 0x10C30C30C30C30C3), (2, 0x1249249249249249)):  # fmt: skip
        number = (number | (number << np.uint64(shift))) & np.uint64(mask)
    return number


def _sampled(table: Array, order: Ints) -> tuple[Ints, Array]:
    """Triangles and places (m) on them in `order`: middles of equal shares, about RAYS at most."""
    a, b, c = table[:, :3], table[:, 3:6], table[:, 6:9]
    longest = np.sqrt(np.maximum(np.maximum(table[:, 12], table[:, 14]), ((b - c) ** 2).sum(axis=1)))
    area = 0.5 * np.linalg.norm(np.cross(b, c), axis=1)
    step = np.sqrt(2.0 * area.sum() / RAYS)
    parts = np.ceil(longest / max(step, np.finfo(float).tiny))
    parts = np.clip(np.floor(parts * min(np.sqrt(RAYS / (parts**2).sum()), 1.0)), 1, 400).astype(np.int64)
    own, places = [], []
    for n in np.unique(parts):
        rows = order[parts[order] == n]
        i, j = (index.ravel() for index in np.mgrid[:n, :n])
        up, down = i + j < n, i + j < n - 1
        u = np.concatenate([i[up] + 1 / 3, i[down] + 2 / 3]) / n
        v = np.concatenate([j[up] + 1 / 3, j[down] + 2 / 3]) / n
        places.append((a[rows, None] + u[:, None] * b[rows, None] + v[:, None] * c[rows, None]).reshape(-1, 3))
        own.append(np.repeat(rows, u.size))
    return np.concatenate(own), np.concatenate(places)
