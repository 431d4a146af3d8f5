"""Equations with enclosures: a linear solver for the rest, and gradients over what walls radiate to each other."""

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from .linear import Linear
from .system import System

Array = NDArray[np.float64]
MOST = 120


class Coupled:
    """Generalized minimal residuals, preconditioned by the solution without enclosures.

    References
    ----------
    Saad and Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856-869.
    """

    def __init__(self, inner: Linear, tolerance: float = 1e-10) -> None:
        self._inner, self._tolerance = inner, tolerance
        self.iterations = 0

    @property
    def bytes(self) -> float:
        """Memory of the inner solver."""
        return self._inner.bytes

    def solve(self, A: System, b: Array, enough: float = 0.0) -> Array:
        """X (n,) with |A x - b| <= tolerance |b|, and without enclosures `enough`."""
        size = float(np.linalg.norm(b))
        if not A.rooms or size == 0.0:
            return self._inner.solve(A, b, enough)
        basis, solved = [b / size], []
        H = np.zeros((MOST + 1, MOST))
        right = np.zeros(MOST + 1)
        right[0] = size
        for n in range(MOST):
            solved.append(self._inner.solve(A, basis[n]))
            w = basis[n] - A.scale * sum(room.heat(solved[n]) for room in A.rooms)
            for _ in range(2):
                for m, v in enumerate(basis):
                    share = float(v @ w)
                    H[m, n] += share
                    w = w - share * v
            H[n + 1, n] = float(np.linalg.norm(w))
            y, *_ = np.linalg.lstsq(H[: n + 2, : n + 1], right[: n + 2], rcond=None)
            left = float(np.linalg.norm(H[: n + 2, : n + 1] @ y - right[: n + 2]))
            if left <= self._tolerance * size:
                self.iterations = n + 1
                return np.asarray(y @ np.array(solved))
            basis.append(w / H[n + 1, n])
        raise SolveError(
            f"a linear solve with {len(A.rooms)} enclosures stalled at {left / size:.1g} of its right side after "
            f"{MOST} iterations. A well-posed step reaches {self._tolerance:g}. Take smaller steps, or look for "
            "bodies that weigh next to nothing."
        )
