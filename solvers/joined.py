"""The next level of a multigrid cycle of elements: eight cells made one, whatever they are made of.

Eight full cells of one class are the same cell twice as wide. Any others are the exact sum of their matrices, seen from
the corners of the joined cell and from nine modes, a square along each axis for each component, that are taken out
beforehand: without them a joined cell that is not full bends too stiffly, and a cycle takes twice as long where a wall
or the end of the grid lies within cells of every level.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
CORNERS = list(product((0, 1), repeat=3))


@dataclass(slots=True, kw_only=True, eq=False)
class Joint:
    """Cells of one level.

    Attributes
    ----------
    kind : (nx, ny, nz) int32
    K : (k, 24, 24)
        The first `classes` belong to full cells, and are times `scale` (nx, ny, nz) where there is one.
    classes : int
    """

    kind: NDArray[np.int32]
    K: Array
    classes: int
    scale: Array | None


def _seen() -> Array:
    """(8, 24, 33) displacements of each child out of those of the corners of a joined cell and of its nine modes."""
    found = np.zeros((8, 24, 33))
    for n, child in enumerate(CORNERS):
        for m, own in enumerate(CORNERS):
            at = (np.array(child) + own) / 2.0
            share = [np.prod([a if one else 1.0 - a for a, one in zip(at, coarse, strict=True)]) for coarse in CORNERS]
            for c in range(3):
                found[n, 8 * c + m, 8 * c : 8 * c + 8] = share
                found[n, 8 * c + m, 24 + 3 * c : 27 + 3 * c] = 4.0 * at * (1.0 - at)
    return found


def _strains() -> Array:
    """(24, 6) displacements of the corners in states of constant strain."""
    x = np.array(CORNERS, dtype=float) - 0.5
    found = np.zeros((3, 8, 6))
    for n, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (1, 2), (2, 0), (0, 1))):
        found[i, :, n] += x[:, j]
        if i != j:
            found[j, :, n] += x[:, i]
    return found.reshape(24, 6)


SEEN, STRAINS = _seen(), _strains()


def _condensed(A: Array) -> Array:
    """(m, 24, 24) out of (m, 33, 33): the modes are taken out, once states of constant strain no longer move them."""
    K, B, M = A[:, :24, :24], A[:, :24, 24:], A[:, 24:, 24:]
    KE = K @ STRAINS
    strained = STRAINS.T @ KE
    tiny = 1e-9 * np.trace(strained, axis1=1, axis2=2)[:, None, None] * np.eye(6)
    Y = STRAINS @ np.linalg.solve(strained + tiny, STRAINS.T @ B)
    KY = K @ Y
    cross = Y.transpose(0, 2, 1) @ B
    M = M - cross - cross.transpose(0, 2, 1) + Y.transpose(0, 2, 1) @ KY
    B = B - KY
    tiny = (
        1e-4 * np.trace(A[:, 24:, 24:], axis1=1, axis2=2)[:, None, None] * np.eye(9)
    )  # of one child, modes are linear
    out = K - B @ np.linalg.solve(M + tiny, B.transpose(0, 2, 1))
    return 0.5 * (out + out.transpose(0, 2, 1))


def _gathered(K: Array, child: int) -> Array:
    """(m, 33, 33) matrices (m, 24, 24) of one child, seen from the joined cell."""
    T = SEEN[child]
    half = (K.reshape(-1, 24) @ T).reshape(-1, 24, 33).transpose(0, 2, 1)
    return np.ascontiguousarray(half).reshape(-1, 24).dot(T).reshape(-1, 33, 33)


def joined(fine: Joint) -> Joint:
    """The next level; an odd number of cells is filled up by empty ones."""
    kind, K, classes, scale = fine.kind, fine.K, fine.classes, fine.scale
    shape = tuple(-(-n // 2) for n in kind.shape)
    padded, inner = kind, tuple(slice(n) for n in kind.shape)
    if kind.shape != tuple(2 * n for n in shape):
        padded = np.full(tuple(2 * n for n in shape), -1, np.int32)
        padded[inner] = kind
    each = [padded[a::2, b::2, c::2] for a, b, c in CORNERS]
    first = each[0]
    alike, some = (first >= 0) & (first < classes), first >= 0
    for one in each[1:]:
        alike &= one == first
        some |= one >= 0
    out = np.where(alike, first, np.int32(-1))
    coarse: Array | None = None
    if scale is not None:
        wide = np.zeros(padded.shape)
        wide[inner] = scale
        coarse = sum(wide[a::2, b::2, c::2] for a, b, c in CORNERS) / 8.0
    cells = np.argwhere(some & ~alike)
    at = tuple(cells.T)
    eight, which = np.stack([one[at] for one in each], axis=1), np.arange(len(cells))
    if scale is None:
        eight, which = np.unique(eight, axis=0, return_inverse=True)
    out[at] = classes + which.ravel()
    total = np.zeros((len(eight), 33, 33))
    for n, corner in enumerate(CORNERS):
        row = eight[:, n]
        full = np.flatnonzero((row >= 0) & (row < classes))
        table = _gathered(K[:classes], n)[row[full]]
        if scale is not None:
            i, j, k = (2 * cells[full, a] + corner[a] for a in range(3))
            table *= scale[i, j, k][:, None, None]
        total[full] += table
        own = np.flatnonzero(row >= classes)
        for begin in range(0, own.size, 4096):
            part = own[begin : begin + 4096]
            total[part] += _gathered(K[row[part]], n)
    K = np.concatenate([2.0 * K[:classes], _condensed(total)])
    return Joint(kind=np.ascontiguousarray(out), K=K, classes=classes, scale=coarse)
