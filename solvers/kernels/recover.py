"""Smooth fields out of samples in cells: least squares around each place, with a check of its rank."""

import numpy as np
from numba import njit, prange

LINEAR, QUADRATIC = 1, 2


@njit(cache=True, error_model="numpy")
def _terms(d, dim, degree, out):
    """The monomials up to `degree` of d (3,), into out; how many."""
    out[0] = 1.0
    n = 1
    for a in range(dim):
        out[n] = d[a]
        n += 1
    if degree == 2:
        for a in range(dim):
            for b in range(a, dim):
                out[n] = d[a] * d[b]
                n += 1
    return n


@njit(cache=True, error_model="numpy")
def _solved(A, b, n, m):
    """Cholesky in place of A (n, n) and b (n, m); whether every pivot keeps a share of its diagonal."""
    for j in range(n):
        whole = A[j, j]
        for k in range(j):
            A[j, j] -= A[j, k] ** 2
        if not A[j, j] > 1e-7 * whole:
            return False
        A[j, j] = np.sqrt(A[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                A[i, j] -= A[i, k] * A[j, k]
            A[i, j] /= A[j, j]
    for c in range(m):
        for j in range(n):
            for k in range(j):
                b[j, c] -= A[j, k] * b[k, c]
            b[j, c] /= A[j, j]
        for j in range(n - 1, -1, -1):
            for k in range(j + 1, n):
                b[j, c] -= A[k, j] * b[k, c]
            b[j, c] /= A[j, j]
    return True


@njit(parallel=True, cache=True, error_model="numpy")
def recover(row, place, weight, value, at, dim, degree, reach, out, rank):
    """Values (n, m) at places: a polynomial fitted to the samples of the cells around.

    row     (nx, ny, nz) sample of each cell, -1 for none
    place   (k, 3) of the samples, in cells; weight (k,), value (k, m)
    at      (n, 3) in cells
    degree  of the polynomial: less of it where the samples do not hold it
    reach   cells to each side; one more at a time, up to three more, where they hold nothing
    rank    (n,) out: terms that were fitted, 0 where nothing was
    """
    nx, ny, nz = row.shape
    m = value.shape[1]
    for n in prange(at.shape[0]):
        A, b, t, d = np.zeros((10, 10)), np.zeros((10, m)), np.zeros(10), np.zeros(3)
        i0, j0, k0 = int(np.floor(at[n, 0])), int(np.floor(at[n, 1])), int(np.floor(at[n, 2]))
        rank[n] = 0
        for wider in range(4):
            r = reach + wider
            rz = r if dim == 3 else 0
            for power in range(degree, -1, -1):
                A[:] = 0.0
                b[:] = 0.0
                count, terms = 0, 1
                for i in range(max(i0 - r, 0), min(i0 + r + 1, nx)):
                    for j in range(max(j0 - r, 0), min(j0 + r + 1, ny)):
                        for k in range(max(k0 - rz, 0), min(k0 + rz + 1, nz)):
                            s = row[i, j, k]
                            if s < 0:
                                continue
                            far = 0.0
                            for a in range(dim):
                                d[a] = place[s, a] - at[n, a]
                                far += d[a] * d[a]
                            near = far / ((r + 1.0) * (r + 1.0))
                            if near >= 1.0:
                                continue
                            w = weight[s] * (1.0 - near) ** 2
                            count += 1
                            terms = _terms(d, dim, power, t)
                            for p in range(terms):
                                for c in range(m):
                                    b[p, c] += w * t[p] * value[s, c]
                                for q in range(p + 1):
                                    A[p, q] += w * t[p] * t[q]
                enough = count >= (3 * terms) // 2 or (power == 0 and count > 0)
                if enough and _solved(A, b, terms, m):
                    for c in range(m):
                        out[n, c] = b[0, c]
                    rank[n] = terms
                    break
            if rank[n] > 1 or (wider == 3 and rank[n] > 0):
                break
