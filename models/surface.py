"""A closed surface of triangles: what CAD hands over, with the names of its solids."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .digest import digest

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    key : str
        Content hash.
    """

    points: Array
    triangles: Ints
    solid: Ints
    solids: tuple[str, ...]
    key: str = field(init=False, default="")

    def __post_init__(self) -> None:
        for name, kind in (("points", np.float64), ("triangles", np.int64), ("solid", np.int64)):
            held = np.array(getattr(self, name), dtype=kind, order="C")
            held.setflags(write=False)
            object.__setattr__(self, name, held)
        object.__setattr__(self, "key", digest((self.points, self.triangles, self.solid, self.solids)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surface) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner (3,) m."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return tuple(float(c) for c in low), tuple(float(c) for c in high)
