"""Cells that a wall passes through: solid volumes, open areas and wall areas from signed distances at points.

A cell is cut into 48 chambers, tetrahedra between its centre, the middle of a face f, the middle of an edge that f
shares with a face g, and a corner that both share with a face t. In a chamber the six neighbours are near in the order
f, g, t, opposite of t, of g, of f: its solid belongs to the cell itself where that has its centre inside, else to the
first neighbour that has. Faces are numbered 2 axis + side. A lattice divides each chamber into tetrahedra like itself;
in those the distance is linear. All pieces of a cell close: its open areas and its walls add up to zero.
"""

import math

import numpy as np
from numba import njit, prange

CHAMBER = np.full((6, 6, 6), -1, dtype=np.int64)  # f, g, t -> 0 to 47
FACES = np.zeros((48, 3), dtype=np.int64)  # the way back
for _f in range(6):
    for _g in range(6):
        for _t in range(6):
            if len({_f // 2, _g // 2, _t // 2}) == 3:
                CHAMBER[_f, _g, _t] = CHAMBER.max() + 1
                FACES[CHAMBER[_f, _g, _t]] = _f, _g, _t
SELF = 6  # slot of a cell's own share; 0 to 5 are the neighbours behind its faces


@njit(cache=True)
def covered(p, q, r):
    """Share of a triangle where the distance, linear between its corners' values, is below zero."""
    n = (p < 0.0) + (q < 0.0) + (r < 0.0)
    if n == 0:
        return 0.0
    if n == 3:
        return 1.0
    if n == 1:
        if q < 0.0:
            p, q = q, p
        elif r < 0.0:
            p, r = r, p
        return (p / (p - q)) * (p / (p - r))
    if q >= 0.0:
        p, q = q, p
    elif r >= 0.0:
        p, r = r, p
    return 1.0 - (p / (p - q)) * (p / (p - r))


@njit(cache=True)
def _six(x, a, b, c, d):
    """Volume of a tetrahedron of rows of x (n, 3)."""
    u0, u1, u2 = x[b, 0] - x[a, 0], x[b, 1] - x[a, 1], x[b, 2] - x[a, 2]
    v0, v1, v2 = x[c, 0] - x[a, 0], x[c, 1] - x[a, 1], x[c, 2] - x[a, 2]
    w0, w1, w2 = x[d, 0] - x[a, 0], x[d, 1] - x[a, 1], x[d, 2] - x[a, 2]
    return abs(u0 * (v1 * w2 - v2 * w1) - u1 * (v0 * w2 - v2 * w0) + u2 * (v0 * w1 - v1 * w0)) / 6.0


@njit(cache=True)
def _piece(x, a, b, c, sign, wall, n, own):
    """Add a triangle of wall to wall[n, own] (7,): area vector, area, area times middle; turned towards `sign` (3,)."""
    u0, u1, u2 = x[b, 0] - x[a, 0], x[b, 1] - x[a, 1], x[b, 2] - x[a, 2]
    v0, v1, v2 = x[c, 0] - x[a, 0], x[c, 1] - x[a, 1], x[c, 2] - x[a, 2]
    n0, n1, n2 = 0.5 * (u1 * v2 - u2 * v1), 0.5 * (u2 * v0 - u0 * v2), 0.5 * (u0 * v1 - u1 * v0)
    area = math.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
    turn = 1.0 if n0 * sign[0] + n1 * sign[1] + n2 * sign[2] >= 0.0 else -1.0
    wall[n, own, 0] += turn * n0
    wall[n, own, 1] += turn * n1
    wall[n, own, 2] += turn * n2
    wall[n, own, 3] += area
    for m in range(3):
        wall[n, own, 4 + m] += area * (x[a, m] + x[b, m] + x[c, m]) / 3.0


@njit(cache=True)
def tetrahedron(x, phi, order, away, wall, row, own):
    """Solid volume of the tetrahedron in rows 0 to 3 of `x` (8, 3); its wall is added to wall[row, own] (7,).

    phi    (4,) signed distance at the corners, negative inside
    order  (4,) int, work; away (3,) work; rows 4 to 7 of `x` are work
    """
    n = 0
    for m in range(4):
        if phi[m] < 0.0:
            order[n] = m
            n += 1
    if n == 0:
        return 0.0
    whole = _six(x, 0, 1, 2, 3)
    if n == 4:
        return whole
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
            t = phi[i] / (phi[i] - phi[o])
            for m in range(3):
                x[4 + k, m] = x[i, m] + t * (x[o, m] - x[i, m])
        _piece(x, 4, 5, 7, away, wall, row, own)
        _piece(x, 4, 7, 6, away, wall, row, own)
        a, b = order[0], order[1]
        return _six(x, a, 4, 5, b) + _six(x, 4, 5, b, 7) + _six(x, 4, b, 6, 7)
    tip = order[0] if n == 1 else order[3]
    share, at = 1.0, 4
    for k in range(4):
        if k != tip:
            t = phi[tip] / (phi[tip] - phi[k])
            share *= t
            for m in range(3):
                x[at, m] = x[tip, m] + t * (x[k, m] - x[tip, m])
            at += 1
    _piece(x, 4, 5, 6, away, wall, row, own)
    return whole * share if n == 1 else whole * (1.0 - share)


@njit(cache=True)
def owners(cells, centre, owner, slot):
    """Who takes in each chamber of the cut cells.

    cells   (m, 3) int: their i, j, k
    centre  (nx, ny, nz) m, signed distance at the centres, negative inside
    owner   (m, 7) out: flat cell of each slot, -1 where that is not inside; the last is the cell itself, or whoever is
            deepest around where no neighbour behind a face is inside
    slot    (m, 48) out: slot of each chamber
    Returns how many cells found nobody.
    """
    nx, ny, nz = centre.shape
    alone = 0
    order = np.zeros(6, dtype=np.int64)
    for n in range(cells.shape[0]):
        i, j, k = cells[n]
        owner[n, :] = -1
        slot[n, :] = SELF
        if centre[i, j, k] < 0.0:
            owner[n, SELF] = (i * ny + j) * nz + k
            continue
        some = False
        for f in range(6):
            step = 2 * (f % 2) - 1
            a = i + (step if f // 2 == 0 else 0)
            b = j + (step if f // 2 == 1 else 0)
            c = k + (step if f // 2 == 2 else 0)
            if 0 <= a < nx and 0 <= b < ny and 0 <= c < nz and centre[a, b, c] < 0.0:
                owner[n, f] = (a * ny + b) * nz + c
                some = True
        if not some:
            deepest = 0.0
            for a in range(max(i - 1, 0), min(i + 2, nx)):
                for b in range(max(j - 1, 0), min(j + 2, ny)):
                    for c in range(max(k - 1, 0), min(k + 2, nz)):
                        if centre[a, b, c] < deepest:
                            deepest = centre[a, b, c]
                            owner[n, SELF] = (a * ny + b) * nz + c
            alone += owner[n, SELF] < 0
            continue
        for m in range(48):
            f, g, t = FACES[m]
            order[0], order[1], order[2], order[3], order[4], order[5] = f, g, t, t ^ 1, g ^ 1, f ^ 1
            for which in order:
                if owner[n, which] >= 0:
                    slot[n, m] = which
                    break
    return alone


@njit(cache=True)
def _add(one, wall):
    """Add a piece of wall `one` (7,) to the first of `wall` (k, 7) that faces its way, or to a free one."""
    best, most, last = 0, -2.0, wall.shape[0] - 1
    for k in range(wall.shape[0]):
        if wall[k, 3] == 0.0 or last == 0:
            best = k
            break
        size = math.sqrt(wall[k, 0] ** 2 + wall[k, 1] ** 2 + wall[k, 2] ** 2) * one[3]
        along = (wall[k, 0] * one[0] + wall[k, 1] * one[1] + wall[k, 2] * one[2]) / max(size, 1e-300)
        if along > most:
            best, most = k, along
        if along > 0.85:
            break
    for m in range(7):
        wall[best, m] += one[m]


@njit(parallel=True, cache=True)
def pieces(phi, h, slot, volume, face, inner, wall):
    """Everything about the cut cells.

    phi     (m, 2 s + 1, ...) m, signed distance on a lattice of each cell, negative inside; every chamber is cut into
            the s**3 tetrahedra of the lattice that fill it
    h       (m, 3) m, widths
    slot    (m, 48) as in `owners`
    volume  (m, 7) out, m3: solid of each slot
    face    (m, 48) out, m2: a chamber's open share of its face f
    inner   (m, 48, 3) out, m2: solid area towards the chambers with g and t exchanged, with the opposite of t, and
            with f and g exchanged
    wall    (m, 7, k, 7) out: a slot's area vector and area, m2, and area times middle from the centre, m3, of k
            walls that face different ways
    """
    s = phi.shape[1] // 2
    for n in prange(phi.shape[0]):
        x, at, order, away = np.zeros((8, 3)), np.zeros(4), np.zeros(4, dtype=np.int64), np.zeros(3)
        turn, step, sub = np.zeros(3, dtype=np.int64), np.zeros(3), np.zeros(3, dtype=np.int64)
        corner, one, near = np.zeros(3, dtype=np.int64), np.zeros((1, 1, 7)), np.zeros((2, 2, 2))
        volume[n, :] = 0.0
        face[n, :] = 0.0
        inner[n, :, :] = 0.0
        wall[n, :, :, :] = 0.0
        for a in range(3):
            step[a] = h[n, a] / (2 * s)
        for which in range(8 * s**3):
            rest = which
            for a in range(3):
                turn[a] = rest % 2
                rest //= 2
            for a in range(3):
                sub[a] = rest % s
                rest //= s
            some = False
            for c in range(8):
                i, j, k = c // 4, c // 2 % 2, c % 2
                here = phi[n, s + (2 * turn[0] - 1) * (sub[0] + i), s + (2 * turn[1] - 1) * (sub[1] + j),
                           s + (2 * turn[2] - 1) * (sub[2] + k)]  # fmt: skip
                near[i, j, k] = here
                some = some or here < 0.0
            if not some:
                continue
            for way in range(6):
                p0 = way // 2
                p1 = (p0 + 1 + way % 2) % 3
                p2 = 3 - p0 - p1
                corner[:] = 0
                for v in range(4):
                    if v > 0:
                        corner[p0 if v == 1 else (p1 if v == 2 else p2)] = 1
                    at[v] = near[corner[0], corner[1], corner[2]]
                    for a in range(3):
                        x[v, a] = (2 * turn[a] - 1) * (sub[a] + corner[a]) * step[a]
                solid = (at[0] < 0.0) + (at[1] < 0.0) + (at[2] < 0.0) + (at[3] < 0.0)
                if solid == 0:
                    continue
                f, g, t = _rank(4 * sub[0], 4 * sub[1], 4 * sub[2], p0, p1, p2)
                m = CHAMBER[2 * f + turn[f], 2 * g + turn[g], 2 * t + turn[t]]
                own = slot[n, m]
                if solid == 4:
                    volume[n, own] += step[0] * step[1] * step[2] / 6.0
                else:
                    one[:] = 0.0
                    volume[n, own] += tetrahedron(x, at, order, away, one, 0, 0)
                    if one[0, 0, 3] > 0.0:
                        _add(one[0, 0], wall[n, own])
                if sub[p0] == s - 1:
                    face[n, m] += 0.5 * step[p1] * step[p2] * covered(at[1], at[2], at[3])
                if sub[p2] == 0:
                    inner[n, m, 1] += 0.5 * step[p0] * step[p1] * covered(at[0], at[1], at[2])
                if sub[p0] == sub[p1]:
                    side = 2 if p2 == t else 0
                    inner[n, m, side] += 0.5 * step[p2] * math.hypot(step[p0], step[p1]) * covered(at[0], at[2], at[3])
                if sub[p1] == sub[p2]:
                    side = 0 if p0 == f else 2
                    inner[n, m, side] += 0.5 * step[p0] * math.hypot(step[p1], step[p2]) * covered(at[0], at[1], at[3])


@njit(cache=True)
def _rank(a, b, c, p0, p1, p2):
    """Axes in falling order of `a`, `b`, `c`, to which 3, 2, 1 is added on axes `p0`, `p1`, `p2`."""
    a += 3 * (p0 == 0) + 2 * (p1 == 0) + (p2 == 0)
    b += 3 * (p0 == 1) + 2 * (p1 == 1) + (p2 == 1)
    c += 3 * (p0 == 2) + 2 * (p1 == 2) + (p2 == 2)
    f = 0 if a > b and a > c else (1 if b > c else 2)
    t = 0 if a < b and a < c else (1 if b < c else 2)
    return f, 3 - f - t, t


@njit(parallel=True, cache=True)
def flat_pieces(phi, h, slot, volume, face, inner, wall):
    """The same for a section, one cell deep along z, whose chambers are triangles: centre, middle of f, corner.

    phi (m, 2 s + 1, 2 s + 1, 1); only chambers whose t is the face below z are used, and `inner` is towards none, the
    opposite of g, and f and g exchanged.
    """
    s = phi.shape[1] // 2
    for n in prange(phi.shape[0]):
        deep = h[n, 2]
        x, at, ends, one = np.zeros((3, 2)), np.zeros(3), np.zeros((2, 2)), np.zeros(7)
        turn, step, sub = np.zeros(2, dtype=np.int64), np.zeros(2), np.zeros(2, dtype=np.int64)
        corner = np.zeros(2, dtype=np.int64)
        volume[n, :] = 0.0
        face[n, :] = 0.0
        inner[n, :, :] = 0.0
        wall[n, :, :, :] = 0.0
        for a in range(2):
            step[a] = h[n, a] / (2 * s)
        for which in range(4 * s**2 * 2):
            rest, p0 = which // 2, which % 2
            p1 = 1 - p0
            for a in range(2):
                turn[a] = rest % 2
                rest //= 2
            for a in range(2):
                sub[a] = rest % s
                rest //= s
            corner[:] = sub
            for v in range(3):
                if v > 0:
                    corner[p0 if v == 1 else p1] += 1
                for a in range(2):
                    x[v, a] = (2 * turn[a] - 1) * corner[a] * step[a]
                at[v] = phi[n, s + (2 * turn[0] - 1) * corner[0], s + (2 * turn[1] - 1) * corner[1], 0]
            f = 0 if 2 * sub[0] + (p0 == 0) > 2 * sub[1] + (p0 == 1) else 1
            g = 1 - f
            m = CHAMBER[2 * f + turn[f], 2 * g + turn[g], 4]
            own = slot[n, m]
            volume[n, own] += 0.5 * step[0] * step[1] * deep * covered(at[0], at[1], at[2])
            if sub[p0] == s - 1:
                face[n, m] += step[p1] * deep * _open(at[1], at[2])
            if sub[p1] == 0:
                inner[n, m, 1] += step[p0] * deep * _open(at[0], at[1])
            if sub[0] == sub[1]:
                inner[n, m, 2] += math.hypot(step[0], step[1]) * deep * _open(at[0], at[2])
            found = 0
            for p in range(3):
                q = (p + 1) % 3
                if (at[p] < 0.0) != (at[q] < 0.0):
                    share = at[p] / (at[p] - at[q])
                    for d in range(2):
                        ends[found, d] = x[p, d] + share * (x[q, d] - x[p, d])
                    found += 1
            if found == 2:
                nx, ny = (ends[1, 1] - ends[0, 1]) * deep, (ends[0, 0] - ends[1, 0]) * deep
                way = 0.0
                for p in range(3):
                    far = (x[p, 0] - ends[0, 0]) * nx + (x[p, 1] - ends[0, 1]) * ny
                    way += far if at[p] >= 0.0 else -far
                way = 1.0 if way >= 0.0 else -1.0
                area = math.hypot(nx, ny)
                one[0], one[1], one[3] = way * nx, way * ny, area
                one[4] = area * 0.5 * (ends[0, 0] + ends[1, 0])
                one[5] = area * 0.5 * (ends[0, 1] + ends[1, 1])
                if area > 0.0:
                    _add(one, wall[n, own])


@njit(cache=True)
def _open(p, q):
    """Share of a line where the distance is below zero."""
    if p < 0.0:
        return 1.0 if q < 0.0 else p / (p - q)
    return q / (q - p) if q < 0.0 else 0.0
