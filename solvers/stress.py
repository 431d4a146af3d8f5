"""Stresses out of displacements: samples in cells, and a smooth field recovered from them, one body at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from .elements import Piece
from .kernels.recover import recover
from .statics import Rest

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
REACH, DEGREE = 3, 2  # cells to each side, and the polynomial
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
        xx yy zz yz zx xy.
    """

    piece: Piece
    row: Ints
    place: Array
    volume: Array
    stress: Array


def sampled(rest: Rest, piece: Piece, plane: str) -> Sampled:
    """Stress in the cells of a body."""
    grid, form = rest.grid, rest.form
    m = len(piece.cells)
    stress = np.empty((m, 6))
    for n in range(0, m, 200_000):
        some = slice(n, min(n + 200_000, m))
        dofs = rest.built.unknowns(piece.cells[some])
        strain = np.einsum("msn,mn->ms", form.strain(piece.middles[some]), rest.u[dofs])
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
    return Sampled(piece=piece, row=row, place=place, volume=volume, stress=stress)


def _across(piece: Piece, some: slice, stress: Array, grown: Array) -> Array:
    """Stress that holds a section across, Pa: its growth was counted (1 + nu) times within the plane."""
    C = piece.stiff[piece.of[some]] * piece.factor[some, None, None]
    nu = C[:, 0, 1] / (C[:, 0, 0] + C[:, 0, 1])
    young = 2.0 * C[:, 2, 2] * (1.0 + nu)
    return np.asarray(nu * (stress[:, 0] + stress[:, 1]) - young * grown / (1.0 + nu))


def six(stress: Array) -> Array:
    """The six components (m, 6) of stresses of a section (m, 3), or of a solid as they are."""
    if stress.shape[1] == 6:
        return stress
    out = np.zeros((len(stress), 6))
    out[:, [0, 1, 5]] = stress
    return out


def recovered(field: Sampled, rest: Rest, places: Array, *, reach: int = REACH, degree: int = DEGREE) -> Array:
    """Stress (n, 6) Pa of a body at places (n, 3) m: least squares over its cells around, one-sided at its surface.

    Raises
    ------
    SolveError
        If a place is farther from the body than three cells.
    """
    grid = rest.grid
    at = np.ascontiguousarray((places - grid.origin) / grid.spacing)
    at[:, grid.active :] = 0.0
    own = (field.place - grid.origin) / grid.spacing
    out, rank = np.zeros((len(places), 6)), np.zeros(len(places), dtype=np.int64)
    recover(
        field.row,
        np.ascontiguousarray(own),
        field.volume**TRUST,
        field.stress,
        at,
        grid.active,
        degree,
        reach,
        out,
        rank,
    )
    if (rank == 0).any():
        where = tuple(round(float(c), 6) for c in places[int(np.argmin(rank))])
        raise SolveError(
            f"'{field.piece.filled.member.name}' has no stress at {where} m: no cell of it is near. A stress is asked "
            "for in or on a body. Correct the place."
        )
    return out


def von_mises(s: Array) -> Array:
    """(m,) Pa of stresses (m, 6)."""
    direct = (s[:, 0] - s[:, 1]) ** 2 + (s[:, 1] - s[:, 2]) ** 2 + (s[:, 2] - s[:, 0]) ** 2
    return np.asarray(np.sqrt(0.5 * direct + 3.0 * (s[:, 3:] ** 2).sum(axis=1)))


def principal(s: Array) -> Array:
    """(m, 3) Pa of stresses (m, 6), from the largest to the smallest."""
    full = s[:, [[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
    return np.asarray(np.linalg.eigvalsh(full)[:, ::-1])
