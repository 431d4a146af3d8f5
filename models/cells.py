"""The solid cells of a frame as an unstructured mesh: hexahedra, quadrilaterals of a section, or lines."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError
from .history import Frame

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# VTK's numbers for its cell types (vtkCellType.h).
LINE, QUAD, HEXAHEDRON = 3, 9, 12
# Outward faces of a hexahedron, anticlockwise from outside.
FACES = ((0, 4, 7, 3), (1, 2, 6, 5), (0, 1, 5, 4), (3, 7, 6, 2), (0, 3, 2, 1), (4, 5, 6, 7))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Cells and their points.

    Attributes
    ----------
    points : (np, 3) m
        Axisymmetric sections lie in x = radius, y = axis; a spherical part in x = radius.
    corners : (nc, 8), (nc, 4) or (nc, 2) int
        Points of each cell in VTK's order.
    body : (nc,) int
        Index into `bodies`.
    """

    points: Array
    corners: Ints
    body: Ints
    bodies: tuple[str, ...]
    metric: str

    @property
    def kind(self) -> int:
        """VTK's cell type: 12 hexahedron, 9 quadrilateral, 3 line."""
        return {8: HEXAHEDRON, 4: QUAD, 2: LINE}[self.corners.shape[1]]


def cells_of(frame: Frame) -> Cells:
    """The solid cells of all bodies, one after another, each body in the order of its arrays.

    An axis is left out where every body has one cell of unit size on it, or where the metric has no such axis.

    Raises
    ------
    ModelError
        If edges, temperatures and masks do not fit together, or nothing is solid.
    """
    bodies = tuple(frame.T)
    for body in bodies:
        shape = tuple(edges.size - 1 for edges in frame.edges[body])
        if not shape == frame.T[body].shape == frame.solid[body].shape:
            raise ModelError(
                f"{body}: edges for {shape} cells, temperatures {frame.T[body].shape} and mask "
                f"{frame.solid[body].shape} do not fit together. All three have one shape. Mend the frame."
            )
    if not any(frame.solid[body].any() for body in bodies):
        raise ModelError(f"a frame with bodies {list(bodies)} has no solid cell. A field needs one. Refine the grid.")
    axes = _resolved(frame)
    points, corners, owner, first = [], [], [], 0
    for index, body in enumerate(bodies):
        solid = frame.solid[body]
        edges = [frame.edges[body][a] if a in axes else np.zeros(1) for a in range(3)]
        size = [e.size for e in edges]
        ids = np.stack(np.nonzero(solid), axis=1)
        ids[:, [a for a in range(3) if a not in axes]] = 0
        flat = np.stack([((ids[:, 0] + i) * size[1] + ids[:, 1] + j) * size[2] + ids[:, 2] + k
                         for i, j, k in _walk(axes)], axis=1)  # fmt: skip
        used, local = np.unique(flat, return_inverse=True)
        i, j, k = np.unravel_index(used, size)
        points.append(_placed(frame, body, np.stack([edges[0][i], edges[1][j], edges[2][k]], axis=1), (i, j, k)))
        corners.append(local.reshape(flat.shape).astype(np.int64) + first)
        owner.append(np.full(len(ids), index, dtype=np.int64))
        first += used.size
    return Cells(points=np.concatenate(points), corners=np.concatenate(corners), body=np.concatenate(owner),
                 bodies=bodies, metric=frame.metric)  # fmt: skip


def _placed(frame: Frame, body: str, points: Array, at: tuple[Ints, Ints, Ints]) -> Array:
    """Corners `at` i, j, k of a body with those moved that its skin has elsewhere."""
    if frame.skin is None or body not in frame.skin:
        return points
    rows, places = frame.skin[body]
    ny, nz = (edges.size for edges in frame.edges[body][1:])
    flat = (at[0] * ny + at[1]) * nz + at[2]
    found = np.minimum(np.searchsorted(rows, flat), max(len(rows) - 1, 0))
    known = rows[found] == flat if len(rows) else np.zeros(len(flat), dtype=bool)
    moves = np.ptp(points, axis=0) > 0.0
    points[known] = np.where(moves, places[found[known]], points[known])
    return points


def crossed(corners: Array) -> NDArray[np.bool_]:
    """Which cells (n, 8, 3) or (n, 4, 3) m, in VTK's order, are turned inside out somewhere: (n,).

    A cell is whole if every side of every face is seen from the cell's middle with the same turn.
    """
    middle = corners.mean(axis=1)[:, None]
    if corners.shape[1] == 4:
        a = corners - middle
        b = np.roll(a, -1, axis=1)
        return np.asarray((a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).min(axis=1) <= 0.0)
    found = np.zeros(len(corners), dtype=bool)
    for face in FACES:
        sides = corners[:, list(face)] - middle
        top = sides.mean(axis=1)[:, None]
        volume = (np.cross(sides, np.roll(sides, -1, axis=1)) * top).sum(axis=2)
        found |= volume.min(axis=1) <= 0.0
    return found


def _resolved(frame: Frame) -> tuple[int, ...]:
    if frame.metric == "spherical":
        return (0,)
    axes = [a for a in range(3 if frame.metric == "cartesian" else 2)
            if any(e[a].size > 2 or e[a][-1] - e[a][0] != 1.0 for e in frame.edges.values())]  # fmt: skip
    return tuple(axes) or (0,)


def _walk(axes: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Corner steps of one cell in VTK's order: around the bottom, then around the top."""
    around = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)][: 2 ** min(len(axes), 2)]
    flat = around + [(a, b, 1) for a, b, _ in around] if len(axes) == 3 else around
    steps = []
    for one in flat:
        step = [0, 0, 0]
        for axis, by in zip(axes, one, strict=False):
            step[axis] = by
        steps.append((step[0], step[1], step[2]))
    return steps
