"""What gradients in f64 do to one segment of the finest level; arrays as in `segments`.

G, links, M     conductances, pull of the links, storage and walls, in f64; M, r and solution begin with the first cell
p               direction, in f32: what it is rounded by costs nothing, for r falls by A p of the rounded p
r, solution     what is left over, and what is found
o               how many zeros stand before the first cell in the arrays of the cycle
"""

import numpy as np
from numba import njit

from .segments import FAST, faces, segment


@njit(cache=True, fastmath=FAST, error_model="numpy")
def load(low, high, t, first, o, r, scale, out):
    """Scale r in f32."""
    for row in range(low, high):
        s, n, _, _ = segment(t, first, row)
        given, new = r[s - o : s - o + n], out[s : s + n]
        for k in range(n):
            new[k] = given[k] * scale


@njit(cache=True, fastmath=FAST, error_model="numpy")
def turn(low, high, t, first, x, beta, p):
    """The next direction p = x + beta p."""
    for row in range(low, high):
        s, n, _, _ = segment(t, first, row)
        ahead, along = x[s : s + n], p[s : s + n]
        for k in range(n):
            along[k] = ahead[k] + beta * along[k]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def curvature(low, high, t, at, g, lat, ends, pull, first, m, p):
    """The segments' share of p . A p, a sum of squares: each face once."""
    n2, total = t[2], 0.0
    for row in range(low, high):
        s, n, below, _ = segment(t, first, row)
        a, _, c, _, e = faces(t, at, row)
        here, own, one, glow = p[s : s + n], m[s : s + n], p[below : below + n], g[a : a + n]
        for k in range(n):
            total += own[k] * here[k] * here[k] + glow[k] * (here[k] - one[k]) ** 2
        two, three, gleft, along = p[s - n2 : s - n2 + n], p[s - 1 : s - 1 + n], g[c : c + n], g[e : e + n]
        for k in range(n):
            total += gleft[k] * (here[k] - two[k]) ** 2 + along[k] * (here[k] - three[k]) ** 2
        for link in range(lat[t[7] + row], lat[t[7] + row + 1]):
            total += 0.5 * pull[0, link] * (p[ends[0, link]] - p[ends[1, link]]) ** 2
    return total


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _between(out, here, low, high, glow, ghigh):
    for k in range(out.size):
        own = np.float64(here[k])
        out[k] += glow[k] * (own - low[k]) + ghigh[k] * (own - high[k])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _apply(out, t, at, G, lat, ends, links, first, o, M, x, row):
    """A x of one segment."""
    n2 = t[2]
    s, n, low, high = segment(t, first, row)
    a, b, c, d, e = faces(t, at, row)
    here, own = x[s : s + n], M[s - o : s - o + n]
    for k in range(n):
        out[k] = own[k] * here[k]
    if t[0] > 1:
        _between(out, here, x[low : low + n], x[high : high + n], G[a : a + n], G[b : b + n])
    if t[1] > 1:
        _between(out, here, x[s - n2 : s - n2 + n], x[s + n2 : s + n2 + n], G[c : c + n], G[d : d + n])
    _between(out, here, x[s - 1 : s - 1 + n], x[s + 1 : s + 1 + n], G[e : e + n], G[e + 1 : e + 1 + n])
    for link in range(lat[t[7] + row], lat[t[7] + row + 1]):
        out[ends[0, link] - s] += links[1, link] * x[ends[0, link]] - links[0, link] * x[ends[1, link]]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def descend(low, high, t, at, G, lat, ends, links, first, o, M, p, step, solution, r, b, scale, work):
    """Go `step` along p: the solution grows, r falls by step A p; b = scale r in f32; returns r . r."""
    total = 0.0
    for row in range(low, high):
        s, n, _, _ = segment(t, first, row)
        out = work[:n]
        _apply(out, t, at, G, lat, ends, links, first, o, M, p, row)
        along, found, left, right = p[s : s + n], solution[s - o : s - o + n], r[s - o : s - o + n], b[s : s + n]
        for k in range(n):
            found[k] += step * along[k]
        for k in range(n):
            left[k] -= step * out[k]
            right[k] = left[k] * scale
            total += left[k] * left[k]
    return total


@njit(cache=True, error_model="numpy")
def dense(grids, at, g, lat, ends, pull, first, m, A):
    """A (n, n) of the coarsest level, split into triangles L U in place; 1 on the diagonal where a void is."""
    base, n = grids[0, 3], A.shape[0]
    A[:] = 0.0
    for body in range(grids.shape[0]):
        t = grids[body]
        for row in range(t[0] * t[13]):
            s, size, low, high = segment(t, first, row)
            a, b, c, d, e = faces(t, at, row)
            for k in range(size):
                own = s - base + k
                A[own, own] += m[s + k]
                for to, where in ((low, a), (high, b), (s - t[2], c), (s + t[2], d), (s - 1, e), (s + 1, e + 1)):
                    value = g[where + k]
                    if value > 0.0:
                        A[own, own] += value
                        A[own, to - base + k] -= value
            for link in range(lat[t[7] + row], lat[t[7] + row + 1]):
                A[ends[0, link] - base, ends[0, link] - base] += pull[1, link]
                A[ends[0, link] - base, ends[1, link] - base] -= pull[0, link]
    for k in range(n):
        if A[k, k] == 0.0:
            A[k, k] = 1.0
        for i in range(k + 1, n):
            if A[i, k] != 0.0:
                share = A[i, k] / A[k, k]
                A[i, k] = share
                for j in range(k + 1, n):
                    A[i, j] -= share * A[k, j]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def settle(A, b, x, found):
    """X of the coarsest level by its triangles; returns b . x."""
    n = A.shape[0]
    for i in range(n):
        total = np.float64(b[i])
        for j in range(i):
            total -= A[i, j] * found[j]
        found[i] = total
    along = 0.0
    for i in range(n - 1, -1, -1):
        total = found[i]
        for j in range(i + 1, n):
            total -= A[i, j] * found[j]
        found[i] = total / A[i, i]
        x[i] = found[i]
        along += b[i] * x[i]
    return along
