"""Products of the matrices of full cells with displacements, a line of cells at a time.

By reflection the matrix of a full cell of an isotropic material, or of an orthotropic one along the axes, has 45
entries in sums and differences over its nodes. A line of cells along z takes the four lines of nodes round it: sums and
differences across x are made once a line and serve the cells on both its sides, those across y and z where the entries
are met.

    x, y            (3 (nx + 1)(ny + 1)(nz + 1),) component by component, z fastest
    kind            (nx, ny, nz) row of C, or anything else where another matrix counts
    low, high       (nx, ny) the least and the largest row of C in a line; high < low where there is none
    C               (classes, 33) the entries, the equal ones once, in the order of `ENTRIES`
    scale           (nx, ny, nz) factor of each cell, or (1, 1, 1) where it is 1
    w               two blocks of rows, of the line of nodes before the cells and of the one behind, a third for further
                    classes in one line, and a row of factors. A block has 6 rows of what is read (component, sum or
                    difference across x) and twice 6 of what comes out, at the lower and the upper end of the cells

Each loop reads and writes a few arrays at distances that are known beforehand: so it is vectorised. Offsets are
unsigned, for Python's indices from behind would hide that.
"""

import numpy as np
from numba import njit

FAST = {"reassoc", "contract", "nsz", "arcp"}  # NaN and infinity stay what they are
ROW, LONG = 272, 255  # length of a row of w, and nodes of a line that are done at a time
BLOCK, LOWER, UPPER = 22, 8, 16
ROWS = 3 * BLOCK + 1
ONE = np.uint64(1)
R1, R2, R3, R4, R5, R8, R9 = (np.uint64(n * ROW) for n in (1, 2, 3, 4, 5, 8, 9))
L0, U0 = np.uint64(LOWER * ROW), np.uint64(UPPER * ROW + 1)
_FULL = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
ENTRIES = (
    (0, _FULL),
    (1, ((0, 0), (1, 1), (0, 1))),
    (2, ((0, 0), (2, 2), (0, 2))),
    (3, ((0, 0), (1, 1), (2, 2), (1, 2))),
    (4, ((1, 1), (2, 2), (1, 2))),
    (5, ((0, 0), (2, 2), (0, 2), (1, 1))),
    (6, ((0, 0), (1, 1), (0, 1), (2, 2))),
    (7, _FULL),
)  # of each parity (differences across x, y, z, that along the component itself turned round): pairs of components


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _pairs(x, a, b, w, s, n):
    """Rows s and s + 1 of w: sums and differences of n nodes of x from a and from b on."""
    one, two = x[a : a + n], x[b : b + n]
    s = np.uint64(s)
    for k in range(np.uint64(n)):
        p, q = one[k], two[k]
        w[s + k] = p + q
        w[s + R1 + k] = q - p


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _even(one, two, factor, C):
    """What the parities with x even pull in a line of cells: into `two`, and added to `one`; blocks of rows."""
    a0, a1, a2, a3, a4, a5 = C[0], C[1], C[2], C[3], C[4], C[5]
    b0, b1, b2 = C[6], C[7], C[8]
    c0, c1, c2 = C[9], C[10], C[11]
    d0, d1, d2, d3 = C[12], C[13], C[14], C[15]
    for k in range(np.uint64(factor.size)):
        f = factor[k]
        a, b, c, d = one[R1 + k], one[R1 + k + ONE], two[R1 + k], two[R1 + k + ONE]
        e, g, h, i = a + b, c + d, b - a, d - c
        Xss, Xds, Xsd, Xdd = e + g, g - e, h + i, i - h
        a, b, c, d = one[R2 + k], one[R2 + k + ONE], two[R2 + k], two[R2 + k + ONE]
        e, g, h, i = a + b, c + d, b - a, d - c
        Yds, Ysd, Ydd = g - e, h + i, i - h
        a, b, c, d = one[R4 + k], one[R4 + k + ONE], two[R4 + k], two[R4 + k + ONE]
        e, g, h, i = a + b, c + d, b - a, d - c
        Zds, Zsd, Zdd = g - e, h + i, i - h
        tXss = f * (a0 * Xss + a3 * Yds + a4 * Zsd)
        tYds = f * (a3 * Xss + a1 * Yds + a5 * Zsd)
        tZsd = f * (a4 * Xss + a5 * Yds + a2 * Zsd)
        tXsd = f * (b0 * Xsd + b2 * Ydd)
        tYdd = f * (b2 * Xsd + b1 * Ydd)
        tXds = f * (c0 * Xds + c2 * Zdd)
        tZdd = f * (c2 * Xds + c1 * Zdd)
        tXdd = f * d0 * Xdd
        tYsd = f * (d1 * Ysd + d3 * Zds)
        tZds = f * (d3 * Ysd + d2 * Zds)
        e, g, h, i = tXss - tXsd, tXss + tXsd, tXds - tXdd, tXds + tXdd
        one[L0 + R1 + k] += e - h
        one[U0 + R1 + k] += g - i
        two[L0 + R1 + k] = e + h
        two[U0 + R1 + k] = g + i
        h, i = tYds - tYdd, tYds + tYdd
        one[L0 + R2 + k] -= tYsd + h
        one[U0 + R2 + k] += tYsd - i
        two[L0 + R2 + k] = h - tYsd
        two[U0 + R2 + k] = tYsd + i
        h, i = tZds - tZdd, tZds + tZdd
        one[L0 + R4 + k] -= tZsd + h
        one[U0 + R4 + k] += tZsd - i
        two[L0 + R4 + k] = h - tZsd
        two[U0 + R4 + k] = tZsd + i


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _odd(one, two, factor, C):
    """The same of the parities with x odd; the two touch different rows."""
    a1, a2, a5 = C[16], C[17], C[18]
    b0, b2, b4, b1 = C[19], C[20], C[21], C[22]
    c0, c1, c3, c2 = C[23], C[24], C[25], C[26]
    d0, d1, d2, d3, d4, d5 = C[27], C[28], C[29], C[30], C[31], C[32]
    for k in range(np.uint64(factor.size)):
        f = factor[k]
        a, b, c, d = one[k], one[k + ONE], two[k], two[k + ONE]
        e, g, h, i = a + b, c + d, b - a, d - c
        Xds, Xsd, Xdd = g - e, h + i, i - h
        a, b, c, d = one[R3 + k], one[R3 + k + ONE], two[R3 + k], two[R3 + k + ONE]
        e, g, h, i = a + b, c + d, b - a, d - c
        Yss, Yds, Ysd, Ydd = e + g, g - e, h + i, i - h
        a, b, c, d = one[R5 + k], one[R5 + k + ONE], two[R5 + k], two[R5 + k + ONE]
        e, g, h, i = a + b, c + d, b - a, d - c
        Zss, Zds, Zsd, Zdd = e + g, g - e, h + i, i - h
        tYds = f * (a1 * Yds + a5 * Zsd)
        tZsd = f * (a5 * Yds + a2 * Zsd)
        tXsd = f * (b0 * Xsd + b4 * Zss)
        tZss = f * (b4 * Xsd + b2 * Zss)
        tYdd = f * b1 * Ydd
        tXds = f * (c0 * Xds + c3 * Yss)
        tYss = f * (c3 * Xds + c1 * Yss)
        tZdd = f * c2 * Zdd
        tXdd = f * (d0 * Xdd + d3 * Ysd + d4 * Zds)
        tYsd = f * (d3 * Xdd + d1 * Ysd + d5 * Zds)
        tZds = f * (d4 * Xdd + d5 * Ysd + d2 * Zds)
        h, i = tXds - tXdd, tXds + tXdd
        one[L0 + k] -= tXsd + h
        one[U0 + k] += tXsd - i
        two[L0 + k] = h - tXsd
        two[U0 + k] = tXsd + i
        e, g, h, i = tYss - tYsd, tYss + tYsd, tYds - tYdd, tYds + tYdd
        one[L0 + R3 + k] += e - h
        one[U0 + R3 + k] += g - i
        two[L0 + R3 + k] = e + h
        two[U0 + R3 + k] = g + i
        e, g, h, i = tZss - tZsd, tZss + tZsd, tZds - tZdd, tZds + tZdd
        one[L0 + R5 + k] += e - h
        one[U0 + R5 + k] += g - i
        two[L0 + R5 + k] = e + h
        two[U0 + R5 + k] = g + i


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _out(w, s, y, a, t, b, n, first):
    """Rows of one component as n nodes: of y from a on, new where `first`, else added; of t from b on, new."""
    one, two = y[a : a + n], t[b : b + n]
    s = np.uint64(s)
    if first:
        for k in range(np.uint64(n)):
            p, q = w[s + k] + w[s + R8 + k], w[s + R1 + k] + w[s + R9 + k]
            one[k] = p - q
            two[k] = p + q
    else:
        for k in range(np.uint64(n)):
            p, q = w[s + k] + w[s + R8 + k], w[s + R1 + k] + w[s + R9 + k]
            one[k] += p - q
            two[k] = p + q


@njit(cache=True, fastmath=FAST, error_model="numpy")
def layer(i, first, kind, low, high, C, scale, x, y, top, at, every, w):
    """The cells i: into the nodes i of y, new where `first`, and of i + 1 in `top`, new.

    at, every       where the nodes i + 1 of the first component begin in `top`, and how far those of the next lie
    """
    nx, ny, nz = kind.shape
    plane = (ny + 1) * (nz + 1)
    whole = (nx + 1) * plane
    varied = scale.size > 1
    zero, one = w.dtype.type(0.0), w.dtype.type(1.0)
    z0 = 0
    while z0 <= nz:
        z1 = min(z0 + LONG, nz + 1)
        base = max(z0 - 1, 0)
        off = z0 - base
        n = min(z1, nz) - base
        f = w[3 * BLOCK * ROW : 3 * BLOCK * ROW + n]
        for j in range(ny + 2):
            A, B = BLOCK * ROW * (1 - j % 2), BLOCK * ROW * (j % 2)
            if j <= ny:
                for c in range(3):
                    start = c * whole + i * plane + j * (nz + 1) + base
                    _pairs(x, start, start + plane, w, B + 2 * c * ROW, n + 1)
            lowest, highest = 0, -1
            if 0 < j <= ny:
                lowest, highest = low[i, j - 1], high[i, j - 1]
            if highest < lowest and j <= ny:
                w[B + LOWER * ROW : B + BLOCK * ROW] = zero
            into = B
            for row in range(lowest, highest + 1):
                line = kind[i, j - 1, base : base + n]
                if varied:
                    factor = scale[i, j - 1, base : base + n]
                    for k in range(n):
                        f[k] = factor[k] if line[k] == row else zero
                else:
                    for k in range(n):
                        f[k] = one if line[k] == row else zero
                if into != B:
                    w[into : into + 6 * ROW] = w[B : B + 6 * ROW]
                before, behind = w[A : A + BLOCK * ROW], w[into : into + BLOCK * ROW]
                for r in range(6):
                    w[into + (UPPER + r) * ROW] = zero
                    w[into + (LOWER + r) * ROW + n] = zero
                _even(before, behind, f, C[row])
                _odd(before, behind, f, C[row])
                if into != B:
                    for k in range(LOWER * ROW, BLOCK * ROW):
                        w[B + k] += w[into + k]
                into = 2 * BLOCK * ROW
            if j > 0:
                here, there = i * plane + (j - 1) * (nz + 1) + z0, at + (j - 1) * (nz + 1) + z0
                for c in range(3):
                    _out(
                        w, A + (LOWER + 2 * c) * ROW + off, y, c * whole + here, top, c * every + there, z1 - z0, first
                    )
        z0 = z1
