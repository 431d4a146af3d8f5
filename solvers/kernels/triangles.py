"""Signed distances to a closed surface of triangles at every point of a Cartesian grid, near the surface.

The points of one plane across x are one thread's own. Inside is where more triangles face down than up below a point,
counted along z by integers: lateral coordinates are rounded to whole numbers once and a point on an edge or corner is
thought of as moved by (e, e^2), so every line meets a closed surface in as many ways in as out, whatever its slivers.
Distances are taken from each triangle to the points within `band` of it, and are `band` beyond.
"""

import math

import numpy as np
from numba import njit, prange

# Columns of the table of triangles: a corner a, edges ab and ac, unit normal, ab.ab, ab.ac, ac.ac, and 1 where it is
# too narrow to have a normal.
CORNER, AB, AC, NORMAL, ABAB, ABAC, ACAC, NARROW = 0, 3, 6, 9, 12, 13, 14, 15


@njit(cache=True)
def _segment(px, py, pz, ux, uy, uz):
    """Square of the distance of p from the segment from the origin to u."""
    size = ux * ux + uy * uy + uz * uz
    t = (px * ux + py * uy + pz * uz) / size if size > 0.0 else 0.0
    t = min(max(t, 0.0), 1.0)
    dx, dy, dz = px - t * ux, py - t * uy, pz - t * uz
    return dx * dx + dy * dy + dz * dz


@njit(cache=True)
def square(table, n, px, py, pz):
    """Square (m2) of the distance of the point whose place relative to corner a is p from triangle n.

    Ericson, Real-Time Collision Detection, sec. 5.1.5; a narrow triangle is its three edges.
    """
    bx, by, bz, cx, cy, cz = (
        table[n, AB],
        table[n, AB + 1],
        table[n, AB + 2],
        table[n, AC],
        table[n, AC + 1],
        table[n, AC + 2],
    )
    if table[n, NARROW] != 0.0:
        least = min(_segment(px, py, pz, bx, by, bz), _segment(px, py, pz, cx, cy, cz))
        return min(least, _segment(px - bx, py - by, pz - bz, cx - bx, cy - by, cz - bz))
    d1, d2 = bx * px + by * py + bz * pz, cx * px + cy * py + cz * pz
    if d1 <= 0.0 and d2 <= 0.0:
        return px * px + py * py + pz * pz
    d3, d4 = d1 - table[n, ABAB], d2 - table[n, ABAC]
    if d3 >= 0.0 and d4 <= d3:
        return (px - bx) ** 2 + (py - by) ** 2 + (pz - bz) ** 2
    if d1 * d4 - d3 * d2 <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        t = d1 / (d1 - d3)
        return (px - t * bx) ** 2 + (py - t * by) ** 2 + (pz - t * bz) ** 2
    d5, d6 = d1 - table[n, ABAC], d2 - table[n, ACAC]
    if d6 >= 0.0 and d5 <= d6:
        return (px - cx) ** 2 + (py - cy) ** 2 + (pz - cz) ** 2
    if d5 * d2 - d1 * d6 <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        t = d2 / (d2 - d6)
        return (px - t * cx) ** 2 + (py - t * cy) ** 2 + (pz - t * cz) ** 2
    if d3 * d6 - d5 * d4 <= 0.0 and d4 - d3 >= 0.0 and d5 - d6 >= 0.0:
        t = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        ux, uy, uz = bx + t * (cx - bx), by + t * (cy - by), bz + t * (cz - bz)
        return (px - ux) ** 2 + (py - uy) ** 2 + (pz - uz) ** 2
    away = table[n, NORMAL] * px + table[n, NORMAL + 1] * py + table[n, NORMAL + 2] * pz
    return away * away


@njit(cache=True)
def _below(line, at):
    """How many of the rising numbers in `line` are below `at`."""
    low, high = 0, line.shape[0]
    while low < high:
        middle = (low + high) // 2
        if line[middle] < at:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def planes(low, high, band, x, first, listed):
    """Which triangles come within `band` of each plane across x.

    low, high  (nt, 3) m, boxes of the triangles
    x          (nx,) m, rising
    first      (nx + 1,) out: where the list of each plane begins
    listed     (n,) int32 out, or of size 0 to count alone
    Returns how long the list is.
    """
    first[:] = 0
    for n in range(low.shape[0]):
        for i in range(_below(x, low[n, 0] - band), _below(x, high[n, 0] + band)):
            first[i + 1] += 1
    for i in range(x.shape[0]):
        first[i + 1] += first[i]
    total = first[x.shape[0]]
    if listed.shape[0] == total:
        for n in range(low.shape[0]):
            for i in range(_below(x, low[n, 0] - band), _below(x, high[n, 0] + band)):
                listed[first[i]] = n
                first[i] += 1
        for i in range(x.shape[0], 0, -1):
            first[i] = first[i - 1]
        first[0] = 0
    return total


@njit(cache=True)
def _side(ax, ay, bx, by, px, py):
    """Twice the area of a, b, p, whole numbers; and its sign with p moved by (e, e^2), 0 where a is b."""
    area = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
    if area != 0:
        return area, 1 if area > 0 else -1
    if by != ay:
        return area, -1 if by > ay else 1
    return area, 0 if bx == ax else (1 if bx > ax else -1)


@njit(cache=True)
def _enter(n, whole, heights, X, Y, z, plane):
    """Count triangle n where lines along z meet it: +1 at the first point above where they enter, -1 where they leave.

    whole (nt, 3, 2) int, heights (nt, 3) m: the corners; X, Y (ny,) int: where the lines are; plane (ny, nz)
    """
    ax, ay, bx, by = whole[n, 0, 0], whole[n, 0, 1], whole[n, 1, 0], whole[n, 1, 1]
    cx, cy = whole[n, 2, 0], whole[n, 2, 1]
    if min(ax, bx, cx) > X or max(ax, bx, cx) < X:
        return
    bottom, top = min(ay, by, cy), max(ay, by, cy)
    j = _below(Y, bottom)
    while j < Y.shape[0] and Y[j] <= top:
        ab, one = _side(ax, ay, bx, by, X, Y[j])
        bc, two = _side(bx, by, cx, cy, X, Y[j])
        ca, three = _side(cx, cy, ax, ay, X, Y[j])
        total = float(ab) + float(bc) + float(ca)
        if one == two and two == three and total != 0.0:
            a, b, c = heights[n, 0], heights[n, 1], heights[n, 2]
            at = a + (float(ca) / total) * (b - a) + (float(ab) / total) * (c - a)
            k = _below(z, at)
            if k < z.shape[0]:
                plane[j, k] -= one
        j += 1


@njit(parallel=True, cache=True)
def distances(order, first, listed, table, low, high, whole, heights, X, Y, x, y, z, band, field):
    """Signed distances at the points of a grid, negative inside, exact to `band` and +-`band` beyond.

    order            (nx,) int: which plane is dealt with when, so that threads share the work evenly
    first, listed    of `planes`
    table, low, high (nt, 16), (nt, 3), (nt, 3): the triangles and their boxes
    whole, heights   (nt, 3, 2) int, (nt, 3) m: x and y of their corners in whole numbers, and z
    X, Y             (nx,), (ny,) int: the same of the points
    x, y, z, band    m
    field            (nx, ny, nz) out, m
    """
    ny, nz = y.shape[0], z.shape[0]
    far = band * band
    for n in prange(order.shape[0]):
        i = order[n]
        plane = field[i]
        plane[:, :] = 0.0
        for m in range(first[i], first[i + 1]):
            _enter(listed[m], whole, heights, X[i], Y, z, plane)
        for j in range(ny):
            deep = 0.0
            for k in range(nz):
                deep += plane[j, k]
                plane[j, k] = -far if deep > 0.5 else far
        for m in range(first[i], first[i + 1]):
            t = listed[m]
            dx = max(low[t, 0] - x[i], x[i] - high[t, 0], 0.0)
            left = far - dx * dx
            if left <= 0.0:
                continue
            reach = math.sqrt(left)
            px = x[i] - table[t, CORNER]
            tilt = table[t, NORMAL + 2]
            for j in range(_below(y, low[t, 1] - reach), ny):
                dy = max(low[t, 1] - y[j], y[j] - high[t, 1], 0.0)
                if dy >= reach:
                    break
                tall = math.sqrt(left - dy * dy)
                py = y[j] - table[t, CORNER + 1]
                bottom, top = low[t, 2] - tall, high[t, 2] + tall
                flat = table[t, NORMAL] * px + table[t, NORMAL + 1] * py
                if abs(tilt) > 1e-6:
                    middle, wide = table[t, CORNER + 2] - flat / tilt, band / abs(tilt)
                    bottom, top = max(bottom, middle - wide), min(top, middle + wide)
                elif table[t, NARROW] == 0.0 and abs(flat) > 1.001 * band + 2e-6 * (high[t, 2] - low[t, 2] + band):
                    continue
                for k in range(_below(z, bottom), nz):
                    if z[k] > top:
                        break
                    pz = z[k] - table[t, CORNER + 2]
                    best = abs(plane[j, k])
                    away = flat + tilt * pz
                    if away * away >= best:
                        continue
                    found = square(table, t, px, py, pz)
                    if found < best:
                        plane[j, k] = found if plane[j, k] > 0.0 else -found
        for j in range(ny):
            for k in range(nz):
                plane[j, k] = math.copysign(math.sqrt(abs(plane[j, k])), plane[j, k])


@njit(cache=True)
def describe(points, triangles, table, low, high):
    """Fill the table (nt, 16) and boxes (nt, 3) of triangles from their points (np, 3) and rows (nt, 3)."""
    u, v = np.zeros(3), np.zeros(3)
    for n in range(triangles.shape[0]):
        a, b, c = triangles[n, 0], triangles[n, 1], triangles[n, 2]
        row = table[n]
        for m in range(3):
            u[m], v[m] = points[b, m] - points[a, m], points[c, m] - points[a, m]
            row[CORNER + m], row[AB + m], row[AC + m] = points[a, m], u[m], v[m]
            low[n, m] = min(points[a, m], points[b, m], points[c, m])
            high[n, m] = max(points[a, m], points[b, m], points[c, m])
        row[ABAB] = u[0] * u[0] + u[1] * u[1] + u[2] * u[2]
        row[ABAC] = u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
        row[ACAC] = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
        row[NORMAL] = u[1] * v[2] - u[2] * v[1]
        row[NORMAL + 1] = u[2] * v[0] - u[0] * v[2]
        row[NORMAL + 2] = u[0] * v[1] - u[1] * v[0]
        size = math.sqrt(row[NORMAL] ** 2 + row[NORMAL + 1] ** 2 + row[NORMAL + 2] ** 2)
        longest = max(row[ABAB], row[ACAC], row[ABAB] + row[ACAC] - 2.0 * row[ABAC])
        row[NARROW] = 1.0 if size <= 1e-6 * longest else 0.0
        for m in range(3):
            row[NORMAL + m] = 0.0 if row[NARROW] != 0.0 else row[NORMAL + m] / size
