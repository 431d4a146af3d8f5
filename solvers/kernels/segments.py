"""What a multigrid cycle in f32 does to one segment of a grid: A = m + sum of g (here - there), matrix-free.

All grids of all bodies lie one after the other in flat arrays, the finest level first. A segment is a few whole lines
of one plane, so its neighbours across the axes lie n1 n2, n2 and 1 further: one loop each, however short the lines
are. Where nothing lies beyond, the conductance is 0, and so is what the arrays hold before their first grid.

    t, u            (16,) of a grid, and of the next coarser one: n0, n1, n2, first cell, where `at` begins for the
                    faces across each axis, first segment, where `first` begins for each axis, segments in a block,
                    blocks, segments in a plane, where `first` holds their first lines, and those of the coarser grid
    g               conductances of the faces, segment by segment; a segment that repeats is stored once
    at              where in `g` the faces of each segment begin; those below and above it across the first two axes
    lat, ends, pull (segments + 1,), (2, n), (2, n): the links of each segment, each told from both of its cells: own
                    cell and other cell; what flows in by the other's value, and out by the own one's
    first           the first cell of every pair along an axis; a pair of one is allowed
    m, over         storage and walls; one over the diagonal of A, 0 in a void

A segment is swept a few times while it lies in the nearest cache: a loop over few arrays is one that gets vectorised.
"""

import numpy as np
from numba import njit

FAST = {"reassoc", "contract", "nsz", "arcp"}  # NaN and infinity stay what they are
NONE, ONE = np.float32(0.0), np.float32(1.0)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def segment(t, first, row):
    """Where a segment begins, how long it is, and where those beside it across the first axis begin, or itself."""
    n1, n2, parts = t[1], t[2], t[13]
    i, part = row // parts, row % parts
    j = first[t[14] + part]
    s = t[3] + (i * n1 + j) * n2
    low = s - n1 * n2 if i > 0 else s
    high = s + n1 * n2 if i < t[0] - 1 else s
    return s, (first[t[14] + part + 1] - j) * n2, low, high


@njit(cache=True, fastmath=FAST, error_model="numpy")
def faces(t, at, row):
    """Where in `g` the faces below and above a segment begin across the first two axes, and those along the last."""
    f0, f1 = t[4] + row, t[5] + 2 * row
    return at[f0], at[f0 + t[13]], at[f1], at[f1 + 1], at[t[6] + row]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _two(out, low, high, glow, ghigh):
    for k in range(out.size):
        out[k] += glow[k] * low[k] + ghigh[k] * high[k]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _pull(out, t, at, g, lat, ends, pull, first, x, row):
    """Add the sum of g there to a segment."""
    n2 = t[2]
    s, n, low, high = segment(t, first, row)
    a, b, c, d, e = faces(t, at, row)
    if t[0] > 1:
        _two(out, x[low : low + n], x[high : high + n], g[a : a + n], g[b : b + n])
    if t[1] > 1:
        _two(out, x[s - n2 : s - n2 + n], x[s + n2 : s + n2 + n], g[c : c + n], g[d : d + n])
    _two(out, x[s - 1 : s - 1 + n], x[s + 1 : s + 1 + n], g[e : e + n], g[e + 1 : e + 1 + n])
    for link in range(lat[t[7] + row], lat[t[7] + row + 1]):
        out[ends[0, link] - s] += pull[0, link] * x[ends[1, link]]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _across(out, here, low, high, glow, ghigh):
    for k in range(out.size):
        out[k] += glow[k] * (low[k] - here[k]) + ghigh[k] * (high[k] - here[k])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _flow(out, t, at, g, lat, ends, pull, first, x, row):
    """Add the sum of g (there - here) to a segment."""
    n2 = t[2]
    s, n, low, high = segment(t, first, row)
    a, b, c, d, e = faces(t, at, row)
    here = x[s : s + n]
    if t[0] > 1:
        _across(out, here, x[low : low + n], x[high : high + n], g[a : a + n], g[b : b + n])
    if t[1] > 1:
        _across(out, here, x[s - n2 : s - n2 + n], x[s + n2 : s + n2 + n], g[c : c + n], g[d : d + n])
    _across(out, here, x[s - 1 : s - 1 + n], x[s + 1 : s + 1 + n], g[e : e + n], g[e + 1 : e + 1 + n])
    for link in range(lat[t[7] + row], lat[t[7] + row + 1]):
        out[ends[0, link] - s] += pull[0, link] * x[ends[1, link]] - pull[1, link] * x[ends[0, link]]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _both(out, low, high):
    for k in range(out.size):
        out[k] += low[k] + high[k]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def invert(low, high, t, at, g, lat, ends, pull, first, m, over):
    """One over the diagonal of A; 0 in a void."""
    for row in range(low, high):
        s, n, _, _ = segment(t, first, row)
        a, b, c, d, e = faces(t, at, row)
        out = over[s : s + n]
        out[:] = m[s : s + n]
        _both(out, g[a : a + n], g[b : b + n])
        _both(out, g[c : c + n], g[d : d + n])
        _both(out, g[e : e + n], g[e + 1 : e + 1 + n])
        for link in range(lat[t[7] + row], lat[t[7] + row + 1]):
            out[ends[0, link] - s] += pull[1, link]
        for k in range(n):
            out[k] = ONE / out[k] if out[k] > NONE else NONE


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _product(out, b, over, g):
    for k in range(out.size):
        out[k] += g[k] * (b[k] * over[k])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def begin(low, high, t, at, g, lat, ends, pull, first, over, b, x, one, two, work):
    """Two damped Jacobi sweeps of shares p, q from nothing, in one pass: `one` is p + q - p q, `two` is p q."""
    n2 = t[2]
    for row in range(low, high):
        s, n, down, up = segment(t, first, row)
        f0, f1, f2, f3, f4 = faces(t, at, row)
        out = work[:n]
        out[:] = NONE
        if t[0] > 1:
            _product(out, b[down : down + n], over[down : down + n], g[f0 : f0 + n])
            _product(out, b[up : up + n], over[up : up + n], g[f1 : f1 + n])
        if t[1] > 1:
            _product(out, b[s - n2 : s - n2 + n], over[s - n2 : s - n2 + n], g[f2 : f2 + n])
            _product(out, b[s + n2 : s + n2 + n], over[s + n2 : s + n2 + n], g[f3 : f3 + n])
        _product(out, b[s - 1 : s - 1 + n], over[s - 1 : s - 1 + n], g[f4 : f4 + n])
        _product(out, b[s + 1 : s + 1 + n], over[s + 1 : s + 1 + n], g[f4 + 1 : f4 + 1 + n])
        for link in range(lat[t[7] + row], lat[t[7] + row + 1]):
            out[ends[0, link] - s] += pull[0, link] * b[ends[1, link]] * over[ends[1, link]]
        here, inverse, solution = b[s : s + n], over[s : s + n], x[s : s + n]
        for k in range(n):
            solution[k] = (one * here[k] + two * out[k]) * inverse[k]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def sweep(low, high, t, at, g, lat, ends, pull, first, over, b, x, y, share, work):
    """One damped Jacobi sweep, y = x + share (b - A x) / d, 0 in a void; returns b . y."""
    rest, total = ONE - share, 0.0
    for row in range(low, high):
        s, n, _, _ = segment(t, first, row)
        right, here, inverse, new = b[s : s + n], x[s : s + n], over[s : s + n], y[s : s + n]
        out = work[:n]
        out[:] = right
        _pull(out, t, at, g, lat, ends, pull, first, x, row)
        for k in range(n):
            new[k] = rest * here[k] + share * inverse[k] * out[k] if inverse[k] > NONE else NONE
        for k in range(n):
            total += new[k] * right[k]
    return total


@njit(cache=True, fastmath=FAST, error_model="numpy")
def restrict(low, high, t, u, at, g, lat, ends, pull, first, m, b, x, work):
    """What is left on the finer grid t, b - A x, summed over the cells of every pair into b of the coarser grid u."""
    n2, c1, c2, parts = t[2], u[1], u[2], t[13]
    along = first[t[10] : t[10] + c2 + 1]
    for row in range(low, high):
        i, part = row // parts, row % parts
        first0 = first[t[8] + i]
        _, n, _, _ = segment(t, first, first0 * parts + part)
        out, begun = work[:n], first[t[14] + part]
        out[:] = NONE
        for a in range(first0, first[t[8] + i + 1]):
            s, _, _, _ = segment(t, first, a * parts + part)
            right, storage, here = b[s : s + n], m[s : s + n], x[s : s + n]
            for k in range(n):
                out[k] += right[k] - storage[k] * here[k]
            _flow(out, t, at, g, lat, ends, pull, first, x, a * parts + part)
        for j in range(first[t[15] + part], first[t[15] + part + 1]):
            s = u[3] + (i * c1 + j) * c2
            sums = b[s : s + c2]
            sums[:] = NONE
            for c in range(first[t[9] + j], first[t[9] + j + 1]):
                _gather(out[(c - begun) * n2 : (c - begun + 1) * n2], along, sums)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _gather(fine, first, sums):
    n = sums.size
    if fine.size == n:
        for k in range(n):
            sums[k] += fine[k]
    elif fine.size == 2 * n:
        for k in range(n):
            sums[k] += fine[2 * k] + fine[2 * k + 1]
    else:
        for k in range(n):
            for c in range(first[k], first[k + 1]):
                sums[k] += fine[c]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def gather(low, high, t, u, first, m):
    """Sums of m over the cells of every pair."""
    n1, n2, c1, c2, parts = t[1], t[2], u[1], u[2], t[13]
    along = first[t[10] : t[10] + c2 + 1]
    for row in range(low, high):
        i, part = row // parts, row % parts
        for j in range(first[t[15] + part], first[t[15] + part + 1]):
            s = u[3] + (i * c1 + j) * c2
            sums = m[s : s + c2]
            sums[:] = NONE
            for a in range(first[t[8] + i], first[t[8] + i + 1]):
                for c in range(first[t[9] + j], first[t[9] + j + 1]):
                    s = t[3] + (a * n1 + c) * n2
                    _gather(m[s : s + n2], along, sums)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def prolong(low, high, t, u, first, x, work):
    """Add the correction of every pair of the grid u to its cells of the finer grid t; the sweeps mend voids."""
    n1, n2, c1, c2, parts = t[1], t[2], u[1], u[2], t[13]
    along, line = first[t[10] : t[10] + c2 + 1], work[:n2]
    for row in range(low, high):
        i, part = row // parts, row % parts
        for j in range(first[t[15] + part], first[t[15] + part + 1]):
            s = u[3] + (i * c1 + j) * c2
            _spread(x[s : s + c2], along, line)
            for a in range(first[t[8] + i], first[t[8] + i + 1]):
                for c in range(first[t[9] + j], first[t[9] + j + 1]):
                    s = t[3] + (a * n1 + c) * n2
                    fine = x[s : s + n2]
                    for k in range(n2):
                        fine[k] += line[k]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _spread(pairs, first, fine):
    n = pairs.size
    if fine.size == n:
        fine[:] = pairs
    elif fine.size == 2 * n:
        for k in range(n):
            fine[2 * k] = pairs[k]
            fine[2 * k + 1] = pairs[k]
    else:
        for k in range(n):
            for c in range(first[k], first[k + 1]):
                fine[c] = pairs[k]
