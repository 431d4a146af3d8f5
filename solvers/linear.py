"""The linear seam: one object that solves A x = b for a slowly changing, sparse A.

Today a sparse factorisation, kept over steps and repaired by refinement; anything with the same `solve` fits here.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from ..models import SolveError

Array = NDArray[np.float64]


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

    def solve(self, A: csc_matrix, b: Array) -> Array:
        """X (n,) with |A x - b| <= tolerance |b|."""
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
