"""Products of all element matrices with displacements, and what a multigrid cycle does to vectors.

    kind            (nx, ny, nz) row of the matrix of a cell, -1 where there is nothing
    own             (m, 4) cells whose matrix is not one of `walsh`, by layers: i, j, k, row of K
    begin           (nx + 1,) where the layers begin in `own`
    K               (k, 24, 24) by component, nodes z fastest
    x, y, b, r, d   (3 (nx + 1)(ny + 1)(nz + 1),)
    over            like x: one over the diagonal, 0 where a displacement is fixed or nothing is
    edge, thick     layers of cells are done `thick` at a time; what they pull at nodes of the next ones waits in `edge`

The other arrays are those of `walsh`. Blocks are fixed by the sizes alone, so no sum knows how many threads there are.
"""

import numpy as np
from numba import njit, prange

from .walsh import FAST, layer

DOTS, TURN, BEND, DESCEND = range(4)
CHUNK = 1 << 15


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _alone(low, high, own, K, ny, nz, whole, x, y, top, at, every, u, v):
    """Add the cells low ... high of `own`, all of one layer."""
    plane = (ny + 1) * (nz + 1)
    for m in range(low, high):
        one = K[own[m, 3]]
        start = own[m, 1] * (nz + 1) + own[m, 2]
        for n in range(24):
            p = start + n // 2 % 2 * (nz + 1) + n % 2
            u[n] = x[n // 8 * whole + (own[m, 0] + n // 4 % 2) * plane + p]
            v[n] = 0.0
        for p in range(24):
            up, line = u[p], one[p]
            for q in range(24):
                v[q] += line[q] * up
        for n in range(24):
            p = start + n // 2 % 2 * (nz + 1) + n % 2
            if n // 4 % 2 == 0:
                y[n // 8 * whole + own[m, 0] * plane + p] += v[n]
            else:
                top[n // 8 * every + at + p] += v[n]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _slab(b, kind, low, high, C, scale, own, begin, K, x, y, edge, thick, w, uv):
    nx, ny, nz = kind.shape
    plane = (ny + 1) * (nz + 1)
    first, end = b * thick, min(b * thick + thick, nx)
    for i in range(first, end):
        inner = i < end - 1 or end == nx
        top, at, every = (y, (i + 1) * plane, (nx + 1) * plane) if inner else (edge, b * 3 * plane, plane)
        layer(i, i == first, kind, low, high, C, scale, x, y, top, at, every, w)
        _alone(begin[i], begin[i + 1], own, K, ny, nz, (nx + 1) * plane, x, y, top, at, every, uv[:24], uv[24:])


@njit(parallel=True, cache=True, error_model="numpy")
def apply(kind, low, high, C, scale, own, begin, K, x, y, edge, thick, work):
    """K x into y; work (blocks, ...) is scratch of each block."""
    nx, ny, nz = kind.shape
    plane = (ny + 1) * (nz + 1)
    blocks = work.shape[0]
    for b in prange(blocks):
        _slab(b, kind, low, high, C, scale, own, begin, K, x, y, edge, thick, work[b, 48:], work[b, :48])
    for b in range(blocks - 1):
        for c in range(3):
            a, e = (c * (nx + 1) + (b + 1) * thick) * plane, (3 * b + c) * plane
            for k in range(plane):
                y[a + k] += edge[e + k]


@njit(parallel=True, cache=True, error_model="numpy")
def diagonal(kind, D, classes, scale, y):
    """The diagonal into y (3, nx + 1, ny + 1, nz + 1), out of those of the matrices D (k, 24)."""
    nx, ny, nz = kind.shape
    varied = scale.size > 1
    y[:] = 0.0
    for turn in range(2):
        for half in prange((nx + 1 - turn) // 2):
            i = 2 * half + turn
            for j in range(ny):
                for k in range(nz):
                    row = kind[i, j, k]
                    if row < 0:
                        continue
                    f = scale[i, j, k] if varied and row < classes else np.float32(1.0)
                    for n in range(24):
                        y[n // 8, i + n // 4 % 2, j + n // 2 % 2, k + n % 2] += D[row, n] * f


@njit(parallel=True, cache=True, fastmath=FAST, error_model="numpy")
def sweep(x, b, r, d, over, before, now, fresh):
    """One sweep: d = before d + now over (b - r), added to x; where `fresh`, x and r are 0 whatever they hold."""
    total = x.size
    for block in prange((total + CHUNK - 1) // CHUNK):
        start = block * CHUNK
        end = min(start + CHUNK, total)
        to, of, left, along, by = x[start:end], b[start:end], r[start:end], d[start:end], over[start:end]
        if fresh:
            for k in range(to.size):
                along[k] = now * by[k] * of[k]
                to[k] = along[k]
        else:
            for k in range(to.size):
                left[k] = by[k] * (of[k] - left[k])
            for k in range(to.size):
                along[k] = before * along[k] + now * left[k]
                to[k] += along[k]


@njit(parallel=True, cache=True, fastmath=FAST, error_model="numpy")
def restrict(b, r, over, below, lines):
    """What is left over, b - r, gathered into the next level by trilinear shares; all (3, ...); lines is scratch."""
    nx, ny, nz = r.shape[1] - 1, r.shape[2] - 1, r.shape[3] - 1
    mz = below.shape[3]
    half, one, none = np.float32(0.5), np.float32(1.0), np.float32(0.0)
    for i in prange(below.shape[1]):
        line = lines[i]  # one 0 before the nodes, and at least two behind
        for c in range(3):
            for j in range(below.shape[2]):
                line[:] = none
                for p in range(max(2 * i - 1, 0), min(2 * i + 2, nx + 1)):
                    for q in range(max(2 * j - 1, 0), min(2 * j + 2, ny + 1)):
                        w = (one if p == 2 * i else half) * (one if q == 2 * j else half)
                        whole, left, by = b[c, p, q], r[c, p, q], over[c, p, q]
                        for k in range(nz + 1):
                            line[k + 1] += w * (whole[k] - left[k]) if by[k] > none else none
                out = below[c, i, j]
                for k in range(mz):
                    out[k] = line[2 * k + 1] + half * (line[2 * k] + line[2 * k + 2])


@njit(parallel=True, cache=True, fastmath=FAST, error_model="numpy")
def prolong(e, over, x, lines):
    """Add the correction e of the next level to x where something can move."""
    ny, nz = x.shape[2], x.shape[3]
    none, half, quarter = np.float32(0.0), np.float32(0.5), np.float32(0.25)
    for i in prange(x.shape[1]):
        line = lines[i]
        for c in range(3):
            for j in range(ny):
                one, two = e[c, i // 2, j // 2], e[c, i // 2, (j + 1) // 2]
                three, four = e[c, (i + 1) // 2, j // 2], e[c, (i + 1) // 2, (j + 1) // 2]
                for k in range(one.size):
                    line[k] = quarter * (one[k] + two[k] + three[k] + four[k])
                to, by = x[c, i, j], over[c, i, j]
                for k in range((nz + 1) // 2):
                    to[2 * k] += line[k] if by[2 * k] > none else none
                for k in range(nz // 2):
                    to[2 * k + 1] += half * (line[k] + line[k + 1]) if by[2 * k + 1] > none else none


@njit(parallel=True, cache=True, fastmath=FAST, error_model="numpy")
def gradients(what, z, over, p, q, x, r, b, first, second, sums):
    """What gradients in f64 do to vectors; shares of sums by chunks into sums (chunks, 2).

    DOTS        z . r and z . q
    TURN        p = first z + second p
    BEND        p . q
    DESCEND     x + first p, r - first q where something can move, b = second r in f32; r . r
    """
    total = x.size
    for block in prange(sums.shape[0]):
        start = block * CHUNK
        end = min(start + CHUNK, total)
        zs, ps, qs, rs = z[start:end], p[start:end], q[start:end], r[start:end]
        one, two = 0.0, 0.0
        if what == DOTS:
            for k in range(zs.size):
                one += zs[k] * rs[k]
                two += zs[k] * qs[k]
        elif what == TURN:
            for k in range(zs.size):
                ps[k] = first * zs[k] + second * ps[k]
        elif what == BEND:
            for k in range(zs.size):
                one += ps[k] * qs[k]
        else:
            xs, by, bs = x[start:end], over[start:end], b[start:end]
            for k in range(zs.size):
                rs[k] -= first * qs[k] if by[k] > 0.0 else 0.0
                xs[k] += first * ps[k]
            for k in range(zs.size):
                bs[k] = second * rs[k]
                one += rs[k] * rs[k]
        sums[block, 0], sums[block, 1] = one, two
