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
