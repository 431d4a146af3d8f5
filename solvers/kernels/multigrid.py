"""Conjugate gradients in f64 and a multigrid cycle in f32 for A = m + sum of g (here - there), matrix-free.

All grids of all bodies lie one after the other in flat arrays, the finest level first; so one call does all cycles.

    grids           (levels, bodies, 13): n0, n1, n2, first cell, where `at` begins for the faces across each axis,
                    first row, where `first` begins for each axis, rows in a block, blocks
    g               conductances of the faces, row by row along the last axis; a row that repeats is stored once
    at              where in `g` the faces of each row begin; 0 at walls and voids
    lat, ends, pull (rows + 1,), (2, n), (2, n): the links of each row, each told from both of its cells: own cell and
                    other cell; what flows in by the other's value, and out by the own one's
    first           the first cell of every pair along an axis; a pair of one is allowed
    m, over         storage and walls; one over the diagonal of A, 0 in a void
    sums            one share of a sum for every block of rows, so that sums know nothing of threads

Each row is swept a few times while it lies in the nearest cache: a loop over few arrays is one that gets vectorised.
A grid of one block is swept by one thread: waking another takes longer.
"""

import numpy as np
from numba import njit, prange

FAST = {"reassoc", "contract", "nsz", "arcp"}  # NaN and infinity stay what they are
NONE, ONE = np.float32(0.0), np.float32(1.0)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def rows_of(t, row):
    """Where a row, those beside it across the first two axes and their first faces begin; a closed end is the row."""
    n0, n1, n2 = t[0], t[1], t[2]
    i, j, s = row // n1, row % n1, t[3] + row * n2
    low = s - n1 * n2 if i > 0 else s
    high = s + n1 * n2 if i < n0 - 1 else s
    left = s - n2 if j > 0 else s
    right = s + n2 if j < n1 - 1 else s
    return s, low, high, left, right, t[4] + row, t[5] + i * (n1 + 1) + j


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _two(out, low, high, glow, ghigh):
    for k in range(out.size):
        out[k] += glow[k] * low[k] + ghigh[k] * high[k]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _pull(out, t, at, g, lat, ends, pull, x, row):
    """Add the sum of g there to a row."""
    n0, n1, n2 = t[0], t[1], t[2]
    s, low, high, left, right, f0, f1 = rows_of(t, row)
    if n0 > 1:
        a, b = at[f0], at[f0 + n1]
        _two(out, x[low : low + n2], x[high : high + n2], g[a : a + n2], g[b : b + n2])
    if n1 > 1:
        a, b = at[f1], at[f1 + 1]
        _two(out, x[left : left + n2], x[right : right + n2], g[a : a + n2], g[b : b + n2])
    a = at[t[6] + row]
    here, along = x[s : s + n2], g[a : a + n2 + 1]
    for k in range(1, n2):
        out[k] += along[k] * here[k - 1]
    for k in range(n2 - 1):
        out[k] += along[k + 1] * here[k + 1]
    for e in range(lat[t[7] + row], lat[t[7] + row + 1]):
        out[ends[0, e] - s] += pull[0, e] * x[ends[1, e]]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _across(out, here, low, high, glow, ghigh):
    for k in range(out.size):
        out[k] += glow[k] * (low[k] - here[k]) + ghigh[k] * (high[k] - here[k])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _flow(out, t, at, g, lat, ends, pull, x, row):
    """Add the sum of g (there - here) to a row."""
    n0, n1, n2 = t[0], t[1], t[2]
    s, low, high, left, right, f0, f1 = rows_of(t, row)
    here = x[s : s + n2]
    if n0 > 1:
        a, b = at[f0], at[f0 + n1]
        _across(out, here, x[low : low + n2], x[high : high + n2], g[a : a + n2], g[b : b + n2])
    if n1 > 1:
        a, b = at[f1], at[f1 + 1]
        _across(out, here, x[left : left + n2], x[right : right + n2], g[a : a + n2], g[b : b + n2])
    a = at[t[6] + row]
    along = g[a : a + n2 + 1]
    for k in range(1, n2):
        out[k] += along[k] * (here[k - 1] - here[k])
    for k in range(n2 - 1):
        out[k] += along[k + 1] * (here[k + 1] - here[k])
    for e in range(lat[t[7] + row], lat[t[7] + row + 1]):
        out[ends[0, e] - s] += pull[0, e] * x[ends[1, e]] - pull[1, e] * x[ends[0, e]]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _invert(low, high, t, at, g, lat, ends, pull, m, over):
    n1, n2 = t[1], t[2]
    for row in range(low, high):
        s, _, _, _, _, f0, f1 = rows_of(t, row)
        own, out = m[s : s + n2], over[s : s + n2]
        a, b = at[f0], at[f0 + n1]
        g0, g1 = g[a : a + n2], g[b : b + n2]
        for k in range(n2):
            out[k] = own[k] + g0[k] + g1[k]
        a, b, c = at[f1], at[f1 + 1], at[t[6] + row]
        g0, g1, g2 = g[a : a + n2], g[b : b + n2], g[c : c + n2 + 1]
        for k in range(n2):
            out[k] += g0[k] + g1[k]
        for k in range(n2):
            out[k] += g2[k] + g2[k + 1]
        for e in range(lat[t[7] + row], lat[t[7] + row + 1]):
            out[ends[0, e] - s] += pull[1, e]
        for k in range(n2):
            out[k] = ONE / out[k] if out[k] > NONE else NONE


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def invert(t, at, g, lat, ends, pull, m, over):
    """One over the diagonal of A; 0 in a void."""
    if t[12] == 1:
        for only in range(1):  # a literal 0 would be a specialisation of its own
            _invert(only, t[0] * t[1], t, at, g, lat, ends, pull, m, over)
    else:
        for each in prange(t[12]):
            block = np.int64(each)
            _invert(block * t[11], min((block + 1) * t[11], t[0] * t[1]), t, at, g, lat, ends, pull, m, over)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _product(out, b, over, g):
    for k in range(out.size):
        out[k] += g[k] * (b[k] * over[k])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _begin(low, high, t, at, g, lat, ends, pull, over, b, x, one, two, work):
    n0, n1, n2 = t[0], t[1], t[2]
    out = work[:n2]
    for row in range(low, high):
        s, lo, hi, left, right, f0, f1 = rows_of(t, row)
        here, inverse, solution = b[s : s + n2], over[s : s + n2], x[s : s + n2]
        for k in range(n2):
            out[k] = NONE
        if n0 > 1:
            a, c = at[f0], at[f0 + n1]
            _product(out, b[lo : lo + n2], over[lo : lo + n2], g[a : a + n2])
            _product(out, b[hi : hi + n2], over[hi : hi + n2], g[c : c + n2])
        if n1 > 1:
            a, c = at[f1], at[f1 + 1]
            _product(out, b[left : left + n2], over[left : left + n2], g[a : a + n2])
            _product(out, b[right : right + n2], over[right : right + n2], g[c : c + n2])
        a = at[t[6] + row]
        along = g[a : a + n2 + 1]
        for k in range(n2):
            solution[k] = here[k] * inverse[k]
        for k in range(1, n2):
            out[k] += along[k] * solution[k - 1]
        for k in range(n2 - 1):
            out[k] += along[k + 1] * solution[k + 1]
        for e in range(lat[t[7] + row], lat[t[7] + row + 1]):
            out[ends[0, e] - s] += pull[0, e] * b[ends[1, e]] * over[ends[1, e]]
        for k in range(n2):
            solution[k] = (one * here[k] + two * out[k]) * inverse[k]


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def begin(t, at, g, lat, ends, pull, over, b, x, one, two, work):
    """Two damped Jacobi sweeps of shares p, q from nothing, in one pass: `one` is p + q - p q, `two` is p q."""
    if t[12] == 1:
        for only in range(1):  # a literal 0 would be a specialisation of its own
            _begin(only, t[0] * t[1], t, at, g, lat, ends, pull, over, b, x, one, two, work[only])
    else:
        for each in prange(t[12]):
            block = np.int64(each)
            high = min((block + 1) * t[11], t[0] * t[1])
            _begin(block * t[11], high, t, at, g, lat, ends, pull, over, b, x, one, two, work[block])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _sweep(low, high, t, at, g, lat, ends, pull, over, b, x, y, share, work):
    n2 = t[2]
    out, rest, total = work[:n2], ONE - share, 0.0
    for row in range(low, high):
        s = t[3] + row * n2
        right, here, inverse, new = b[s : s + n2], x[s : s + n2], over[s : s + n2], y[s : s + n2]
        for k in range(n2):
            out[k] = right[k]
        _pull(out, t, at, g, lat, ends, pull, x, row)
        for k in range(n2):
            new[k] = rest * here[k] + share * inverse[k] * out[k] if inverse[k] > NONE else NONE
        for k in range(n2):
            total += new[k] * right[k]
    return total


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def sweep(t, at, g, lat, ends, pull, over, b, x, y, share, work, sums):
    """One damped Jacobi sweep, y = x + share (b - A x) / d, 0 in a void; shares of b . y."""
    if t[12] == 1:
        for only in range(1):  # a literal 0 would be a specialisation of its own
            sums[only] = _sweep(only, t[0] * t[1], t, at, g, lat, ends, pull, over, b, x, y, share, work[only])
    else:
        for each in prange(t[12]):
            block = np.int64(each)
            high = min((block + 1) * t[11], t[0] * t[1])
            sums[block] = _sweep(block * t[11], high, t, at, g, lat, ends, pull, over, b, x, y, share, work[block])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _restrict(low, high, t, u, at, g, lat, ends, pull, m, b, x, first, work):
    n1, n2, c1, c2 = t[1], t[2], u[1], u[2]
    out, along = work[:n2], first[t[10] : t[10] + c2 + 1]
    for row in range(low, high):
        i, j = row // c1, row % c1
        s = u[3] + row * c2
        sums = b[s : s + c2]
        for k in range(c2):
            sums[k] = NONE
        for a in range(first[t[8] + i], first[t[8] + i + 1]):
            for c in range(first[t[9] + j], first[t[9] + j + 1]):
                fine = a * n1 + c
                s = t[3] + fine * n2
                right, storage, here = b[s : s + n2], m[s : s + n2], x[s : s + n2]
                for k in range(n2):
                    out[k] = right[k] - storage[k] * here[k]
                _flow(out, t, at, g, lat, ends, pull, x, fine)
                _gather(out, along, sums)


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def restrict(t, u, at, g, lat, ends, pull, m, b, x, first, work):
    """What is left on the finer grid t, b - A x, summed over the cells of every pair into b of the coarser grid u."""
    rows, whole = max(u[11] // 4, 1), u[0] * u[1]
    if t[12] == 1:
        for only in range(1):  # a literal 0 would be a specialisation of its own
            _restrict(only, whole, t, u, at, g, lat, ends, pull, m, b, x, first, work[only])
    else:
        for each in prange((whole + rows - 1) // rows):
            block = np.int64(each)
            high = min((block + 1) * rows, whole)
            _restrict(block * rows, high, t, u, at, g, lat, ends, pull, m, b, x, first, work[block])


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
def _prolong(low, high, t, u, first, x):
    n1, n2, c1, c2 = t[1], t[2], u[1], u[2]
    along = first[t[10] : t[10] + c2 + 1]
    for row in range(low, high):
        i, j = row // c1, row % c1
        s = u[3] + row * c2
        pairs = x[s : s + c2]
        for a in range(first[t[8] + i], first[t[8] + i + 1]):
            for c in range(first[t[9] + j], first[t[9] + j + 1]):
                s = t[3] + (a * n1 + c) * n2
                _spread(pairs, along, x[s : s + n2])


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def prolong(t, u, first, x):
    """Add the correction of every pair of the grid u to its cells of the finer grid t; the sweeps mend voids."""
    rows, whole = max(u[11] // 4, 1), u[0] * u[1]
    if t[12] == 1:
        for only in range(1):  # a literal 0 would be a specialisation of its own
            _prolong(only, whole, t, u, first, x)
    else:
        for each in prange((whole + rows - 1) // rows):
            block = np.int64(each)
            _prolong(block * rows, min((block + 1) * rows, whole), t, u, first, x)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _spread(pairs, first, fine):
    n = pairs.size
    if fine.size == n:
        for k in range(n):
            fine[k] += pairs[k]
    elif fine.size == 2 * n:
        for k in range(n):
            fine[2 * k] += pairs[k]
            fine[2 * k + 1] += pairs[k]
    else:
        for k in range(n):
            for c in range(first[k], first[k + 1]):
                fine[c] += pairs[k]


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def gather(t, u, first, m):
    """Sums of m over the cells of every pair."""
    for i in prange(u[0]):
        for j in range(u[1]):
            s = u[3] + (i * u[1] + j) * u[2]
            sums = m[s : s + u[2]]
            sums[:] = NONE
            for a in range(first[t[8] + i], first[t[8] + i + 1]):
                for c in range(first[t[9] + j], first[t[9] + j + 1]):
                    s = t[3] + (a * t[1] + c) * t[2]
                    _gather(m[s : s + t[2]], first[t[10] : t[10] + u[2] + 1], sums)


@njit(cache=True, error_model="numpy")
def _settle(inverse, b, x):
    for row in range(x.size):
        total = 0.0
        for k in range(b.size):
            total += inverse[row, k] * b[k]
        x[row] = total


@njit(cache=True, error_model="numpy")
def cycle(grids, at, g, lat, ends, pull, first, m, over, b, x, y, inverse, shares, work, sums):
    """One cycle: x of the finest level from its b. Returns b . x."""
    depth, bodies = grids.shape[0] - 1, grids.shape[1]
    p, q = shares[0], shares[1]
    for d in range(depth):
        for c in range(bodies):
            begin(grids[d, c], at, g, lat, ends, pull, over, b, x, p + q - p * q, p * q, work)
        for c in range(bodies):
            restrict(grids[d, c], grids[d + 1, c], at, g, lat, ends, pull, m, b, x, first, work)
    s = grids[depth, 0, 3]
    _settle(inverse, b[s:], x[s:])
    along = 0.0
    if depth == 0:
        for k in range(b.size):
            along += b[k] * x[k]
    for d in range(depth - 1, -1, -1):
        for c in range(bodies):
            prolong(grids[d, c], grids[d + 1, c], first, x)
        for c in range(bodies):
            sweep(grids[d, c], at, g, lat, ends, pull, over, b, x, y, p, work, sums)
        along = 0.0
        for c in range(bodies):
            sweep(grids[d, c], at, g, lat, ends, pull, over, b, y, x, q, work, sums)
            along += sums[: grids[d, c, 12]].sum()
    return along
