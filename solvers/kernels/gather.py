"""Paths of heat between the owners of neighbouring pieces of cut cells; chambers and faces as in cut.py."""

import math

import numpy as np
from numba import njit

from .cut import CHAMBER, FACES, SELF


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
