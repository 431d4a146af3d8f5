"""Signed distances on a lattice within each cut cell: what its chambers are cut by."""

import numpy as np
from numpy.typing import NDArray

from ..models import Body, Grid
from .surface import exactly, surfaces

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
WAYS, FINE = 3, 4  # walls that face different ways in one cell, and points per half a cell, where walls meet
MANY = 60_000  # cut cells from where on triangles are no longer looked at from within every one
BENT = 0.05  # of a cell's width, that a distance is off its straight course where they do


def looked_into(body: Body, cells: Ints) -> bool:
    """Whether distances are taken within every one of the cut cells (m, 3), and so walls are met exactly."""
    return len(cells) <= MANY or not surfaces(body.part.shape)


def lattices(body: Body, grid: Grid, cells: Ints, corner: Array, centre: Array) -> list[tuple[Ints, Array, int]]:
    """Rows of the cut cells (m, 3), their distances, and how many ways their walls may face, one entry a lattice.

    Parameters
    ----------
    corner, centre : (nx + 1, ny + 1, nz + 1), (nx, ny, nz) m
        Signed distances; a section has one layer of corners.

    Returns
    -------
    list of (rows (n,), phi (n, 2 s + 1, 2 s + 1, 2 s + 1 or 1) m, ways)
        s = 1; the cells in which walls meet at a rim or an edge have s = FINE. Of surfaces of triangles with more than
        MANY cut cells it is straight between corners, and edges are rounded within a cell.
    """
    active = body.part.active
    ends = (0, 2) if active == 3 else (0,)
    phi = np.zeros((len(cells), 3, 3, 3 if active == 3 else 1))
    i, j, k = cells.T
    for a in (0, 2):
        for b in (0, 2):
            for c in ends:
                phi[:, a, b, c] = corner[i + a // 2, j + b // 2, k + c // 2]
    for axis in range(active):
        along = np.moveaxis(phi, axis + 1, 0)
        along[1] = 0.5 * (along[0] + along[2])
    every = np.arange(len(cells))
    middle = centre[i, j, k]
    if not looked_into(body, cells):
        phi[:, 1, 1, active - 2] = middle
        return [(every, phi, 1)]
    exact = _lattice(body, grid, cells, 1)
    width = min(float(grid.widths(a).min()) for a in range(active))
    bent = np.abs(exact - phi).reshape(len(cells), -1).max(axis=1) > BENT * width
    found = [(every[~bent], exact[~bent], 1)]
    return [*found, (every[bent], _lattice(body, grid, cells[bent], FINE), WAYS)] if bent.any() else found


def _lattice(body: Body, grid: Grid, cells: Ints, s: int) -> Array:
    """Distances (m) at 2 s + 1 places along each resolved axis of the cells (m, 3), ends included."""
    places, size = [], []
    for axis in range(3):
        edges, own = grid.edges(axis), cells[:, axis]
        share = np.linspace(0.0, 1.0, 2 * s + 1) if axis < body.part.active else np.array([0.5])
        at = (1.0 - share) * edges[own][:, None] + share * edges[own + 1][:, None]
        places.append(at.reshape(len(cells), *(share.size if a == axis else 1 for a in range(3))))
        size.append(share.size)
    step = max(200_000 // int(np.prod(size)), 1)
    field = np.empty((len(cells), *size))
    for n in range(0, len(cells), step):
        some = np.stack(np.broadcast_arrays(*(one[n : n + step] for one in places)), axis=-1)
        field[n : n + step] = exactly(body.part.shape, some.reshape(-1, 3)).reshape(some.shape[:-1])
    field[np.abs(field) < 1e-9 * max(float(np.ptp(grid.edges(a))) for a in range(3))] = 0.0
    return field
