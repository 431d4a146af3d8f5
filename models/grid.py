"""The grid: edge coordinates per axis; a body is a block of it with its own fields, apertures and walls."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Cell edges along x (nx + 1,), y, z in m, and the metric that turns them into areas and volumes.

    A cartesian cell is dx dy dz; an axisymmetric one 2 pi r dr dy (z is the angle: one cell);
    a spherical one 4 pi r^2 dr (y and z: one cell).
    """

    x: Array
    y: Array
    z: Array
    metric: str = "cartesian"

    def __post_init__(self) -> None:
        for name in ("x", "y", "z"):
            edges = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():
                raise ModelError(
                    f"the grid's {name} edges {edges[:4]} m do not increase. Two or more rising edges make cells. "
                    "Sort them, and remove doubles."
                )
            edges.setflags(write=False)
            object.__setattr__(self, name, edges)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Cells along x, y, z."""
        return self.x.size - 1, self.y.size - 1, self.z.size - 1

    def edges(self, axis: int) -> Array:
        """Edges along `axis`, m."""
        return (self.x, self.y, self.z)[axis]

    def centres(self, axis: int) -> Array:
        """Cell centres along `axis`, m; on a radius the middle of the radii."""
        edges = self.edges(axis)
        return 0.5 * (edges[1:] + edges[:-1])

    def widths(self, axis: int) -> Array:
        """Cell widths along `axis`, m."""
        return np.diff(self.edges(axis))

    def volumes(self) -> Array:
        """(nx, ny, nz) m3."""
        ring = self._ring(self.x[1:]) - self._ring(self.x[:-1])
        return ring[:, None, None] * self._across(1)[None, :, None] * self._across(2)[None, None, :]

    def areas(self, axis: int) -> Array:
        """Areas of the faces across `axis`, m2: one more along `axis` than there are cells."""
        if axis == 0:
            factor = {"cartesian": np.ones_like(self.x), "axisymmetric": 2 * np.pi * self.x,
                      "spherical": 4 * np.pi * self.x**2}[self.metric]  # fmt: skip
            return factor[:, None, None] * self._across(1)[None, :, None] * self._across(2)[None, None, :]
        ring = (self._ring(self.x[1:]) - self._ring(self.x[:-1]))[:, None, None]
        if axis == 1:
            return ring * np.ones(self.y.size)[None, :, None] * self._across(2)[None, None, :]
        return ring * self._across(1)[None, :, None] * np.ones(self.z.size)[None, None, :]

    def _ring(self, r: Array) -> Array:
        return {"cartesian": r, "axisymmetric": np.pi * r**2, "spherical": 4 * np.pi / 3 * r**3}[self.metric]

    def _across(self, axis: int) -> Array:
        silent = self.metric == "spherical" or (self.metric == "axisymmetric" and axis == 2)
        return np.ones(self.edges(axis).size - 1) if silent else self.widths(axis)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walls:
    """The pieces of surface of one block, where it meets anything but itself: one row a piece.

    Attributes
    ----------
    cell : (n,) int
        Flat index of the block's cell behind the piece.
    area, gap : (n,) m2, m
        Its area, and the distance from the cell's centre to it.
    normal, place : (n, 3)
        Outward unit normal, and, in m, its middle; of a curved or oblique piece the foot of the normal from the
        cell's centre.
    patch : (n,) int
        Index into `patches`; -1 where another body touches.
    patches : tuple of str
    middle : (n, 3) m, or None
        Its middle where that is not `place`.
    """

    cell: Ints
    area: Array
    gap: Array
    normal: Array
    place: Array
    patch: Ints
    patches: tuple[str, ...]
    middle: Array | None = None

    @property
    def middles(self) -> Array:
        """(n, 3) m, where the pieces lie."""
        return self.place if self.middle is None else self.middle

    def only(self, rows: Ints) -> "Walls":
        """Some of the pieces."""
        return replace(self, cell=self.cell[rows], area=self.area[rows], gap=self.gap[rows], normal=self.normal[rows],
                       place=self.place[rows], patch=self.patch[rows],
                       middle=None if self.middle is None else self.middle[rows])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """Paths of heat between cells that share no face, beside a curved wall or around a period: one row a path.

    Attributes
    ----------
    first, second : (n,) int
        Flat indices of the block's cells.
    over : (n,) m
        Open area over the distance of the two centres.
    """

    first: Ints
    second: Ints
    over: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One body on the grid: the cut table of its cells.

    Attributes
    ----------
    body : str
    offset : (3,) ints
        First cell of the block in the grid.
    fraction : (nx, ny, nz)
        Solid volume over the cell's; 0 is void. Beside a curved wall, a cell whose centre lies outside is void: its
        solid belongs to its neighbours inside, which may hold more than 1.
    apertures : three arrays
        Open share of the faces across x, y, z; one more along that axis than cells; above 1 where a path is wider.
    walls : Walls
    links : Links or None
        None where every wall lies across an axis.
    around : Links or None
        Between the cells at opposite periodic faces.
    """

    body: str
    offset: tuple[int, int, int]
    fraction: Array
    apertures: tuple[Array, Array, Array]
    walls: Walls
    links: Links | None = None
    around: Links | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Cells of the block along x, y, z."""
        nx, ny, nz = self.fraction.shape
        return nx, ny, nz

    @property
    def solid(self) -> NDArray[np.bool_]:
        """(nx, ny, nz) True where the cell holds material."""
        return self.fraction > 0.0

    def edges(self, grid: Grid, axis: int) -> Array:
        """The block's own edges along `axis`, m."""
        first = self.offset[axis]
        return grid.edges(axis)[first : first + self.shape[axis] + 1]
