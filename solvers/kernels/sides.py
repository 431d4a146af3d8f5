"""Which cells are solid, void or cut, and the whole faces between solid ones."""

from numba import njit, prange


@njit(cache=True)
def _kind(corner, centre, i, j, k, deep):
    """-1 where a cell is solid, -2 where it is void, 0 where a wall may pass."""
    inside = centre[i, j, k] < 0.0
    for a in range(2):
        for b in range(2):
            for c in range(deep):
                if (corner[i + a, j + b, k + c] < 0.0) != inside:
                    return 0
    return -1 if inside else -2


@njit(parallel=True, cache=True)
def kinds(corner, centre, deep, number, first):
    """Kind of every cell into number (nx, ny, nz): -1 solid, -2 void, 0 cut.

    corner  (nx + 1, ny + 1, nz + 1) or, `deep` 1 instead of 2, (nx + 1, ny + 1, 1): signed distance, m
    centre  (nx, ny, nz) m
    first   (nx + 1,) out: how many of the planes before each are cut
    """
    nx, ny, nz = centre.shape
    first[0] = 0
    for i in prange(nx):
        cut = 0
        for j in range(ny):
            for k in range(nz):
                number[i, j, k] = _kind(corner, centre, i, j, k, deep)
                if number[i, j, k] == 0:
                    cut += 1
        first[i + 1] = cut
    for i in range(nx):
        first[i + 1] += first[i]


@njit(parallel=True, cache=True)
def count(number, first, cells):
    """Number the cut cells in their order, and put their i, j, k into cells (m, 3)."""
    nx, ny, nz = number.shape
    for i in prange(nx):
        n = first[i]
        for j in range(ny):
            for k in range(nz):
                if number[i, j, k] == 0:
                    number[i, j, k] = n
                    cells[n, 0], cells[n, 1], cells[n, 2] = i, j, k
                    n += 1


@njit(parallel=True, cache=True)
def whole(number, x, y, z):
    """1 where a face lies between two solid cells, else 0: x (nx + 1, ny, nz), y, z out."""
    nx, ny, nz = number.shape
    for i in prange(nx + 1):
        for j in range(ny):
            for k in range(nz):
                x[i, j, k] = 1.0 if 0 < i < nx and number[i - 1, j, k] == -1 and number[i, j, k] == -1 else 0.0
        if i < nx:
            for j in range(ny + 1):
                for k in range(nz):
                    y[i, j, k] = 1.0 if 0 < j < ny and number[i, j - 1, k] == -1 and number[i, j, k] == -1 else 0.0
            for j in range(ny):
                z[i, j, 0] = z[i, j, nz] = 0.0
                for k in range(1, nz):
                    z[i, j, k] = 1.0 if number[i, j, k - 1] == -1 and number[i, j, k] == -1 else 0.0


@njit(cache=True)
def settle(first, second, over, hx, hy, hz, x, y, z):
    """Add the paths between neighbours behind a face to apertures x, y, z; the others move to the front.

    first, second, over  (n,) flat cells, and area over distance in m; left with the smaller cell first
    hx, hy, hz           widths, m
    Returns how many others there are.
    """
    ny, nz = x.shape[1], x.shape[2]
    rest = 0
    for n in range(first.shape[0]):
        a, b = min(first[n], second[n]), max(first[n], second[n])
        i, j, k = b // (ny * nz), b // nz % ny, b % nz
        if b - a == ny * nz:
            x[i, j, k] += over[n] * 0.5 * (hx[i - 1] + hx[i]) / (hy[j] * hz[k])
        elif b - a == nz and j > 0:
            y[i, j, k] += over[n] * 0.5 * (hy[j - 1] + hy[j]) / (hx[i] * hz[k])
        elif b - a == 1 and k > 0:
            z[i, j, k] += over[n] * 0.5 * (hz[k - 1] + hz[k]) / (hx[i] * hy[j])
        else:
            first[rest], second[rest], over[rest] = a, b, over[n]
            rest += 1
    return rest
