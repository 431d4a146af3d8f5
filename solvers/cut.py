"""From parts to cells: a grid whose edges lie on every flat face, and the cut table of each body on it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Block, Body, Contact, Grid, Process, SolveError, Walls
from ..models.shape import aligned
from .curved import curved_block
from .periodic import closed, repeating
from .spacing import Grading, spaced

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Touching:
    """The pieces of surface that two bodies share: one row a piece, indices flat in their blocks."""

    first: int
    second: int
    cell1: Ints
    cell2: Ints
    area: Array
    gap1: Array
    gap2: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """A process on a grid: one block per body, and where blocks touch (one entry per contact).

    `apart` are the blocks before they were joined, each with its walls' faces.
    """

    grid: Grid
    blocks: tuple[Block, ...]
    touching: tuple[Touching, ...]
    apart: tuple[tuple[Block, Ints], ...] = ()

    @property
    def cells(self) -> int:
        """Solid cells over all bodies."""
        return int(sum(block.solid.sum() for block in self.blocks))


def cut(
    process: Process,
    *,
    cells: int,
    ratio: float,
    along: tuple[int | None, int | None, int | None],
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    grading: tuple[Grading, ...] = (),
) -> Cut:
    """Cut every body of a process.

    Parameters
    ----------
    cells : int
        Cells through the thinnest distance between two faces; where a wall is curved or oblique, cells across the
        smallest extent of the bodies, of one spacing on all axes.
    ratio : float
        Every count of cells is multiplied by it.
    along : three ints or None
        Cells over the whole length of an axis, where the thinnest distance would ask for too many.
    shift : three floats
        How far the grid is moved under curved bodies, in cells, along axes without a flat face.
    grading : tuple of Grading
        Axes with these have thin cells at planes; `cells` or `along` then say how many there would be along the whole
        axis of the widest ones.

    Raises
    ------
    SolveError
        If bodies cannot share a grid, hold no cell, touch without a contact, or have a wall thinner than two cells.
    """
    bodies = process.bodies
    metrics = {body.part.metric for body in bodies}
    actives = {body.part.active for body in bodies}
    if len(metrics) > 1 or len(actives) > 1:
        raise SolveError(
            f"bodies of metric {sorted(metrics)} with {sorted(actives)} resolved axes do not share a grid. "
            "All bodies of a process are of one kind. Make them all 2-D, or all 3-D."
        )
    straight = [aligned(body.part.shape) for body in bodies]
    for body, flat in zip(bodies, straight, strict=True):
        if not flat and body.part.metric != "cartesian":
            raise SolveError(
                f"'{body.name}' is {body.part.metric} and has faces that lie across no axis. Curved and oblique walls "
                "are cut on Cartesian grids of 2 or 3 axes. Model the whole part in three dimensions."
            )
    grid = spaced(process, cells=cells, ratio=ratio, along=along, shift=shift, grading=grading)
    raw = [_block(body, grid) if flat else (curved_block(body, grid), np.zeros((0, 4), dtype=np.int64))
           for body, flat in zip(bodies, straight, strict=True)]  # fmt: skip
    blocks, touching = join([b for b, _ in raw], [f for _, f in raw], process.contacts)
    blocks = tuple(closed(block, grid, repeating(process, block.body)) for block in blocks)
    return Cut(grid=grid, blocks=blocks, touching=touching, apart=tuple(raw))


def _block(body: Body, grid: Grid) -> tuple[Block, NDArray[np.int64]]:
    """The block of one body, and (n, 4) its walls' faces: axis, i, j, k of the grid's face."""
    part = body.part
    low, high = part.bounds
    first, last = [], []
    for axis in range(3):
        edges = grid.edges(axis)
        first.append(int(np.argmin(np.abs(edges - low[axis]))) if axis < part.active else 0)
        last.append(int(np.argmin(np.abs(edges - high[axis]))) if axis < part.active else edges.size - 1)
    span = [slice(a, b) for a, b in zip(first, last, strict=True)]
    centre = [grid.centres(axis)[span[axis]] for axis in range(3)]
    where = np.meshgrid(*centre, indexing="ij")
    solid = part.distance(*where) < 0.0
    if not solid.any():
        raise SolveError(f"'{body.name}' holds no cell. A body fills at least one. Check its shape and boolean parts.")
    apertures, pieces = [], []
    for axis in range(3):
        shape = list(solid.shape)
        shape[axis] += 1
        aperture = np.zeros(shape)
        inner = [slice(None)] * 3
        inner[axis] = slice(1, -1)
        a, b = np.take(solid, range(shape[axis] - 2), axis), np.take(solid, range(1, shape[axis] - 1), axis)
        aperture[tuple(inner)] = a & b
        apertures.append(aperture)
        if axis < part.active:
            pieces += [_walls(grid, solid, centre, first, axis, side) for side in (-1, 1)]
    cell, area, gap, normal, place, face = (np.concatenate(c) for c in zip(*pieces, strict=True))
    real = area > 0.0
    patch, names = named(body, normal[real], place[real])
    walls = Walls(cell=cell[real], area=area[real], gap=gap[real], normal=normal[real], place=place[real],
                  patch=patch, patches=names)  # fmt: skip
    block = Block(body=body.name, offset=(first[0], first[1], first[2]), fraction=solid.astype(float),
                  apertures=(apertures[0], apertures[1], apertures[2]), walls=walls)  # fmt: skip
    return block, face[real]


def _walls(
    grid: Grid, solid: NDArray[np.bool_], centre: list[Array], first: list[int], axis: int, side: int
) -> tuple[Array, ...]:
    """Pieces of wall on one side of an axis: cell, area, gap, normal, place, face."""
    padded = np.pad(solid, 1)
    neighbour = np.roll(padded, -side, axis)[1:-1, 1:-1, 1:-1]
    index = np.argwhere(solid & ~neighbour)
    flat = np.ravel_multi_index(tuple(index.T), solid.shape) if index.size else np.zeros(0, dtype=np.int64)
    face = index + np.asarray(first)
    face[:, axis] += side > 0
    area = grid.areas(axis)[tuple(face.T)]
    width = grid.widths(axis)[index[:, axis] + first[axis]]
    place = np.stack([centre[a][index[:, a]] for a in range(3)], axis=1) if index.size else np.zeros((0, 3))
    place[:, axis] = grid.edges(axis)[face[:, axis]]
    normal = np.zeros_like(place)
    normal[:, axis] = side
    faces = np.concatenate([np.full((len(index), 1), axis), face], axis=1)
    return flat.astype(np.int64), area, 0.5 * width, normal, place, faces


def named(
    body: Body, normal: Array, place: Array, solid: Ints | None = None, solids: tuple[str, ...] = ()
) -> tuple[Ints, tuple[str, ...]]:
    """The first patch that fits each piece of wall, as an index into the names that follow.

    `solid` (n,) is the index into `solids` of each piece, -1 for none; looked up where it is asked for and not given.
    """
    part = body.part
    if solid is None and any(patch.solid for patch in part.patches):
        solid, solids = part.solids_at(place)
    names = tuple(dict.fromkeys([*(patch.name for patch in part.patches), "surface"]))
    chosen = np.full(len(place), names.index("surface"), dtype=np.int64)
    free = np.ones(len(place), dtype=bool)
    for patch in part.patches:
        fits = patch.fits(normal, place, solid, solids)
        chosen[fits & free] = names.index(patch.name)
        free &= ~fits
    return chosen, names


def join(
    blocks: list[Block], faces: list[NDArray[np.int64]], contacts: tuple[Contact, ...], *, whole: bool = True
) -> tuple[tuple[Block, ...], tuple[Touching, ...]]:
    """Take the pieces that two bodies share off their walls; bodies that touch without a contact are refused.

    Contacts without a common face are too, unless the bodies are not yet `whole`.
    """
    names = [block.body for block in blocks]
    declared = {frozenset((c.first, c.second)): n for n, c in enumerate(contacts)}
    keys = [{tuple(face): row for row, face in enumerate(table)} for table in faces]
    taken: list[list[int]] = [[] for _ in blocks]
    found: dict[int, Touching] = {}
    for a in range(len(blocks)):
        for b in range(a + 1, len(blocks)):
            rows = [(keys[a][key], keys[b][key]) for key in keys[a].keys() & keys[b].keys()]
            rows = [(i, j) for i, j in sorted(rows)
                    if (blocks[a].walls.normal[i] + blocks[b].walls.normal[j] == 0).all()]  # fmt: skip
            pair = frozenset((names[a], names[b]))
            if not rows:
                continue
            one, two = np.array(rows).T
            if pair not in declared:
                shared = blocks[a].walls.area[one].sum()
                raise SolveError(
                    f"'{names[a]}' and '{names[b]}' touch over {shared:.4g} m2 without a contact. "
                    "Touching bodies exchange heat. Declare Contact(first=..., second=..., resistance=...)."
                )
            taken[a] += list(one)
            taken[b] += list(two)
            first, second = (a, b) if contacts[declared[pair]].first == names[a] else (b, a)
            if first == b:
                one, two = two, one
            w1, w2 = blocks[first].walls, blocks[second].walls
            found[declared[pair]] = Touching(first=first, second=second, cell1=w1.cell[one], cell2=w2.cell[two],
                                             area=w1.area[one], gap1=w1.gap[one], gap2=w2.gap[two])  # fmt: skip
    for n, contact in enumerate(contacts):
        if n not in found and not whole:
            none, blank = np.zeros(0, dtype=np.int64), np.zeros(0)
            first, second = names.index(contact.first), names.index(contact.second)
            found[n] = Touching(first=first, second=second, cell1=none, cell2=none, area=blank, gap1=blank, gap2=blank)
        elif n not in found:
            raise SolveError(
                f"'{contact.first}' and '{contact.second}' are in contact but share no face (0 m2). "
                "Bodies in contact meet in a common plane. Move one, or remove the contact."
            )
    kept = []
    for block, rows in zip(blocks, taken, strict=True):
        stay = np.setdiff1d(np.arange(block.walls.cell.size), rows)
        kept.append(replace(block, walls=block.walls.only(stay)))
    return tuple(kept), tuple(found[n] for n in range(len(contacts)))
