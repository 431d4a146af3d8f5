"""What is known of the traction on the walls of a body: nothing where it is held or bonded, else what acts there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..models.load import Fixed, Force, LoadCase, Mapped, Pressure, Sliding, Support
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import Piece
from .loads import patch_rows, weights
from .raster import Filled, Raster

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Marks = NDArray[np.bool_]
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


def mirrors(case: LoadCase, one: Piece, grid: Raster) -> tuple[tuple[int, int], ...]:
    """Ends of the grid, (axis, 0 or 1), all of whose wall slides on them: what lies beyond is the same, mirrored."""
    filled, found = one.filled, []
    slides = np.zeros((3, len(filled.area)), dtype=bool)
    for key, several in case.supports.items():
        rows = patch_rows(filled, key)
        for axis in range(grid.active):
            slides[axis, rows] = any(_mirrors(support, axis) for support in several) and len(several) == 1
    for axis in range(grid.active):
        for end in (0, 1):
            plane = grid.origin[axis] + end * grid.shape[axis] * grid.spacing[axis]
            here = np.abs(filled.place[:, axis] - plane) < 1e-6 * grid.spacing[axis]
            here &= np.abs(filled.normal[:, axis]) > 0.99
            if here.any() and slides[axis, here].all():
                found.append((axis, end))
    return tuple(found)


def _mirrors(support: Support, axis: int) -> bool:
    if isinstance(support, Sliding):
        return True
    each = (support.x, support.y, support.z) if isinstance(support, Fixed) else ()
    given = [one is not None and quantity(one, "m").value == 0.0 for one in each]
    return bool(each) and given[axis] and all(one is None for n, one in enumerate(each) if n != axis)


def _size(filled: Filled, key: str, grid: Raster, depth: float) -> float:
    return float(weights(filled, patch_rows(filled, key), grid, depth).sum())


def on_walls(filled: Filled, known: Marks, grid: Raster, places: Array) -> tuple[Ints, Ints]:
    """Which of the places (n, 3) m lie on a wall of a body, and on which of the pieces that are `known` (m,)."""
    active, width = grid.active, float(grid.spacing[: grid.active].max())
    rows = np.flatnonzero(known)
    if not rows.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    far, piece = cKDTree(filled.place[rows, :active]).query(places[:, :active], distance_upper_bound=width)
    near = np.flatnonzero(np.isfinite(far))
    piece = rows[piece[near]]
    off = places[near, :active] - filled.place[piece, :active]
    across = np.abs((off * filled.normal[piece, :active]).sum(axis=1))
    on = across < ON * width
    return near[on], piece[on]


def to_traction(stress: Array, C: Array, normal: Array, traction: Array) -> Array:
    """What to add to stresses (m, s) Pa so that they have a traction (m, active) Pa across walls (m, active).

    Strains along the wall stay: they were seen. Those across it, sym(n a), follow from n . C : sym(n a) = what lacks.
    """
    m, active = normal.shape
    N = np.zeros((m, stress.shape[1], active))
    shears = {2: ((stress.shape[1] - 1, 0, 1),), 3: ((3, 1, 2), (4, 2, 0), (5, 0, 1))}[active]
    for i in range(active):
        N[:, i, i] = normal[:, i]
    for row, i, j in shears:
        N[:, row, i], N[:, row, j] = normal[:, j], normal[:, i]
    lacks = traction - np.einsum("msa,ms->ma", N, stress)
    CN = C @ N
    a = np.linalg.solve(np.swapaxes(N, 1, 2) @ CN, lacks[..., None])
    return (CN @ a)[..., 0]
