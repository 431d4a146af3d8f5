"""A closed surface of triangles: what CAD hands over, with the names of its solids."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .digest import digest
from .errors import ModelError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
LEVEL = 1e-6  # how far a face lies across an axis: sine of its tilt, and its spread over the extent
SIZEABLE = 0.02  # of the side of the bounding box: a flat face that the grid keeps as an edge


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Triangles that close around solid, seen anticlockwise from outside; equal where their content is.

    Attributes
    ----------
    points : (np, 3) m
    triangles : (nt, 3) int
        Rows of `points`.
    solid : (nt,) int
        Index into `solids` of each triangle.
    solids : tuple of str
        Names in the file: they select patches.
    mended : tuple of str
        What was changed when it was read, in words.
    key : str
        Content hash, of all but `mended`.
    """

    points: Array
    triangles: Ints
    solid: Ints
    solids: tuple[str, ...]
    mended: tuple[str, ...] = ()
    key: str = field(init=False, default="")

    def __post_init__(self) -> None:
        for name, kind in (("points", np.float64), ("triangles", np.int64), ("solid", np.int64)):
            held = np.array(getattr(self, name), dtype=kind, order="C")
            held.setflags(write=False)
            object.__setattr__(self, name, held)
        shapes = (self.points.shape[1:], self.triangles.shape[1:], self.solid.shape)
        corners, kinds = (np.append(given, 0) for given in (self.triangles, self.solid))
        least, most = min(corners.min(), kinds.min()), (len(self.points), max(len(self.solids), 1))
        if (
            shapes != ((3,), (3,), self.triangles.shape[:1])
            or least < 0
            or corners.max() >= most[0]
            or kinds.max() >= most[1]
            or not np.isfinite(self.points).all()
        ):
            raise ModelError(
                f"a surface of points {self.points.shape}, triangles {self.triangles.shape} and solids "
                f"{self.solid.shape} named {self.solids} does not fit together. Points are (np, 3) finite m, triangles "
                "(nt, 3) rows of them, solid (nt,) an index into the names. Correct them."
            )
        object.__setattr__(self, "key", digest((self.points, self.triangles, self.solid, self.solids)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surface) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        size = " x ".join(f"{b - a:.4g}" for a, b in zip(*self.bounds, strict=True)) if len(self.points) else "0"
        return (
            f"Surface({len(self.triangles)} triangles, {size} m, solids {', '.join(self.solids)}, key {self.key[:8]})"
        )

    @property
    def volume(self) -> float:
        """What the triangles enclose, m3."""
        a, b, c = np.moveaxis(self.points[self.triangles] - self.points.mean(axis=0), 1, 0)
        return float((a * np.cross(b, c)).sum() / 6.0)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner (3,) m."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return tuple(float(c) for c in low), tuple(float(c) for c in high)


def flat_faces(surface: Surface, axis: int) -> list[float]:
    """Sorted coordinates (m) along `axis` where triangles across it cover 2 % of the bounding box's side or more."""
    corners = surface.points[surface.triangles]
    twice = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(twice, axis=1)
    across = (np.abs(np.delete(twice, axis, axis=1)).max(axis=1) <= LEVEL * size) & (size > 0.0)
    if not across.any():
        return []
    extent = np.ptp(surface.points, axis=0)
    where, size = corners[across].mean(axis=1)[:, axis], size[across]
    level = corners[across][:, 0, axis]
    where = np.where(np.ptp(corners[across][:, :, axis], axis=1) == 0.0, level, where)
    order = np.argsort(where, kind="stable")
    where, area = where[order], 0.5 * size[order]
    starts = np.flatnonzero(np.diff(where, prepend=-np.inf) > LEVEL * extent[axis])
    wide = np.add.reduceat(area, starts) >= SIZEABLE * float(np.prod(np.delete(extent, axis)))
    stops = np.append(starts[1:], len(where))
    return [float(where[a + int(np.argmax(area[a:b]))]) for a, b in zip(starts[wide], stops[wide], strict=True)]
