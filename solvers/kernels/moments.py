"""Solid moments and walls of cut cells, from signed distances on a lattice within each.

A cell is -1 ... 1 along each axis. A lattice divides it into boxes and those into tetrahedra (triangles of a section),
in which the distance is linear, negative inside. Moments are the integrals of x^a y^b z^c, a, b, c from 0 to 2, over
the solid, c fastest. They are exact up to the fifth degree: gradients of trilinear shapes multiply to the fourth.

References
----------
N. J. Walkington, Quadrature on simplices of arbitrary dimension (14 points, fifth degree).
"""

import numpy as np
from numba import njit, prange

_A, _B, _C = 0.31088591926330060980, 0.092735250310891226402, 0.045503704125649649492
POINTS = np.array(
    [[a if m != n else 1.0 - 3.0 * a for m in range(4)] for a in (_A, _B) for n in range(4)]
    + [[_C if m in (i, j) else 0.5 - _C for m in range(4)] for i in range(4) for j in range(i + 1, 4)]
)
WEIGHTS = np.array([0.11268792571801585080] * 4 + [0.073493043116361949544] * 4 + [0.042546020777081466438] * 6)
_P, _Q, _V = 0.445948490915965, 0.091576213509771, 0.223381589678011
SPOTS = np.array([[a if m != n else 1.0 - 2.0 * a for m in range(3)] for a in (_P, _Q) for n in range(3)])
SHARES = np.array([_V] * 3 + [1.0 / 3.0 - _V] * 3)  # six points, fourth degree
WAYS = np.array([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])


@njit(cache=True, error_model="numpy")
def _fill(x, a, b, c, d, sign, out):
    """Add `sign` times the moments of the tetrahedron of rows a, b, c, d of x (n, 3) to out (27,)."""
    u0, u1, u2 = x[b, 0] - x[a, 0], x[b, 1] - x[a, 1], x[b, 2] - x[a, 2]
    v0, v1, v2 = x[c, 0] - x[a, 0], x[c, 1] - x[a, 1], x[c, 2] - x[a, 2]
    w0, w1, w2 = x[d, 0] - x[a, 0], x[d, 1] - x[a, 1], x[d, 2] - x[a, 2]
    whole = abs(u0 * (v1 * w2 - v2 * w1) - u1 * (v0 * w2 - v2 * w0) + u2 * (v0 * w1 - v1 * w0)) / 6.0
    for n in range(14):
        p, q, r, s = POINTS[n, 0], POINTS[n, 1], POINTS[n, 2], POINTS[n, 3]
        at0 = p * x[a, 0] + q * x[b, 0] + r * x[c, 0] + s * x[d, 0]
        at1 = p * x[a, 1] + q * x[b, 1] + r * x[c, 1] + s * x[d, 1]
        at2 = p * x[a, 2] + q * x[b, 2] + r * x[c, 2] + s * x[d, 2]
        one = sign * whole * WEIGHTS[n]
        k = 0
        for _ in range(3):
            two = one
            for _ in range(3):
                out[k] += two
                out[k + 1] += two * at2
                out[k + 2] += two * at2 * at2
                k += 3
                two *= at1
            one *= at0


@njit(cache=True, error_model="numpy")
def _tell(x, a, b, c, away, tri, t):
    """Row t of tri (n, 3, 3): a triangle of wall, its corners in an order that looks towards `away` (3,)."""
    u0, u1, u2 = x[b, 0] - x[a, 0], x[b, 1] - x[a, 1], x[b, 2] - x[a, 2]
    v0, v1, v2 = x[c, 0] - x[a, 0], x[c, 1] - x[a, 1], x[c, 2] - x[a, 2]
    n0, n1, n2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
    turned = n0 * away[0] + n1 * away[1] + n2 * away[2] < 0.0
    for m in range(3):
        tri[t, 0, m] = x[a, m]
        tri[t, 1, m] = x[c, m] if turned else x[b, m]
        tri[t, 2, m] = x[b, m] if turned else x[c, m]


@njit(cache=True, error_model="numpy")
def _clip(x, phi, order, away, out, tri, t, fill):
    """One tetrahedron, rows 0 to 3 of x (8, 3): its solid into out, its walls into tri from row t on; the next row."""
    n = 0
    for m in range(4):
        if phi[m] < 0.0:
            order[n] = m
            n += 1
    if n == 0:
        return t
    if n == 4:
        if fill:
            _fill(x, 0, 1, 2, 3, 1.0, out)
        return t
    at = n
    for m in range(4):
        if phi[m] >= 0.0:
            order[at] = m
            at += 1
    for m in range(3):
        inner, outer = 0.0, 0.0
        for k in range(4):
            if k < n:
                inner += x[order[k], m] / n
            else:
                outer += x[order[k], m] / (4 - n)
        away[m] = outer - inner
    if n == 2:
        for k in range(4):
            i, o = order[k // 2], order[2 + k % 2]
            s = phi[i] / (phi[i] - phi[o])
            for m in range(3):
                x[4 + k, m] = x[i, m] + s * (x[o, m] - x[i, m])
        if fill:
            a, b = order[0], order[1]
            _fill(x, a, 4, 5, b, 1.0, out)
            _fill(x, 4, 5, b, 7, 1.0, out)
            _fill(x, 4, b, 6, 7, 1.0, out)
        else:
            _tell(x, 4, 5, 7, away, tri, t)
            _tell(x, 4, 7, 6, away, tri, t + 1)
        return t + 2
    tip, at = order[0] if n == 1 else order[3], 4
    for k in range(4):
        if k != tip:
            s = phi[tip] / (phi[tip] - phi[k])
            for m in range(3):
                x[at, m] = x[tip, m] + s * (x[k, m] - x[tip, m])
            at += 1
    if fill:
        if n == 3:
            _fill(x, 0, 1, 2, 3, 1.0, out)
        others = 4
        _fill(x, tip, others, others + 1, others + 2, 1.0 if n == 1 else -1.0, out)
    else:
        _tell(x, 4, 5, 6, away, tri, t)
    return t + 1


@njit(cache=True, error_model="numpy")
def _box(low, step, out):
    """Add the moments of a box of corner low (3,) and sides step (3,)."""
    one = np.empty((3, 3))
    for a in range(3):
        p, q = low[a], low[a] + step[a]
        one[a, 0], one[a, 1], one[a, 2] = q - p, 0.5 * (q * q - p * p), (q * q * q - p * p * p) / 3.0
    k = 0
    for a in range(3):
        for b in range(3):
            for c in range(3):
                out[k] += one[0, a] * one[1, b] * one[2, c]
                k += 1


@njit(cache=True, error_model="numpy")
def _sides(phi, i, j, k, low, step, x, away, tri, t, fill):
    """Walls on the sides of a box whose distances are nothing, into tri from row t on; the next free row."""
    for axis in range(3):
        one = (axis + 1) % 3
        for side in range(2):
            some = False
            for c in range(4):
                for a in range(3):
                    bit = side if a == axis else (c // 2 if a == one else c % 2)
                    x[c, a] = low[a] + bit * step[a]
                    away[a] = bit
                some = some or phi[i + int(away[0]), j + int(away[1]), k + int(away[2])] < 0.0
            if some:
                continue
            if not fill:
                away[:] = 0.0
                away[axis] = 2.0 * side - 1.0
                _tell(x, 0, 1, 3, away, tri, t)
                _tell(x, 0, 3, 2, away, tri, t + 1)
            t += 2
    return t


@njit(cache=True, error_model="numpy")
def _cell(phi, skip, out, tri, t, fill):
    """One cell of distances phi (s + 1, s + 1, s + 1): moments into out (27,) or walls into tri; the next free row."""
    s = phi.shape[0] - 1
    x, at, order, away = np.zeros((8, 3)), np.zeros(4), np.zeros(4, np.int64), np.zeros(3)
    low, step, corner = np.zeros(3), np.full(3, 2.0 / s), np.zeros(3, np.int64)
    for which in range(s**3):
        i, j, k = which // (s * s), which // s % s, which % s
        if skip[i, j, k]:
            continue
        low[0], low[1], low[2] = -1.0 + i * step[0], -1.0 + j * step[1], -1.0 + k * step[2]
        inside, outside = 0, 0
        for c in range(8):
            here = phi[i + c // 4, j + c // 2 % 2, k + c % 2]
            inside += here < 0.0
            outside += here > 0.0
        if inside == 0:
            continue
        if outside == 0:
            if fill:
                _box(low, step, out)
            t = _sides(phi, i, j, k, low, step, x, away, tri, t, fill)
            continue
        for way in range(6):
            corner[:] = 0
            for v in range(4):
                if v > 0:
                    corner[WAYS[way, v - 1]] = 1
                at[v] = phi[i + corner[0], j + corner[1], k + corner[2]]
                for a in range(3):
                    x[v, a] = low[a] + corner[a] * step[a]
            t = _clip(x, at, order, away, out, tri, t, fill)
    return t


@njit(parallel=True, cache=True, error_model="numpy")
def cut(phi, skip, out, count, first, tri, fill):
    """Solid of cells from phi (m, s + 1, s + 1, s + 1).

    skip    (m, s, s, s) boxes that are left out
    fill    True: moments into out (m, 27), numbers of wall triangles into count (m,); tri is not touched
            False: triangles into tri (total, 3, 3), those of cell n from row first[n] on, looking outwards
    """
    for n in prange(phi.shape[0]):
        if fill:
            out[n] = 0.0
            count[n] = _cell(phi[n], skip[n], out[n], tri[:0], 0, True)
        else:
            _cell(phi[n], skip[n], out[n], tri[first[n] : first[n + 1]], 0, False)


@njit(cache=True, error_model="numpy")
def _flat_fill(x, a, b, c, sign, out):
    """The same as `_fill` of a triangle of rows of x (n, 2) into out (9,)."""
    whole = 0.5 * abs((x[b, 0] - x[a, 0]) * (x[c, 1] - x[a, 1]) - (x[b, 1] - x[a, 1]) * (x[c, 0] - x[a, 0]))
    for n in range(6):
        p, q, r = SPOTS[n, 0], SPOTS[n, 1], SPOTS[n, 2]
        at0 = p * x[a, 0] + q * x[b, 0] + r * x[c, 0]
        at1 = p * x[a, 1] + q * x[b, 1] + r * x[c, 1]
        one = sign * whole * SHARES[n]
        for k in range(3):
            out[3 * k] += one
            out[3 * k + 1] += one * at1
            out[3 * k + 2] += one * at1 * at1
            one *= at0


@njit(cache=True, error_model="numpy")
def _flat_cell(phi, skip, out, seg, t, fill):
    """One cell of a section: phi (s + 1, s + 1), moments (9,), walls (n, 2, 2) with the solid on their left."""
    s = phi.shape[0] - 1
    x, at, step = np.zeros((5, 2)), np.zeros(3), 2.0 / s
    for which in range(2 * s * s):
        i, j, upper = which // 2 // s, which // 2 % s, which % 2
        if skip[i, j]:
            continue
        for v in range(3):
            a = 0 if v == 0 else (1 if v == 2 or upper == 0 else 0)
            b = 0 if v == 0 else (1 if v == 2 or upper == 1 else 0)
            at[v] = phi[i + a, j + b]
            x[v, 0], x[v, 1] = -1.0 + (i + a) * step, -1.0 + (j + b) * step
        inside = (at[0] < 0.0) + (at[1] < 0.0) + (at[2] < 0.0)
        if inside == 0:
            continue
        if inside == 3:
            if fill:
                _flat_fill(x, 0, 1, 2, 1.0, out)
            continue
        tip = 0
        for v in range(3):
            if (at[v] < 0.0) == (inside == 1):
                tip = v
        p, q = (tip + 1) % 3, (tip + 2) % 3
        for m, v in ((3, p), (4, q)):
            share = at[tip] / (at[tip] - at[v])
            for a in range(2):
                x[m, a] = x[tip, a] + share * (x[v, a] - x[tip, a])
        if fill:
            if inside == 2:
                _flat_fill(x, 0, 1, 2, 1.0, out)
            _flat_fill(x, tip, 3, 4, 1.0 if inside == 1 else -1.0, out)
        else:
            across = (x[4, 0] - x[3, 0]) * (x[tip, 1] - x[3, 1]) - (x[4, 1] - x[3, 1]) * (x[tip, 0] - x[3, 0])
            left = (across > 0.0) == (inside == 1)
            for a in range(2):
                seg[t, 0, a] = x[3, a] if left else x[4, a]
                seg[t, 1, a] = x[4, a] if left else x[3, a]
        t += 1
    return t


@njit(cache=True, error_model="numpy")
def cut_flat(phi, skip, out, count, first, seg, fill):
    """The same of a section: phi (m, s + 1, s + 1), out (m, 9), seg (total, 2, 2) with the solid on the left."""
    for n in range(phi.shape[0]):
        if fill:
            out[n] = 0.0
            count[n] = _flat_cell(phi[n], skip[n], out[n], seg[:0], 0, True)
        else:
            _flat_cell(phi[n], skip[n], out[n], seg[first[n] : first[n + 1]], 0, False)
