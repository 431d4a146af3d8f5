"""Published problems that run in time: a driven wall, bodies that cool through a film, and a steady flux."""

import numpy as np

from foretrial.models import Curve, Exchange, Held, Material, Part, Probe, Process, Signal
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution
from .series import cooling, half_space

CELSIUS = 273.15
UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
HOT, BATH = 400.0, 300.0  # K: a range of 100 K, so that a share of it reads in per cent


def sine(amplitude: float, period: float, until: float, pieces: int) -> Curve:
    """The wave amplitude sin(2 pi t / period), 0 to `until` s, cubic in each piece with exact values and slopes."""
    t = np.linspace(0.0, until, pieces + 1)
    omega = 2.0 * np.pi / period
    y, slope, step = amplitude * np.sin(omega * t), amplitude * omega * np.cos(omega * t), until / pieces
    rise = np.diff(y) / step
    rows = np.zeros((pieces, 6))
    rows[:, 0], rows[:, 1], rows[:, 5] = y[:-1], slope[:-1], 1e9
    rows[:, 2] = (3.0 * rise - 2.0 * slope[:-1] - slope[1:]) / step
    rows[:, 3] = (slope[:-1] + slope[1:] - 2.0 * rise) / step**2
    return Curve(breaks=t, rows=rows)


def _driven(cells: int) -> Reached:
    material = Material.simple("T3", density=7200.0, conductivity=35.0, heat_capacity=440.5)
    curve = sine(100.0, 80.0, 32.0, 32)
    rows = curve.rows.copy()
    rows[:, 0] += CELSIUS
    wall = Held(temperature=Signal(curve=Curve(breaks=curve.breaks, rows=rows), unit="K"))
    process = Process.simple(part=Part.slab(0.1), material=material, start=CELSIUS,
                             walls={"left": Held(temperature=CELSIUS), "right": wall}, until=32.0)  # fmt: skip
    history = Heat(cells=cells, tolerance=2e-4)(process, observe=(Probe(name="there", place=(0.08, 0.0, 0.0)),))
    return Reached(answer=36.603, reached=float(history.values[-1, 0]) - CELSIUS, cells=history.cells,
                   steps=history.t.size - 1)  # fmt: skip


def _film(cells: int) -> Reached:
    """Worst over three Biot numbers, three places and Fourier numbers 0.1 to 1."""
    fourier = np.linspace(0.1, 1.0, 10)
    worst, count, steps = (0.0, 0.0), 0, 0
    for biot in (0.1, 1.0, 10.0):
        walls = {"left": INSULATED, "right": Exchange(gas=BATH, film=biot)}
        process = Process.simple(part=Part.slab(1.0), material=UNIT, start=HOT, walls=walls, until=1.0)
        places = (0.0, 0.5, 1.0)
        probes = tuple(Probe(name=f"x = {x}", place=(x, 0.0, 0.0)) for x in places)
        history = Heat(cells=cells, tolerance=1e-4)(process, observe=probes)
        count, steps = history.cells, max(steps, history.t.size - 1)
        for probe, x in zip(probes, places, strict=True):
            exact = cooling("plate", biot, x, fourier)
            ours = (history.at(probe.name, fourier) - BATH) / (HOT - BATH)
            pairs = [*zip(exact, ours, strict=True), worst]
            worst = max(pairs, key=lambda pair: abs(pair[1] - pair[0]))
    return Reached(answer=float(worst[0]), reached=float(worst[1]), cells=count, steps=steps)


def _flux(cells: int) -> Reached:
    """Worst of the depths 0, 1, 2 m at 1 s; the slab is 8 m deep, where nothing has arrived (1e-8 K)."""
    process = Process.simple(part=Part.slab(8.0), material=UNIT, start=BATH,
                             walls={"left": Exchange(gas=BATH, flux=1.0), "right": INSULATED}, until=1.0)  # fmt: skip
    probes = tuple(Probe(name=f"x = {x}", place=(float(x), 0.0, 0.0)) for x in (0, 1, 2))
    history = Heat(cells=cells, tolerance=1e-6)(process, observe=probes)
    pairs = [(half_space(x, 1.0), float(T) - BATH) for x, T in zip((0.0, 1.0, 2.0), history.values[-1], strict=True)]
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] - pair[0]))
    return Reached(answer=answer, reached=reached, cells=history.cells, steps=history.t.size - 1)


PROBLEMS = (
    Problem(
        id="T3", unit="degC",
        source="Cameron, Casey and Simpson, Benchmark Tests for Thermal Analysis, NAFEMS 1986, T3",
        problem="Plate, 0.1 m, k 35, cp 440.5, rho 7200, at 0 degC: one face stays there, the other follows "
                "100 sin(pi t/40) degC. Temperature at 0.08 m after 32 s?",
        at=(Resolution(cells=20, tolerance=0.006 * 36.603), Resolution(cells=40, tolerance=0.06)), reach=_driven),
    Problem(
        id="Heisler", unit="1",
        source="Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., sec. 5.5.1, the full series",
        problem="Plate that cools through a film, Bi 0.1, 1 and 10: share of the starting difference in the middle, "
                "half way and at the surface, Fo 0.1 to 1; the worst of all?",
        at=(Resolution(cells=16, tolerance=1e-3), Resolution(cells=32, tolerance=3e-4)), reach=_film),
    Problem(
        id="semi-infinite", unit="K", source="Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed., 2.9 (7)",
        problem="Half space of k = rho c = 1 that takes in 1 W/m2: rise at depth 0, 1 and 2 m after 1 s; the worst?",
        at=(Resolution(cells=100, tolerance=1e-3), Resolution(cells=200, tolerance=1e-3)), reach=_flux),
)  # fmt: skip
