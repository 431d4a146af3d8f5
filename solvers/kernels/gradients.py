"""Gradients in f64 round the multigrid cycle in f32; arrays as there, those of the finest level once more in f64.

G, links, M     conductances, pull of the links, storage and walls of the finest level, in f64
p               (cells,) direction, in f32: what it is rounded by costs nothing, for r falls by A p of the rounded p
r, solution     (cells,) what is left over, and what is found
"""

import numpy as np
from numba import njit, prange

from .multigrid import FAST, cycle, rows_of


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def turn(z, beta, p):
    """The next direction p = z + beta p."""
    for k in prange(p.size):
        p[k] = z[k] + beta * p[k]


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def single(r, scale, out):
    """Scale r in f32, on the finest level of `out`."""
    for k in prange(r.size):
        out[k] = r[k] * scale


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _curvature(low, high, t, at, g, lat, ends, pull, m, p):
    n2 = t[2]
    total = 0.0
    for row in range(low, high):
        s, below, _, left, _, f0, f1 = rows_of(t, row)
        here, own = p[s : s + n2], m[s : s + n2]
        one, two = p[below : below + n2], p[left : left + n2]
        a, b, c = at[f0], at[f1], at[t[6] + row]
        glow, gleft, along = g[a : a + n2], g[b : b + n2], g[c : c + n2 + 1]
        for k in range(n2):
            total += own[k] * here[k] * here[k] + glow[k] * (here[k] - one[k]) ** 2
        for k in range(n2):
            total += gleft[k] * (here[k] - two[k]) ** 2
        for k in range(1, n2):
            total += along[k] * (here[k] - here[k - 1]) ** 2
        for e in range(lat[t[7] + row], lat[t[7] + row + 1]):
            total += 0.5 * pull[0, e] * (p[ends[0, e]] - p[ends[1, e]]) ** 2
    return total


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def curvature(t, at, g, lat, ends, pull, m, p, sums):
    """Shares of p . A p, a sum of squares: each face once."""
    for each in prange(t[12]):
        block = np.int64(each)
        sums[block] = _curvature(block * t[11], min((block + 1) * t[11], t[0] * t[1]), t, at, g, lat, ends, pull, m, p)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _between(out, here, low, high, glow, ghigh):
    for k in range(out.size):
        own = np.float64(here[k])
        out[k] += glow[k] * (own - low[k]) + ghigh[k] * (own - high[k])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _apply(out, t, at, G, lat, ends, links, M, x, row):
    """One row of A x, in f64 whatever x is."""
    n0, n1, n2 = t[0], t[1], t[2]
    s, low, high, left, right, f0, f1 = rows_of(t, row)
    here, own = x[s : s + n2], M[s : s + n2]
    for k in range(n2):
        out[k] = own[k] * here[k]
    if n0 > 1:
        a, b = at[f0], at[f0 + n1]
        _between(out, here, x[low : low + n2], x[high : high + n2], G[a : a + n2], G[b : b + n2])
    if n1 > 1:
        a, b = at[f1], at[f1 + 1]
        _between(out, here, x[left : left + n2], x[right : right + n2], G[a : a + n2], G[b : b + n2])
    a = at[t[6] + row]
    along = G[a : a + n2 + 1]
    for k in range(1, n2):
        out[k] += along[k] * (np.float64(here[k]) - here[k - 1])
    for k in range(n2 - 1):
        out[k] += along[k + 1] * (np.float64(here[k]) - here[k + 1])
    for e in range(lat[t[7] + row], lat[t[7] + row + 1]):
        out[ends[0, e] - s] += links[1, e] * x[ends[0, e]] - links[0, e] * x[ends[1, e]]


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def apply(t, at, G, lat, ends, links, M, x, out):
    """A x on one body, x and out in f64."""
    n2 = t[2]
    for each in prange(t[12]):
        block = np.int64(each)
        for row in range(block * t[11], min((block + 1) * t[11], t[0] * t[1])):
            s = t[3] + row * n2
            _apply(out[s : s + n2], t, at, G, lat, ends, links, M, x, row)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _descend(low, high, t, at, G, lat, ends, links, M, p, step, x, r, b, scale, work):
    n2 = t[2]
    out, total = work[:n2], 0.0
    for row in range(low, high):
        s = t[3] + row * n2
        _apply(out, t, at, G, lat, ends, links, M, p, row)
        along, solution, left, right = p[s : s + n2], x[s : s + n2], r[s : s + n2], b[s : s + n2]
        for k in range(n2):
            solution[k] += step * along[k]
        for k in range(n2):
            left[k] -= step * out[k]
            right[k] = left[k] * scale
            total += left[k] * left[k]
    return total


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def descend(t, at, G, lat, ends, links, M, p, step, x, r, b, scale, work, sums):
    """Go `step` along p: x grows, r falls by step A p; b = scale r in f32; shares of r . r."""
    for each in prange(t[12]):
        block = np.int64(each)
        high = min((block + 1) * t[11], t[0] * t[1])
        sums[block] = _descend(block * t[11], high, t, at, G, lat, ends, links, M, p, step, x, r, b, scale, work[block])


@njit(cache=True, error_model="numpy")
def gradients(grids, at, g, G, lat, ends, pull, links, first, m, M, over, b, x, y, inverse, shares, work, wide, sums,
              p, r, solution, size, tolerance, patience):  # fmt: skip
    """Conjugate gradients from r and solution = 0 until |r| <= tolerance size. Returns iterations and |r| / size."""
    bodies, scale, left, before = grids.shape[1], 1.0 / size, size, 1.0
    single(r, scale, b)
    for n in range(patience + 1):
        if left <= tolerance * size or n == patience or not np.isfinite(left):
            return n, left / size
        along = cycle(grids, at, g, lat, ends, pull, first, m, over, b, x, y, inverse, shares, work, sums)
        turn(x, np.float32(along / before if n else 0.0), p)
        before, bend, rest = along, 0.0, 0.0
        for c in range(bodies):
            curvature(grids[0, c], at, g, lat, ends, pull, m, p, sums)
            bend += sums[: grids[0, c, 12]].sum()
        step = along / (scale * bend)
        for c in range(bodies):
            descend(grids[0, c], at, G, lat, ends, links, M, p, step, solution, r, b, scale, wide, sums)
            rest += sums[: grids[0, c, 12]].sum()
        left = np.sqrt(rest)
    return patience, left / size
