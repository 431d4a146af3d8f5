"""Solid of boxes that an edge or a corner of a shape passes: clipped by its planes, one after the other."""

import numpy as np
from numba import njit

from .moments import _fill

FACES, SPAN = 14, 24  # at most: faces of a polyhedron, the box's six first, and corners of a face
NEAR = 1e-9
_SIDES = np.array(
    [[[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0]], [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]],
     [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]], [[0, 1, 0], [0, 1, 1], [1, 1, 1], [1, 1, 0]],
     [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]], [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]]
)  # fmt: skip


@njit(cache=True, error_model="numpy")
def _above(x, plane):
    return plane[0] * x[0] + plane[1] * x[1] + plane[2] * x[2] + plane[3]


@njit(cache=True, error_model="numpy")
def _crossed(face, n, plane, out, cap, caps):
    """A face (n, 3) below a plane into out; where the plane crosses its sides into cap. Corners, and those of cap."""
    m = 0
    for k in range(n):
        a, b = face[k], face[(k + 1) % n]
        fa, fb = _above(a, plane), _above(b, plane)
        if fa <= NEAR:
            out[m] = a
            m += 1
        if (fa <= NEAR) != (fb <= NEAR):
            s = min(max(fa / (fa - fb), 0.0), 1.0)
            for i in range(3):
                out[m, i] = a[i] + s * (b[i] - a[i])
            cap[caps] = out[m]
            m += 1
            caps += 1
    return m, caps


@njit(cache=True, error_model="numpy")
def _closed(cap, caps, plane, face):
    """The corners of a cap in order around its plane, each once, into face; how many."""
    if caps < 3:
        return 0
    middle, u, v, angle = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(caps)
    for i in range(3):
        for k in range(caps):
            middle[i] += cap[k, i] / caps
    least = 0
    for i in range(3):
        if abs(plane[i]) < abs(plane[least]):
            least = i
    size = np.sqrt(plane[0] ** 2 + plane[1] ** 2 + plane[2] ** 2)
    for i in range(3):
        u[i] = (1.0 if i == least else 0.0) - plane[i] * plane[least] / size**2
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        v[i] = (plane[j] * u[k] - plane[k] * u[j]) / size
    for k in range(caps):
        x, y = 0.0, 0.0
        for i in range(3):
            x += u[i] * (cap[k, i] - middle[i])
            y += v[i] * (cap[k, i] - middle[i])
        angle[k] = np.arctan2(y, x)
    order = np.argsort(angle)
    n = 0
    for k in range(caps):
        at, far = cap[order[k]], True
        for last in (n - 1, 0) if n > 0 else (-1, -1):
            if last >= 0:
                gap = 0.0
                for i in range(3):
                    gap = max(gap, abs(at[i] - face[last, i]))
                far = far and gap > NEAR
        if far:
            face[n] = at
            n += 1
    return n


@njit(cache=True, error_model="numpy")
def clipped(low, step, planes, used, hollow, out, wall, count):
    """What lies below planes in boxes.

    low, step  (m, 3) and (3,): corner and sides of each box
    planes     (m, p, 4): normal and offset, f = n x + o, below 0 on the side that is kept; p at most 8
    used       (m,) how many of them
    hollow     (m,) whether what is kept is void: the rest of the box is solid
    out        (m, 27) moments of the solid
    wall       (m, p, 24, 3) corners of its walls, in an order that looks along the normal; count (m, p) corners
    """
    faces, fresh = np.zeros((FACES, SPAN, 3)), np.zeros((SPAN, 3))
    cap, number, x = np.zeros((4 * SPAN, 3)), np.zeros(FACES, np.int64), np.zeros((4, 3))
    whole = np.zeros(27)
    for b in range(low.shape[0]):
        number[:] = 0
        for f in range(6):
            number[f] = 4
            for c in range(4):
                for i in range(3):
                    faces[f, c, i] = low[b, i] + _SIDES[f, c, i] * step[i]
        for p in range(used[b]):
            caps = 0
            for f in range(6 + p):
                n, caps = _crossed(faces[f], number[f], planes[b, p], fresh, cap, caps)
                number[f] = n if n >= 3 else 0
                for c in range(number[f]):
                    faces[f, c] = fresh[c]
            n = _closed(cap, caps, planes[b, p], faces[6 + p])
            number[6 + p] = n if n >= 3 else 0
        x[0] = 0.0
        total = number.sum()
        out[b] = 0.0
        count[b] = 0
        if total > 0:
            for f in range(FACES):
                for c in range(number[f]):
                    for i in range(3):
                        x[0, i] += faces[f, c, i] / total
            for f in range(FACES):
                for c in range(1, number[f] - 1):
                    x[1], x[2], x[3] = faces[f, 0], faces[f, c], faces[f, c + 1]
                    _fill(x, 0, 1, 2, 3, 1.0, out[b])
        kept = out[b, 0]
        size = step[0] * step[1] * step[2]
        if hollow[b]:
            whole[:] = 0.0
            for f in range(6):  # from one corner, three far sides
                for c in range(1, 3):
                    for i in range(3):
                        x[0, i] = low[b, i]
                        x[1, i] = low[b, i] + _SIDES[f, 0, i] * step[i]
                        x[2, i] = low[b, i] + _SIDES[f, c, i] * step[i]
                        x[3, i] = low[b, i] + _SIDES[f, c + 1, i] * step[i]
                    _fill(x, 0, 1, 2, 3, 1.0, whole)
            for k in range(27):
                out[b, k] = whole[k] - out[b, k]
        if out[b, 0] < 1e-12 * size or kept < 1e-12 * size:
            continue
        for p in range(used[b]):
            face = 6 + p
            if number[face] == 0:  # a plane on a side of the box cuts nothing off it
                for f in range(6):
                    on = number[f] >= 3
                    for c in range(number[f]):
                        on = on and abs(_above(faces[f, c], planes[b, p])) <= 10.0 * NEAR
                    if on:
                        face = f
            count[b, p] = number[face]
            for c in range(number[face]):
                wall[b, p, c] = faces[face, c]
