"""View factors between facets: exact from a point to a rectangle, summed over points of the other; else by middles."""

import math

from numba import njit

NEAR, FAR = 4.0, 30.0  # sizes apart: closer takes 4 x 4 points, further one


@njit(cache=True)
def lambert(x, y, z, nx, ny, nz, corners):
    """View factor from a point with normal (nx, ny, nz) to a polygon (4, 3) that it sees the whole of.

    Lambert's sum over edges: angle of the edge times cosine of its plane to the normal, over 2 pi.
    """
    total = 0.0
    for n in range(corners.shape[0]):
        m = (n + 1) % corners.shape[0]
        ax, ay, az = corners[n, 0] - x, corners[n, 1] - y, corners[n, 2] - z
        bx, by, bz = corners[m, 0] - x, corners[m, 1] - y, corners[m, 2] - z
        cx, cy, cz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        size = math.sqrt(cx * cx + cy * cy + cz * cz)
        if size > 0.0:
            angle = math.atan2(size, ax * bx + ay * by + az * bz)
            total += angle * (cx * nx + cy * ny + cz * nz) / size
    return abs(total) / (2.0 * math.pi)


@njit(cache=True)
def _seen(i, j, place, normal, side, corners, area, points):
    """Area times view factor from rectangle `i` to `j`, over points x points Gauss points on `i`."""
    if points == 1:
        return area[i] * lambert(
            place[i, 0], place[i, 1], place[i, 2], normal[i, 0], normal[i, 1], normal[i, 2], corners[j]
        )
    total = 0.0
    for a in range(points):
        s, ws = _gauss(a, points)
        for b in range(points):
            t, wt = _gauss(b, points)
            x = place[i, 0] + s * side[i, 0, 0] + t * side[i, 1, 0]
            y = place[i, 1] + s * side[i, 0, 1] + t * side[i, 1, 1]
            z = place[i, 2] + s * side[i, 0, 2] + t * side[i, 1, 2]
            total += 0.25 * ws * wt * lambert(x, y, z, normal[i, 0], normal[i, 1], normal[i, 2], corners[j])
    return area[i] * total


@njit(cache=True)
def _gauss(n, points):
    """Place in (-1, 1) and weight of a Gauss point, two or four of them."""
    if points == 2:
        return (-0.5773502691896258, 1.0) if n == 0 else (0.5773502691896258, 1.0)
    if n == 0 or n == 3:
        return (-0.8611363115940526 if n == 0 else 0.8611363115940526), 0.34785484513745385
    return (-0.33998104358485626 if n == 1 else 0.33998104358485626), 0.6521451548625461


@njit(cache=True)
def views(place, normal, side, corners, area, flat, out):
    """Area times view factor between all facets; those that lie behind each other's planes see nothing.

    Between a facet of a curved wall and another the cosines at their middles over pi r^2 count, which is exact on a
    sphere; r is no less than their size.

    place, normal  (n, 3) m
    side           (n, 2, 3) m, half of both edges as vectors
    corners        (n, 4, 3) m, in turn
    area           (n,) m2
    flat           (n,) whether a facet is the rectangle that its corners say
    out            (n, n) m2, symmetric: the mean of both directions
    """
    for i in range(area.size):
        out[i, i] = 0.0
        for j in range(i):
            x, y, z = place[j, 0] - place[i, 0], place[j, 1] - place[i, 1], place[j, 2] - place[i, 2]
            away = math.sqrt(x * x + y * y + z * z)
            one = x * normal[i, 0] + y * normal[i, 1] + z * normal[i, 2]
            two = -(x * normal[j, 0] + y * normal[j, 1] + z * normal[j, 2])
            out[i, j] = out[j, i] = 0.0
            if min(one, two) <= 1e-9 * away:
                continue
            if not (flat[i] and flat[j]):
                apart = max(away * away, 0.5 * (area[i] + area[j]))
                out[i, j] = out[j, i] = area[i] * area[j] * one * two / (math.pi * away * away * apart)
                continue
            size = math.sqrt(max(area[i], area[j]))
            points = 4 if away < NEAR * size else (2 if away < FAR * size else 1)
            both = _seen(i, j, place, normal, side, corners, area, points)
            both += _seen(j, i, place, normal, side, corners, area, points)
            out[i, j] = out[j, i] = 0.5 * both
