"""Stresses out of displacements: samples in cells, and a smooth field recovered from them, one body at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from ..models import SolveError
from .elements import Piece, poisson_of
from .kernels.recover import recover
from .kernels.slopes import slopes
from .pressed import on_walls, to_traction
from .raster import Raster
from .statics import Rest

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Ends = tuple[tuple[int, int], ...]
NEAR, QUARTIC = 4, 4  # cells around a place, and the polynomial, of displacements
REACH, DEGREE = 3, 2  # the same of stresses
MIRRORED = 8  # cells beyond a plane of symmetry
FAR = 3.0  # cells from a body within which it is said to have a stress
TRUST = 4  # power of its solid share by which a cut cell counts: the less it holds, the worse its stress


@dataclass(slots=True, kw_only=True, eq=False)
class Sampled:
    """Stress of one body in the middle of the solid of each of its cells.

    Attributes
    ----------
    row : (nx, ny, nz) int
        Sample of each cell.
    place : (m, 3) m, volume : (m,) in cells
    stress : (m, 6) Pa
        xx yy zz yz zx xy; of an axisymmetric part x is the radius, y the axis and z goes round it.
    motions : tuple of (float, Piece, (active, nodes...) m, (n, 3) Pa, ends)
        Displacements whose elastic stresses, times these factors, add up to the stress; the tractions on the walls
        with them, NaN where unknown; and the ends of the grid (axis, 0 or 1) that mirror them. Empty where what
        happened before counts too, as where metal has flowed.
    plane : str
    """

    piece: Piece
    row: Ints
    place: Array
    volume: Array
    stress: Array
    motions: tuple[tuple[float, Piece, Array, Array, Ends], ...] = ()
    plane: str = ""


def sampled(rest: Rest, piece: Piece, plane: str) -> Sampled:
    """Stress in the cells of a body."""
    grid, form = rest.grid, rest.form
    m = len(piece.cells)
    stress = np.empty((m, 6))
    for n in range(0, m, 200_000):
        some = slice(n, min(n + 200_000, m))
        dofs = rest.built.unknowns(piece.cells[some])
        strain = np.einsum("msn,mn->ms", form.strain(piece.middles[some], piece.cells[some]), rest.u[dofs])
        grown = piece.free[some] + (piece.slope[some] * piece.middles[some]).sum(axis=1)
        elastic = strain - grown[:, None] * form.swell
        C = piece.stiff[piece.of[some]] * piece.factor[some, None, None]
        stress[some] = six(np.einsum("mst,mt->ms", C, elastic))
        if plane == "strain":
            stress[some, 2] = _across(piece, some, stress[some], grown)
    row = np.full(grid.shape, -1, dtype=np.int64)
    row[tuple(piece.cells.T)] = np.arange(m)
    place = grid.centres(piece.cells)
    place[:, : grid.active] += 0.5 * grid.spacing[: grid.active] * piece.middles
    volume = np.ones(m)
    volume[piece.fulls :] = piece.moments[:, 0] / 2.0**grid.active
    return Sampled(piece=piece, row=row, place=place, volume=volume, stress=stress, plane=plane)


def _across(piece: Piece, some: slice | Ints, stress: Array, grown: Array) -> Array:
    """Stress that holds a section across, Pa: its growth was counted (1 + nu) times within the plane."""
    orthotropic = piece.filled.material.orthotropic
    if orthotropic is not None:
        S = orthotropic.compliance()
        return np.asarray(-(S[2, 0] * stress[:, 0] + S[2, 1] * stress[:, 1]) / S[2, 2])
    C = piece.stiff[piece.of[some]] * piece.factor[some, None, None]
    nu = poisson_of(C)
    young = 2.0 * C[:, 2, 2] * (1.0 + nu)
    return np.asarray(nu * (stress[:, 0] + stress[:, 1]) - young * grown / (1.0 + nu))


def six(stress: Array) -> Array:
    """The six components (m, 6) of stresses of a section (m, 3) or ring (m, 4), or of a solid as they are."""
    if stress.shape[1] == 6:
        return stress
    out = np.zeros((len(stress), 6))
    out[:, [0, 1, 5] if stress.shape[1] == 3 else [0, 1, 2, 5]] = stress
    return out


def recovered(field: Sampled, rest: Rest, places: Array) -> Array:
    """Stress (n, 6) Pa of a body at places (n, 3) m, one-sided at its surface.

    Displacements of nodes are nearer the truth than their slopes in cells: a quartic is fitted to those around a place,
    and its slopes there strain what the body is made of. On a wall that nothing holds, what acts across it is known
    and taken as it is. Where stress has a past, a quadratic is fitted to the stresses of cells.

    Raises
    ------
    SolveError
        If a place is farther from the body than three cells.
    """
    grid = rest.grid
    at = np.ascontiguousarray((places - grid.origin) / grid.spacing)
    at[:, grid.active :] = 0.0
    cells = np.clip(np.floor(at).astype(np.int64), 0, np.array(grid.shape) - 1)
    row = field.row[tuple(cells.T)]
    if (row < 0).any():
        near = distance_transform_edt(field.row < 0, return_distances=False, return_indices=True)
        lost = row < 0
        cells[lost] = near[(slice(None), *cells[lost].T)].T
        row = field.row[tuple(cells.T)]
    gap = np.maximum(np.abs(at - cells - 0.5)[:, : grid.active] - 0.5, 0.0).max(axis=1)
    if (gap > FAR).any():
        _refuse_far(field, places[int(gap.argmax())])
    if not field.motions:
        return _smoothed(field, grid, places, at)
    total = np.zeros((len(places), 6))
    weight = _trusted(field, rest)
    for share, piece, u, traction, ends in field.motions:
        out, rank = np.zeros((len(places), grid.active, 4)), np.zeros(len(places), dtype=np.int64)
        slopes(*_mirrored(weight, u, at, ends), QUARTIC, NEAR, out, rank)
        if (rank == 0).any():  # too little of the body is near
            return _smoothed(field, grid, places, at)
        grown = piece.free[row]
        if piece.slope.any():
            grown = _fitted(field, grid, (piece.free + (piece.slope * piece.middles).sum(axis=1))[:, None], at)[0][:, 0]
        strain = _strain(out, grid, places, rest.form.strains)
        C = piece.stiff[piece.of[row]] * piece.factor[row, None, None]
        stress = np.einsum("mst,mt->ms", C, strain - grown[:, None] * rest.form.swell)
        filled = field.piece.filled
        on, wall = on_walls(filled, np.isfinite(traction).all(axis=1), grid, places)
        normal, acting = filled.normal[wall, : grid.active], traction[wall, : grid.active]
        stress[on] += to_traction(stress[on], C[on], normal, acting)
        stress = six(stress)
        if field.plane == "strain":
            stress[:, 2] = _across(piece, row, stress, grown)
        total += share * stress
    return total


def _mirrored(weight: Array, u: Array, at: Array, ends: Ends) -> tuple[Array, Array, Array]:
    """Weights and displacements of nodes, and places in cells, with what lies beyond planes of symmetry."""
    for axis, end in ends:
        rows = min(MIRRORED, weight.shape[axis] - 1)
        pad = [((0, 0), (rows, 0), (0, rows))[0 if a != axis else 1 + end] for a in range(3)]
        weight = np.pad(weight, pad, mode="reflect")
        u = np.pad(u, [(0, 0), *pad], mode="reflect")
        beyond = [slice(None)] * 4
        beyond[1 + axis] = slice(0, rows) if end == 0 else slice(u.shape[1 + axis] - rows, None)
        beyond[0] = slice(axis, axis + 1)
        u[tuple(beyond)] *= -1.0
        if end == 0:
            at = at + rows * (np.arange(3) == axis)
    return weight, np.ascontiguousarray(u), np.ascontiguousarray(at)


def _trusted(field: Sampled, rest: Rest) -> Array:
    """How much the motion of each node (nodes...) counts: by how much of the body, and of nothing else, is around."""
    grid = rest.grid
    share = np.zeros(grid.shape)
    share[tuple(field.piece.cells.T)] = field.volume
    for other in rest.pieces:
        if other.filled.member is not field.piece.filled.member:
            share[tuple(other.cells.T)] = 0.0
    padded = np.pad(share, [(1, 1) if a < grid.active else (0, 0) for a in range(3)])
    total = np.zeros(grid.nodes)
    for corner in np.ndindex(*(2 if a < grid.active else 1 for a in range(3))):
        total += padded[tuple(slice(c, c + n) for c, n in zip(corner, grid.nodes, strict=True))]
    return np.minimum(total * 2.0 / 2.0**grid.active, 1.0)


def _strain(out: Array, grid: Raster, places: Array, strains: int) -> Array:
    """(n, strains) out of values and slopes per cell (n, active, 4)."""
    g = out[:, :, 1 : 1 + grid.active] / grid.spacing[: grid.active]
    if strains == 6:
        return np.stack([g[:, 0, 0], g[:, 1, 1], g[:, 2, 2], g[:, 1, 2] + g[:, 2, 1], g[:, 0, 2] + g[:, 2, 0],
                         g[:, 0, 1] + g[:, 1, 0]], axis=1)  # fmt: skip
    if strains == 3:
        return np.stack([g[:, 0, 0], g[:, 1, 1], g[:, 0, 1] + g[:, 1, 0]], axis=1)
    radius = places[:, 0]
    off = radius > 1e-9 * grid.spacing[0]
    around = np.where(off, out[:, 0, 0] / np.where(off, radius, 1.0), g[:, 0, 0])
    return np.stack([g[:, 0, 0], g[:, 1, 1], around, g[:, 0, 1] + g[:, 1, 0]], axis=1)


def _smoothed(field: Sampled, grid: Raster, places: Array, at: Array) -> Array:
    """Stress (n, 6) Pa out of a quadratic fitted to the stresses of cells."""
    out, rank = _fitted(field, grid, field.stress, at)
    if (rank == 0).any():
        _refuse_far(field, places[int(np.argmin(rank))])
    return out


def _fitted(field: Sampled, grid: Raster, value: Array, at: Array) -> tuple[Array, Ints]:
    """A quadratic (n, c) at places in cells, of values (m, c) of the cells of a body, and how many terms it has."""
    own = np.ascontiguousarray((field.place - grid.origin) / grid.spacing)
    out, rank = np.zeros((len(at), value.shape[1])), np.zeros(len(at), dtype=np.int64)
    weight = field.volume**TRUST
    recover(field.row, own, weight, np.ascontiguousarray(value), at, grid.active, DEGREE, REACH, out, rank)
    return out, rank


def _refuse_far(field: Sampled, place: Array) -> None:
    where = tuple(round(float(c), 6) for c in place)
    raise SolveError(
        f"'{field.piece.filled.member.name}' has no stress at {where} m: no cell of it is near. A stress is asked "
        "for in or on a body. Correct the place."
    )


def von_mises(s: Array) -> Array:
    """(m,) Pa of stresses (m, 6)."""
    direct = (s[:, 0] - s[:, 1]) ** 2 + (s[:, 1] - s[:, 2]) ** 2 + (s[:, 2] - s[:, 0]) ** 2
    return np.asarray(np.sqrt(0.5 * direct + 3.0 * (s[:, 3:] ** 2).sum(axis=1)))


def principal(s: Array) -> Array:
    """(m, 3) Pa of stresses (m, 6), from the largest to the smallest."""
    full = s[:, [[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
    return np.asarray(np.linalg.eigvalsh(full)[:, ::-1])
