"""Smooth displacements out of those of nodes: least squares around each place, with a check of its rank."""

import numpy as np
from numba import njit, prange

from .recover import _solved

MOST = 35  # terms of a quartic of three variables
ENOUGH = 1.4  # samples to a term


@njit(cache=True, error_model="numpy")
def _powers(d, dim, degree, out):
    """The monomials up to `degree` of d (3,), constant and linear ones first, into out; how many."""
    out[0] = 1.0
    n = 1
    for a in range(dim):
        out[n] = d[a]
        n += 1
    if degree > 1:
        for a in range(dim):
            for b in range(a, dim):
                out[n] = d[a] * d[b]
                n += 1
    if degree > 2:
        for a in range(dim):
            for b in range(a, dim):
                for c in range(b, dim):
                    out[n] = d[a] * d[b] * d[c]
                    n += 1
    if degree > 3:
        for a in range(dim):
            for b in range(a, dim):
                for c in range(b, dim):
                    for e in range(c, dim):
                        out[n] = d[a] * d[b] * d[c] * d[e]
                        n += 1
    return n


@njit(parallel=True, cache=True, error_model="numpy")
def slopes(weight, u, at, degree, reach, out, rank):
    """Values and slopes at places: a polynomial fitted to what the nodes around have.

    weight  (nx, ny, nz) of the nodes, 0 where nothing is known
    u       (c, nx, ny, nz)
    at      (n, 3) in cells
    degree  of the polynomial, up to 4: less of it where the nodes do not hold it
    reach   radius in cells; one more at a time, up to three more, where they hold no slope
    out     (n, c, 4) value, and slopes per cell
    rank    (n,) terms that were fitted, 0 where nothing was
    """
    nx, ny, nz = weight.shape
    m, dim = u.shape[0], 3 if nz > 1 else 2
    for n in prange(at.shape[0]):
        A, b, t, d = np.zeros((MOST, MOST)), np.zeros((MOST, m)), np.zeros(MOST), np.zeros(3)
        rank[n] = 0
        for wider in range(4):
            r = reach + wider
            for power in range(degree, 0, -1):
                A[:] = 0.0
                b[:] = 0.0
                count, terms = 0, 1
                for i in range(max(int(np.ceil(at[n, 0] - r)), 0), min(int(at[n, 0] + r) + 1, nx)):
                    for j in range(max(int(np.ceil(at[n, 1] - r)), 0), min(int(at[n, 1] + r) + 1, ny)):
                        first, last = 0, 1
                        if dim == 3:
                            first, last = max(int(np.ceil(at[n, 2] - r)), 0), min(int(at[n, 2] + r) + 1, nz)
                        for k in range(first, last):
                            w = weight[i, j, k]
                            if w <= 0.0:
                                continue
                            d[0], d[1], d[2] = (i - at[n, 0]) / r, (j - at[n, 1]) / r, (k - at[n, 2]) / r
                            if dim == 2:
                                d[2] = 0.0
                            near = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
                            if near >= 1.0:
                                continue
                            w *= (1.0 - near) ** 2
                            count += 1
                            terms = _powers(d, dim, power, t)
                            for p in range(terms):
                                for c in range(m):
                                    b[p, c] += w * t[p] * u[c, i, j, k]
                                for q in range(p + 1):
                                    A[p, q] += w * t[p] * t[q]
                if count >= ENOUGH * terms and terms > 1 and _solved(A, b, terms, m):
                    for c in range(m):
                        out[n, c, 0] = b[0, c]
                        for a in range(dim):
                            out[n, c, 1 + a] = b[1 + a, c] / r
                    rank[n] = terms
                    break
            if rank[n] > 0:
                break
