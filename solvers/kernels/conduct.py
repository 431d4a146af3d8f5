"""Heat that flows between cells, through walls and across contacts.

Inside one body the flux between two cells is a difference of theta, the integral of conductivity over temperature
(Kirchhoff's transform): exact for k(T), and linear in theta with a constant symmetric matrix.
"""

import math

from numba import njit

from .pieces import incline, integral, value

STEFAN_BOLTZMANN = 5.670374419e-8


@njit(cache=True)
def conduct(theta, gx, gy, gz, out):
    """Net heat into every cell from its six neighbours; 1-D, 2-D, 3-D, axisymmetric and spherical alike.

    theta       (nx, ny, nz) W/m
    gx, gy, gz  (nx + 1, ny, nz), ... m: open face area over centre distance; 0 at walls
    out         (nx, ny, nz) W
    """
    nx, ny, nz = theta.shape
    for i in range(nx):
        for j in range(ny):
            for m in range(nz):
                here = theta[i, j, m]
                heat = 0.0
                if i > 0:
                    heat += gx[i, j, m] * (theta[i - 1, j, m] - here)
                if i < nx - 1:
                    heat += gx[i + 1, j, m] * (theta[i + 1, j, m] - here)
                if j > 0:
                    heat += gy[i, j, m] * (theta[i, j - 1, m] - here)
                if j < ny - 1:
                    heat += gy[i, j + 1, m] * (theta[i, j + 1, m] - here)
                if m > 0:
                    heat += gz[i, j, m] * (theta[i, j, m - 1] - here)
                if m < nz - 1:
                    heat += gz[i, j, m + 1] * (theta[i, j, m + 1] - here)
                out[i, j, m] = heat


@njit(cache=True)
def exchange(T, theta, cell, area, gap, shine, low, high, weight, levels, films, conductivity, wall, heat, slope):
    """Heat through every piece of wall, at the wall's own temperature, and its derivative by the cell's theta.

    T, theta      (cells,) K, W/m, flat
    cell          (n,) flat index of the cell behind each piece
    area, gap     (n,) m2, m
    shine         (n,) W/m2, what beams bring to each piece
    low, high     (n,) rows of `levels` between which the piece lies, and `weight` (n,) of the upper one
    levels        (ne, 8) gas K, radiant K, film W/(m2.K), emissivity, flux W/m2, held (1 holds the wall at gas),
                  first and last row of `films` over the wall's temperature, of which film is then a factor
    films         tables, one below the other
    conductivity  table
    wall          (n,) K, out: wall temperature
    heat, slope   (n,) out: W into the cell, and d heat / d theta in m
    Returns the number of pieces whose wall temperature did not converge.
    """
    failed = 0
    for n in range(cell.size):
        here = cell[n]
        a, b, w = low[n], high[n], weight[n]
        gas = (1.0 - w) * levels[a, 0] + w * levels[b, 0]
        d = gap[n]
        if levels[a, 5] > 0.0:
            wall[n] = gas
            heat[n] = area[n] * (integral(gas, conductivity) - theta[here]) / d
            slope[n] = -area[n] / d
            continue
        radiant = (1.0 - w) * levels[a, 1] + w * levels[b, 1]
        grey = STEFAN_BOLTZMANN * ((1.0 - w) * levels[a, 3] + w * levels[b, 3])
        flux = (1.0 - w) * levels[a, 4] + w * levels[b, 4] + shine[n]
        bent = levels[a, 7] > levels[a, 6] or levels[b, 7] > levels[b, 6]
        film = (1.0 - w) * levels[a, 2] + w * levels[b, 2]
        bend = 0.0
        Tw = T[here]
        under, over = -math.inf, math.inf  # a boiling curve bends back: the wall stays between a source and a sink
        q = 0.0
        stiff = 0.0
        k = 1.0
        done = False
        for _ in range(80):
            if bent:
                film, bend = _film(Tw, levels, films, a, b, w)
            q = film * (gas - Tw) + grey * (radiant**4 - Tw**4) + flux
            stiff = film - bend * (gas - Tw) + 4.0 * grey * abs(Tw) ** 3
            k = value(Tw, conductivity)
            missing = theta[here] + q * d - integral(Tw, conductivity)
            if missing > 0.0:
                under = Tw
            else:
                over = Tw
            change = missing / max(k + stiff * d, 0.05 * k)
            if bent and not under < Tw + change < over and over - under < math.inf:
                change = 0.5 * (under + over) - Tw
            Tw += change
            if abs(change) <= 1e-11 * (abs(Tw) + 1.0):
                done = True
                break
        if not done:
            failed += 1
        if bent:
            film, bend = _film(Tw, levels, films, a, b, w)
        q = film * (gas - Tw) + grey * (radiant**4 - Tw**4) + flux
        stiff = film - bend * (gas - Tw) + 4.0 * grey * abs(Tw) ** 3
        k = value(Tw, conductivity)
        wall[n] = Tw
        heat[n] = area[n] * q
        slope[n] = -area[n] * stiff / (k + stiff * d)
    return failed


@njit(cache=True)
def _film(Tw, levels, films, a, b, w):
    """Film between rows `a` and `b` at a wall of `Tw` K, and its derivative by `Tw`."""
    film = 0.0
    bend = 0.0
    for row, share in ((a, 1.0 - w), (b, w)):
        first, last = int(levels[row, 6]), int(levels[row, 7])
        if last > first:
            film += share * levels[row, 2] * value(Tw, films[first:last])
            bend += share * levels[row, 2] * incline(Tw, films[first:last])
        else:
            film += share * levels[row, 2]
    return film, bend


@njit(cache=True)
def touch(
    T1, theta1, T2, theta2, cell1, cell2, area, gap1, gap2, resistance, conductivity1, conductivity2, heat, by1, by2
):
    """Heat from the second body into the first across every piece of contact, and its derivatives by both theta.

    T1, theta1, T2, theta2  (cells,) K, W/m, flat
    cell1, cell2            (n,) flat indices
    area, gap1, gap2        (n,) m2, m, m
    resistance              m2.K/W
    heat, by1, by2          (n,) out: W into the first, d heat / d theta1, d heat / d theta2 in m
    Returns the number of pieces that did not converge.
    """
    failed = 0
    for n in range(cell1.size):
        t1, t2, d1, d2 = theta1[cell1[n]], theta2[cell2[n]], gap1[n], gap2[n]
        Tw = 0.5 * (T1[cell1[n]] + T2[cell2[n]])
        q, k1, k2 = 0.0, 1.0, 1.0
        done = False
        for _ in range(50):
            k1 = value(Tw, conductivity1)
            q = (integral(Tw, conductivity1) - t1) / d1
            other = Tw + resistance * q
            k2 = value(other, conductivity2)
            missing = (t2 - integral(other, conductivity2)) / d2 - q
            change = missing / (k1 / d1 + (k2 / d2) * (1.0 + resistance * k1 / d1))
            Tw += change
            if abs(change) <= 1e-11 * (abs(Tw) + 1.0):
                done = True
                break
        if not done:
            failed += 1
        q = (integral(Tw, conductivity1) - t1) / d1
        k1 = value(Tw, conductivity1)
        k2 = value(Tw + resistance * q, conductivity2)
        total = d1 / k1 + d2 / k2 + resistance
        heat[n] = area[n] * q
        by1[n] = -area[n] / (k1 * total)
        by2[n] = area[n] / (k2 * total)
    return failed
