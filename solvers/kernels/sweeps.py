"""Several explicit steps of heat conduction on a uniform box, in one sweep over memory.

A block of rows runs through the planes; behind its front every step follows one plane behind the step before, in a few
planes that stay in the cache. Rows beside the block are computed again by its neighbour, by the same operations:
results depend neither on the blocks nor on the threads. Every wall exchanges what is linear in the potential of its
cell (the temperature, or the integral of conductivity), with numbers that hold for the sweep.
"""

import math

from numba import njit, prange

DEEP, PAD, SHORT = 128, 16, 64  # planes of a block; room beside a row of the work; cells looked at together
FIRST, FORM, BACK = 3, 8, 11  # of a table's row: where the potential begins, how long it is, where temperature begins
FLAGS = {"cache": True, "error_model": "numpy", "fastmath": {"contract"}}


@njit(**FLAGS, forceinline=True)
def relax(line, here, before, after, west, east, south, north, number):
    """Cells of one row a step later; opposite neighbours are added first, so that mirrored fields stay mirrored."""
    fx, fy, fz = number[0], number[1], number[2]
    for m in range(line.size):
        t = here[m]
        d = t + t
        line[m] = t + (fx * ((west[m] + east[m]) - d) + fy * ((south[m] + north[m]) - d)
                       + fz * ((before[m] + after[m]) - d))  # fmt: skip


@njit(**FLAGS, forceinline=True)
def gather(line, own, here, before, after, west, east, south, north, number):
    """The same for an enthalpy `own` that potentials `here` and around it change."""
    fx, fy, fz = number[0], number[1], number[2]
    for m in range(line.size):
        t = here[m]
        d = t + t
        line[m] = own[m] + (fx * ((west[m] + east[m]) - d) + fy * ((south[m] + north[m]) - d)
                            + fz * ((before[m] + after[m]) - d))  # fmt: skip


@njit(**FLAGS, forceinline=True)
def mend(line, own, flat, at, west, east, south, north, number):
    """Both ends of a row, which see no neighbour beyond the wall; `own` is what the row was."""
    n = line.size
    for m in (0, n - 1):
        t = flat[at + m]
        d = t + t
        line[m] = own[m] + (
            number[0] * ((flat[west + m] + flat[east + m]) - d)
            + number[1] * ((flat[south + m] + flat[north + m]) - d)
            + number[2] * ((flat[at + max(m - 1, 0)] + flat[at + min(m + 1, n - 1)]) - d)
        )


@njit(**FLAGS)
def trade(line, here, gain, slope, seen, low, high, counts):
    """What a row of cells beside the low, the high or both walls of an axis exchanges."""
    for m in range(line.size):
        t, q = here[m], line[m] * 0
        if low:
            q += gain[0, m] + slope[0, m] * t
            if counts:
                seen[0, m] += t
        if high:
            q += gain[1, m] + slope[1, m] * t
            if counts:
                seen[1, m] += t
        line[m] += q


@njit(**FLAGS)
def brought(line, here, i, j, last, made, corner, gain, slope, seen, bare, counts):
    """What sources and walls bring to row (i, j); cells are met as often as a step is taken."""
    a, b = i - corner[0], j - corner[1]
    if 0 <= a < made.shape[0] and 0 <= b < made.shape[1]:
        part, heat = line[corner[2] : corner[2] + made.shape[2]], made[a, b]
        for m in range(part.size):
            part[m] += heat[m]
    low, high = i == 0 and bare[0, 0], i == last[0] and bare[0, 1]
    if low or high:
        trade(line, here, gain[0][:, j], slope[0][:, j], seen[0][:, j], low, high, counts)
    low, high = j == 0 and bare[1, 0], j == last[1] and bare[1, 1]
    if low or high:
        trade(line, here, gain[1][:, i], slope[1][:, i], seen[1][:, i], low, high, counts)
    for side in range(2):
        if bare[2, side]:
            m = side * last[2]
            line[m] += gain[2][side, i, j] + slope[2][side, i, j] * here[m]
            if counts:  # one thread alone owns a cell
                seen[2][side, i, j] += here[m]


@njit(**FLAGS, parallel=True)
def sweep(T, out, steps, across, number, made, corner, gain, slope, seen, bare, work):
    """`steps` explicit steps of dT/dt = a lap(T) + sources, from T to out.

    T, out       (nx, ny, nz) K, before and after; two different arrays, f64 or f32
    across       rows of a block
    number       (3,) a dt / h^2 along x, y, z
    made         (a, b, c) K a step, in the window that begins at cell `corner` (3,); (0, 0, 0) for none
    gain, slope  of the walls across x, y, z: (2, ny, nz), (2, nx, nz), (2, nx, ny) K and 1 a step: a wall of a cell at
                 T brings gain + slope T
    seen         the same shapes, K: is increased by the cell's T at the beginning of every step
    bare         (3, 2) which walls exchange at all
    work         (lanes, 3 (steps - 1) (across + 2 steps) (nz + PAD)) or more
    """
    nx, ny, nz = T.shape
    last = (nx - 1, ny - 1, nz - 1)
    given, wide, high, lanes = T.reshape(T.size), nz + PAD, across + 2 * steps, work.shape[0]
    tiles, ends = (ny + across - 1) // across, bare[2, 0] or bare[2, 1]
    blocks = tiles * ((nx + DEEP - 1) // DEEP)
    for lane in prange(lanes):
        room = work[lane]
        for block in range(lane * blocks // lanes, (lane + 1) * blocks // lanes):
            i0, j0 = block // tiles * DEEP, block % tiles * across
            i1, j1 = min(i0 + DEEP, nx), min(j0 + across, ny)
            for front in range(i0 - steps + 2, i1 + steps):
                for n in range(1, steps + 1):
                    i, beside = front - n, steps - n
                    if i < max(i0 - beside, 0) or i >= min(i1 + beside, nx):
                        continue
                    if n == 1:
                        flat, stride, top = given, nz, i * ny * nz
                        left, right = max(i - 1, 0) * ny * nz, min(i + 1, nx - 1) * ny * nz
                    else:
                        flat, stride, base = room, wide, 3 * (n - 2)
                        shift = (steps - j0) * wide + PAD // 2
                        top = (base + i % 3) * high * wide + shift
                        left = (base + max(i - 1, 0) % 3) * high * wide + shift
                        right = (base + min(i + 1, nx - 1) % 3) * high * wide + shift
                    to = (3 * (n - 1) + i % 3) * high + steps - j0
                    outer, heated = i == 0 or i == nx - 1, 0 <= i - corner[0] < made.shape[0]
                    for j in range(max(j0 - beside, 0), min(j1 + beside, ny)):
                        line = out[i, j] if n == steps else room[(to + j) * wide + PAD // 2 :][:nz]
                        at, west, east = top + j * stride, left + j * stride, right + j * stride
                        south, north = at - stride * (j > 0), at + stride * (j < ny - 1)
                        a, b = 1 if at == 0 else 0, nz - 1 if at + nz == flat.size else nz
                        relax(line[a:b], flat[at + a : at + b], flat[at + a - 1 : at + b - 1],
                              flat[at + a + 1 : at + b + 1], flat[west + a : west + b], flat[east + a : east + b],
                              flat[south + a : south + b], flat[north + a : north + b], number)  # fmt: skip
                        here = flat[at : at + nz]
                        mend(line, here, flat, at, west, east, south, north, number)
                        if ends or outer or j == 0 or j == ny - 1 or (heated and 0 <= j - corner[1] < made.shape[1]):
                            counts = i0 <= i < i1 and j0 <= j < j1
                            brought(line, here, i, j, last, made, corner, gain, slope, seen, bare, counts)


@njit(**FLAGS, forceinline=True)
def reach(x, left):
    """How many cells are at `left` or above."""
    count = 0
    for m in range(x.size):
        count += x[m] >= left
    return count


@njit(**FLAGS, forceinline=True)
def outside(x, left, right):
    """How many cells lie outside of a piece."""
    count = 0
    for m in range(x.size):
        count += (x[m] < left) | (x[m] >= right)
    return count


@njit(**FLAGS, forceinline=True)
def piece(y, x, row, first):
    """One piece of `form` for all cells."""
    middle, scale = row[1], row[2]
    c = row[first : first + FORM]
    c0, c1, c2, c3, c4, c5, c6, c7 = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
    for m in range(x.size):
        u = (x[m] - middle) * scale
        y[m] = c0 + u * (c1 + u * (c2 + u * (c3 + u * (c4 + u * (c5 + u * (c6 + u * c7))))))


@njit(**FLAGS, forceinline=True)
def over(y, x, row, first):
    """One piece of `form` for the cells at its left end and beyond."""
    left, middle, scale = row[0], row[1], row[2]
    c = row[first : first + FORM]
    c0, c1, c2, c3, c4, c5, c6, c7 = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
    for m in range(x.size):
        u = (x[m] - middle) * scale
        v = c0 + u * (c1 + u * (c2 + u * (c3 + u * (c4 + u * (c5 + u * (c6 + u * c7))))))
        y[m] = v if x[m] >= left else y[m]


@njit(**FLAGS)
def form(y, x, table, first):
    """Piecewise polynomials of a row: all cells of a short stretch by one piece, or by the few that it reaches.

    table  (pieces, 19) rows left, middle, 1 / half width, then 8 coefficients of the potential and 8 of temperature
           over (x - middle) / half width, in rising order of left
    first  column of the lowest coefficient
    """
    final, low = table.shape[0] - 1, 0
    for start in range(0, x.size, SHORT):
        xs, ys = x[start : start + SHORT], y[start : start + SHORT]
        right = table[low + 1, 0] if low < final else math.inf
        if outside(xs, table[low, 0], right) == 0:
            piece(ys, xs, table[low], first)
            continue
        while low < final and reach(xs, table[low + 1, 0]) == xs.size:
            low += 1
        while low > 0 and reach(xs, table[low, 0]) < xs.size:
            low -= 1
        high = low
        while high < final and reach(xs, table[high + 1, 0]) > 0:
            high += 1
        piece(ys, xs, table[low], first)
        for which in range(low + 1, high + 1):
            over(ys, xs, table[which], first)


@njit(**FLAGS, parallel=True)
def formed(y, x, table, first):
    """`form` of whole fields (nx, ny, nz)."""
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            form(y[i, j], x[i, j], table, first)


@njit(**FLAGS, parallel=True)
def vary(H, out, steps, across, number, made, corner, gain, slope, seen, bare, work, table):
    """`steps` explicit steps of dH/dt = lap(theta(H)) + sources, from H to out; all as in `sweep`.

    H, out         (nx, ny, nz) J/m3, enthalpy before and after; kept to rounding, whatever the properties
    number         (3,) dt / h^2 along x, y, z, s/m2
    made, gain     J/m3 a step
    slope, seen    s/m2 a step, and W/m: the potential is theta, the integral of conductivity
    work           (lanes, (5 steps - 2) (across + 2 steps) (nz + PAD)) or more: theta of three planes a step, H of two
    table          of `form`, over H
    """
    nx, ny, nz = H.shape
    last = (nx - 1, ny - 1, nz - 1)
    wide, high, lanes = nz + PAD, across + 2 * steps, work.shape[0]
    tiles, ends = (ny + across - 1) // across, bare[2, 0] or bare[2, 1]
    blocks = tiles * ((nx + DEEP - 1) // DEEP)
    for lane in prange(lanes):
        room = work[lane]
        for block in range(lane * blocks // lanes, (lane + 1) * blocks // lanes):
            i0, j0 = block // tiles * DEEP, block % tiles * across
            i1, j1 = min(i0 + DEEP, nx), min(j0 + across, ny)
            shift = (steps - j0) * wide + PAD // 2
            for front in range(i0 - steps, i1 + steps):
                for n in range(steps + 1):
                    i, beside = front - n, steps - n
                    if i < max(i0 - beside, 0) or i >= min(i1 + beside, nx):
                        continue
                    top = (3 * n - 3 + i % 3) * high * wide + shift
                    left = (3 * n - 3 + max(i - 1, 0) % 3) * high * wide + shift
                    right = (3 * n - 3 + min(i + 1, nx - 1) % 3) * high * wide + shift
                    to = (3 * n + i % 3) * high * wide + shift
                    old = (3 * steps + 2 * n - 4 + i % 2) * high * wide + shift
                    new = (3 * steps + 2 * n - 2 + i % 2) * high * wide + shift
                    outer, heated = i == 0 or i == nx - 1, 0 <= i - corner[0] < made.shape[0]
                    for j in range(max(j0 - beside, 0), min(j1 + beside, ny)):
                        if n == 0:
                            form(room[to + j * wide :][:nz], H[i, j], table, FIRST)
                            continue
                        own = H[i, j] if n == 1 else room[old + j * wide :][:nz]
                        line = out[i, j] if n == steps else room[new + j * wide :][:nz]
                        at, west, east = top + j * wide, left + j * wide, right + j * wide
                        south, north = at - wide * (j > 0), at + wide * (j < ny - 1)
                        here = room[at : at + nz]
                        gather(line, own, here, room[at - 1 : at + nz - 1], room[at + 1 : at + nz + 1],
                               room[west : west + nz], room[east : east + nz], room[south : south + nz],
                               room[north : north + nz], number)  # fmt: skip
                        mend(line, own, room, at, west, east, south, north, number)
                        if ends or outer or j == 0 or j == ny - 1 or (heated and 0 <= j - corner[1] < made.shape[1]):
                            counts = i0 <= i < i1 and j0 <= j < j1
                            brought(line, here, i, j, last, made, corner, gain, slope, seen, bare, counts)
                        if n < steps:
                            form(room[to + j * wide :][:nz], line, table, FIRST)
