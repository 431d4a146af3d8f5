"""A part: its shape, the named patches of its surface and its named regions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import shape as shapes
from .closed import closed
from .errors import ModelError, did_you_mean
from .nearest import solids_at
from .patch import EVERYWHERE, Box, Patch, Place
from .quantity import Quantity, quantity
from .shape import Shape, Size
from .surface import Surface

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
METRICS = ("cartesian", "axisymmetric", "spherical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A shape with a name, patches (the first that fits wins, the rest is "surface") and regions.

    Attributes
    ----------
    metric : str
        cartesian; axisymmetric (x is the radius, y the axis); spherical (x is the radius).
    active : int
        How many axes are resolved; the others are one cell deep, unit size, and exchange nothing.
    regions : tuple of (name, box)
        Named boxes, m; "all" is always there.
    """

    name: str
    shape: Shape
    patches: tuple[Patch, ...] = ()
    regions: tuple[tuple[str, Box], ...] = ()
    metric: str = "cartesian"
    active: int = 3

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ModelError(
                f"metric '{self.metric}' is not known. {did_you_mean(self.metric, METRICS)} "
                f"Choose one of {', '.join(METRICS)}."
            )
        surfaces = list(_surfaces(self.shape))
        if surfaces and (self.metric != "cartesian" or self.active != 3):
            raise ModelError(
                f"{self.name} is made of triangles and is {self.metric} with {self.active} resolved axes. Triangles "
                "lie in three dimensions. Model the whole part in them."
            )
        solids = [name for surface in surfaces for name in surface.solids]
        for patch in self.patches:
            if patch.solid and patch.solid not in solids:
                raise ModelError(
                    f"{self.name}: patch '{patch.name}' asks for solid '{patch.solid}', which the part has not. "
                    f"{did_you_mean(patch.solid, solids)} Correct the name."
                )
        low, _ = self.bounds
        if self.metric != "cartesian" and low[0] < 0:
            raise ModelError(
                f"{self.name}: the radius starts at {low[0]:g} m. A radius is never below zero. "
                "Move the part to r >= 0."
            )

    @classmethod
    def slab(cls, thickness: float, *, name: str = "slab") -> "Part":
        """A plate of `thickness` m along x, resolved in one dimension; patches "left" and "right"."""
        solid = Shape(kind="box", numbers=(0.0, 0.0, 0.0, thickness, 1.0, 1.0))
        return cls(name=name, shape=solid, active=1,
                   patches=(Patch(name="left", facing=(-1, 0, 0)), Patch(name="right", facing=(1, 0, 0))))  # fmt: skip

    @classmethod
    def ball(cls, radius: float, *, name: str = "ball") -> "Part":
        """A solid sphere resolved along its radius alone; patch "surface"."""
        return cls(name=name, shape=Shape(kind="box", numbers=(0.0, 0.0, 0.0, radius, 1.0, 1.0)),
                   metric="spherical", active=1, patches=(Patch(name="surface", facing=(1, 0, 0)),))  # fmt: skip

    @classmethod
    def rod(cls, radius: Size, length: Size | None = None, *, bore: Size = 0.0, name: str = "rod") -> "Part":
        """A round bar about y, axisymmetric; patches "side", "bore", "bottom", "top"; no `length`: radius alone."""
        solid = Shape(kind="box", numbers=(bore, 0.0, 0.0, radius, 1.0 if length is None else length, 1.0))
        around = (Patch(name="side", facing=(1, 0, 0)), Patch(name="bore", facing=(-1, 0, 0)),
                  Patch(name="bottom", facing=(0, -1, 0)), Patch(name="top", facing=(0, 1, 0)))  # fmt: skip
        return cls(name=name, shape=solid, metric="axisymmetric", active=1 if length is None else 2, patches=around)

    @classmethod
    def sheet(cls, width: Size, height: Size, *, name: str = "sheet") -> "Part":
        """A rectangle in x, y, resolved in two dimensions; patches "left", "right", "bottom", "top"."""
        return cls(name=name, shape=Shape(kind="box", numbers=(0, 0, 0, width, height, 1.0)), active=2,
                   patches=_SIDES[:4])  # fmt: skip

    @classmethod
    def box(cls, x: Size, y: Size, z: Size, *, name: str = "box") -> "Part":
        """A block from the origin to (x, y, z) m; patches left, right, bottom, top, back, front along x, y, z."""
        return cls(name=name, shape=Shape(kind="box", numbers=(0, 0, 0, x, y, z)), patches=_SIDES)

    @classmethod
    def sphere(cls, radius: Size, *, name: str = "sphere") -> "Part":
        """A ball about the origin, resolved in three dimensions."""
        return cls(name=name, shape=Shape(kind="sphere", numbers=(0, 0, 0, radius)))

    @classmethod
    def cylinder(cls, radius: Size, length: Size, *, name: str = "cylinder") -> "Part":
        """A round bar along z from z = 0, resolved in three dimensions."""
        return cls(name=name, shape=Shape(kind="cylinder", numbers=(0, 0, 0, length, radius)))

    @classmethod
    def disc(cls, radius: Size, *, name: str = "disc") -> "Part":
        """The section of a round bar about the origin, resolved in x and y."""
        return cls(name=name, shape=Shape(kind="cylinder", numbers=(0, 0, 0, 1.0, radius)), active=2)

    @classmethod
    def extrude(cls, corners: Array, length: float | None = None, *, name: str = "extrusion") -> "Part":
        """A polygon (n, 2) m in x, y along z from z = 0; without `length` a two-dimensional section."""
        flat = tuple(float(c) for c in np.asarray(corners, dtype=float).ravel())
        if len(flat) < 6 or len(flat) % 2:
            raise ModelError(
                f"{name}: {len(flat) // 2} corners make no polygon. Three or more (x, y) corners do. "
                "Complete the outline."
            )
        solid = Shape(kind="prism", numbers=(0.0, 1.0 if length is None else length, *flat))
        return cls(name=name, shape=solid, active=2 if length is None else 3)

    @classmethod
    def i_section(cls, *, height: float, width: float, flange: float, web: float, length: float | None = None,
                  name: str = "i_section") -> "Part":  # fmt: skip
        """A doubly symmetric I about the origin: flanges across y, web along y, m; extruded along z if `length`.

        Patches: "top" and "bottom" (outer flange faces), "left" and "right" (all that faces the sides between them),
        "ends".
        """
        if not (0 < web < width and 0 < 2 * flange < height):
            raise ModelError(
                f"{name}: web {web:g} m in width {width:g} m and flange {flange:g} m in height {height:g} m is no "
                "I-section. The web is thinner than the width, two flanges than the height. Correct the sizes."
            )
        b, h, w, f = width / 2, height / 2, web / 2, height / 2 - flange
        half = np.array([(-b, -h), (b, -h), (b, -f), (w, -f), (w, f), (b, f)])
        part = cls.extrude(np.concatenate([half, -half]), length, name=name)
        tiny = 1e-9 * height
        return replace(part, patches=(
            Patch(name="top", facing=(0, 1, 0), box=((-1e9, h - tiny, -1e9), (1e9, 1e9, 1e9))),
            Patch(name="bottom", facing=(0, -1, 0), box=((-1e9, -1e9, -1e9), (1e9, tiny - h, 1e9))),
            Patch(name="ends", facing=(0, 0, 1)), Patch(name="ends", facing=(0, 0, -1)),
            Patch(name="right", box=((0, -1e9, -1e9), (1e9, 1e9, 1e9))),
            Patch(name="left", box=((-1e9, -1e9, -1e9), (0, 1e9, 1e9)))))  # fmt: skip

    @classmethod
    def tube_section(cls, *, height: float, width: float, wall: float, length: float | None = None,
                     name: str = "tube_section") -> "Part":  # fmt: skip
        """A rectangular hollow section about the origin, walls of one thickness, m; extruded along z if `length`."""
        deep = 1.0 if length is None else length
        outer = Shape(kind="box", numbers=(-width / 2, -height / 2, 0, width / 2, height / 2, deep))
        inner = Shape(
            kind="box", numbers=(wall - width / 2, wall - height / 2, 0, width / 2 - wall, height / 2 - wall, deep)
        )
        return cls(name=name, shape=Shape(kind="difference", parts=(outer, inner)), active=2 if length is None else 3)

    @classmethod
    def from_stl(cls, path: Path | str, *, unit: str | None = None, name: str | None = None) -> "Part":
        """The solid in an STL file, binary or text; each of several named solids is a patch.

        Parameters
        ----------
        unit : str
            Of length in the file, such as "mm": STL does not say it, and it is not guessed.
        name : str
            Of the part; the file's, without suffix, if left out.

        Raises
        ------
        ModelError
            If the file cannot be read, or the unit is missing (the text shows the extent) or no length.
        SurfaceError
            If the triangles do not close around solid; it says where and keeps the places for a picture.
        """
        from .stl import read_stl

        corners, solid, solids = read_stl(path)
        triangles = np.arange(3 * len(corners)).reshape(-1, 3)
        surface = closed(Path(path).name, corners.reshape(-1, 3), triangles, solid, solids, unit=unit)
        return cls._of_surface(surface, name or Path(path).stem)

    @classmethod
    def from_mesh(cls, path: Path | str, *, unit: str | None = None, name: str | None = None) -> "Part":
        """The solid that a mesh of triangles and quads encloses, or the whole of a mesh of solid cells.

        Named sets of faces, or of cells where no face has a name, are its solids; each of several is a patch.
        `unit`, `name` and errors are those of `from_stl`, which reads .stl here too.
        """
        path = Path(path)
        if path.suffix.lower() == ".stl":
            return cls.from_stl(path, unit=unit, name=name)
        from .meshfile import read_mesh
        from .skin import skin

        mesh = read_mesh(path)
        surface = closed(path.name, mesh.points, *skin(path.name, mesh), unit=unit)
        return cls._of_surface(surface, name or path.stem)

    @classmethod
    def from_triangles(cls, points: Array, triangles: Ints, *, unit: str | None = None,
                       name: str = "surface") -> "Part":  # fmt: skip
        """The solid inside triangles (nt, 3) that name `points` (np, 3) in `unit`; errors are those of `from_stl`."""
        points, triangles = np.atleast_2d(np.asarray(points, float)), np.atleast_2d(np.asarray(triangles, np.int64))
        solid = np.zeros(len(triangles), dtype=np.int64)
        Surface(points=points, triangles=triangles, solid=solid, solids=(name,))  # refuses what does not fit together
        return cls._of_surface(closed(name, points, triangles, solid, (name,), unit=unit), name)

    @classmethod
    def _of_surface(cls, surface: Surface, name: str) -> "Part":
        named = surface.solids if len(surface.solids) > 1 else ()
        return cls(name=name, shape=Shape(kind="surface", surface=surface),
                   patches=tuple(Patch(name=solid, solid=solid) for solid in named))  # fmt: skip

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner (3,) m."""
        return shapes.bounds(self.shape)

    def distance(self, x: Array, y: Array, z: Array) -> Array:
        """Signed distance (m) of points, negative inside."""
        return shapes.distance(self.shape, x, y, z)

    def planes(self, axis: int) -> list[float]:
        """Sorted coordinates (m) of flat faces across `axis`, within the part."""
        low, high = self.bounds
        return sorted(c for c in shapes.planes(self.shape, axis) if low[axis] <= c <= high[axis])

    def solids_at(self, place: Array) -> tuple[Ints, tuple[str, ...]]:
        """Index (n,) into the names that follow of the solid from CAD nearest to each place (n, 3) m; -1 if none."""
        best, solid = np.full(len(place), np.inf), np.full(len(place), -1, dtype=np.int64)
        names: list[str] = []
        for surface in _surfaces(self.shape):
            far, which = solids_at(surface, np.asarray(place, dtype=float))
            nearer = far < best
            best[nearer], solid[nearer] = far[nearer], which[nearer] + len(names)
            names += surface.solids
        return solid, tuple(names)

    def with_patch(self, name: str, *, facing: Place = (0, 0, 0), box: Box = EVERYWHERE, **chosen: Any) -> "Part":
        """The same part with one more patch, looked at before those it already has.

        `chosen` are the other ways of choosing wall that a Patch knows: solid, plane, sphere, inside, within.
        """
        known = ("solid", "plane", "sphere", "inside", "within")
        for key in chosen:
            if key not in known:
                raise ModelError(
                    f"patch '{name}' is chosen by '{key}', which is not known. {did_you_mean(key, known)} "
                    f"Choose wall by facing, box, {', '.join(known)}."
                )
        return replace(self, patches=(Patch(name=name, facing=facing, box=box, **chosen), *self.patches))

    def with_region(self, name: str, low: tuple[float, float, float], high: tuple[float, float, float]) -> "Part":
        """The same part with one more named box, m."""
        return replace(self, regions=(*self.regions, (name, (low, high))))

    def region(self, name: str) -> Box:
        """The box of a named region; "all" is the whole part."""
        if name == "all":
            return EVERYWHERE
        for known, box in self.regions:
            if known == name:
                return box
        raise ModelError(
            f"{self.name} has no region '{name}'. {did_you_mean(name, ['all', *(n for n, _ in self.regions)])} "
            "Name it with Part.with_region."
        )

    def moved(self, x: Size = 0.0, y: Size = 0.0, z: Size = 0.0) -> "Part":
        """The same part shifted by (x, y, z) m; patches and regions keep their boxes.

        Sizes that are quantities are not shifted; the middle of a ball or cylinder about 0 can be shifted by one.
        """
        return replace(self, shape=_moved(self.shape, (x, y, z)))

    def __add__(self, other: "Part") -> "Part":
        return replace(self, shape=Shape(kind="union", parts=(self.shape, other.shape)))

    def __sub__(self, other: "Part") -> "Part":
        return replace(self, shape=Shape(kind="difference", parts=(self.shape, other.shape)))

    def __and__(self, other: "Part") -> "Part":
        return replace(self, shape=Shape(kind="intersection", parts=(self.shape, other.shape)))


_SIDES = (Patch(name="left", facing=(-1, 0, 0)), Patch(name="right", facing=(1, 0, 0)),
          Patch(name="bottom", facing=(0, -1, 0)), Patch(name="top", facing=(0, 1, 0)),
          Patch(name="back", facing=(0, 0, -1)), Patch(name="front", facing=(0, 0, 1)))  # fmt: skip


def _surfaces(shape: Shape) -> Iterator[Surface]:
    """Those in the tree, each as often as it is there."""
    if shape.surface is not None:
        yield shape.surface
    for part in shape.parts:
        yield from _surfaces(part)


def _moved(shape: Shape, by: tuple[Size, Size, Size]) -> Shape:
    if shape.parts:
        return replace(shape, parts=tuple(_moved(part, by) for part in shape.parts))
    if shape.surface is not None:
        shift = np.array([_plain(one) for one in by])
        return replace(shape, surface=replace(shape.surface, points=shape.surface.points + shift))
    n, (x, y, z) = list(shape.numbers), by
    if shape.kind == "box":
        ways: list[Size] = [x, y, z, x, y, z]
    elif shape.kind == "sphere":
        ways = [x, y, z]
    elif shape.kind == "cylinder":
        ways = [x, y, z, z]
    else:
        ways = [z, z, *((x, y)[i % 2] for i in range(len(n) - 2))]
    return replace(shape, numbers=(*(_shifted(a, b) for a, b in zip(n, ways, strict=False)), *n[len(ways) :]))


def _plain(by: Size) -> float:
    if isinstance(by, Quantity):
        raise ModelError(
            f"a part of triangles is moved by {by}. Its corners are plain numbers, and forget what moved them. Move it "
            "by a float."
        )
    return by


def _shifted(size: Size, by: Size) -> Size:
    if not isinstance(by, Quantity) and (by == 0.0 or not isinstance(size, Quantity)):
        return size if isinstance(size, Quantity) else size + by
    if not isinstance(size, Quantity) and size == 0.0:
        return by
    told = " and ".join(str(one) for one in (size, by) if isinstance(one, Quantity))
    raise ModelError(
        f"a part at {quantity(size, 'm').value:g} m is moved by {quantity(by, 'm').value:g} m, and {told} would no "
        "longer be the number in its shape. A quantity is one coordinate or one radius. Give Shape(numbers=...) its "
        "place with the quantity in it."
    )
