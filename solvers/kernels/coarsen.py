"""Coarser grids for multigrid, and rows of conductances that repeat."""

from numba import njit, prange


@njit(cache=True, parallel=True, error_model="numpy")
def mark(bits, weights, out):
    """A number for every row (rows, n) of bits, equal for equal rows and else hardly ever: sums by odd weights (n,)."""
    for row in prange(bits.shape[0]):
        mine, total = bits[row], weights[0]
        for k in range(mine.size):
            total += mine[k] * weights[k]
        out[row] = total


@njit(cache=True, parallel=True, error_model="numpy")
def unlike(bits, of, out):
    """How many bits of each row are not those of the row `of` (rows,) that stands for it."""
    for row in prange(bits.shape[0]):
        mine, other, count = bits[row], bits[of[row]], 0
        for k in range(mine.size):
            count += mine[k] != other[k]
        out[row] = count


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
