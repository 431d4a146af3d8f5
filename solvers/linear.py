"""The linear seam: one object that solves A x = b for a slowly changing, sparse A.

Few equations are factorised, and the factors kept over steps and repaired by refinement. Many are solved by multigrid
and without a matrix, bodies that touch each other together.
"""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from ..models import SolveError
from .facing import Joint, Piece, Skin
from .multigrid import Cycle
from .system import Conducting, Pattern, System

Array = NDArray[np.float64]
KINDS = ("auto", "direct", "multigrid")
MANY = {0: math.inf, 1: math.inf, 2: 20_000, 3: 5_000}  # by resolved axes: unknowns from where on multigrid is faster


class Linear(Protocol):
    """What a march needs."""

    @property
    def bytes(self) -> float:
        """Memory that is kept."""

    def solve(self, A: System, b: Array, enough: float = 0.0) -> Array:
        """X (n,) with A x = b; what is left over need not be less than `enough`."""


def chosen(kind: str, pattern: Pattern) -> Linear:
    """The solver of that kind for blocks; "auto" goes by the number of unknowns and of axes."""
    axes = max(sum(n > 1 for n in local.solid.shape) for local in pattern.locals)
    many = pattern.locals[-1].span.stop >= MANY[axes]
    return Multigrid(pattern) if kind == "multigrid" or (kind == "auto" and many) else Direct()


class Multigrid:
    """Gradients with a multigrid cycle, one after the other for bodies that do not touch."""

    def __init__(self, pattern: Pattern, tolerance: float = 1e-10) -> None:
        self._pattern, self._tolerance = pattern, tolerance
        self._cycles: list[Cycle] = []
        self._groups = _groups(pattern)
        self.iterations = 0

    @property
    def bytes(self) -> float:
        """Memory of all levels and of the gradients."""
        return float(sum(cycle.bytes for cycle in self._cycles))

    def solve(self, A: System, b: Array, enough: float = 0.0) -> Array:
        """X (n,) with |A x - b| <= tolerance |b| or `enough` in every group of bodies that touch."""
        pattern = self._pattern
        if not self._cycles:
            self._cycles = [_cycle(pattern, *group) for group in self._groups]
        slope, pairs = A.apart()
        x = np.empty_like(b)
        self.iterations = 0
        for cycle, (bodies, contacts) in zip(self._cycles, self._groups, strict=True):
            locals = [pattern.locals[body] for body in bodies]
            m = [_spread(A.storage[one.span] / A.scale - slope[one.span], one.solid) for one in locals]
            right = [_spread(b[one.span] / A.scale, one.solid) for one in locals]
            wall = [_spread(-slope[one.span], one.solid)[one.block.walls.cell] for one in locals]
            size = math.sqrt(sum(float(np.einsum("i,i", one, one)) for one in right)) * A.scale
            tolerance = max(self._tolerance, enough / size) if size > 0.0 else self._tolerance
            found = cycle.solve(_joined(m), _joined(right), tolerance, _joined(wall),
                                [pairs[contact] for contact in contacts])  # fmt: skip
            start = 0
            for one in locals:
                part = found[start : start + one.solid.size]
                x[one.span] = part if part.size == one.span.stop - one.span.start else part[one.solid.ravel()]
                start += part.size
            self.iterations = max(self.iterations, cycle.iterations)
        return x


def _groups(pattern: Pattern) -> list[tuple[list[int], list[int]]]:
    """Bodies that touch, each with its contacts."""
    home = list(range(len(pattern.locals)))
    for touch in pattern.touching:
        one, two = home[touch.first], home[touch.second]
        home = [one if h == two else h for h in home]
    return [([body for body, h in enumerate(home) if h == name],
             [n for n, touch in enumerate(pattern.touching) if home[touch.first] == name])
            for name in dict.fromkeys(home)]  # fmt: skip


def _cycle(pattern: Pattern, bodies: list[int], contacts: list[int]) -> Cycle:
    joints = []
    for touch in (pattern.touching[n] for n in contacts):
        joints.append(Joint(first=bodies.index(touch.first), second=bodies.index(touch.second), cell1=touch.cell1,
                            cell2=touch.cell2, area=touch.area, gap1=touch.gap1, gap2=touch.gap2))  # fmt: skip
    return Cycle([_piece(pattern.locals[body]) for body in bodies], joints)


def _piece(local: Conducting) -> Piece:
    walls, links = local.block.walls, local.links
    skin = Skin(cell=walls.cell, area=walls.area, gap=local.gap, normal=walls.normal, place=walls.place)
    return Piece(g=local.g, edges=local.edges, volume=local.volume, skin=skin,
                 links=(links.first, links.second, links.over))  # fmt: skip


def _joined(parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _spread(values: Array, solid: NDArray[np.bool_]) -> Array:
    """Unknowns on all cells of their block (cells,), 0 in voids."""
    if values.size == solid.size:
        return values
    out = np.zeros(solid.size)
    out[solid.ravel()] = values
    return out


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

    def solve(self, A: csc_matrix | System, b: Array, enough: float = 0.0) -> Array:
        """X (n,) with |A x - b| <= tolerance |b| or `enough`."""
        A = A.assembled() if isinstance(A, System) else A
        size = float(np.linalg.norm(b))
        if size == 0.0:
            return np.zeros_like(b)
        enough = max(enough, self._tolerance * size)
        if self._factor is not None:
            x = self._refine(A, b, enough)
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
        x = self._refine(A, b, enough)
        if x is None or not np.isfinite(x).all():
            raise SolveError(
                f"a linear solve stalled above {self._tolerance:g} of its right side. "
                "A well-posed step solves to rounding. "
                "Look for properties of very different size, or take smaller steps."
            )
        return x

    def _refine(self, A: csc_matrix, b: Array, enough: float) -> Array | None:
        x = self._factor.solve(b)
        before = np.inf
        for _ in range(self._patience):
            r = b - A @ x
            left = float(np.linalg.norm(r))
            if left <= enough:
                return x
            if not left < 0.3 * before:
                return None
            x = x + self._factor.solve(r)
            before = left
        return None
