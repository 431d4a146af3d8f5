"""Bodies for multigrid, and how coarser grids see their walls and contacts: merged, and further from the centres."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .pairs import Array, Box, Ints, Single, middles, parents


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skin:
    """The walls of a body: cell (n,) flat, area (n,) m2, gap (n,) m over conductivity, normal and place (n, 3)."""

    cell: Ints
    area: Array
    gap: Array
    normal: Array
    place: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """One body as the cycle sees it.

    Attributes
    ----------
    g : three arrays, m
        Conductance of the faces (n0 + 1, n1, n2), ... over conductivity; 0 at walls and voids.
    edges : three arrays, m
        Edges of the cells along each axis.
    volume : (n0, n1, n2), m3
        Of the cells; where an axis conducts better than another is seen from it.
    skin : Skin or None
        Walls whose conductance `solve` is told.
    links : three arrays
        Flat indices (n,) of two cells and the conductance between them in m, for cells that share no face.
    """

    g: Sequence[Array]
    edges: Sequence[Array]
    volume: Array
    skin: Skin | None = None
    links: tuple[Ints, Ints, Array] = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joint:
    """Pieces of contact: two bodies, flat cells (n,) in each, area (n,) m2, and gaps (n,) m to both centres."""

    first: int
    second: int
    cell1: Ints
    cell2: Ints
    area: Array
    gap1: Array
    gap2: Array


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


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """How a contact is seen from one level: where its links sit, which pieces merge, how much further both sides are.

    `here` and `there` are the places, among the links, of each piece as its first and its second cell tell it.
    """

    into: Ints
    here: Ints
    there: Ints
    further: tuple[Array, Array]

    def seen(self, one: Array, two: Array, pull: Single) -> tuple[Array, Array]:
        """Conductance of the merged pieces by the first and the second side's value, written into the links."""
        one, two = np.bincount(self.into, one, self.here.size), np.bincount(self.into, two, self.here.size)
        share = np.divide(two, one, out=np.zeros_like(one), where=one > 0.0)
        far = one / (1.0 + one * (self.further[0] + self.further[1] * share))
        one, two = far, far * share
        pull[0, self.here], pull[1, self.here] = two, one
        pull[0, self.there], pull[1, self.there] = one, two
        return one, two


class Skins:
    """The walls of a body, level by level."""

    def __init__(self, skin: Skin | None, order: list[int], grid: Box) -> None:
        self.skin, self.share = skin, np.zeros(0)
        if skin is None or not skin.cell.size:
            self.skin = None
            return
        own = skin.area / skin.gap
        self.share = own / np.bincount(skin.cell, own)[skin.cell]
        self.skin = replace(skin, normal=skin.normal[:, order], place=skin.place[:, order])
        off = (self.skin.normal * (self.skin.place - grid.places(skin.cell))).sum(axis=1)
        self.gap, self.off = skin.gap, np.maximum(off, 0.1 * skin.gap)  # of the finest level: how ways become gaps

    def onto(self, grid: Box, first: tuple[Ints, ...], new: Box) -> Facing | None:
        """Merge the pieces of wall that lie on one side of a cell of the next level."""
        if self.skin is None:
            return None
        normal, place, area = self.skin.normal, self.skin.place, self.skin.area
        flat = np.ravel_multi_index(tuple(parents(grid, first, self.skin.cell).T), new.shape)
        facing = np.abs(normal).argmax(axis=1)
        side = 2 * facing + (np.take_along_axis(normal, facing[:, None], 1)[:, 0] > 0)
        _, which, into = np.unique(flat * 6 + side, return_index=True, return_inverse=True)
        total = np.bincount(into, area)

        def mean(values: Array) -> Array:
            return np.bincount(into, values * area) / total

        normal = np.stack([mean(normal[:, a]) for a in range(3)], axis=1)
        place = np.stack([mean(place[:, a]) for a in range(3)], axis=1)
        self.gap, self.off, before, cell = mean(self.gap), mean(self.off), mean(self.skin.gap), flat[which]
        gap = np.maximum(self.gap / self.off * (normal * (place - new.places(cell))).sum(axis=1), before)
        self.skin = Skin(cell=cell, area=total, gap=gap, normal=normal, place=place)
        return Facing(into, new.base + cell, (gap - before) / total)


class Meets:
    """A contact, level by level."""

    def __init__(self, joint: Joint, pieces: Sequence[Piece], orders: list[list[int]], grids: list[Box]) -> None:
        self.bodies, self.cells, self.area = (joint.first, joint.second), (joint.cell1, joint.cell2), joint.area
        centres = []
        for body, cell in zip(self.bodies, self.cells, strict=True):
            at = np.stack(np.unravel_index(cell, pieces[body].volume.shape), axis=1)
            centres.append(middles(list(pieces[body].edges), at))
        across = np.abs(centres[1] - centres[0]).argmax(axis=1)
        self.axes = [np.array([orders[body].index(a) for a in range(3)])[across] for body in self.bodies]
        self.gaps = (joint.gap1, joint.gap2)
        halves = [self._half(grids[body], cell, axes)
                  for body, cell, axes in zip(self.bodies, self.cells, self.axes, strict=True)]  # fmt: skip
        self.scales = [gap / half for gap, half in zip(self.gaps, halves, strict=True)]
        self.into, none = np.arange(joint.area.size), np.zeros(joint.area.size)
        self.further = (none, none)

    @staticmethod
    def _half(grid: Box, cell: Ints, axes: Ints) -> Array:
        at = np.stack(np.unravel_index(cell, grid.shape), axis=1)
        widths = np.stack([np.diff(edge)[at[:, a]] for a, edge in enumerate(grid.edges)], axis=1)
        return 0.5 * np.take_along_axis(widths, axes[:, None], 1)[:, 0]

    def onto(self, grids: list[Box], firsts: list[tuple[Ints, ...]], coarser: list[Box]) -> None:
        """Merge the pieces between the same two cells of the next level."""
        flat = [np.ravel_multi_index(tuple(parents(grids[b], firsts[b], cell).T), coarser[b].shape)
                for b, cell in zip(self.bodies, self.cells, strict=True)]  # fmt: skip
        _, which, into = np.unique(flat[0] * coarser[self.bodies[1]].cells + flat[1], return_index=True,
                                   return_inverse=True)  # fmt: skip
        total = np.bincount(into, self.area)
        self.cells, self.axes = (flat[0][which], flat[1][which]), [axes[which] for axes in self.axes]
        self.scales = [np.bincount(into, scale * self.area) / total for scale in self.scales]
        before = [np.bincount(into, gap * self.area) / total for gap in self.gaps]
        gaps = [np.maximum(scale * self._half(coarser[b], cell, axes), gap) for scale, b, cell, axes, gap
                in zip(self.scales, self.bodies, self.cells, self.axes, before, strict=True)]  # fmt: skip
        self.further = ((gaps[0] - before[0]) / total, (gaps[1] - before[1]) / total)
        self.gaps, self.into, self.area = (gaps[0], gaps[1]), into, total
