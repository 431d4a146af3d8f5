"""The cut table of a body with curved or oblique walls, from signed distances at corners and centres of cells.

Unknowns live in the cells whose centre is inside. The solid of a cut cell whose centre is outside is shared out among
its neighbours inside, split where two of them are equally near; so what is between two unknowns lies square to the
line of their centres, or nearly so and is mended: a linear field is balanced exactly. Every conductance is positive
and every wall lies in front of its cell: the matrix is symmetric and positive definite whatever the walls ask for.
"""

import numpy as np
from numpy.typing import NDArray

from ..models import Block, Body, Grid, SolveError, Walls
from ..models.grid import Links
from .kernels.cut import flat_pieces, owners, pieces
from .kernels.gather import gather
from .kernels.sides import count, kinds, settle, whole
from .lattice import lattices, looked_into
from .mended import closed, faced
from .surface import signed, solids_at
from .thickness import refuse_thin

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def curved_block(body: Body, grid: Grid) -> Block:
    """Cut one body of any shape on a Cartesian grid.

    Raises
    ------
    SolveError
        If no cell centre is inside, or a wall is thinner than two cells.
    """
    active = body.part.active
    corner, centre = _distances(body, grid)
    refuse_thin(body, grid, centre)
    inside = centre < 0.0
    if not inside.any():
        raise SolveError(
            f"'{body.name}' holds no cell centre. A body fills several cells. Use more cells, or check its shape."
        )
    number, cells = _cut_cells(corner, centre, active)
    m = len(cells)
    owner, slot = np.empty((m, 7), dtype=np.int64), np.empty((m, 48), dtype=np.int8)
    owners(cells, centre, owner, slot)
    volume = np.empty((m, 7))
    face, inner = np.empty((m, 48)), np.empty((m, 48, 3))
    widths = [grid.widths(axis) for axis in range(3)]
    h = np.stack([widths[a][cells[:, a]] for a in range(3)], axis=1)
    cutting = pieces if active == 3 else flat_pieces
    rows_of, walls_of = [], []
    for rows, phi, ways in lattices(body, grid, cells, corner, centre):
        some = [np.empty((rows.size, *one.shape[1:])) for one in (volume, face, inner)]
        wall = np.empty((rows.size, 7, ways, 7))
        cutting(phi, h[rows], slot[rows], *some, wall)
        volume[rows], face[rows], inner[rows] = some
        rows_of.append(rows)
        walls_of.append(wall)
    own = [np.ascontiguousarray(grid.centres(axis)) for axis in range(3)]
    most = 48 * m * 2
    first, second, over = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64), np.empty(most)
    found = gather(cells, number, h, active == 2, owner, slot, face, inner, *own, first, second, over)
    apertures, links = _paths(grid, number, first[:found], second[:found], over[:found])
    fraction = (number == -1).astype(np.float64)
    held = owner.ravel() >= 0
    taker = owner.ravel()[held]
    cellular = np.prod([widths[a][i] for a, i in enumerate(np.unravel_index(taker, inside.shape))], axis=0)
    np.add.at(fraction.ravel(), taker, volume.ravel()[held] / cellular)
    walls = _walls(body, cells, owner, rows_of, walls_of, own)
    walls, apertures, links = closed(walls, grid, apertures, links, inside.shape)
    walls = faced(body, grid, walls, inside.shape, exact=looked_into(body, cells))
    return Block(body=body.name, offset=(0, 0, 0), fraction=fraction, apertures=apertures,
                 walls=walls, links=links)  # fmt: skip


def _distances(body: Body, grid: Grid) -> tuple[Array, Array]:
    """At corners and at centres; a section has one layer of corners."""
    part = body.part
    edges = [grid.edges(a) if a < part.active else grid.centres(a) for a in range(3)]
    found = []
    for points in (edges, [grid.centres(a) for a in range(3)]):
        field = np.ascontiguousarray(signed(part.shape, grid, points))
        tiny = 1e-9 * max(float(one.max() - one.min()) for one in edges)
        for layer in field:
            layer[np.abs(layer) < tiny] = 0.0
        found.append(field)
    return found[0], found[1]


def _cut_cells(corner: Array, centre: Array, active: int) -> tuple[Ints, Ints]:
    """Number (nx, ny, nz) of each cut cell, -1 for solid and -2 for void ones, and their i, j, k (m, 3)."""
    number, first = np.empty(centre.shape, dtype=np.int64), np.empty(len(centre) + 1, dtype=np.int64)
    kinds(corner, centre, 2 if active == 3 else 1, number, first)
    cells = np.empty((int(first[-1]), 3), dtype=np.int64)
    count(number, first, cells)
    return number, cells


def _paths(grid: Grid, number: Ints, first: Ints, second: Ints,
           over: Array) -> tuple[tuple[Array, Array, Array], Links]:  # fmt: skip
    """Put what lies between neighbours into apertures, the rest into links; whole faces are open."""
    x, y, z = (np.empty([n + (c == axis) for c, n in enumerate(number.shape)]) for axis in range(3))
    whole(number, x, y, z)
    rest = settle(first, second, over, *[grid.widths(axis) for axis in range(3)], x, y, z)
    pair, back = np.unique(first[:rest] * number.size + second[:rest], return_inverse=True)
    links = Links(first=pair // number.size, second=pair % number.size, over=np.bincount(back, over[:rest], pair.size))
    return (x, y, z), links


def _walls(body: Body, cells: Ints, owner: Ints, rows: list[Ints], walls: list[Array],
           centres: list[Array]) -> Walls:  # fmt: skip
    """One piece of wall for every owner, cut cell and way that it faces."""
    from .cut import named

    found = []
    for own, wall in zip(rows, walls, strict=True):
        n, place, way = np.nonzero(wall[..., 3] > 0.0)
        found.append((own[n], owner[own[n], place], wall[n, place, way]))
    row, cell, summed = (np.concatenate(column) for column in zip(*found, strict=True))
    row, cell, summed = row[cell >= 0], cell[cell >= 0], summed[cell >= 0]
    size = tuple(c.size for c in centres)
    here = np.stack([centres[a][cells[row, a]] for a in range(3)], axis=1)
    mine = np.stack([centres[a][index] for a, index in enumerate(np.unravel_index(cell, size))], axis=1)
    area = np.linalg.norm(summed[:, :3], axis=1)
    kept = area > 1e-12 * float(area.max(initial=0.0))
    summed, cell, here, mine, area = summed[kept], cell[kept], here[kept], mine[kept], area[kept]
    normal = summed[:, :3] / area[:, None]
    place = here + summed[:, 4:] / summed[:, 3:4]
    gap = ((place - mine) * normal).sum(axis=1)
    asked = any(patch.solid for patch in body.part.patches)
    patch, names = named(body, normal, place, *(solids_at(body.part.shape, place) if asked else ()))
    return Walls(cell=cell, area=area, gap=gap, normal=normal, place=place, patch=patch, patches=names)
