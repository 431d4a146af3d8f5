"""Conjugate gradients in f64 and a multigrid cycle in f32 for A = m + sum of g (here - there), seven points a cell.

    m, p, x, r      (n0, n1, n2): storage and walls, direction, solution, residual; all 0 in a void
    g0, g1, g2      (n0 + 1, n1, n2), ...: conductance of the faces; 0 at walls and voids
    sums            (blocks,): one share of a sum for every `rows` rows, so that sums know nothing of threads
    first0, ...     (coarse + 1,): the first cell of every pair along an axis; a pair of one is allowed

Each row is swept three times while it lies in the nearest cache: a loop over few arrays is one that gets vectorised.
"""

from numba import njit, prange

FAST = {"reassoc", "contract", "nsz", "arcp"}  # NaN and infinity stay what they are


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _across(out, here, low, high, glow, ghigh):
    for k in range(out.size):
        out[k] += glow[k] * (here[k] - low[k]) + ghigh[k] * (here[k] - high[k])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _along(out, here, g):
    n = out.size
    for k in range(1, n):
        out[k] += g[k] * (here[k] - here[k - 1])
    for k in range(n - 1):
        out[k] += g[k + 1] * (here[k] - here[k + 1])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _apply(i, j, m, g0, g1, g2, x, out):
    """One row of A x."""
    n0, n1, n2 = x.shape
    here, storage = x[i, j], m[i, j]
    for k in range(n2):
        out[k] = storage[k] * here[k]
    if n0 > 1:
        _across(out, here, x[max(i - 1, 0), j], x[min(i + 1, n0 - 1), j], g0[i, j], g0[i + 1, j])
    if n1 > 1:
        _across(out, here, x[i, max(j - 1, 0)], x[i, min(j + 1, n1 - 1)], g1[i, j], g1[i, j + 1])
    if n2 > 1:
        _along(out, here, g2[i, j])


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def curvature(m, g0, g1, g2, p, rows, sums):
    """Shares of p . A p, a sum of squares: each face once."""
    n0, n1, n2 = p.shape
    for block in prange(sums.size):
        total = 0.0
        for row in range(block * rows, min((block + 1) * rows, n0 * n1)):
            i, j = row // n1, row % n1
            here, low, left, storage = p[i, j], p[max(i - 1, 0), j], p[i, max(j - 1, 0)], m[i, j]
            glow, gleft, along = g0[i, j], g1[i, j], g2[i, j]
            for k in range(n2):
                total += storage[k] * here[k] * here[k] + glow[k] * (here[k] - low[k]) ** 2
                total += gleft[k] * (here[k] - left[k]) ** 2
            for k in range(1, n2):
                total += along[k] * (here[k] - here[k - 1]) ** 2
        sums[block] = total


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def descend(m, g0, g1, g2, p, step, x, r, b, scale, work, rows, sums):
    """Go `step` along p: x grows, r falls by step A p; b = scale r in f32; shares of r . r."""
    n0, n1, n2 = p.shape
    for block in prange(sums.size):
        total = 0.0
        out = work[block]
        for row in range(block * rows, min((block + 1) * rows, n0 * n1)):
            i, j = row // n1, row % n1
            _apply(i, j, m, g0, g1, g2, p, out)
            along, solution, left, right = p[i, j], x[i, j], r[i, j], b[i, j]
            for k in range(n2):
                solution[k] += step * along[k]
            for k in range(n2):
                left[k] -= step * out[k]
                right[k] = left[k] * scale
                total += left[k] * left[k]
        sums[block] = total


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def inner(r, z, sums):
    """Shares of r . z, one f64 and one f32, both flat."""
    share = (r.size + sums.size - 1) // sums.size
    for block in prange(sums.size):
        total = 0.0
        mine, other = r[block * share : (block + 1) * share], z[block * share : (block + 1) * share]
        for k in range(mine.size):
            total += mine[k] * other[k]
        sums[block] = total


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def turn(z, beta, p):
    """The next direction p = z + beta p, flat."""
    for k in prange(p.size):
        p[k] = z[k] + beta * p[k]


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def storage(m, scale, out):
    """Scale m, in f32, flat."""
    for k in prange(m.size):
        out[k] = m[k] * scale


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def invert(m, g0, g1, g2, out, rows):
    """One over the diagonal of A; 0 in a void."""
    n0, n1, n2 = m.shape
    for block in prange((n0 * n1 + rows - 1) // rows):
        for row in range(block * rows, min((block + 1) * rows, n0 * n1)):
            i, j = row // n1, row % n1
            a, b, c, d, e = g0[i, j], g0[i + 1, j], g1[i, j], g1[i, j + 1], g2[i, j]
            own, over = m[i, j], out[i, j]
            for k in range(n2):
                over[k] = own[k] + a[k] + b[k]
            for k in range(n2):
                over[k] += c[k] + d[k]
            for k in range(n2):
                over[k] += e[k] + e[k + 1]
            for k in range(n2):
                over[k] = 1 / over[k] if over[k] > 0 else 0


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def begin(g0, g1, g2, over, b, x, first, second, work, rows):
    """Two damped Jacobi sweeps from nothing: x = first b / d, then x += second (b - A x) / d, in one pass."""
    n0, n1, n2 = x.shape
    for block in prange(work.shape[0]):
        out = work[block]
        for row in range(block * rows, min((block + 1) * rows, n0 * n1)):
            i, j = row // n1, row % n1
            il, ih, jl, jh = max(i - 1, 0), min(i + 1, n0 - 1), max(j - 1, 0), min(j + 1, n1 - 1)
            here, inverse, solution = b[i, j], over[i, j], x[i, j]
            for k in range(n2):
                out[k] = 0
            if n0 > 1:
                _pull(out, b[il, j], over[il, j], g0[i, j])
                _pull(out, b[ih, j], over[ih, j], g0[i + 1, j])
            if n1 > 1:
                _pull(out, b[i, jl], over[i, jl], g1[i, j])
                _pull(out, b[i, jh], over[i, jh], g1[i, j + 1])
            along = g2[i, j]
            for k in range(1, n2):
                out[k] += along[k] * (here[k - 1] * inverse[k - 1])
            for k in range(n2 - 1):
                out[k] += along[k + 1] * (here[k + 1] * inverse[k + 1])
            for k in range(n2):
                solution[k] = ((first + second - first * second) * here[k] + first * second * out[k]) * inverse[k]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _pull(out, b, over, g):
    for k in range(out.size):
        out[k] += g[k] * (b[k] * over[k])


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def sweep(m, g0, g1, g2, over, b, x, y, share, work, rows):
    """One damped Jacobi sweep: y = x + share (b - A x) / d."""
    n0, n1, n2 = x.shape
    for block in prange(work.shape[0]):
        out = work[block]
        for row in range(block * rows, min((block + 1) * rows, n0 * n1)):
            i, j = row // n1, row % n1
            _apply(i, j, m, g0, g1, g2, x, out)
            here, inverse, right, new = x[i, j], over[i, j], b[i, j], y[i, j]
            for k in range(n2):
                new[k] = here[k] + share * inverse[k] * (right[k] - out[k])


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def restrict(m, g0, g1, g2, b, x, first0, first1, first2, coarse, work, rows):
    """What is left, b - A x, summed over the cells of every pair."""
    c0, c1, c2 = coarse.shape
    for block in prange(work.shape[0]):
        out = work[block]
        for row in range(block * rows, min((block + 1) * rows, c0 * c1)):
            ci, cj = row // c1, row % c1
            sums = coarse[ci, cj]
            for k in range(c2):
                sums[k] = 0
            for i in range(first0[ci], first0[ci + 1]):
                for j in range(first1[cj], first1[cj + 1]):
                    _apply(i, j, m, g0, g1, g2, x, out)
                    right = b[i, j]
                    for k in range(right.size):
                        out[k] = right[k] - out[k]
                    _gather(out, first2, sums)


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


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def prolong(coarse, first0, first1, first2, over, x, rows):
    """Add a pair's correction to each of its cells; a void (over = 0) takes none."""
    c0, c1, _ = coarse.shape
    for block in prange((c0 * c1 + rows - 1) // rows):
        for row in range(block * rows, min((block + 1) * rows, c0 * c1)):
            ci, cj = row // c1, row % c1
            pairs = coarse[ci, cj]
            for i in range(first0[ci], first0[ci + 1]):
                for j in range(first1[cj], first1[cj + 1]):
                    _spread(pairs, first2, over[i, j], x[i, j])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _spread(pairs, first, over, fine):
    n = pairs.size
    if fine.size == n:
        for k in range(n):
            fine[k] += pairs[k] if over[k] > 0 else 0
    elif fine.size == 2 * n:
        for k in range(n):
            fine[2 * k] += pairs[k] if over[2 * k] > 0 else 0
            fine[2 * k + 1] += pairs[k] if over[2 * k + 1] > 0 else 0
    else:
        for k in range(n):
            for c in range(first[k], first[k + 1]):
                fine[c] += pairs[k] if over[c] > 0 else 0


@njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
def gather(fine, first0, first1, first2, out):
    """Sums over the cells of every pair."""
    c0, c1, _ = out.shape
    for ci in prange(c0):
        for cj in range(c1):
            sums = out[ci, cj]
            sums[:] = 0
            for i in range(first0[ci], first0[ci + 1]):
                for j in range(first1[cj], first1[cj + 1]):
                    _gather(fine[i, j], first2, sums)


@njit(cache=True, parallel=True, error_model="numpy")
def halve(g0, g1, g2, first0, first1, first2, share0, share1, share2, c0, c1, c2):
    """Conductances between pairs: those of their common faces summed, times what the way grew by."""
    n0, n1, n2 = c0.shape[0] - 1, c1.shape[1] - 1, c2.shape[2] - 1
    for i in prange(n0 + 1):
        for j in range(n1 + 1):
            for k in range(n2 + 1):
                if j < n1 and k < n2:
                    total = 0.0
                    for b in range(first1[j], first1[j + 1]):
                        for c in range(first2[k], first2[k + 1]):
                            total += g0[first0[i], b, c]
                    c0[i, j, k] = total * share0[i]
                if i < n0 and k < n2:
                    total = 0.0
                    for a in range(first0[i], first0[i + 1]):
                        for c in range(first2[k], first2[k + 1]):
                            total += g1[a, first1[j], c]
                    c1[i, j, k] = total * share1[j]
                if i < n0 and j < n1:
                    total = 0.0
                    for a in range(first0[i], first0[i + 1]):
                        for b in range(first1[j], first1[j + 1]):
                            total += g2[a, b, first2[k]]
                    c2[i, j, k] = total * share2[k]


@njit(cache=True, error_model="numpy")
def settle(inverse, b, x):
    """Apply x = inverse b on the coarsest level, both flat."""
    for row in range(x.size):
        total = 0.0
        for k in range(b.size):
            total += inverse[row, k] * b[k]
        x[row] = total
