"""Paths and walls around the cells of a curved body that close, so that a linear field is balanced exactly."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, cg

from ..models import Body, Grid, Walls
from ..models.grid import Links
from .surface import exactly

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Apertures = tuple[Array, Array, Array]
SOFT = 1e-3  # how much sooner a path changes than a wall turns
LEAST = 1e-3  # distance of a wall from its cell's centre, over the cell's width


def open_ends(walls: Walls, grid: Grid, apertures: tuple[Array, ...], links: Links,
              shape: tuple[int, ...], cells: Ints | None = None) -> Array:  # fmt: skip
    """What the areas of paths and walls around each cell, or each of `cells` (n,), rising, leave open, (n, 3) m2.

    Where they close it is 0.
    """
    cells = np.arange(int(np.prod(shape)), dtype=np.int64) if cells is None else cells
    left = np.zeros((cells.size, 3))
    here = np.unravel_index(cells, shape)
    for axis in range(3):
        beyond = tuple(index + (a == axis) for a, index in enumerate(here))
        area = np.prod([grid.widths(a)[here[a]] for a in range(3) if a != axis], axis=0)
        left[:, axis] = (apertures[axis][beyond] - apertures[axis][here]) * area
    ends = [np.unravel_index(end, shape) for end in (links.first, links.second)]
    rows = [np.minimum(np.searchsorted(cells, one), cells.size - 1) for one in (links.first, links.second, walls.cell)]
    known = [cells[row] == one for row, one in zip(rows, (links.first, links.second, walls.cell), strict=True)]
    for axis in range(3):
        at = grid.centres(axis)
        flux = links.over * (at[ends[1][axis]] - at[ends[0][axis]])
        for row, real, part in zip(rows, known, (flux, -flux, walls.area * walls.normal[:, axis]), strict=True):
            left[:, axis] += np.bincount(row[real], part[real], cells.size)
    return left


def closed(walls: Walls, grid: Grid, apertures: Apertures, links: Links,
           shape: tuple[int, ...]) -> tuple[Walls, Apertures, Links]:  # fmt: skip
    """Mend what is left open where three or more unknowns meet and their paths are not square to areas.

    The paths along a wall, positive as they stay, change by the least (squares over area) that closes every cell;
    what that leaves, the walls take over: their area vectors change and close to rounding, but for slivers of wall
    that would turn away.

    Returns
    -------
    walls, apertures, links
        The same pieces and paths; `apertures` are changed in place.
    """
    skin, mine = np.unique(walls.cell, return_inverse=True)
    left = open_ends(walls, grid, apertures, links, shape, skin)
    total = np.bincount(mine, walls.area, skin.size)
    if skin.size and np.abs(left).max() > 1e-12 * total.max():
        outward = np.stack([np.bincount(mine, walls.area * walls.normal[:, a], skin.size) for a in range(3)], axis=1)
        links = _widened(grid, apertures, links, shape, skin, left, total, outward / total[:, None])
        left = open_ends(walls, grid, apertures, links, shape, skin)
    vector = walls.area[:, None] * (walls.normal - left[mine] / total[mine][:, None])
    area = np.linalg.norm(vector, axis=1)
    sane = (vector * walls.normal).sum(axis=1) > 0.9 * np.maximum(area, 0.5 * walls.area)  # slivers are left open
    normal = np.where(sane[:, None], vector / np.maximum(area, 1e-300)[:, None], walls.normal)
    return replace(walls, area=np.where(sane, area, walls.area), normal=normal), apertures, links


def _widened(grid: Grid, apertures: Apertures, links: Links, shape: tuple[int, ...], skin: Ints, left: Array,
             total: Array, face: Array) -> Links:  # fmt: skip
    """Change the apertures between cells of `skin` (n,) in place; the links anew."""
    ends, ways, areas, faces = [], [], [], []
    here = np.unravel_index(skin, shape)
    for axis in range(3):
        inner = here[axis] + 1 < shape[axis]
        beyond = skin[inner] + int(np.prod(shape[axis + 1 :]))
        two = np.minimum(np.searchsorted(skin, beyond), skin.size - 1)
        one = np.flatnonzero(inner)
        at = [here[a][inner] + (a == axis) for a in range(3)]
        on = (skin[two] == beyond) & (apertures[axis][tuple(at)] > 0.0)
        at = [index[on] for index in at]
        own = np.prod([grid.widths(a)[at[a]] for a in range(3) if a != axis], axis=0)
        ends.append((one[on], two[on]))
        ways.append(np.broadcast_to(np.eye(3)[axis], (int(on.sum()), 3)))
        areas.append(apertures[axis][tuple(at)] * own)
        faces.append((tuple(at), own))
    between = [np.stack([grid.centres(a)[i] for a, i in enumerate(np.unravel_index(end, shape))], axis=1)
               for end in (links.first, links.second)]  # fmt: skip
    length = np.maximum(np.linalg.norm(between[1] - between[0], axis=1), 1e-300)
    rows = [np.minimum(np.searchsorted(skin, end), skin.size - 1) for end in (links.first, links.second)]
    own = (skin[rows[0]] == links.first) & (skin[rows[1]] == links.second)
    ends.append((rows[0][own], rows[1][own]))
    ways.append(((between[1] - between[0]) / length[:, None])[own])
    areas.append((links.over * length)[own])
    first, second = (np.concatenate(side) for side in zip(*ends, strict=True))
    along, area = np.concatenate(ways), np.concatenate(areas)
    turn = _multipliers(first, second, along, area, left, total, face)
    change = -area * np.clip(((turn[first] - turn[second]) * along).sum(axis=1), -0.5, 0.5)
    at_axis = np.cumsum([0, *(one.size for one in areas)])
    for axis, (at, size) in enumerate(faces):
        apertures[axis][at] += change[at_axis[axis] : at_axis[axis + 1]] / size
    over = links.over.copy()
    over[own] += change[at_axis[3] :] / length[own]
    return replace(links, over=over)


def _multipliers(first: Ints, second: Ints, along: Array, area: Array, left: Array, total: Array, face: Array) -> Array:
    """(n, 3) of least squares: a path changes by its area times their difference along it, a wall by its own times it.

    Walls give way along their normal `face` (n, 3) more easily than across it.
    """
    n = len(left)
    root = np.sqrt(area)[:, None] * along
    columns = np.concatenate([3 * first[:, None] + np.arange(3), 3 * second[:, None] + np.arange(3)], axis=1)
    spread = csr_matrix((np.concatenate([root, -root], axis=1).ravel(), columns.ravel(),
                         6 * np.arange(area.size + 1)), shape=(area.size, 3 * n))  # fmt: skip
    back = spread.T

    def apply(x: Array) -> Array:
        own = x.reshape(n, 3)
        wall = SOFT * own + (face * own).sum(axis=1)[:, None] * face
        return back @ (spread @ x) + (total[:, None] * wall).ravel()

    diagonal = (total[:, None] * (SOFT + face**2)).ravel()
    diagonal += np.bincount(columns.ravel(), np.concatenate([root, root], axis=1).ravel() ** 2, 3 * n)
    size = (3 * n, 3 * n)
    found, _ = cg(LinearOperator(size, matvec=apply, dtype=np.float64), left.ravel(), rtol=1e-3, maxiter=100,
                  M=LinearOperator(size, matvec=lambda x: x / diagonal, dtype=np.float64))  # fmt: skip
    return np.asarray(found).reshape(n, 3)


def faced(body: Body, grid: Grid, walls: Walls, shape: tuple[int, ...], *, exact: bool) -> Walls:
    """The walls with their gaps measured along their normals, and their places where those end.

    There, at the foot of the normal from the cell's centre, a straight way gives the wall's temperature; where
    distances are `exact` the way ends on the surface itself, if that is near the piece's plane.
    """
    mine = np.stack([grid.centres(a)[i] for a, i in enumerate(np.unravel_index(walls.cell, shape))], axis=1)
    width = min(float(grid.widths(a).min()) for a in range(body.part.active))
    gap = plane = ((walls.place - mine) * walls.normal).sum(axis=1)
    if exact and gap.size:
        off = np.zeros_like(gap)
        for _ in range(3):
            off = exactly(body.part.shape, mine + gap[:, None] * walls.normal)
            gap = gap - off
        near = (np.abs(gap - plane) < 0.25 * width) & (np.abs(off) < 0.01 * width)
        gap = np.where(near, gap, plane)
    gap = np.maximum(gap, LEAST * width)
    return replace(walls, gap=gap, place=mine + gap[:, None] * walls.normal, middle=walls.place)
