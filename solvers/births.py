"""Which cells of a process are there, and from when: material that is laid down makes a new geometry of the same grid.

The march goes from one laying to the next on the cells that are there by then. Their conductances and walls are those
of a part of that shape, so nothing in a step knows of cells to come, and what is carried over is only the state.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Block, Deposit, Grid, ModelError, Process, SolveError
from ..models.grid import Links, Walls
from ..models.quantity import quantity
from .cut import join, named
from .discrete import Geometry, geometry

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laying:
    """All that is laid down at one time: `at` s after the start of stage `stage`; numbers of its deposits there."""

    stage: int
    at: float
    deposits: tuple[int, ...]


class Births:
    """The layings of a process, in order, and the geometry after each.

    Attributes
    ----------
    layings : tuple of Laying
    whole : Geometry
        Of everything that is ever there.
    """

    def __init__(self, process: Process, whole: Geometry) -> None:
        self._process, self.whole = process, whole
        times = sorted({(n, d.at) for n, stage in enumerate(process.stages) for d in stage.deposits})
        self.layings = tuple(
            Laying(stage=n, at=at, deposits=tuple(m for m, d in enumerate(process.stages[n].deposits) if d.at == at))
            for n, at in times)  # fmt: skip
        self._since = {local.body: np.zeros(local.solid.shape, dtype=np.int64) for local in whole.locals}
        self._by = {local.body: np.full(local.solid.shape, -1, dtype=np.int64) for local in whole.locals}
        for number, laying in enumerate(self.layings, start=1):
            for m in laying.deposits:
                self._claim(number, m, process.stages[laying.stage].deposits[m])
        if self.layings and not any((local.solid & (self._since[local.body] == 0)).any() for local in whole.locals):
            raise SolveError(
                f"process '{process.name}' has {len(self.layings)} layings and nothing to lay them on: all its cells "
                "are deposits. A build begins on something. Leave the first layer out of the deposits: it is there, "
                "and at the body's start temperature."
            )

    def _claim(self, number: int, which: int, deposit: Deposit) -> None:
        local = next(one for one in self.whole.locals if one.body == deposit.body)
        inside = local.solid.copy()
        for axis in range(local.active):
            at = local.centres[axis]
            shape = [1, 1, 1]
            shape[axis] = -1
            inside &= ((at > deposit.box[0][axis]) & (at < deposit.box[1][axis])).reshape(shape)
        if not inside.any():
            raise SolveError(
                f"a deposit on '{deposit.body}' at {deposit.at:g} s holds no cell: its box runs from "
                f"{deposit.box[0]} to {deposit.box[1]} m. A deposit covers one cell or more. "
                "Correct its box, or use more cells."
            )
        since, by = self._since[deposit.body], self._by[deposit.body]
        laying = self.layings[number - 1]
        same = inside & (since == number)
        for other in np.unique(by[same]):
            first = self._process.stages[laying.stage].deposits[other]
            T = [quantity(one.temperature, "K").value for one in (first, deposit)]
            if T[0] != T[1]:
                raise SolveError(
                    f"two deposits on '{deposit.body}' at {deposit.at:g} s share {int(same.sum())} cells, one at "
                    f"{T[0]:g} K and one at {T[1]:g} K. A cell has one temperature. Move their boxes apart."
                )
        new = inside & (since == 0)
        since[new], by[new] = number, which

    def due(self, born: int, stage: int, since: float, t: float) -> bool:
        """Whether the next laying after `born` of them is one of this stage, and its time has come."""
        return self.next(born, stage, since) <= t + 1e-9 * max(abs(t), 1e-3)

    def next(self, born: int, stage: int, since: float) -> float:
        """When (s) the next laying of this stage is; infinity where none is left."""
        if born < len(self.layings) and self.layings[born].stage == stage:
            return since + self.layings[born].at
        return float("inf")

    def there(self, born: int) -> list[Mask]:
        """The cells of each block that are there after `born` layings."""
        return [local.solid & (self._since[local.body] <= born) for local in self.whole.locals]

    def geometry(self, born: int) -> Geometry:
        """Of what is there after `born` layings."""
        if born == len(self.layings):
            return self.whole
        cut, there = self.whole.cut, self.there(born)
        pieces = [_partly(self._process, block, faces, cut.grid, mask)
                  for (block, faces), mask in zip(cut.apart, there, strict=True)]  # fmt: skip
        blocks, touching = join([p[0] for p in pieces], [p[1] for p in pieces], self._process.contacts, whole=False)
        return geometry(self._process, replace(cut, blocks=blocks, touching=touching))

    def laid(self, born: int, shape: Geometry, process: Process) -> tuple[Mask, Array]:
        """Which unknowns of `shape` came with laying number `born`, and the temperature (n,) K they were laid at."""
        fresh, T = np.zeros(shape.volume.size, dtype=bool), np.zeros(shape.volume.size)
        deposits = process.stages[self.layings[born - 1].stage].deposits
        for local in shape.locals:
            new = self._since[local.body][local.solid] == born
            by = self._by[local.body][local.solid]
            values = np.array([quantity(one.temperature, "K").value for one in deposits])
            fresh[local.span] = new
            T[local.span] = np.where(new, values[np.where(new, by, 0)], 0.0)
        return fresh, T


def carried(field: Array, before: Geometry, after: Geometry) -> Array:
    """A field (n,) of the unknowns of `before` on those of `after`; 0 where there was none."""
    out = np.zeros(after.volume.size)
    for old, new in zip(before.locals, after.locals, strict=True):
        full = np.zeros(new.solid.shape)
        full[old.solid] = field[old.span]
        out[new.span] = full[new.solid]
    return out


def _partly(process: Process, block: Block, faces: Ints, grid: Grid, there: Mask) -> tuple[Block, Ints]:
    """A block whose other cells are void; where they were, what is there has walls."""
    body = process.body(block.body)
    apertures, found = [], []
    for axis in range(3):
        n = there.shape[axis]
        aperture = block.apertures[axis].copy()
        inner: list[slice] = [slice(None)] * 3
        inner[axis] = slice(1, -1)
        low, high = np.take(there, range(n - 1), axis), np.take(there, range(1, n), axis)
        open_ = aperture[tuple(inner)]
        for side, mine, its in ((1, low, high), (-1, high, low)):
            at = np.argwhere(mine & ~its & (open_ > 0.0))
            found.append(_new_walls(grid, block, aperture, at, axis, side))
        aperture[tuple(inner)] = np.where(low & high, open_, 0.0)
        apertures.append(aperture)
    links = block.links
    if links is not None:
        ends = [there.ravel()[links.first], there.ravel()[links.second]]
        for mine, its, first, second in ((*ends, links.first, links.second), (*ends[::-1], links.second, links.first)):
            rows = mine & ~its
            found.append(_open_ends(grid, block, first[rows], second[rows], links.over[rows]))
        both = ends[0] & ends[1]
        links = Links(first=links.first[both], second=links.second[both], over=links.over[both])
    cell, area, gap, normal, place = (np.concatenate(c) for c in zip(*found, strict=True))
    w = block.walls
    stay = np.flatnonzero(there.ravel()[w.cell])
    patch, names = named(body, normal, place)
    if names != w.patches:
        raise ModelError(
            f"'{block.body}' has patches {w.patches}, and {names} after {cell.size} new walls. They are the same. "
            "Lay down on a body whose patches are told by their direction and place."
        )
    kept = faces[stay[stay < len(faces)]]
    walls = Walls(cell=np.concatenate([w.cell[stay], cell]), area=np.concatenate([w.area[stay], area]),
                  gap=np.concatenate([w.gap[stay], gap]), normal=np.concatenate([w.normal[stay], normal]),
                  place=np.concatenate([w.place[stay], place]), patch=np.concatenate([w.patch[stay], patch]),
                  patches=names, middle=np.concatenate([w.middles[stay], place]))  # fmt: skip
    return Block(body=block.body, offset=block.offset, fraction=np.where(there, block.fraction, 0.0),
                 apertures=(apertures[0], apertures[1], apertures[2]), walls=walls, links=links), kept  # fmt: skip


def _new_walls(grid: Grid, block: Block, aperture: Array, at: Ints, axis: int, side: int) -> tuple[Array, ...]:
    """Cell, area, gap, normal and place of walls at faces whose other side is not there; `at` counts inner faces."""
    face = at.copy()
    face[:, axis] += 1
    cell = at.copy()
    cell[:, axis] += side < 0
    own = face + np.asarray(block.offset)
    area = grid.areas(axis)[tuple(own.T)] * aperture[tuple(face.T)]
    gap = 0.5 * grid.widths(axis)[cell[:, axis] + block.offset[axis]]
    place = np.stack([grid.centres(a)[cell[:, a] + block.offset[a]] for a in range(3)], axis=1)
    place[:, axis] = grid.edges(axis)[own[:, axis]]
    normal = np.zeros_like(place)
    normal[:, axis] = side
    flat = np.ravel_multi_index(tuple(cell.T), block.shape).astype(np.int64)
    return flat, area, gap, normal, place


def _open_ends(grid: Grid, block: Block, mine: Ints, other: Ints, over: Array) -> tuple[Array, ...]:
    """The same where a link beside a curved wall leads to a cell that is not there: a wall half way along it."""
    ends = []
    for end in (mine, other):
        index = np.unravel_index(end, block.shape)
        ends.append(np.stack([grid.centres(a)[index[a] + block.offset[a]] for a in range(3)], axis=1))
    way = ends[1] - ends[0]
    length = np.maximum(np.linalg.norm(way, axis=1), 1e-300)
    return mine, over * length, 0.5 * length, way / length[:, None], 0.5 * (ends[0] + ends[1])
