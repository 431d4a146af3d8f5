"""Published problems of sections at rest: a hot spot, membranes of curved outline, thick rings, and what heat bends."""

import math
from functools import partial

import numpy as np

from foretrial.models import Curve, Elastic, Fixed, Gauge, LoadCase, Part, Patch, Pressure, Sliding, Structure, Traction
from foretrial.models.shape import Shape
from foretrial.models.signals import Profile
from foretrial.models.structure import Member
from foretrial.solvers import Strength

from .problem import Problem, Reached, Resolution

SYMMETRY = Sliding()
LEFT = Patch(name="left", plane=((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)), within=1e-6)
BOTTOM = Patch(name="bottom", plane=((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)), within=1e-6)
QUARTER = {"left": SYMMETRY, "bottom": SYMMETRY}


def worst(pairs: list[tuple[float, float]], cells: int, note: str = "") -> Reached:
    """The pair of answer and reached value that is farthest apart, by share of the answer."""
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer, reached=reached, cells=cells, steps=1, note=note)


def _hot_spot(cells: int) -> Reached:
    """`cells` to 1 mm."""
    side, radius = 0.01, 0.001
    plate = Shape(kind="box", numbers=(0.0, 0.0, 0.0, side, side, 1.0))
    spot = Shape(kind="cylinder", numbers=(0.0, 0.0, 0.0, 1.0, radius))
    patches = (LEFT, BOTTOM)
    inside = Part(name="spot", shape=Shape(kind="intersection", parts=(plate, spot)), active=2, patches=patches)
    outside = Part(name="plate", shape=Shape(kind="difference", parts=(plate, spot)), active=2, patches=patches)
    cold = Elastic(name="cold", young=100e9, poisson=0.3)
    hot = Elastic(name="hot", young=100e9, poisson=0.3, expansion=1e-5)
    case = LoadCase(supports=QUARTER, temperature=393.15, stress_free=293.15)
    structure = Structure(name="hot spot", plane="stress", cases=(case,),
                          bodies=(Member(part=inside, material=hot), Member(part=outside, material=cold)))  # fmt: skip
    place = (radius, 0.0, 0.5)
    history = Strength(along=(10 * cells, 10 * cells, None))(structure, observe=(
        Gauge(name="outside", place=place, what="yy", body="plate"),
        Gauge(name="inside", place=place, what="yy", body="spot")))  # fmt: skip
    return worst(list(zip((50.446, -49.554), (history.values[-1] / 1e6).tolist(), strict=True)), history.cells)


def ellipses(length: float | None = None) -> Part:
    """The quarter between x^2/4 + y^2 = 1 and (x/3.25)^2 + (y/2.75)^2 = 1 m."""
    t = np.linspace(0.0, 0.5 * np.pi, 401)
    outer = np.stack([3.25 * np.cos(t), 2.75 * np.sin(t)], axis=1)
    inner = np.stack([2.0 * np.cos(t), np.sin(t)], axis=1)
    outer[-1, 0] = inner[-1, 0] = 0.0
    part = Part.extrude(np.concatenate([outer, inner[::-1]]), length, name="membrane")
    sides = (Patch(name="top", facing=(0.0, 0.0, 1.0)), Patch(name="under", facing=(0.0, 0.0, -1.0)))
    walls = (Patch(name="inner", sphere=((0.0, 0.0, 0.5 * (length or 1.0)), 2.5)), Patch(name="outer"))
    return Part(name="membrane", shape=part.shape, active=part.active,
                patches=(LEFT, BOTTOM, *(() if length is None else sides), *walls))  # fmt: skip


def _membrane(cells: int) -> Reached:
    """`cells` to a metre."""
    steel = Elastic(name="steel", young=210e9, poisson=0.3)
    case = LoadCase(supports=QUARTER, loads={"outer": Pressure(value=-10e6)})
    structure = Structure.simple(part=ellipses(), material=steel, case=case, plane="stress", thickness=0.1)
    place = (2.0, 0.0, 0.5)
    history = Strength(along=(round(3.25 * cells), round(2.75 * cells), None))(
        structure, observe=tuple(Gauge(name=what, place=place, what=what) for what in ("yy", "ux"))
    )
    yy, ux = history.values[-1]
    return Reached(answer=92.66, reached=float(yy) / 1e6, cells=history.cells, steps=1,
                   note=f"u_x {float(ux):.5g} m, where -1.0221e-4 m is known")  # fmt: skip


def ring(inner: float, outer: float) -> Part:
    """A quarter of a ring about the origin."""
    corner = Shape(kind="box", numbers=(0.0, 0.0, 0.0, 1.1 * outer, 1.1 * outer, 1.0))
    whole, hole = (Shape(kind="cylinder", numbers=(0.0, 0.0, 0.0, 1.0, r)) for r in (outer, inner))
    bore = Patch(name="bore", sphere=((0.0, 0.0, 0.5), 1.2 * inner))
    quarter = Shape(kind="intersection", parts=(corner, whole))
    return Part(name="ring", active=2, patches=(LEFT, BOTTOM, bore),
                shape=Shape(kind="difference", parts=(quarter, hole)))  # fmt: skip


def _thick_ring(plane: str, cells: int) -> Reached:
    """`cells` to the bore's radius: hoop stress along both walls, and the bore's growth."""
    a, b, p, E, nu = 0.1, 0.2, 60e6, 2e11, 0.3
    case = LoadCase(supports=QUARTER, loads={"bore": Pressure(value=p)})
    steel = Elastic(name="steel", young=E, poisson=nu)
    structure = Structure.simple(part=ring(a, b), material=steel, case=case, plane=plane)
    angles = np.radians(np.linspace(0.0, 90.0, 19))
    observe = []
    for n, t in enumerate(angles):
        for r in (a, b):
            place = (r * math.cos(t), r * math.sin(t), 0.5)
            observe += [
                Gauge(name=f"{what} {r} {n}", place=place, what=what) for what in ("xx", "yy", "xy", "ux", "uy")
            ]
    history = Strength(along=(2 * cells, 2 * cells, None))(structure, observe=tuple(observe))
    xx, yy, xy, ux, uy = history.values[-1].reshape(len(angles), 2, 5).transpose(2, 1, 0)
    c, s = np.cos(angles), np.sin(angles)
    hoop, radial = xx * s**2 + yy * c**2 - 2.0 * xy * s * c, xx * c**2 + yy * s**2 + 2.0 * xy * s * c
    grown = 5.72e-5 if plane == "strain" else 5.90e-5
    pairs = [(100.0, float(one) / 1e6) for one in hoop[0]] + [(40.0, float(one) / 1e6) for one in hoop[1]]
    pairs += [(-60.0, float(one) / 1e6) for one in radial[0]]
    pairs += [(grown * 1e6, float(one) * 1e6) for one in ux[0] * c + uy[0] * s]
    return worst(pairs, history.cells)


def _cook(cells: int) -> Reached:
    """`cells` to the end of 16."""
    part = Part.extrude(np.array([[0.0, 0.0], [48.0, 44.0], [48.0, 60.0], [0.0, 44.0]]), name="panel")
    end = Patch(name="end", facing=(1.0, 0.0, 0.0))
    part = Part(name="panel", shape=part.shape, active=2, patches=(LEFT, end))
    E, force = 1e9, 1e4
    case = LoadCase(supports={"left": Fixed(z=None)}, loads={"end": Traction(value=(0.0, force / 16.0, 0.0))})
    structure = Structure.simple(part=part, material=Elastic(name="unit", young=E, poisson=1.0 / 3.0), case=case,
                                 plane="stress")  # fmt: skip
    history = Strength(along=(3 * cells, round(3.75 * cells), None))(
        structure, observe=(Gauge(name="v", place=(48.0, 52.0, 0.5), what="uy"),
                            Gauge(name="corner", place=(48.0, 60.0, 0.5), what="uy")))  # fmt: skip
    v, corner = history.values[-1] * E / force
    return Reached(answer=23.966, reached=float(v), cells=history.cells, steps=1,
                   note=f"{float(corner):.5g} at the corner, where 25.17 is known")  # fmt: skip


def _bent(history, span: float) -> float:
    """Curvature, 1/m, of three deflections `span` m apart."""
    before, here, after = history.values[-1]
    return float(2.0 * here - before - after) / span**2


def _deflections(middle: float, span: float, y: float) -> tuple[Gauge, ...]:
    return tuple(Gauge(name=name, place=(middle + way * span, y, 0.5), what="uy")
                 for name, way in (("before", -1.0), ("here", 0.0), ("after", 1.0)))  # fmt: skip


def _bimetal(cells: int) -> Reached:
    """`cells` through the two layers."""
    length, deep, span = 3.0, 0.3, 0.3
    low = Part(name="low", active=2, shape=Shape(kind="box", numbers=(0.0, 0.0, 0.0, length, 0.5 * deep, 1.0)))
    high = Part(name="high", active=2, shape=Shape(kind="box", numbers=(0.0, 0.5 * deep, 0.0, length, deep, 1.0)))
    plain, growing = (Elastic(name=name, young=2e11, poisson=0.0, expansion=more)
                      for name, more in (("plain", 1e-5), ("growing", 1.5e-5)))  # fmt: skip
    structure = Structure(name="two layers", plane="stress",
                          bodies=(Member(part=low, material=plain), Member(part=high, material=growing)),
                          cases=(LoadCase(temperature=343.15, stress_free=293.15, free=True),))  # fmt: skip
    history = Strength(along=(10 * cells, cells, None))(structure, observe=tuple(
        Gauge(name=one.name, place=one.place, what="uy", body="low")
        for one in _deflections(0.5 * length, span, 0.25 * deep)))  # fmt: skip
    return Reached(answer=1.25e-3, reached=_bent(history, span), cells=history.cells, steps=1)


def _bowed(cells: int) -> Reached:
    """`cells` through a free plate."""
    length, deep, warm = 0.2, 0.02, 100.0
    part = Part.sheet(length, deep)
    case = LoadCase(temperature=Profile(curve=Curve.table([0.0, deep], [293.15, 293.15 + warm]), axis=1),
                    stress_free=293.15, free=True)  # fmt: skip
    steel = Elastic(name="steel", young=2e11, poisson=0.3, expansion=1.2e-5)
    structure = Structure.simple(part=part, material=steel, case=case, plane="stress")
    history = Strength(along=(10 * cells, cells, None))(structure, observe=_deflections(0.1, 0.05, 0.5 * deep))
    return Reached(answer=1.2e-5 * warm / deep, reached=_bent(history, 0.05), cells=history.cells, steps=1)


NAFEMS = "NAFEMS, The Standard NAFEMS Benchmarks, 1990"
PROBLEMS = (
    Problem(
        id="T1", unit="MPa", source=f"{NAFEMS}, T1; the converged answer of the finite plate", relative=True,
        problem="Plate, 20 x 20 mm, a spot of 1 mm radius in its middle would grow by 0.1 %, E 100 GPa: stress along y "
                "beside the spot on the x axis, just outside and just inside; the worse?",
        at=(Resolution(cells=8, tolerance=0.02), Resolution(cells=16, tolerance=0.02)), reach=_hot_spot, long=True),
    Problem(
        id="LE1", unit="MPa", source=f"{NAFEMS}, LE1; the converged answer", relative=True,
        problem="Membrane between two ellipses, 10 MPa outwards on the outer one: stress along y at (2, 0) m?",
        at=(Resolution(cells=28, tolerance=0.02), Resolution(cells=56, tolerance=0.004),
            Resolution(cells=113, tolerance=0.002)), reach=_membrane),
    *(Problem(
        id=f"Lame-{plane}", unit="MPa or um", source="Lame, closed form", relative=True,
        problem=f"Thick ring, plane {plane}, 60 MPa in its bore: hoop and radial stress along its walls, growth of the "
                "bore; the worst?",
        at=(Resolution(cells=16, tolerance=0.01), Resolution(cells=32, tolerance=0.01)),
        reach=partial(_thick_ring, plane)) for plane in ("strain", "stress")),
    Problem(
        id="Cook", unit="1", source="Cook 1974, J. Struct. Div. ASCE 100, 1851-1863; the converged answer",
        relative=True, problem="Cook's tapered panel under a unit shear at its end: how far does its middle go?",
        at=(Resolution(cells=32, tolerance=0.005), Resolution(cells=64, tolerance=0.005)), reach=_cook),
    Problem(
        id="bimetal", unit="1/m", source="closed form: 3 da dT / (2 h)", relative=True,
        problem="Strip of two layers, 3 x 0.3 m, that would grow by 2.5e-4 unlike each other: curvature in the middle?",
        at=(Resolution(cells=4, tolerance=0.01), Resolution(cells=8, tolerance=0.01)), reach=_bimetal),
    Problem(
        id="thermal-bow", unit="1/m", source="closed form: a dT / t", relative=True,
        problem="Free plate, warmer by 100 K on one face than on the other, linear between them: its curvature?",
        at=tuple(Resolution(cells=n, tolerance=1e-6) for n in (2, 4, 8)), reach=_bowed),
)  # fmt: skip
