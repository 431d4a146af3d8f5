"""Shapes as data: a tree of primitives with one signed distance, negative inside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError, did_you_mean
from .nearest import distance as _to_triangles
from .quantity import Quantity, quantity
from .surface import Surface, flat_faces

Array = NDArray[np.float64]
Size = Quantity | float
KINDS = ("box", "sphere", "cylinder", "prism", "surface", "union", "difference", "intersection")
_COUNTS = {"box": 6, "sphere": 4, "cylinder": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A node of the tree.

    Attributes
    ----------
    kind : str
        box (x0 y0 z0 x1 y1 z1), sphere (x y z r), cylinder (x y z0 z1 r, along z), prism (z0 z1 x y x y ...), or
        surface (of triangles), or union, difference, intersection of `parts`; all in m.
    numbers : tuple of float or Quantity
        A Quantity is a size with its tolerance: what depends on it is budgeted and can be calibrated like all else.
    """

    kind: str
    numbers: tuple[Size, ...] = ()
    parts: tuple["Shape", ...] = ()
    surface: Surface | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ModelError(
                f"shape '{self.kind}' is not known. {did_you_mean(self.kind, KINDS)} Choose one of {', '.join(KINDS)}."
            )
        n, tree = len(self.numbers), self.kind in ("union", "difference", "intersection")
        fits = n == _COUNTS.get(self.kind, n) and (self.kind != "prism" or (n >= 8 and n % 2 == 0))
        whole = (self.kind == "surface") == (self.surface is not None) and not (self.surface and n)
        if tree != bool(self.parts) or not fits or (tree and n) or not whole:
            raise ModelError(
                f"a {self.kind} of {n} numbers and {len(self.parts)} parts is incomplete. A box has 6 numbers, "
                "a sphere 4, a cylinder 5, a prism 8 or more, a surface its triangles; a union, difference or "
                "intersection has parts. Complete it."
            )
        for one in self.numbers:
            if isinstance(one, Quantity):
                quantity(one, "m", label=f"a size of a {self.kind}")
        if not np.isfinite(self.sizes).all():
            raise ModelError(
                f"a {self.kind} has a size that is not finite: {self.sizes}. Sizes are finite metres. Correct it."
            )
        low, high = ((0,), (1,)) if tree else bounds(self)
        if not all(a < b for a, b in zip(low, high, strict=True)):
            raise ModelError(
                f"a {self.kind} has no extent: it runs from {low} to {high} m. "
                "Every size is above zero. Correct the size, or its unit."
            )

    @property
    def sizes(self) -> tuple[float, ...]:
        """The numbers alone, m."""
        return tuple(one.value if isinstance(one, Quantity) else one for one in self.numbers)


def distance(shape: Shape, x: Array, y: Array, z: Array) -> Array:
    """Signed distance (m) of points `x`, `y`, `z` (broadcast together); exact for primitives, a bound for trees."""
    n = shape.sizes
    if shape.surface is not None:
        x, y, z = np.broadcast_arrays(x, y, z)
        return _to_triangles(shape.surface, np.stack([x, y, z], axis=-1).reshape(-1, 3)).reshape(x.shape)
    if shape.kind == "box":
        q = [np.maximum(n[a] - c, c - n[a + 3]) for a, c in enumerate((x, y, z))]
        return _outside(q)
    if shape.kind == "sphere":
        return np.asarray(np.sqrt((x - n[0]) ** 2 + (y - n[1]) ** 2 + (z - n[2]) ** 2) - n[3])
    if shape.kind == "cylinder":
        radial = np.sqrt((x - n[0]) ** 2 + (y - n[1]) ** 2) - n[4]
        return _outside([radial, np.maximum(n[2] - z, z - n[3])])
    if shape.kind == "prism":
        return _outside([_polygon(np.reshape(n[2:], (-1, 2)), x, y), np.maximum(n[0] - z, z - n[1])])
    inner = [distance(part, x, y, z) for part in shape.parts]
    if shape.kind == "union":
        return np.asarray(np.minimum.reduce(np.broadcast_arrays(*inner)))
    if shape.kind == "intersection":
        return np.asarray(np.maximum.reduce(np.broadcast_arrays(*inner)))
    return np.asarray(np.maximum.reduce(np.broadcast_arrays(inner[0], *[-one for one in inner[1:]])))


def _outside(q: list[Array]) -> Array:
    """Distance to the product of sets from the signed distances to each."""
    wide = np.broadcast_arrays(*q)
    inside = np.minimum(np.maximum.reduce(wide), 0.0)
    return np.asarray(inside + np.sqrt(sum(np.maximum(one, 0.0) ** 2 for one in wide)))


def _polygon(corners: Array, x: Array, y: Array) -> Array:
    x, y = np.broadcast_arrays(x, y)
    least = np.full(x.shape, np.inf)
    inside = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dx, dy = x1 - x0, y1 - y0
        t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        least = np.minimum(least, (x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2)
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < dx * (y - y0) / dy + x0)
    return np.asarray(np.where(inside, -1.0, 1.0) * np.sqrt(least))


def bounds(shape: Shape) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Lower and upper corner (3,) m of a box around the shape."""
    n = shape.sizes
    if shape.surface is not None:
        return shape.surface.bounds
    if shape.kind == "box":
        return n[:3], n[3:]
    if shape.kind == "sphere":
        return (n[0] - n[3], n[1] - n[3], n[2] - n[3]), (n[0] + n[3], n[1] + n[3], n[2] + n[3])
    if shape.kind == "cylinder":
        return (n[0] - n[4], n[1] - n[4], n[2]), (n[0] + n[4], n[1] + n[4], n[3])
    if shape.kind == "prism":
        return (min(n[2::2]), min(n[3::2]), n[0]), (max(n[2::2]), max(n[3::2]), n[1])
    each = [bounds(part) for part in shape.parts]
    if shape.kind == "difference":
        return each[0]
    pick, join = (min, max) if shape.kind == "union" else (max, min)
    return (tuple(pick(low[a] for low, _ in each) for a in range(3)),
            tuple(join(high[a] for _, high in each) for a in range(3)))  # fmt: skip


def planes(shape: Shape, axis: int) -> set[float]:
    """Coordinates (m) along `axis` of the flat faces that lie across it: a grid that has them fits without cuts."""
    n = shape.sizes
    if shape.parts:
        return set().union(*(planes(part, axis) for part in shape.parts))
    low, high = bounds(shape)
    found = {low[axis], high[axis]}
    if shape.surface is not None:
        found |= flats(shape, axis)
    if shape.kind == "prism" and axis < 2:
        found |= set(n[2 + axis :: 2])
    return found


def flats(shape: Shape, axis: int) -> set[float]:
    """Coordinates (m) along `axis` of the faces that are flat and lie across it; a ball has none."""
    n = shape.sizes
    if shape.surface is not None:
        return set(flat_faces(shape.surface, axis))
    if shape.parts:
        return set().union(*(flats(part, axis) for part in shape.parts))
    if shape.kind == "box":
        return {n[axis], n[axis + 3]}
    if shape.kind == "cylinder":
        return {n[2], n[3]} if axis == 2 else set()
    if shape.kind == "prism":
        if axis == 2:
            return {n[0], n[1]}
        line = n[2 + axis :: 2]
        return {a for a, b in zip(line, (*line[1:], line[0]), strict=True) if a == b}
    return set()


def aligned(shape: Shape) -> bool:
    """Whether every face lies across an axis, so that a grid can hold the shape without cut cells."""
    if shape.parts:
        return all(aligned(part) for part in shape.parts)
    if shape.kind == "prism":
        corners = np.reshape(shape.sizes[2:], (-1, 2))
        step = np.abs(np.roll(corners, -1, axis=0) - corners)
        return bool((step.min(axis=1) == 0.0).all())
    return shape.kind == "box"
