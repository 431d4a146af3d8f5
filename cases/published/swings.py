"""Published problems of structures that swing or buckle: a membrane, a free cylinder, slender beams and struts."""

import math
from functools import partial

import numpy as np

from foretrial.models import (
    BucklingFactor,
    Elastic,
    Fixed,
    Force,
    Frequency,
    LoadCase,
    Part,
    Structure,
)
from foretrial.models.load import Load
from foretrial.solvers import Buckling, Modal

from .problem import Problem, Reached, Resolution

NAFEMS = "NAFEMS, Selected Benchmarks for Natural Frequency Analysis, 1987"
STEEL = Elastic(name="steel", young=200e9, poisson=0.3, density=8000.0)
YOUNG, LENGTH, HEIGHT, DENSITY = 200e9, 1.0, 0.02, 8000.0
FV32 = (44.617, 130.010, 162.689, 245.986, 379.717, 391.405)
FV41 = (243.496, 377.385, 394.212, 397.836, 405.322)
BENDS = (1.8751, 4.6941, 7.8548)


def membrane() -> Structure:
    """The tapered membrane of FV32: 10 m long, 5 m high at its root and 1 m at its tip, 0.05 m thick."""
    part = Part.extrude(np.array([(0.0, -2.5), (10.0, -0.5), (10.0, 0.5), (0.0, 2.5)]), name="membrane")
    part = part.with_patch("root", facing=(-1.0, 0.0, 0.0))
    return Structure.simple(part=part, material=STEEL, case=LoadCase(supports={"root": Fixed()}), plane="stress",
                            thickness=0.05)  # fmt: skip


def frequencies(count: int) -> tuple[Frequency, ...]:
    """The readings of so many modes."""
    return tuple(Frequency(name=f"mode {n}", mode=n) for n in range(1, count + 1))


def _worst(pairs: list[tuple[float, float]], cells: int) -> Reached:
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer, reached=reached, cells=cells, steps=1)


def _swung(structure: Structure, answers: tuple[float, ...], solver: Modal) -> Reached:
    history = solver(structure, observe=frequencies(len(answers)))
    return _worst([(a, float(v)) for a, v in zip(answers, history.values[-1], strict=True)], history.cells)


def _membrane(cells: int) -> Reached:
    return _swung(membrane(), FV32, Modal(along=(2 * cells, cells, None)))


def _cylinder(cells: int) -> Reached:
    part = Part.rod(2.2, 10.0, bore=1.8, name="cylinder")
    structure = Structure.simple(part=part, material=STEEL, case=LoadCase(free=True))
    return _swung(structure, FV41, Modal(along=(cells, 25 * cells, None), modes=len(FV41)))


def strip(supports: dict[str, Fixed], loads: dict[str, Load] | None = None) -> Structure:
    """A beam 50 times as long as it is high, without Poisson's ratio, as a section."""
    beam = Elastic(name="beam", young=YOUNG, poisson=0.0, density=DENSITY)
    part = Part.sheet(LENGTH, HEIGHT, name="beam")
    for name, low, high in (("near", -1.0, 1e-9), ("far", LENGTH - 1e-9, 2.0 * LENGTH)):
        part = part.with_patch(name, facing=(-1.0 if name == "near" else 1.0, 0.0, 0.0),
                               box=((low, -1.0, -1.0), (high, 1.0, 2.0)))  # fmt: skip
    return Structure.simple(part=part, material=beam, case=LoadCase(supports=supports, loads=loads or {}),
                            plane="stress")  # fmt: skip


def _beams(cells: int) -> Reached:
    history = Modal(along=(25 * cells, cells, None))(strip({"near": Fixed()}), observe=frequencies(3))
    slender = math.sqrt(YOUNG * HEIGHT**2 / (12.0 * DENSITY))
    found = LENGTH * np.sqrt(2.0 * np.pi * history.values[-1] / slender)
    return _worst([(a, float(v)) for a, v in zip(BENDS, found, strict=True)], history.cells)


def _struts(cells: int, longest: float) -> Reached:
    """A strut held at one end, and free at the other or led straight there."""
    down = Force(value=(-1.0, 0.0, 0.0))
    supports = {"near": Fixed()} if longest == 2.0 else {"near": Fixed(), "far": Fixed(x=None)}
    history = Buckling(along=(25 * cells, cells, None))(strip(supports, {"far": down}),
                                                        observe=(BucklingFactor(name="factor"),))  # fmt: skip
    answer = math.pi**2 * YOUNG * HEIGHT**3 / 12.0 / (longest * LENGTH) ** 2
    return Reached(answer=answer, reached=float(history.values[-1, 0]), cells=history.cells, steps=1)


PROBLEMS = (
    Problem(
        id="FV32", unit="Hz", source=f"{NAFEMS}, FV32; the converged answers", relative=True,
        problem="Tapered membrane, 10 m long, 5 to 1 m high, 0.05 m thick, E 200 GPa, nu 0.3, 8000 kg/m3, root fixed. "
                "Its first six frequencies?",
        at=(Resolution(cells=20, tolerance=0.01), Resolution(cells=40, tolerance=0.01)), reach=_membrane),
    Problem(
        id="FV41", unit="Hz", source=f"{NAFEMS}, FV41; the converged answers", relative=True,
        problem="Free cylinder, mean radius 2 m, wall 0.4 m, 10 m long, E 200 GPa, nu 0.3, 8000 kg/m3, axisymmetric. "
                "Its first five frequencies?",
        at=(Resolution(cells=2, tolerance=0.01), Resolution(cells=4, tolerance=0.01)), reach=_cylinder),
    Problem(
        id="beams", unit="1", source="Euler-Bernoulli: cosh(bL) cos(bL) = -1", relative=True,
        problem="Cantilever, 50 times as long as high. bL of its first three modes?",
        at=(Resolution(cells=4, tolerance=0.01), Resolution(cells=8, tolerance=0.01)), reach=_beams),
    Problem(
        id="Euler-free", unit="N", source="Euler 1744: pi^2 E I / (K L)^2, K = 2", relative=True,
        problem="Strut, 1 m long, 0.02 m high, 1 m deep, E 200 GPa, one end held, the other free. Its critical load?",
        at=(Resolution(cells=4, tolerance=0.01), Resolution(cells=8, tolerance=0.01)),
        reach=partial(_struts, longest=2.0)),
    Problem(
        id="Euler-hinged", unit="N", source="Euler 1744: pi^2 E I / (K L)^2, K = 0.6992", relative=True,
        problem="The same strut, its loaded end hinged and led straight. Its critical load?",
        at=(Resolution(cells=4, tolerance=0.01), Resolution(cells=8, tolerance=0.01)),
        reach=partial(_struts, longest=0.699156)),
)  # fmt: skip
