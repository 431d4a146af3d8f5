"""What is known of the traction on the walls of a body: nothing where it is held or bonded, else what acts there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..models.load import Force, LoadCase, Mapped, Pressure
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import Piece
from .loads import patch_rows, weights
from .raster import Filled, Raster

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
BONDED = 0.1  # cells from another body within which a wall is joined to it
ON = 0.03  # cells from a piece of wall within which a place lies on it


def pressed(structure: Structure, case: LoadCase, one: Piece, pieces: Sequence[Piece], grid: Raster) -> Array:
    """(n, 3) Pa on the pieces of wall of a body; NaN where it is not known."""
    filled = one.filled
    out = np.zeros((len(filled.area), 3))
    for key, several in case.loads.items():
        rows = patch_rows(filled, key)
        for load in several if rows.size else ():
            if isinstance(load, Pressure):
                out[rows] -= quantity(load.value, "Pa").value * filled.normal[rows]
            elif isinstance(load, Mapped):
                out[rows] += load.at(filled.place[rows])
            else:
                over = 1.0
                if isinstance(load, Force):
                    over = sum(_size(each.filled, key, grid, structure.thickness) for each in pieces)
                unit = "N" if isinstance(load, Force) else "Pa"
                out[rows] += np.array([quantity(c, unit).value for c in load.value]) / over
    for key in case.supports:
        out[patch_rows(filled, key)] = np.nan
    for other in pieces:
        if other.filled.member is not filled.member:
            apart = other.filled.member.part.distance(*filled.place.T)
            out[np.abs(apart) < BONDED * float(grid.spacing[: grid.active].min())] = np.nan
    return out


def _size(filled: Filled, key: str, grid: Raster, depth: float) -> float:
    return float(weights(filled, patch_rows(filled, key), grid, depth).sum())


def on_walls(filled: Filled, grid: Raster, places: Array) -> tuple[Ints, Ints]:
    """Which of the places (n, 3) m lie on a wall of a body, and on which of its pieces."""
    active, width = grid.active, float(grid.spacing[: grid.active].max())
    if not len(filled.area):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    far, piece = cKDTree(filled.place[:, :active]).query(places[:, :active], distance_upper_bound=width)
    near = np.flatnonzero(np.isfinite(far))
    piece = piece[near]
    off = places[near, :active] - filled.place[piece, :active]
    across = np.abs((off * filled.normal[piece, :active]).sum(axis=1))
    on = across < ON * width
    return near[on], piece[on]


def with_traction(stress: Array, normal: Array, traction: Array) -> Array:
    """Stresses (m, 6) Pa with what acts across a wall of direction (m, 3) replaced by a traction (m, 3) Pa."""
    full = stress[:, [[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
    P = np.eye(3) - normal[:, :, None] * normal[:, None, :]
    full = P @ full @ P + normal[:, :, None] * traction[:, None, :] + traction[:, :, None] * normal[:, None, :]
    full -= (normal * traction).sum(axis=1)[:, None, None] * normal[:, :, None] * normal[:, None, :]
    return np.stack([full[:, i, j] for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))], axis=1)
