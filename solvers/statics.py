"""Displacements of a structure at rest, and what holds it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from ..models import SolveError
from ..models.load import LoadCase
from ..models.structure import Structure
from .elements import Elements, Piece, elements, piece, shaped
from .holds import Holds, held, holds
from .loads import forces
from .loose import motions, refuse_apart, refuse_loose, rigid
from .raster import Filled, Raster
from .ring import Ring
from .trilinear import Trilinear

Array = NDArray[np.float64]
FEW = 40_000  # unknowns up to which a solid is factorised; a section always is
BALANCED = 1e-6  # share of the loads by which those of a free structure may miss each other


@dataclass(slots=True, kw_only=True, eq=False)
class Rest:
    """A structure at rest in a load case.

    Attributes
    ----------
    u : (active * nodes,) m
    load : (active * nodes,) N
        Of what acts on it.
    built, held : Elements
        Without and with what supports add.
    iterations : int
    energy, moved : float, J and m
        Twice the strain energy, and the largest part, of the last correction of `u`.
    thickness : float, m
        Of a section.
    inner : (active * nodes,) N or None
        What the elements take at the nodes, where that is not their stiffness times `u`.
    """

    grid: Raster
    form: Trilinear | Ring
    pieces: list[Piece]
    built: Elements
    held: Elements
    holds: Holds
    u: Array
    load: Array
    iterations: int
    energy: float = 0.0
    moved: float = 0.0
    thickness: float = 1.0
    inner: Array | None = None

    def held_force(self) -> Array:
        """What acts on the elements (active * nodes,) N, supports included."""
        return np.where(self.holds.fixed, self.pulled(), self.load + self.pushed())

    def pushed(self, rows: NDArray[np.int64] | None = None) -> Array:
        """Forces (active * nodes,) N of supports that fix no node: of all, or of some rows of theirs."""
        held = self.holds
        some = slice(None) if rows is None else rows
        dofs = self.built.unknowns(held.cells[some])
        each = held.pull[some] - np.einsum("mij,mj->mi", held.more[some], self.u[dofs])
        return np.bincount(dofs.ravel(), each.ravel(), self.u.size)

    def pulled(self) -> Array:
        """Forces (active * nodes,) N that the deformed elements take at the nodes."""
        if self.inner is not None:
            return self.inner
        if self.iterations:  # its kernel is at hand
            from .cycle import pulled

            return pulled(self.built, self.u)
        cells = self.built.cells
        dofs = self.built.unknowns(cells)
        out = np.zeros(self.u.size)
        step = 200_000
        for n in range(0, len(cells), step):
            some = cells[n : n + step]
            each = np.einsum(
                "mij,mj->mi", self.built.matrices[self.built.kind[tuple(some.T)]], self.u[dofs[n : n + step]]
            )
            each *= self.built.factor(some)[:, None]
            out += np.bincount(dofs[n : n + step].ravel(), each.ravel(), out.size)
        return out


class Solved(NamedTuple):
    """Displacements (m,) m, iterations (0 of a factorisation), energy J and largest part m of the last correction."""

    u: Array
    iterations: int
    energy: float
    moved: float


def at_rest(structure: Structure, case: LoadCase, grid: Raster, filled: list[Filled], *, tolerance: float,
            linear: str) -> Rest:  # fmt: skip
    """Solve a load case on a grid."""
    form = shaped(structure, grid)
    pieces = [piece(structure, case, one, grid) for one in filled]
    built = elements(structure, grid, pieces)
    extra = holds(structure, case, grid, pieces, form, built)
    if not case.free:
        refuse_loose(case, grid, built, extra, pieces)
    load = forces(structure, case, grid, pieces, built, form)
    stiff = held(built, extra)
    f = load.copy()
    if len(extra.cells):
        f += np.bincount(built.unknowns(extra.cells).ravel(), extra.pull.ravel(), f.size)
    if case.free:
        refuse_apart(case, built)
        _refuse_unbalanced(case, grid, load)
    found = solved(stiff, extra.fixed, extra.value, f, tolerance=tolerance, linear=linear, free=case.free)
    return Rest(grid=grid, form=form, pieces=pieces, built=built, held=stiff, holds=extra, u=found.u, load=load,
                iterations=found.iterations, energy=found.energy, moved=found.moved,
                thickness=structure.thickness)  # fmt: skip


def _refuse_unbalanced(case: LoadCase, grid: Raster, load: Array) -> None:
    modes = rigid(grid)
    total, size = modes @ load, np.abs(modes) @ np.abs(load)
    worst = int(np.argmax(np.abs(total)))
    if np.abs(total[worst]) > BALANCED * max(float(size.max()), 1e-300):
        raise SolveError(
            f"load case '{case.name}' is free, and its loads leave {np.abs(total[worst]):.3g} N unbalanced: it would "
            f"{motions(grid)[worst]}. What nothing holds is at rest only where its loads balance. Correct them, or add "
            "supports."
        )


def solved(stiff: Elements, fixed: NDArray[np.bool_], value: Array, f: Array, *, tolerance: float, linear: str,
           free: bool) -> Solved:  # fmt: skip
    """Displacements with K u = f where they are not fixed."""
    count = stiff.grid.active * int(np.prod(stiff.grid.nodes))
    if linear == "direct" or stiff.grid.active == 2 or (linear == "auto" and count <= FEW):
        return _factorised(stiff, fixed, value, f, free)
    from .cycle import solve

    u, cycle = solve(stiff, fixed, value, f, tolerance=tolerance, free=free)
    return Solved(u, cycle.iterations, cycle.energy, cycle.moved)


def _factorised(stiff: Elements, fixed: NDArray[np.bool_], value: Array, f: Array, free: bool) -> Solved:
    K = stiff.assembled()
    used = K.diagonal() > 0.0
    open_ = np.flatnonzero(used & ~fixed)
    u = np.where(fixed, value, 0.0)
    right = f[open_] - (K[open_] @ u)
    if free:  # hold a few unknowns while solving, and take the rigid motion out afterwards
        modes = rigid(stiff.grid)[:, open_]
        _, _, pivots = _pivoted(modes)
        keep = np.setdiff1d(np.arange(open_.size), pivots)
        found, energy, moved = _mended(K[open_[keep]][:, open_[keep]].tocsc(), right[keep])
        u[open_[keep]] = found
        u[open_] -= modes.T @ np.linalg.lstsq(modes.T, u[open_], rcond=None)[0]
        return Solved(u, 0, energy, moved)
    try:
        u[open_], energy, moved = _mended(K[open_][:, open_].tocsc(), right)
    except RuntimeError as cause:
        raise SolveError(
            "the equations of the structure are singular. Something in it can still move. Look for parts that hang on "
            "an edge or a corner alone."
        ) from cause
    return Solved(u, 0, energy, moved)


def _mended(K: csc_matrix, right: Array) -> tuple[Array, float, float]:
    """K^-1 right after one more round on what rounding left, and that round's energy J and largest part m."""
    factors = splu(K)
    x = factors.solve(right)
    r = right - K @ x
    more = factors.solve(r)
    return x + more, abs(float(more @ r)), float(np.abs(more).max(initial=0.0))


def _pivoted(modes: Array) -> tuple[Array, Array, Array]:
    from scipy.linalg import qr

    q, r, order = qr(modes, mode="economic", pivoting=True)
    return q, r, order[: len(modes)]
