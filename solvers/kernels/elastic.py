"""Products of element matrices with displacements, cell by cell, and the sweeps of a multigrid cycle.

    kind      (nx, ny, nz) row of K, -1 where there is nothing
    K         (k, 24, 24) by component, nodes z fastest; the first `classes` rows are times `scale`
    scale     (nx, ny, nz), or (1, 1, 1) where it is 1
    x, y      (3, nx + 1, ny + 1, nz + 1)
    over      like x: one over the diagonal, 0 where a displacement is fixed or nothing is

Layers of cells share nodes with their neighbours alone: every other one is done at a time.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")
def _layer(i, kind, K, classes, scale, x, y):
    _, ny, nz = kind.shape
    varied = scale.shape[0] > 1
    u, v = np.empty(24, x.dtype), np.empty(24, x.dtype)
    for j in range(ny):
        for k in range(nz):
            row = kind[i, j, k]
            if row < 0:
                continue
            n = 0
            for c in range(3):
                for a in range(2):
                    for b in range(2):
                        u[n] = x[c, i + a, j + b, k]
                        u[n + 1] = x[c, i + a, j + b, k + 1]
                        n += 2
            one = K[row]
            v[:] = 0.0
            for p in range(24):
                up = u[p]
                for q in range(24):
                    v[q] += one[p, q] * up
            if varied and row < classes:
                f = scale[i, j, k]
                for q in range(24):
                    v[q] *= f
            n = 0
            for c in range(3):
                for a in range(2):
                    for b in range(2):
                        y[c, i + a, j + b, k] += v[n]
                        y[c, i + a, j + b, k + 1] += v[n + 1]
                        n += 2


@njit(parallel=True, cache=True, error_model="numpy")
def apply(kind, K, classes, scale, x, y):
    """K x into y."""
    nx = kind.shape[0]
    for i in prange(nx + 1):
        y[:, i] = 0.0
    for turn in range(2):
        for half in prange((nx + 1 - turn) // 2):
            _layer(2 * half + turn, kind, K, classes, scale, x, y)


@njit(parallel=True, cache=True, error_model="numpy")
def diagonal(kind, K, classes, scale, y):
    """The diagonal into y."""
    nx, ny, nz = kind.shape
    varied = scale.shape[0] > 1
    y[:] = 0.0
    for turn in range(2):
        for half in prange((nx + 1 - turn) // 2):
            i = 2 * half + turn
            for j in range(ny):
                for k in range(nz):
                    row = kind[i, j, k]
                    if row < 0:
                        continue
                    f = scale[i, j, k] if varied and row < classes else scale[0, 0, 0] * 0 + 1
                    for n in range(24):
                        y[n // 8, i + n // 4 % 2, j + n // 2 % 2, k + n % 2] += K[row, n, n] * f


@njit(parallel=True, cache=True, error_model="numpy")
def restrict(r, over, b):
    """Residuals r of a level gathered into the next: b (3, mx + 1, my + 1, mz + 1), by trilinear shares."""
    nx, ny, nz = r.shape[1] - 1, r.shape[2] - 1, r.shape[3] - 1
    for i in prange(b.shape[1]):
        for c in range(3):
            for j in range(b.shape[2]):
                for k in range(b.shape[3]):
                    total = np.float32(0.0)
                    for p in range(max(2 * i - 1, 0), min(2 * i + 2, nx + 1)):
                        wp = np.float32(1.0) if p == 2 * i else np.float32(0.5)
                        for q in range(max(2 * j - 1, 0), min(2 * j + 2, ny + 1)):
                            wq = wp if q == 2 * j else np.float32(0.5) * wp
                            for s in range(max(2 * k - 1, 0), min(2 * k + 2, nz + 1)):
                                ws = wq if s == 2 * k else np.float32(0.5) * wq
                                if over[c, p, q, s] > 0.0:
                                    total += ws * r[c, p, q, s]
                    b[c, i, j, k] = total


@njit(parallel=True, cache=True, error_model="numpy")
def prolong(e, over, x):
    """Add the correction e of the next level to x where something can move."""
    for i in prange(x.shape[1]):
        for c in range(3):
            for j in range(x.shape[2]):
                for k in range(x.shape[3]):
                    if over[c, i, j, k] > 0.0:
                        i0, j0, k0 = i // 2, j // 2, k // 2
                        i1, j1, k1 = (i + 1) // 2, (j + 1) // 2, (k + 1) // 2
                        x[c, i, j, k] += np.float32(0.125) * (
                            e[c, i0, j0, k0] + e[c, i0, j0, k1] + e[c, i0, j1, k0] + e[c, i0, j1, k1]
                            + e[c, i1, j0, k0] + e[c, i1, j0, k1] + e[c, i1, j1, k0] + e[c, i1, j1, k1]
                        )  # fmt: skip
