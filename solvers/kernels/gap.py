"""Heat across a gap of gas between two bodies: conduction in the gas and radiation from face to face."""

import math

from numba import njit

from .conduct import STEFAN_BOLTZMANN
from .pieces import incline, integral, value


@njit(cache=True)
def bridge(
    T1, theta1, T2, theta2, cell1, cell2, area, gap1, gap2, reach, scale, gas, grey,
    conductivity1, conductivity2, heat, by1, by2, middle,
):  # fmt: skip
    """Heat from the second body into the first across a gap, and its derivatives by both theta.

    The faces' temperatures a and b solve what the first body takes = what crosses = what the second gives,
    q(a, b) = scale gas((a + b) / 2) / reach (b - a) + grey sigma (b^4 - a^4), by Newton in two unknowns.

    T1, theta1, T2, theta2  (cells,) K, W/m, flat
    cell1, cell2            (n,) flat indices
    area, gap1, gap2        (n,) m2, m, m
    reach                   m, width and jump distances
    scale, gas              1, and a table in W/(m.K)
    grey                    1, exchange of two grey plates over that of black ones
    heat, by1, by2          (n,) out: W into the first, d heat / d theta1, d heat / d theta2 in m
    middle                  (n,) out: K, the gas
    Returns the number of pieces that did not converge.
    """
    failed = 0
    sigma = STEFAN_BOLTZMANN * grey
    for n in range(cell1.size):
        t1, t2, d1, d2 = theta1[cell1[n]], theta2[cell2[n]], gap1[n], gap2[n]
        a, b = T1[cell1[n]], T2[cell2[n]]
        done = False
        k1, k2, qa, qb, q = 1.0, 1.0, 0.0, 0.0, 0.0
        for step in range(61):
            mean = 0.5 * (a + b)
            g = scale * value(mean, gas) / reach
            bend = 0.5 * scale * incline(mean, gas) / reach * (b - a)
            q = g * (b - a) + sigma * (b**4 - a**4)
            qa = bend - g - 4.0 * sigma * a**3
            qb = bend + g + 4.0 * sigma * b**3
            k1, k2 = value(a, conductivity1), value(b, conductivity2)
            if done or step == 60:
                break
            one = q - (integral(a, conductivity1) - t1) / d1
            two = (t2 - integral(b, conductivity2)) / d2 - q
            m11, m12, m21, m22 = k1 / d1 - qa, -qb, qa, k2 / d2 + qb
            over = m11 * m22 - m12 * m21
            da = (one * m22 - m12 * two) / over
            db = (m11 * two - m21 * one) / over
            a = max(a + da, 0.5 * a)
            b = max(b + db, 0.5 * b)
            done = abs(da) + abs(db) <= 1e-11 * (abs(a) + abs(b) + 1.0)
        if not done or not math.isfinite(q):
            failed += 1
        # da = k2 / d2 + qb over det for one W/m2 more into face 1; a full change of theta1 brings d theta1 / d1
        over = (k1 / d1 - qa) * (k2 / d2 + qb) + qa * qb
        heat[n] = area[n] * q
        middle[n] = 0.5 * (a + b)
        by1[n] = area[n] * qa * (k2 / d2) / (d1 * over)
        by2[n] = area[n] * qb * (k1 / d1) / (d2 * over)
    return failed
