"""Piecewise cubics with a pole, evaluated on the fly: a property, and its exact integral.

A table is (n, 8) rows left, a0, a1, a2, a3, r, p, integral at left, in rising order of left; the first row also serves
everything below it. With u = x - left the value is a0 + a1 u + a2 u^2 + a3 u^3 + r / (u - p).
"""

import math

from numba import njit


@njit(cache=True)
def value(x, table):
    """The property at `x`."""
    row = table.shape[0] - 1
    while row > 0 and x < table[row, 0]:
        row -= 1
    u = x - table[row, 0]
    y = table[row, 1] + u * (table[row, 2] + u * (table[row, 3] + u * table[row, 4]))
    if table[row, 5] != 0.0:
        y += table[row, 5] / (u - table[row, 6])
    return y


@njit(cache=True)
def incline(x, table):
    """The derivative of the property at `x`; 0 beyond the ends, where it is held."""
    row = table.shape[0] - 1
    while row > 0 and x < table[row, 0]:
        row -= 1
    u = x - table[row, 0]
    y = table[row, 2] + u * (2.0 * table[row, 3] + u * 3.0 * table[row, 4])
    if table[row, 5] != 0.0:
        y -= table[row, 5] / (u - table[row, 6]) ** 2
    return y


@njit(cache=True)
def integral(x, table):
    """The integral of the property up to `x`."""
    row = table.shape[0] - 1
    while row > 0 and x < table[row, 0]:
        row -= 1
    u = x - table[row, 0]
    y = table[row, 7] + u * (
        table[row, 1] + u * (table[row, 2] / 2.0 + u * (table[row, 3] / 3.0 + u * table[row, 4] / 4.0))
    )
    if table[row, 5] != 0.0:
        y += table[row, 5] * math.log(abs((u - table[row, 6]) / -table[row, 6]))
    return y


@njit(cache=True)
def properties(T, conductivity, capacity, k, theta, c, h):
    """Conductivity, its integral, heat capacity and enthalpy of every cell.

    T                       (nx, ny, nz) K
    conductivity, capacity  tables in W/(m.K) and J/(m3.K)
    k, theta                (nx, ny, nz) W/(m.K), W/m
    c, h                    (nx, ny, nz) J/(m3.K), J/m3
    """
    nx, ny, nz = T.shape
    for i in range(nx):
        for j in range(ny):
            for m in range(nz):
                k[i, j, m] = value(T[i, j, m], conductivity)
                theta[i, j, m] = integral(T[i, j, m], conductivity)
                c[i, j, m] = value(T[i, j, m], capacity)
                h[i, j, m] = integral(T[i, j, m], capacity)


@njit(cache=True)
def temperatures(h, capacity, T):
    """Where the integral of the heat capacity is the enthalpy: the inverse of `integral`, piece by piece.

    h, T      (n,) J/m3, K (out)
    capacity  table in J/(m3.K), positive everywhere
    """
    last = capacity.shape[0] - 1
    for n in range(h.size):
        row = last
        while row > 0 and h[n] < capacity[row, 7]:
            row -= 1
        left = capacity[row, 0]
        if row == 0 or row == last:
            T[n] = left + (h[n] - capacity[row, 7]) / capacity[row, 1]
            continue
        low, high = left, capacity[row + 1, 0]
        x = left + (high - left) * (h[n] - capacity[row, 7]) / (capacity[row + 1, 7] - capacity[row, 7])
        for _ in range(60):
            y = _piece(x, capacity[row]) - h[n]
            if y > 0.0:
                high = x
            else:
                low = x
            change = -y / value(x, capacity[row : row + 1])
            ahead = x + change
            if not low <= ahead <= high:
                ahead = 0.5 * (low + high)
            if abs(ahead - x) <= 1e-15 * abs(x):
                x = ahead
                break
            x = ahead
        T[n] = x


@njit(cache=True)
def _piece(x, row):
    u = x - row[0]
    y = row[7] + u * (row[1] + u * (row[2] / 2.0 + u * (row[3] / 3.0 + u * row[4] / 4.0)))
    if row[5] != 0.0:
        y += row[5] * math.log(abs((u - row[6]) / -row[6]))
    return y
