"""One explicit step of heat conduction on a uniform box: with constant, and with temperature-dependent properties.

Rows along z are vectorised; blocks of rows and planes keep three planes in the second-level cache, so that a cell is
read from memory once. A cell is computed by the same operations whichever thread comes to it.
"""

import math

from numba import njit, prange

ACROSS, DEEP = 32, 64  # rows and planes of a block


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def relax(line, here, before, after, west, east, south, north, fourier):
    """Cells of one row a step later; opposite neighbours are added first, so that mirrored fields stay mirrored."""
    fx, fy, fz = fourier[0], fourier[1], fourier[2]
    for m in range(line.size):
        t = here[m]
        line[m] = t + (
            fx * ((west[m] - t) + (east[m] - t))
            + fy * ((south[m] - t) + (north[m] - t))
            + fz * ((before[m] - t) + (after[m] - t))
        )


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def row(line, flat, at, west, east, south, north, fourier):
    """A whole row a step later, its walls insulated; places are flat indices of where the rows begin.

    The ends of the row read their neighbour from the row beside it, which keeps the loop aligned, and are mended.
    """
    n = line.size
    a, b = 1 if at == 0 else 0, n - 1 if at + n == flat.size else n
    relax(line[a:b], flat[at + a : at + b], flat[at + a - 1 : at + b - 1], flat[at + a + 1 : at + b + 1],
          flat[west + a : west + b], flat[east + a : east + b], flat[south + a : south + b],
          flat[north + a : north + b], fourier)  # fmt: skip
    for m in (0, n - 1):
        t = flat[at + m]
        line[m] = t + (
            fourier[0] * ((flat[west + m] - t) + (flat[east + m] - t))
            + fourier[1] * ((flat[south + m] - t) + (flat[north + m] - t))
            + fourier[2] * ((flat[at + max(m - 1, 0)] - t) + (flat[at + min(m + 1, n - 1)] - t))
        )


def _step(T, out, bath, fourier, biot):
    """One explicit step of dT/dt = a lap(T); every wall trades heat with the bath.

    T, out    (nx, ny, nz) K, before and after; two different arrays, f64 or f32
    bath      K
    fourier   (3,) a dt / h^2 along x, y, z
    biot      (3,) wall conductance over cell conductance; 0 insulates the wall
    """
    nx, ny, nz = T.shape
    flat = T.reshape(T.size)
    tiles = (ny + ACROSS - 1) // ACROSS
    for block in prange(tiles * ((nx + DEEP - 1) // DEEP)):
        i0, j0 = block // tiles * DEEP, block % tiles * ACROSS
        for i in range(i0, min(i0 + DEEP, nx)):
            for j in range(j0, min(j0 + ACROSS, ny)):
                line, at = out[i, j], (i * ny + j) * nz
                row(line, flat, at, at - ny * nz * (i > 0), at + ny * nz * (i < nx - 1), at - nz * (j > 0),
                    at + nz * (j < ny - 1), fourier)  # fmt: skip
                for axis, walls in ((0, (i == 0) + (i == nx - 1)), (1, (j == 0) + (j == ny - 1))):
                    share = walls * fourier[axis] * biot[axis]
                    if share > 0.0:
                        for m in range(nz):
                            line[m] += share * (bath - flat[at + m])
                share = fourier[2] * biot[2]
                line[0] += share * (bath - flat[at])
                line[nz - 1] += share * (bath - flat[at + nz - 1])


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def curve(y, x, table, whole):
    """A piecewise property (or its integral, if `whole`) of a row, piece by piece over all cells at once.

    Pieces that no cell of a short stretch reaches are passed over; the logarithm of a pole is not vectorised.
    """
    rows = table.shape[0]
    for start in range(0, x.size, 64):
        xs, ys = x[start : start + 64], y[start : start + 64]
        begun = False
        for n in range(rows):
            beyond = 0
            if n + 1 < rows:
                following = table[n + 1, 0]
                for m in range(xs.size):
                    beyond += xs[m] >= following
            if beyond == xs.size:
                continue
            left, a0, a1, a2, a3, r, p, before = table[n]
            if whole:
                a0, a1, a2, a3, a4 = before, a0, a1 / 2.0, a2 / 3.0, a3 / 4.0
            else:
                a4 = 0.0
            for m in range(xs.size):
                u = xs[m] - left
                v = a0 + u * (a1 + u * (a2 + u * (a3 + u * a4)))
                ys[m] = v if u >= 0.0 or not begun else ys[m]
            if r != 0.0 and whole:
                for m in range(xs.size):
                    u = xs[m] - left
                    if u >= 0.0 or not begun:
                        ys[m] += r * math.log(abs((u - p) / -p))
            elif r != 0.0:
                for m in range(xs.size):
                    u = xs[m] - left
                    ys[m] += r / (u - p) if u >= 0.0 or not begun else 0.0
            if beyond == 0:
                break
            begun = True


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def gather(q, here, west, east, south, north, number):
    """What flows into the cells of one row from their neighbours, its walls insulated."""
    n = here.size
    fx, fy, fz = number[0], number[1], number[2]
    for m in range(n):
        t = here[m]
        q[m] = fx * ((west[m] - t) + (east[m] - t)) + fy * ((south[m] - t) + (north[m] - t))
    inner, mid, before, after = q[1 : n - 1], here[1 : n - 1], here[: n - 2], here[2:]
    for m in range(inner.size):
        inner[m] += fz * ((before[m] - mid[m]) + (after[m] - mid[m]))
    if n > 1:
        q[0] += fz * (here[1] - here[0])
        q[n - 1] += fz * (here[n - 2] - here[n - 1])


def _vary(T, out, number, conductivity, capacity, work):
    """One explicit step of c(T) dT/dt = div(k(T) grad T), walls insulated, properties evaluated on the fly.

    The flux between two cells is a difference of the integral of k; the capacity is taken half a step on, so that
    enthalpy is kept to second order in the step.

    T, out                  (nx, ny, nz) K, before and after; two different arrays
    number                  (3,) dt / h^2 along x, y, z, s/m2
    conductivity, capacity  tables in W/(m.K) and J/(m3.K)
    work                    (lanes, 3 (ACROSS + 2) + 3, nz) integrals of three planes of a block, and three rows
    """
    nx, ny, nz = T.shape
    tiles, lanes = (ny + ACROSS - 1) // ACROSS, work.shape[0]
    blocks, high = tiles * ((nx + DEEP - 1) // DEEP), ACROSS + 2
    for lane in prange(lanes):
        rows = work[lane]
        q, c, x = rows[3 * high], rows[3 * high + 1], rows[3 * high + 2]
        for block in range(lane * blocks // lanes, (lane + 1) * blocks // lanes):
            i0, j0 = block // tiles * DEEP, block % tiles * ACROSS
            i1, j1 = min(i0 + DEEP, nx), min(j0 + ACROSS, ny)
            for ahead in range(i0 - 1, i1 + 1):
                if 0 <= ahead < nx:
                    for j in range(max(j0 - 1, 0), min(j1 + 1, ny)):
                        curve(rows[ahead % 3 * high + j - j0 + 1], T[ahead, j], conductivity, True)
                i = ahead - 1
                if i < i0:
                    continue
                own, west, east = i % 3 * high, max(i - 1, 0) % 3 * high, min(i + 1, nx - 1) % 3 * high
                for j in range(j0, j1):
                    at, here, new = j - j0 + 1, T[i, j], out[i, j]
                    south, north = own + max(j - 1, 0) - j0 + 1, own + min(j + 1, ny - 1) - j0 + 1
                    gather(q, rows[own + at], rows[west + at], rows[east + at], rows[south], rows[north], number)
                    curve(c, here, capacity, False)
                    for m in range(nz):
                        x[m] = here[m] + 0.5 * q[m] / c[m]
                    curve(c, x, capacity, False)
                    for m in range(nz):
                        new[m] = here[m] + q[m] / c[m]


def twice(text):
    """The serial and the parallel kernel of one text; each has a name of its own in the cache on disk."""
    kernels = []
    for parallel in (False, True):
        copy = type(text)(text.__code__, text.__globals__, text.__name__)
        copy.__qualname__ = f"{text.__qualname__}_{'parallel' if parallel else 'serial'}"
        copy.__doc__, copy.__module__ = text.__doc__, text.__module__
        kernels.append(njit(cache=True, parallel=parallel, error_model="numpy", fastmath={"contract"})(copy))
    return tuple(kernels)


step_serial, step = twice(_step)
vary_serial, vary = twice(_vary)
