"""Stress at points that may flow, and what cells made of such points pull at their nodes.

Strains are engineering, in the order xx yy zz yz zx xy (rr yy theta . . ry round an axis).

References
----------
Simo and Hughes 1998, Computational Inelasticity, boxes 3.2 and 3.6; Simo and Rifai 1990, IJNME 29, 1595-1638.
"""

import numpy as np
from numba import njit, prange

BLOCK = 16
THIN = 60  # rounds for the strain across a section that is free to thin


@njit(cache=True, error_model="numpy")
def _returned(e, ep, p, law, tab, first, last, out, new, C):
    """Radial return at one point; the equivalent plastic strain after it.

    e, ep   (6,) strain without growth; plastic strain before
    law     (5,) shear and bulk modulus, first yield, its growth, travel of its centre, Pa
    tab     (j, 2) plastic strain, factor on first yield, in rows first to last; the last factor goes on
    out     (6,) stress; new (6,) plastic strain after; C (6, 6) their consistent tangent
    """
    G, K, s0, iso, kin = law[0], law[1], law[2], law[3], law[4]
    tr = 0.0
    for i in range(3):
        tr += e[i] - ep[i]
    square = 0.0
    for i in range(3):
        out[i] = 2.0 * G * (e[i] - ep[i] - tr / 3.0)
        new[i] = out[i] - 2.0 / 3.0 * kin * ep[i]
        out[i + 3] = G * (e[i + 3] - ep[i + 3])
        new[i + 3] = out[i + 3] - kin * ep[i + 3] / 3.0
        square += new[i] ** 2 + 2.0 * new[i + 3] ** 2
    q = np.sqrt(1.5 * square)
    m = first
    while m + 1 < last and p >= tab[m + 1, 0]:
        m += 1
    slope = (tab[m + 1, 1] - tab[m, 1]) / (tab[m + 1, 0] - tab[m, 0]) if m + 1 < last else 0.0
    over = q - s0 * (tab[m, 1] + slope * (p - tab[m, 0])) - iso * p
    dp, stiff = 0.0, 3.0 * G + kin + iso
    if over > 1e-13 * s0:
        while True:
            step = over / (stiff + s0 * slope)
            if m + 1 >= last or p + dp + step <= tab[m + 1, 0]:
                dp += step
                break
            step = tab[m + 1, 0] - p - dp
            over -= step * (stiff + s0 * slope)
            dp += step
            m += 1
            slope = (tab[m + 1, 1] - tab[m, 1]) / (tab[m + 1, 0] - tab[m, 0]) if m + 1 < last else 0.0
    C[:] = 0.0
    one, two = 1.0, 0.0
    if dp > 0.0:
        one = 1.0 - 3.0 * G * dp / q
        two = 3.0 * G / (stiff + s0 * slope) - (1.0 - one)
        for i in range(6):
            for j in range(6):
                C[i, j] = -2.0 * G * two * 1.5 * new[i] * new[j] / (q * q)
    for i in range(3):
        for j in range(3):
            C[i, j] += K - 2.0 * G * one / 3.0
        C[i, i] += 2.0 * G * one
        C[i + 3, i + 3] += G * one
    for i in range(3):
        flow, slide = 0.0, 0.0
        if dp > 0.0:
            flow, slide = 1.5 * dp * new[i] / q, 1.5 * dp * new[i + 3] / q
        out[i] += K * tr - 2.0 * G * flow
        out[i + 3] -= 2.0 * G * slide
        new[i] = ep[i] + flow
        new[i + 3] = ep[i + 3] + 2.0 * slide
    return p + dp


@njit(cache=True, error_model="numpy")
def point(e, ep, p, law, tab, first, last, thin, out, new, C):
    """The same as `_returned`; thin: e[2] is found so that nothing presses across, and C is of the plane alone."""
    for n in range(THIN if thin else 1):
        after = _returned(e, ep, p, law, tab, first, last, out, new, C)
        if not thin or abs(out[2]) <= 1e-12 * law[2] or n == THIN - 1:
            break
        e[2] -= out[2] / C[2, 2]
    if thin:
        for i in range(6):
            if i == 2:
                continue
            for j in range(6):
                if j != 2:
                    C[i, j] -= C[i, 2] * C[2, j] / C[2, 2]
        C[2, :] = 0.0
        C[:, 2] = 0.0
    return after


@njit(cache=True, error_model="numpy")
def _solved(A, b, n, m):
    """Solve A x = b in place, A (n, n) positive, b (n, m); nothing moves along a pivot that has vanished."""
    for k in range(n):
        for i in range(k + 1, n):
            share = A[i, k] / A[k, k] if A[k, k] > 0.0 else 0.0
            for j in range(k + 1, n):
                A[i, j] -= share * A[k, j]
            for c in range(m):
                b[i, c] -= share * b[k, c]
    for k in range(n - 1, -1, -1):
        for c in range(m):
            for j in range(k + 1, n):
                b[k, c] -= A[k, j] * b[j, c]
            b[k, c] = b[k, c] / A[k, k] if A[k, k] > 0.0 else 0.0


@njit(cache=True, error_model="numpy")
def _condense(A, W, K, n, k):
    """Take own modes out of K (n, n): A (k, k) of them, W (k, n + 1) with what couples them from column 1 on."""
    kept = W.copy()
    _solved(A, W, k, n + 1)
    for l in range(n):
        for j in range(n):
            for m in range(k):
                K[l, j] -= kept[m, l + 1] * W[m, j + 1]


@njit(parallel=True, cache=True, error_model="numpy")
def respond(rows, u, dofs, shape, first, B, M, weight, start, grown, law, tab, span, thin, ep, p, a, stress, new, after,
            f, K, rounds):  # fmt: skip
    """Forces of cells, and their tangents if K has rows for them.

    rows    (r,) cells that are asked; u (N,) m; dofs (m, n); shape (m,) of each cell
    first   (g + 1,) points of each shape: B (P, 6, n) strain out of u, M (P, 6, k) out of own modes (0 is none),
            weight (P,) m3
    start   (m,) first point of each cell in what is kept: grown (Q,) free strain, ep (Q, 6) and p (Q,) before
    law     (m, 5) as in `_returned`; tab (j, 2), of which a cell has rows span (m, 2)
    a       (m, k) its modes: a guess, then those in balance
    stress, new, after   (Q, 6), (Q, 6), (Q,) out
    f       (m, n) N out; K (r, n, n) or (0, n, n) out
    rounds  (m,) out: those that the modes took, -1 if they came to no end
    """
    n, k, count = B.shape[2], M.shape[2], rows.shape[0]
    wanted = K.shape[0] > 0
    for block in prange((count + BLOCK - 1) // BLOCK):
        e, C, own = np.zeros(6), np.zeros((6, 6)), np.zeros(n)
        A, W, V = np.zeros((k, k)), np.zeros((k, n + 1)), np.zeros((6, max(n, k)))
        for r in range(block * BLOCK, min((block + 1) * BLOCK, count)):
            c = rows[r]
            g = shape[c]
            bent = False
            for i in range(6):
                for j in range(k):
                    bent = bent or M[first[g], i, j] != 0.0
            for j in range(n):
                own[j] = u[dofs[c, j]]
            rounds[c] = -1
            for turn in range(40):
                f[c] = 0.0
                A[:] = 0.0
                W[:] = 0.0
                if wanted:
                    K[r] = 0.0
                size = 0.0
                for s in range(first[g], first[g + 1]):
                    q, w = start[c] + s - first[g], weight[s]
                    for i in range(6):
                        e[i] = -grown[q] if i < 3 else 0.0
                        for j in range(n):
                            e[i] += B[s, i, j] * own[j]
                        if bent:
                            for j in range(k):
                                e[i] += M[s, i, j] * a[c, j]
                    if thin:
                        over = (3.0 * law[c, 1] - 2.0 * law[c, 0]) / (3.0 * law[c, 1] + 4.0 * law[c, 0])
                        e[2] = ep[q, 2] - over * (e[0] + e[1] - ep[q, 0] - ep[q, 1])
                    after[q] = point(e, ep[q], p[q], law[c], tab, span[c, 0], span[c, 1], thin, stress[q], new[q], C)
                    for j in range(n):
                        for i in range(6):
                            f[c, j] += w * B[s, i, j] * stress[q, i]
                    if wanted:
                        for i in range(6):
                            for j in range(n):
                                V[i, j] = 0.0
                            for h in range(6):
                                if C[i, h] != 0.0:
                                    for j in range(n):
                                        V[i, j] += w * C[i, h] * B[s, h, j]
                        for l in range(n):
                            for i in range(6):
                                if B[s, i, l] != 0.0:
                                    for j in range(n):
                                        K[r, l, j] += B[s, i, l] * V[i, j]
                        if bent:
                            for l in range(k):
                                for i in range(6):
                                    if M[s, i, l] != 0.0:
                                        for j in range(n):
                                            W[l, j + 1] += M[s, i, l] * V[i, j]
                    if bent:
                        for i in range(6):
                            for j in range(k):
                                V[i, j] = 0.0
                                for h in range(6):
                                    V[i, j] += w * C[i, h] * M[s, h, j]
                        for l in range(k):
                            for i in range(6):
                                W[l, 0] += w * M[s, i, l] * stress[q, i]
                                size += abs(w * M[s, i, l]) * (abs(stress[q, i]) + 0.01 * law[c, 2])
                                if M[s, i, l] != 0.0:
                                    for j in range(k):
                                        A[l, j] += M[s, i, l] * V[i, j]
                if not bent:
                    rounds[c] = 0
                    break
                left = 0.0
                for l in range(k):
                    left += abs(W[l, 0])
                if left <= 1e-11 * size:
                    rounds[c] = turn
                    if wanted:
                        _condense(A, W, K[r], n, k)
                    break
                _solved(A, W, k, 1)
                for j in range(k):
                    a[c, j] -= W[j, 0]
