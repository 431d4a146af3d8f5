"""Steady published problems, reached by waiting until nothing moves any more."""

from functools import partial

from foretrial.models import (
    Curve,
    Exchange,
    Held,
    Material,
    Part,
    Probe,
    Process,
    Property,
    Quantity,
    Source,
)
from foretrial.models.material import constant
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution

CELSIUS = 273.15
Place = tuple[float, float, float]
NAFEMS = "Cameron, Casey and Simpson, Benchmark Tests for Thermal Analysis, NAFEMS 1986"
RISING = Material(  # k = 1 + 1e-3 u W/(m.K), u in K above 300 K
    name="rising",
    density=1.0,
    conductivity=Property(
        curve=Curve.table([300.0, 1300.0], [1.0, 2.0]), unit="W/(m.K)", scale=Quantity(value=1.0), source="stated",
        valid=(300.0, 1300.0)),
    heat_capacity=constant(1.0, "J/(kg.K)"),
)  # fmt: skip
UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)


def _radiating() -> Process:
    steel = Material.simple("steel", density=7850.0, conductivity=55.6, heat_capacity=460.0)
    sky = Exchange(gas=300.0, radiant=300.0, emissivity=0.98)
    return Process.simple(part=Part.slab(0.1), material=steel, start=1000.0,
                          walls={"left": Held(temperature=1000.0), "right": sky}, until=1.0e4)  # fmt: skip


def _convecting() -> Process:
    steel = Material.simple("steel", density=7850.0, conductivity=52.0, heat_capacity=460.0)
    air = Exchange(gas=CELSIUS, film=750.0)
    walls = {"bottom": Held(temperature=CELSIUS + 100.0), "left": INSULATED, "right": air, "top": air}
    return Process.simple(part=Part.sheet(0.6, 1.0), material=steel, start=CELSIUS, walls=walls, until=1.0e5)


def _heated(part: Part, cold: str, wall: float, profile: tuple[float, ...], material: Material = UNIT) -> Process:
    walls = {patch.name: INSULATED for patch in part.patches} | {cold: Held(temperature=wall)}
    source = Source(body=part.name, rate=1200.0, profile=profile)
    return Process.simple(part=part, material=material, start=wall, walls=walls, until=20.0, sources=(source,))


def _settled(process: Process, answers: tuple[tuple[Place, float], ...], zero: float, cells: int) -> Reached:
    """The worst of the places once the process has ended; `zero` K is the zero of the answers' scale."""
    probes = tuple(Probe(name=f"place {n}", place=place) for n, (place, _) in enumerate(answers))
    history = Heat(cells=cells)(process, observe=probes)
    pairs = [(answer, float(value) - zero) for (_, answer), value in zip(answers, history.values[-1], strict=True)]
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer, reached=reached, cells=history.cells, steps=history.t.size - 1)


PROBLEMS = (
    Problem(
        id="T2", unit="K", source=f"{NAFEMS}, T2; the converged answer",
        problem="Plate, 0.1 m, k 55.6 W/(m.K), 1000 K on one face; the other, emissivity 0.98, radiates to 300 K. "
                "Its temperature?",
        at=(Resolution(cells=8, tolerance=0.05), Resolution(cells=16, tolerance=0.05)),
        reach=partial(_settled, _radiating(), (((0.1, 0.0, 0.0), 927.008),), 0.0)),
    Problem(
        id="T4", unit="degC", source=f"{NAFEMS}, T4; the converged answer",
        problem="Sheet, 0.6 x 1.0 m, k 52 W/(m.K): bottom 100 degC, left insulated, the rest 750 W/(m2.K) to 0 degC. "
                "Temperature at (0.6, 0.2) m?",
        at=(Resolution(cells=40, tolerance=0.05), Resolution(cells=80, tolerance=0.05)),
        reach=partial(_settled, _convecting(), (((0.6, 0.2, 0.0), 18.254),), CELSIUS)),
    Problem(
        id="I.3", unit="K", source="closed form: u + u^2/2000 = 1200 L^2/2 at the insulated face", relative=True,
        problem="Plate, 1 m, k = 1 + u/1000 W/(m.K), 1200 W/m3 in it, one face insulated, u = 0 at the other. "
                "u at the insulated face?",
        at=(Resolution(cells=16, tolerance=1e-3), Resolution(cells=32, tolerance=1e-3)),
        reach=partial(_settled, _heated(Part.slab(1.0), "right", 300.0, (1.0,), RISING),
                      (((0.0, 0.0, 0.0), 483.239697),), 300.0)),
    Problem(
        id="I.5", unit="K", source="closed form: the source integrated twice", relative=True,
        problem="Plate, 1 m, k 1 W/(m.K), 1200 (1 - x/10) W/m3 in it, insulated at x = 0, u = 300 at x = 1. u(0)?",
        at=(Resolution(cells=16, tolerance=1e-3), Resolution(cells=32, tolerance=1e-3)),
        reach=partial(_settled, _heated(Part.slab(1.0), "right", 300.0, (1.0, -0.1)),
                      (((0.0, 0.0, 0.0), 880.0),), 0.0)),
    Problem(
        id="III.5", unit="K", source="closed form: the source integrated twice over the sphere", relative=True,
        problem="Sphere, radius 1 m, k 1 W/(m.K), 1200 (1 - r^2/10) W/m3 in it, u = 300 at its surface. "
                "u(0) and u(0.5)?",
        at=(Resolution(cells=16, tolerance=1e-3), Resolution(cells=32, tolerance=1e-3)),
        reach=partial(_settled, _heated(Part.ball(1.0), "surface", 300.0, (1.0, 0.0, -0.1)),
                      (((0.0, 0.0, 0.0), 494.0), ((0.5, 0.0, 0.0), 444.375)), 0.0)),
)  # fmt: skip
