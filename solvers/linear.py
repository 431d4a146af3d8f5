"""The linear seam: one object that solves A x = b for a slowly changing, sparse A.

Few equations are factorised, and the factors kept over steps and repaired by refinement. Many are solved by multigrid,
block by block and without a matrix; bodies in contact share equations that are not symmetric, and are factorised.
"""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from ..models import SolveError
from .multigrid import Cycle, Skin
from .system import Pattern, System

Array = NDArray[np.float64]
KINDS = ("auto", "direct", "multigrid")
MANY = {0: math.inf, 1: math.inf, 2: 20_000, 3: 5_000}  # by resolved axes: unknowns from where on multigrid is faster


class Linear(Protocol):
    """What a march needs."""

    @property
    def bytes(self) -> float:
        """Memory that is kept."""

    def solve(self, A: System, b: Array) -> Array:
        """X (n,) with A x = b."""


def chosen(kind: str, pattern: Pattern) -> Linear:
    """The solver of that kind for blocks; "auto" goes by the number of unknowns and of axes."""
    if pattern.touching:
        if kind == "multigrid":
            raise SolveError(
                f"linear = 'multigrid' with {len(pattern.touching)} contacts: their equations are not symmetric. "
                "Multigrid solves bodies that touch no other. Say linear='direct', or leave it out."
            )
        return Direct()
    axes = max(sum(n > 1 for n in local.solid.shape) for local in pattern.locals)
    many = pattern.locals[-1].span.stop >= MANY[axes]
    if kind == "direct" or not (kind == "multigrid" or many):
        return Direct()
    linked = any(local.links.over.size for local in pattern.locals)
    return Linked(pattern) if linked else Multigrid(pattern)


class Multigrid:
    """Conjugate gradients with a multigrid cycle, one block after the other."""

    def __init__(self, pattern: Pattern, tolerance: float = 1e-10) -> None:
        self._pattern, self._tolerance = pattern, tolerance
        self._cycles: list[Cycle] = []
        self.iterations = 0

    @property
    def bytes(self) -> float:
        """Memory of all levels and of the gradients."""
        return float(sum(cycle.bytes for cycle in self._cycles))

    def solve(self, A: System, b: Array) -> Array:
        """X (n,) with |A x - b| <= tolerance |b| in every block."""
        if not self._cycles:
            self._cycles = [_cycle(local) for local in self._pattern.locals]
        x = np.empty_like(b)
        self.iterations = 0
        for cycle, local in zip(self._cycles, self._pattern.locals, strict=True):
            at, solid, walls = local.span, local.solid, local.block.walls
            m = _spread(A.storage[at] / A.scale - A.slope[at], solid)
            wall = _spread(-A.slope[at], solid).ravel()[walls.cell] if A.slope[at].any() else None
            found = cycle.solve(m, _spread(b[at] / A.scale, solid), self._tolerance, wall)
            x[at] = found.ravel() if found.size == at.stop - at.start else found[solid]
            self.iterations = max(self.iterations, cycle.iterations)
        return x


def _cycle(local: Any) -> Cycle:
    walls = local.block.walls
    skin = Skin(cell=walls.cell, area=walls.area, gap=local.gap, normal=walls.normal, place=walls.place)
    return Cycle(local.g, local.edges, local.volume, skin)


def _spread(values: Array, solid: NDArray[np.bool_]) -> Array:
    """Unknowns on all cells of their block, 0 in voids."""
    if values.size == solid.size:
        return values.reshape(solid.shape)
    out = np.zeros(solid.shape)
    out[solid] = values
    return out


class Linked(Multigrid):
    """The same where cells are linked beside curved walls: the gradients know the links, the cycle does without."""

    def solve(self, A: System, b: Array) -> Array:
        """X (n,) with |A x - b| <= tolerance |b|."""
        if not self._cycles:
            self._cycles = [_cycle(local) for local in self._pattern.locals]
        for cycle, local in zip(self._cycles, self._pattern.locals, strict=True):
            at, walls = local.span, local.block.walls
            wall = _spread(-A.slope[at], local.solid).ravel()[walls.cell] if A.slope[at].any() else None
            m = _spread(A.storage[at] / A.scale - A.slope[at], local.solid)
            cycle.store(m, wall)
        matrix, x, r = A.assembled().tocsr(), np.zeros_like(b), b.copy()
        size = float(np.linalg.norm(b))
        p, before, self.iterations = np.zeros_like(b), 1.0, 0
        while float(np.linalg.norm(r)) > self._tolerance * size:
            z = np.empty_like(b)
            for cycle, local in zip(self._cycles, self._pattern.locals, strict=True):
                z[local.span] = cycle.smoothed(_spread(r[local.span] / size, local.solid))[local.solid]
            along = float(r @ z)
            p = z + (along / before if self.iterations else 0.0) * p
            before = along
            q = matrix @ p
            step = along / float(p @ q)
            x, r = x + step * p, r - step * q
            self.iterations += 1
            if self.iterations > 300 or not np.isfinite(step):
                raise SolveError(
                    f"a linear solve stalled at {float(np.linalg.norm(r)) / size:.1g} of its right side after "
                    f"{self.iterations} iterations. A well-posed step reaches {self._tolerance:g}. "
                    "Look for properties of very different size, or take smaller steps."
                )
        return x


class Direct:
    """Solves with the last factorisation as long as refinement with it contracts, else factorises anew."""

    def __init__(self, tolerance: float = 1e-10, patience: int = 6) -> None:
        self._tolerance = tolerance
        self._patience = patience
        self._factor: Any = None
        self.factorisations = 0

    @property
    def bytes(self) -> float:
        """Memory of the factorisation that is kept."""
        return 0.0 if self._factor is None else 12.0 * (self._factor.L.nnz + self._factor.U.nnz)

    def solve(self, A: csc_matrix | System, b: Array) -> Array:
        """X (n,) with |A x - b| <= tolerance |b|."""
        A = A.assembled() if isinstance(A, System) else A
        size = float(np.linalg.norm(b))
        if size == 0.0:
            return np.zeros_like(b)
        if self._factor is not None:
            x = self._refine(A, b, size)
            if x is not None:
                return x
        try:
            self._factor = splu(A, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
        except RuntimeError as cause:
            raise SolveError(
                "the heat equations of a step are singular (pivot 0). Every cell stores or conducts heat. "
                "Look for a material property that is zero."
            ) from cause
        self.factorisations += 1
        x = self._refine(A, b, size)
        if x is None or not np.isfinite(x).all():
            raise SolveError(
                f"a linear solve stalled above {self._tolerance:g} of its right side. "
                "A well-posed step solves to rounding. "
                "Look for properties of very different size, or take smaller steps."
            )
        return x

    def _refine(self, A: csc_matrix, b: Array, size: float) -> Array | None:
        x = self._factor.solve(b)
        before = np.inf
        for _ in range(self._patience):
            r = b - A @ x
            left = float(np.linalg.norm(r))
            if left <= self._tolerance * size:
                return x
            if not left < 0.3 * before:
                return None
            x = x + self._factor.solve(r)
            before = left
        return None
