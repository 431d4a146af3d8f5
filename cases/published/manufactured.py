"""A manufactured field with k(T), cp(T), radiation and a prescribed wall: how fast do errors fall with cells and steps?

u(x, t) = a + B(t) p(x) K above 300 K on a plate of 1 m; k = k0 + k1 u, rho cp = c0 + c1 u. What the heat equation
leaves over is a sum of four sources, each a function of time times a polynomial in x, so a recipe can state it.
"""

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from foretrial.models import (
    Curve,
    Exchange,
    Frame,
    Held,
    Material,
    Part,
    Probe,
    Process,
    Property,
    Quantity,
    Signal,
    Source,
)
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution

Array = NDArray[np.float64]
ZERO, UNTIL, PIECES = 300.0, 0.5, 64
A, K0, K1, C0, C1 = 150.0, 40.0, 0.05, 40.0, 0.02
FILM, GAS, EMISSIVITY, RADIANT, SIGMA = 30.0, 900.0, 0.8, 1000.0, 5.670374419e-8
SHAPE = Polynomial([1.0, 0.5, -1.0, 0.7])


def swing(t: Array) -> Array:
    """B(t), K; 0 at the start, for a body starts at one temperature."""
    return np.asarray(150.0 * np.sin(4.0 * t))


def slope(t: Array) -> Array:
    """dB/dt, K/s."""
    return np.asarray(600.0 * np.cos(4.0 * t))


def field(x: Array, t: float) -> Array:
    """The manufactured temperature (n,) K at `x` (n,) m."""
    return np.asarray(ZERO + A + swing(np.asarray(t)) * SHAPE(x))


def _signal(value: Array, rate: Array, t: Array, unit: str) -> Signal:
    spline = CubicHermiteSpline(t, value, rate)
    rows = np.zeros((t.size - 1, 6))
    rows[:, :4], rows[:, 5] = spline.c[::-1].T, 1e9
    return Signal(curve=Curve(breaks=t, rows=rows), unit=unit)


def _material() -> Material:
    def line(low: float, rise: float, unit: str) -> Property:
        curve = Curve.table([ZERO, ZERO + 1000.0], [low, low + 1000.0 * rise])
        return Property(curve=curve, unit=unit, scale=Quantity(value=1.0), source="stated", valid=curve.range)

    return Material(name="manufactured", density=1.0, conductivity=line(K0, K1, "W/(m.K)"),
                    heat_capacity=line(C0, C1, "J/(kg.K)"))  # fmt: skip


def process() -> Process:
    """The plate with the sources, the driven left wall and the loaded right wall that make `field` the answer."""
    t = np.linspace(0.0, UNTIL, PIECES + 1)
    B, dB, ddB = swing(t), slope(t), -2400.0 * np.sin(4.0 * t)
    p, dp, ddp = SHAPE, SHAPE.deriv(1), SHAPE.deriv(2)
    terms = (
        ((C0 + C1 * A) * dB, (C0 + C1 * A) * ddB, p),
        (C1 * B * dB, C1 * (dB**2 + B * ddB), p * p),
        (-(K0 + K1 * A) * B, -(K0 + K1 * A) * dB, ddp),
        (-K1 * B**2, -2.0 * K1 * B * dB, dp * dp + p * ddp),
    )
    sources = tuple(Source(body="slab", rate=_signal(rate, change, t, "W/m3"), profile=tuple(profile.coef))
                    for rate, change, profile in terms)  # fmt: skip
    T, dT = ZERO + A + B * p(1.0), dB * p(1.0)
    k, dk = K0 + K1 * (T - ZERO), K1 * dT
    inward = k * B * dp(1.0) - FILM * (GAS - T) - EMISSIVITY * SIGMA * (RADIANT**4 - T**4)
    change = (dk * B + k * dB) * dp(1.0) + FILM * dT + 4.0 * EMISSIVITY * SIGMA * T**3 * dT
    loaded = Exchange(gas=GAS, radiant=RADIANT, film=FILM, emissivity=EMISSIVITY,
                      flux=_signal(inward, change, t, "W/m2"))  # fmt: skip
    driven = Held(temperature=_signal(ZERO + A + B * p(0.0), dB * p(0.0), t, "K"))
    return Process.simple(part=Part.slab(1.0), material=_material(), start=ZERO + A,
                          walls={"left": driven, "right": loaded}, until=UNTIL, sources=sources)  # fmt: skip


def _order(ratios: Array, errors: Array) -> float:
    """Slope of log error over log resolution."""
    return float(-np.polyfit(np.log(ratios), np.log(errors), 1)[0])


def in_space(cells: int) -> Reached:
    """Order of the root mean square error over the cells at the end: cells doubled twice, steps far finer."""
    ratios, errors, count, steps = np.array([1.0, 2.0, 4.0]), [], 0, 0
    recipe = process()
    for ratio in ratios:
        frames: list[Frame] = []
        solver = Heat(cells=cells, tolerance=1e-4).refined(ratio, time=False)
        history = solver(recipe, keep=frames.append, every=UNTIL)
        x = frames[-1].edges["slab"][0]
        off = frames[-1].T["slab"][:, 0, 0] - field(0.5 * (x[1:] + x[:-1]), UNTIL)
        errors.append(float(np.sqrt(np.mean(off**2))))
        count, steps = history.cells, max(steps, history.t.size - 1)
    return Reached(answer=2.0, reached=_order(ratios, np.array(errors)), cells=count, steps=steps)


def in_time(cells: int) -> Reached:
    """Order of the change at three places when every step is halved, four times, on one grid."""
    recipe = process()
    probes = tuple(Probe(name=f"x = {x}", place=(x, 0.0, 0.0)) for x in (0.25, 0.5, 1.0))
    base = Heat(cells=cells, tolerance=0.01)
    frozen = base.frozen(base(recipe, observe=probes))
    ratios = 2.0 ** np.arange(5)
    runs = [frozen.refined(ratio, space=False)(recipe, observe=probes) for ratio in ratios]
    change = np.linalg.norm(np.diff([run.values[-1] for run in runs], axis=0), axis=1)
    return Reached(answer=2.0, reached=_order(ratios[:-1], change), cells=runs[-1].cells, steps=runs[-1].t.size - 1)


SOURCE = "manufactured solution; method of Roache, J. Fluids Eng. 124 (2002) 4-10"
PROBLEMS = (
    Problem(
        id="order-space", unit="1", source=SOURCE, reach=in_space,
        problem="Plate with k(T), cp(T), radiation, a driven and a loaded wall: at which power of the cell size "
                "does the error fall?",
        at=(Resolution(cells=8, tolerance=0.1), Resolution(cells=16, tolerance=0.1))),
    Problem(
        id="order-time", unit="1", source=SOURCE, reach=in_time,
        problem="Plate with k(T), cp(T), radiation, a driven and a loaded wall: at which power of the step "
                "does the change fall?",
        at=(Resolution(cells=16, tolerance=0.15), Resolution(cells=32, tolerance=0.15))),
)  # fmt: skip
