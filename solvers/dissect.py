"""Factors of the symmetric matrix of a structure: its grid cut in halves, again and again, gives the order."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix
from scipy.sparse.linalg import splu

from ..models import SolveError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAF = 5  # nodes along each axis below which a box is cut no more


def dissected(nodes: tuple[int, int, int]) -> Ints:
    """(nodes,) numbers of the nodes of a grid in an order that fills little: halves first, what parts them last.

    References
    ----------
    George 1973, Nested dissection of a regular finite element mesh.
    """
    found: list[Ints] = []

    def part(box: Ints) -> None:
        if not box.size:
            return
        longest = int(np.argmax(box.shape))
        if box.shape[longest] <= LEAF:
            found.append(box.ravel())
            return
        box = np.moveaxis(box, longest, 0)
        middle = len(box) // 2
        part(box[:middle])
        part(box[middle + 1 :])
        found.append(box[middle].ravel())

    part(np.arange(int(np.prod(nodes))).reshape(nodes))
    return np.concatenate(found)


def factorised(A: csr_matrix, use: Ints, nodes: tuple[int, int, int]) -> Callable[[Array], Array]:
    """A function that solves A x = b, A (m, m) symmetric and positive, of the unknowns `use` (m,) of a grid.

    Raises
    ------
    SolveError
        If A is singular.
    """
    size = int(np.prod(nodes))
    rank = np.empty(size, dtype=np.int64)
    rank[dissected(nodes)] = np.arange(size)
    order = np.lexsort((use // size, rank[use % size]))
    try:
        factors = splu(csc_matrix(A[order][:, order]), permc_spec="NATURAL", diag_pivot_thresh=0.0,
                       options={"SymmetricMode": True})  # fmt: skip
    except RuntimeError as cause:
        raise SolveError(
            "the equations of the structure are singular. Something in it can still move. Look for parts that hang on "
            "an edge or a corner alone."
        ) from cause

    def solve(b: Array) -> Array:
        x = np.empty_like(b)
        x[order] = factors.solve(np.ascontiguousarray(b[order]))
        return x

    return solve
