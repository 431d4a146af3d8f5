"""A tree of boxes over triangles: the nearest to a point, the first along a ray, and which of them cross.

Leaves hold LEAF triangles of `order`, which follows a space-filling curve; node n has children 2 n and 2 n + 1, the
root is 1, and a box is three lower and three upper coordinates, empty where lower is above upper.
"""

import math

import numpy as np
from numba import njit, prange

from .triangles import CORNER, NORMAL, square

LEAF = 4


@njit(cache=True)
def grow(order, low, high, boxes):
    """Fill `boxes` (2 n, 6) from the triangles' boxes low and high (nt, 3); n leaves, a power of two."""
    leaves = boxes.shape[0] // 2
    boxes[:, :3], boxes[:, 3:] = np.inf, -np.inf
    for place in range(order.shape[0]):
        box = boxes[leaves + place // LEAF]
        for m in range(3):
            box[m] = min(box[m], low[order[place], m])
            box[3 + m] = max(box[3 + m], high[order[place], m])
    for n in range(leaves - 1, 0, -1):
        for m in range(3):
            boxes[n, m] = min(boxes[2 * n, m], boxes[2 * n + 1, m])
            boxes[n, 3 + m] = max(boxes[2 * n, 3 + m], boxes[2 * n + 1, 3 + m])


@njit(cache=True)
def _away(boxes, n, x, y, z):
    """Square of the distance of a point from box n; infinite from an empty one."""
    dx = max(boxes[n, 0] - x, x - boxes[n, 3], 0.0)
    dy = max(boxes[n, 1] - y, y - boxes[n, 4], 0.0)
    dz = max(boxes[n, 2] - z, z - boxes[n, 5], 0.0)
    return dx * dx + dy * dy + dz * dz


@njit(parallel=True, cache=True)
def nearest(places, boxes, order, table, found, apart):
    """Index of the triangle nearest to each of `places` (n, 3) into found (n,), its distance (m) into apart (n,).

    Of triangles equally near, the one with the smallest index.
    """
    leaves = boxes.shape[0] // 2
    for n in prange(places.shape[0]):
        x, y, z = places[n, 0], places[n, 1], places[n, 2]
        stack = np.empty(64, dtype=np.int64)
        stack[0] = 1
        top, best, who = 1, np.inf, -1
        while top > 0:
            top -= 1
            node = stack[top]
            if _away(boxes, node, x, y, z) > best:
                continue
            if node >= leaves:
                start = (node - leaves) * LEAF
                for at in range(start, min(start + LEAF, order.shape[0])):
                    t = order[at]
                    d = square(table, t, x - table[t, CORNER], y - table[t, CORNER + 1], z - table[t, CORNER + 2])
                    if d < best or (d == best and t < who):
                        best, who = d, t
                continue
            left, right = 2 * node, 2 * node + 1
            if _away(boxes, left, x, y, z) < _away(boxes, right, x, y, z):
                left, right = right, left
            stack[top], stack[top + 1] = left, right
            top += 2
        found[n], apart[n] = who, math.sqrt(best)


@njit(cache=True)
def _enters(boxes, n, x, y, z, u, v, w, most):
    """How far the ray from x, y, z along 1 / u, 1 / v, 1 / w is at box n; infinite where it misses, or after `most`."""
    a, b = (boxes[n, 0] - x) * u, (boxes[n, 3] - x) * u
    least, most = max(min(a, b), 0.0), min(max(a, b), most)
    a, b = (boxes[n, 1] - y) * v, (boxes[n, 4] - y) * v
    least, most = max(min(a, b), least), min(max(a, b), most)
    a, b = (boxes[n, 2] - z) * w, (boxes[n, 5] - z) * w
    least = max(min(a, b), least)
    return least if least <= min(max(a, b), most) * (1.0 + 1e-12) else np.inf


@njit(cache=True)
def _meets(table, n, x, y, z, u, v, w):
    """How far along u, v, w from x, y, z triangle n is met, its rim included; -1 where it is not.

    Möller and Trumbore, Fast, Minimum Storage Ray/Triangle Intersection, 1997.
    """
    bx, by, bz, cx, cy, cz = table[n, 3], table[n, 4], table[n, 5], table[n, 6], table[n, 7], table[n, 8]
    px, py, pz = v * cz - w * cy, w * cx - u * cz, u * cy - v * cx
    size = bx * px + by * py + bz * pz
    if size == 0.0:
        return -1.0
    sx, sy, sz = x - table[n, 0], y - table[n, 1], z - table[n, 2]
    one = (sx * px + sy * py + sz * pz) / size
    qx, qy, qz = sy * bz - sz * by, sz * bx - sx * bz, sx * by - sy * bx
    two = (u * qx + v * qy + w * qz) / size
    if one < -1e-9 or two < -1e-9 or one + two > 1.0 + 1e-9:
        return -1.0
    return (cx * qx + cy * qy + cz * qz) / size


@njit(cache=True)
def _over(u):
    """1 / u, and very large where u is nothing."""
    return 1.0 / u if abs(u) > 1e-300 else 1e300


@njit(parallel=True, cache=True)
def through(places, own, most, boxes, order, table, length, facing):
    """How far it is through the solid from points on the surface, straight in.

    places  (n, 3) m, on triangles own (n,)
    most    m: how far to look
    length  (n,) out, m: to where the ray leaves; inf where that is farther
    facing  (n,) out: cosine between the ray and the outward normal there, 1 where the two walls are parallel
    """
    leaves = boxes.shape[0] // 2
    for n in prange(places.shape[0]):
        x, y, z = places[n, 0], places[n, 1], places[n, 2]
        u, v, w = -table[own[n], NORMAL], -table[own[n], NORMAL + 1], -table[own[n], NORMAL + 2]
        uu, vv, ww = _over(u), _over(v), _over(w)
        stack = np.empty(64, dtype=np.int64)
        stack[0] = 1
        top, best, cosine = 1, most, 0.0
        if u == 0.0 and v == 0.0 and w == 0.0:
            top = 0
        while top > 0:
            top -= 1
            node = stack[top]
            if node >= leaves:
                start = (node - leaves) * LEAF
                for at in range(start, min(start + LEAF, order.shape[0])):
                    s = order[at]
                    leaving = table[s, NORMAL] * u + table[s, NORMAL + 1] * v + table[s, NORMAL + 2] * w
                    if leaving <= 1e-9:
                        continue
                    t = _meets(table, s, x, y, z, u, v, w)
                    if t > 0.0 and (t < best or (t == best and leaving > cosine)):
                        best, cosine = t, leaving
                continue
            left, right = 2 * node, 2 * node + 1
            one, two = _enters(boxes, left, x, y, z, uu, vv, ww, best), _enters(boxes, right, x, y, z, uu, vv, ww, best)
            if one < two:
                left, right, one, two = right, left, two, one
            if one < np.inf:
                stack[top] = left
                top += 1
            if two < np.inf:
                stack[top] = right
                top += 1
        length[n], facing[n] = best if cosine > 0.0 else np.inf, cosine


@njit(cache=True)
def _pierces(points, a, b, table, n, tiny):
    """Whether the segment between points a and b goes through triangle n: its ends clearly on both sides."""
    one, two = 0.0, 0.0
    for m in range(3):
        one += (points[a, m] - table[n, m]) * table[n, NORMAL + m]
        two += (points[b, m] - table[n, m]) * table[n, NORMAL + m]
    if not ((one > tiny and two < -tiny) or (one < -tiny and two > tiny)):
        return False
    t = one / (one - two)
    px, py, pz = (
        points[a, 0] + t * (points[b, 0] - points[a, 0]) - table[n, 0],
        points[a, 1] + t * (points[b, 1] - points[a, 1]) - table[n, 1],
        points[a, 2] + t * (points[b, 2] - points[a, 2]) - table[n, 2],
    )
    d1, d2 = (
        table[n, 3] * px + table[n, 4] * py + table[n, 5] * pz,
        table[n, 6] * px + table[n, 7] * py + table[n, 8] * pz,
    )
    size = table[n, 12] * table[n, 14] - table[n, 13] * table[n, 13]
    u, v = (table[n, 14] * d1 - table[n, 13] * d2) / size, (table[n, 12] * d2 - table[n, 13] * d1) / size
    return u >= -1e-9 and v >= -1e-9 and u + v <= 1.0 + 1e-9


@njit(cache=True)
def _overlap(points, one, two, normal, tiny):
    """Whether two triangles of one plane cover each other by more than `tiny` m across every edge."""
    for side in range(2):
        mine, other = (one, two) if side == 0 else (two, one)
        for e in range(3):
            a, b, c = mine[e], mine[(e + 1) % 3], mine[(e + 2) % 3]
            ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
            nx = uy * normal[2] - uz * normal[1]
            ny = uz * normal[0] - ux * normal[2]
            nz = ux * normal[1] - uy * normal[0]
            size = math.sqrt(nx * nx + ny * ny + nz * nz)
            if size == 0.0:
                return False
            inner = nx * (points[c, 0] - points[a, 0]) + ny * (points[c, 1] - points[a, 1])
            inner += nz * (points[c, 2] - points[a, 2])
            turn = 1.0 if inner >= 0.0 else -1.0
            deepest = -np.inf
            for k in range(3):
                p = other[k]
                d = nx * (points[p, 0] - points[a, 0]) + ny * (points[p, 1] - points[a, 1])
                d += nz * (points[p, 2] - points[a, 2])
                deepest = max(deepest, turn * d / size)
            if deepest <= tiny:
                return False
    return True


@njit(cache=True)
def _cross(points, triangles, table, n, m, tiny):
    """Whether two triangles cross, or cover each other; neighbours that only meet do not."""
    one, two = triangles[n], triangles[m]
    if table[n, 15] != 0.0 or table[m, 15] != 0.0:
        return False
    shared, near, far = 0, 0, 0
    for p in range(3):
        for q in range(3):
            if one[p] == two[q]:
                shared += 1
                near, far = p, q
    if shared < 2:
        for p in range(3):
            a, b = one[p], one[(p + 1) % 3]
            if (shared == 0 or p == (near + 1) % 3) and _pierces(points, a, b, table, m, tiny):
                return True
            a, b = two[p], two[(p + 1) % 3]
            if (shared == 0 or p == (far + 1) % 3) and _pierces(points, a, b, table, n, tiny):
                return True
    normal = table[n, NORMAL : NORMAL + 3]
    for q in range(3):
        off = 0.0
        for c in range(3):
            off += (points[two[q], c] - table[n, c]) * normal[c]
        if abs(off) > tiny:
            return False
    return _overlap(points, one, two, normal, tiny)


@njit(parallel=True, cache=True)
def crossings(points, triangles, table, low, high, boxes, order, tiny, found):
    """The first triangle of a larger index that each one crosses into found (nt,), -1 where there is none.

    tiny  m: what is nearer than that to a plane lies in it
    """
    leaves = boxes.shape[0] // 2
    for n in prange(triangles.shape[0]):
        found[n] = -1
        stack = np.empty(64, dtype=np.int64)
        stack[0] = 1
        top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            apart = False
            for c in range(3):
                apart = apart or boxes[node, c] > high[n, c] or boxes[node, 3 + c] < low[n, c]
            if apart:
                continue
            if node < leaves:
                stack[top], stack[top + 1] = 2 * node + 1, 2 * node
                top += 2
                continue
            start = (node - leaves) * LEAF
            for at in range(start, min(start + LEAF, order.shape[0])):
                m = order[at]
                for c in range(3):
                    apart = apart or low[m, c] > high[n, c] or high[m, c] < low[n, c]
                nearer = m > n and not apart and (found[n] < 0 or m < found[n])
                if nearer and _cross(points, triangles, table, n, m, tiny):
                    found[n] = m
                apart = False
