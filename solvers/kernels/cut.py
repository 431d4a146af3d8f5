"""Cells that a wall passes through: solid volumes, open areas and wall areas from signed distances at points.

A cell is cut into 48 chambers, tetrahedra between its centre, the middle of a face f, the middle of an edge that f
shares with a face g, and a corner that both share with a face t. In a chamber the distance is linear, and the six
neighbours are near in the order f, g, t, opposite of t, of g, of f: its solid belongs to the cell itself where that
has its centre inside, else to the first neighbour that has. Faces are numbered 2 axis + side. All pieces of a cell
close: its open areas and its walls add up to zero.
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


@njit(parallel=True, cache=True)
def pieces(cells, corner, centre, hx, hy, hz, slot, volume, face, inner, wall):
    """Everything about the cut cells.

    cells, centre, slot  as in `owners`
    corner               (nx + 1, ny + 1, nz + 1) m, signed distance, negative inside
    hx, hy, hz           widths, m
    volume               (m, 7) out, m3: solid of each slot
    face                 (m, 48) out, m2: a chamber's open share of its face f
    inner                (m, 48, 3) out, m2: solid area towards the chambers with g and t exchanged, with the opposite
                         of t, and with f and g exchanged
    wall                 (m, 7, 7) out: a slot's area vector and area, m2, and area times middle from the centre, m3
    """
    for n in prange(cells.shape[0]):
        i, j, k = cells[n]
        h = np.array([hx[i], hy[j], hz[k]])
        x, phi = np.zeros((8, 3)), np.zeros(4)
        order, away = np.zeros(4, dtype=np.int64), np.zeros(3)
        at = np.zeros(3, dtype=np.int64)
        ring = np.zeros((2, 2))
        volume[n, :] = 0.0
        wall[n, :, :] = 0.0
        phi[0] = centre[i, j, k]
        for m in range(48):
            f, g, t = FACES[m]
            a, b, c = f // 2, g // 2, t // 2
            at[a] = f % 2
            for p in range(2):
                for q in range(2):
                    at[b], at[c] = p, q
                    ring[p, q] = corner[i + at[0], j + at[1], k + at[2]]
            phi[1] = 0.25 * ((ring[0, 0] + ring[1, 1]) + (ring[0, 1] + ring[1, 0]))
            phi[2] = 0.5 * (ring[g % 2, 0] + ring[g % 2, 1])
            phi[3] = ring[g % 2, t % 2]
            own = slot[n, m]
            solid = (phi[0] < 0.0) + (phi[1] < 0.0) + (phi[2] < 0.0) + (phi[3] < 0.0)
            if solid == 0 or solid == 4:
                share = 0.125 if solid == 4 else 0.0
                volume[n, own] += share * h[0] * h[1] * h[2] / 6.0
                face[n, m] = share * h[b] * h[c]
                inner[n, m, 0] = share * h[a] * math.hypot(h[b], h[c])
                inner[n, m, 1] = share * h[a] * h[b]
                inner[n, m, 2] = share * h[c] * math.hypot(h[a], h[b])
                continue
            x[:, :] = 0.0
            x[1, a] = x[2, a] = x[3, a] = (f % 2 - 0.5) * h[a]
            x[2, b] = x[3, b] = (g % 2 - 0.5) * h[b]
            x[3, c] = (t % 2 - 0.5) * h[c]
            volume[n, own] += tetrahedron(x, phi, order, away, wall, n, own)
            face[n, m] = 0.125 * h[b] * h[c] * covered(phi[1], phi[2], phi[3])
            inner[n, m, 0] = 0.125 * h[a] * math.hypot(h[b], h[c]) * covered(phi[0], phi[1], phi[3])
            inner[n, m, 1] = 0.125 * h[a] * h[b] * covered(phi[0], phi[1], phi[2])
            inner[n, m, 2] = 0.125 * h[c] * math.hypot(h[a], h[b]) * covered(phi[0], phi[2], phi[3])


@njit(parallel=True, cache=True)
def flat_pieces(cells, corner, centre, hx, hy, hz, slot, volume, face, inner, wall):
    """The same for a section, one cell deep along z, of eight triangles a cell: centre, middle of f, corner.

    corner (nx + 1, ny + 1, 1); only chambers whose t is the face below z are used, and `inner` is towards none, the
    opposite of g, and f and g exchanged.
    """
    for n in prange(cells.shape[0]):
        i, j, _ = cells[n]
        h = np.array([hx[i], hy[j]])
        deep = hz[0]
        volume[n, :] = 0.0
        face[n, :] = 0.0
        inner[n, :, :] = 0.0
        wall[n, :, :] = 0.0
        x, phi, ends = np.zeros((3, 2)), np.zeros(3), np.zeros((2, 2))
        phi[0] = centre[i, j, 0]
        for m in range(48):
            f, g, t = FACES[m]
            if t != 4:
                continue
            a, b = f // 2, g // 2
            for end in range(2):
                x[1 + end, a] = (f % 2 - 0.5) * h[a]
            x[2, b] = (g % 2 - 0.5) * h[b]
            here, there = g % 2, 1 - g % 2
            if a == 0:
                phi[2], other = corner[i + f % 2, j + here, 0], corner[i + f % 2, j + there, 0]
            else:
                phi[2], other = corner[i + here, j + f % 2, 0], corner[i + there, j + f % 2, 0]
            phi[1] = 0.5 * (phi[2] + other)
            x[1, b] = 0.0
            own = slot[n, m]
            volume[n, own] += 0.125 * h[0] * h[1] * deep * covered(phi[0], phi[1], phi[2])
            face[n, m] = 0.5 * h[b] * deep * _open(phi[1], phi[2])
            inner[n, m, 1] = 0.5 * h[a] * deep * _open(phi[0], phi[1])
            inner[n, m, 2] = 0.5 * math.hypot(h[0], h[1]) * deep * _open(phi[0], phi[2])
            found = 0
            for p in range(3):
                q = (p + 1) % 3
                if (phi[p] < 0.0) != (phi[q] < 0.0):
                    share = phi[p] / (phi[p] - phi[q])
                    for d in range(2):
                        ends[found, d] = x[p, d] + share * (x[q, d] - x[p, d])
                    found += 1
            if found == 2:
                nx, ny = (ends[1, 1] - ends[0, 1]) * deep, (ends[0, 0] - ends[1, 0]) * deep
                turn = 0.0
                for p in range(3):
                    far = (x[p, 0] - ends[0, 0]) * nx + (x[p, 1] - ends[0, 1]) * ny
                    turn += far if phi[p] >= 0.0 else -far
                turn = 1.0 if turn >= 0.0 else -1.0
                area = math.hypot(nx, ny)
                wall[n, own, 0] += turn * nx
                wall[n, own, 1] += turn * ny
                wall[n, own, 3] += area
                wall[n, own, 4] += area * 0.5 * (ends[0, 0] + ends[1, 0])
                wall[n, own, 5] += area * 0.5 * (ends[0, 1] + ends[1, 1])


@njit(cache=True)
def _open(p, q):
    """Share of a line where the distance is below zero."""
    if p < 0.0:
        return 1.0 if q < 0.0 else p / (p - q)
    return q / (q - p) if q < 0.0 else 0.0


@njit(cache=True)
def gather(cells, number, h, flat, owner, slot, face, inner, x, y, z, first, second, over):
    """Conductances between the owners of neighbouring pieces: area along the line of their centres over its length.

    cells, owner, slot, face, inner  as above
    flat                                   bool: a section, one cell deep along z
    number                                 (nx, ny, nz) int: row of a cut cell, -1 solid, -2 void
    h                                      (m, 3) m: widths of the cut cells
    x, y, z                                centres, m
    first, second, over                    out: flat cells, and m; a pair may come more than once
    Returns how many there are.
    """
    nx, ny, nz = number.shape
    found = 0
    r, s = np.zeros(3), np.zeros(3)
    for n in range(cells.shape[0]):
        i, j, k = cells[n]
        lonely = owner[n, SELF] >= 0
        for m in range(48):
            f, g, t = FACES[m]
            if flat and t != 4:
                continue
            for way in range(4):
                s[:] = 0.0
                if way == 3:
                    if face[n, m] <= 0.0:
                        continue
                    step = 2 * (f % 2) - 1
                    a = i + (step if f // 2 == 0 else 0)
                    b = j + (step if f // 2 == 1 else 0)
                    c = k + (step if f // 2 == 2 else 0)
                    if not (0 <= a < nx and 0 <= b < ny and 0 <= c < nz) or number[a, b, c] == -2:
                        continue
                    row = number[a, b, c]
                    if row >= 0 and step < 0:
                        continue  # the other cell counts it
                    other = (a * ny + b) * nz + c
                    if row >= 0:
                        other = owner[row, slot[row, CHAMBER[f ^ 1, g, t]]]
                    s[f // 2] = step * face[n, m]
                else:
                    if lonely or inner[n, m, way] <= 0.0:
                        continue
                    p, q = (g, t) if way == 0 else (f, g)
                    beyond = CHAMBER[f, t, g] if way == 0 else CHAMBER[g, f, t]
                    if way == 1:
                        p = g if flat else t
                        beyond = CHAMBER[f, g ^ 1, t] if flat else CHAMBER[f, g, t ^ 1]
                    if beyond < m or slot[n, beyond] == slot[n, m]:
                        continue
                    other = owner[n, slot[n, beyond]]
                    if way == 1:
                        s[p // 2] = (1 - 2 * (p % 2)) * inner[n, m, way]
                    else:
                        hp, hq = h[n, p // 2], h[n, q // 2]
                        size = inner[n, m, way] / math.hypot(hp, hq)
                        s[p // 2] = (1 - 2 * (p % 2)) * size * hq
                        s[q // 2] = (2 * (q % 2) - 1) * size * hp
                mine = owner[n, slot[n, m]]
                if mine < 0 or other < 0 or mine == other:
                    continue
                r[0] = x[other // (ny * nz)] - x[mine // (ny * nz)]
                r[1] = y[other // nz % ny] - y[mine // nz % ny]
                r[2] = z[other % nz] - z[mine % nz]
                through = s[0] * r[0] + s[1] * r[1] + s[2] * r[2]
                if through > 0.0:
                    first[found], second[found] = mine, other
                    over[found] = through / (r[0] * r[0] + r[1] * r[1] + r[2] * r[2])
                    found += 1
    return found
