"""Published problems of metal that flows: a point, a thick cylinder, and what it carries at most."""

from functools import partial
from itertools import pairwise

import numpy as np

from foretrial.models import (
    SYMMETRY,
    Elastic,
    Gauge,
    LoadCase,
    LoadPath,
    Member,
    Part,
    Patch,
    Peak,
    Pressure,
    Structure,
    Yield,
)
from foretrial.models.shape import Shape
from foretrial.solvers import Plastic
from foretrial.solvers.driven import driven
from foretrial.solvers.stress import von_mises

from .problem import Problem, Reached, Resolution

BORE, OUTSIDE = 0.1, 0.2  # m
PRESSURES = ((0.10e9, 0.0577778e-3), (0.14e9, 0.08729e-3), (0.18e9, 0.15402e-3), (0.19e9, 0.2054e-3))  # Pa, m
MOST = 0.1920906e9  # Pa, 2 / sqrt(3) sy ln(b / a)
HILL = Elastic(name="hill", young=210e9, poisson=0.3, yields=Yield(stress=0.24e9))
STRAINS = ((0.25, 0.0), (0.5, 0.0), (0.5, 0.25), (0.5, 0.5), (0.25, 0.5), (0.0, 0.5), (0.0, 0.25), (0.0, 0.0))  # 1e-4
STRESSES = (5e6, 5e6, 5e6, 5e6, 5e6, 5e6, 3.9156e6, 5e6)  # Pa
NAFEMS = "NAFEMS Fundamental Tests of Material Nonlinearity, 1987, NL1, perfect plasticity"
SOURCE = "Hill, The Mathematical Theory of Plasticity, 1950; the displacement by integrating von Mises' flow"


def _ring(cells: int) -> Structure:
    """The cylinder held along its axis, as rings, two cells high; its pressure is 1 Pa times the path's factor."""
    tube = Part.rod(OUTSIDE, 2.0 * (OUTSIDE - BORE) / cells, bore=BORE, name="cylinder")
    case = LoadCase(supports={"bottom": SYMMETRY, "top": SYMMETRY}, loads={"bore": Pressure(value=1.0)})
    return Structure(name="Hill", bodies=(Member(part=tube, material=HILL),), cases=(case,))


def _quarter() -> Structure:
    """A quarter of it in plane strain; walls cut the cells."""
    low = (-1.0, -1.0, -1.0)
    round_ = [Shape(kind="cylinder", numbers=(0.0, 0.0, -1.0, 2.0, radius)) for radius in (OUTSIDE, BORE)]
    shape = Shape(
        kind="intersection",
        parts=(
            Shape(kind="box", numbers=(0.0, 0.0, 0.0, 1.0, 1.0, 1.0)),
            Shape(kind="difference", parts=tuple(round_)),
        ),
    )
    patches = (Patch(name="left", facing=(-1.0, 0.0, 0.0), box=(low, (1e-9, 1.0, 2.0))),
               Patch(name="bottom", facing=(0.0, -1.0, 0.0), box=(low, (1.0, 1e-9, 2.0))),
               Patch(name="bore", box=(low, (1.001 * BORE, 1.001 * BORE, 2.0))))  # fmt: skip
    part = Part(name="quarter", shape=shape, patches=patches, active=2)
    case = LoadCase(supports={"left": SYMMETRY, "bottom": SYMMETRY}, loads={"bore": Pressure(value=1.0)})
    return Structure.simple(part=part, material=HILL, case=case, plane="strain", name="Hill")


def _path(pressures: tuple[float, ...]) -> LoadPath:
    return LoadPath(t=tuple(float(n) for n in range(len(pressures) + 1)), factors={"load": (0.0, *pressures)})


def _widened(flat: bool, cells: int) -> Reached:
    """The worst displacement of the outside, all along it and at every pressure."""
    solver = Plastic(along=(cells, cells if flat else 2, None), steps=12)
    patch = "surface" if flat else "side"
    seen = tuple(Peak(name=one, what="u", statistic=one, patch=patch) for one in ("min", "max"))
    history = solver(_quarter() if flat else _ring(cells), path=_path(tuple(p for p, _ in PRESSURES)), observe=seen)
    rows = np.searchsorted(history.t, np.arange(1, len(PRESSURES) + 1) - 1e-9)
    pairs = [(answer, float(one)) for (_, answer), row in zip(PRESSURES, rows, strict=True)
             for one in history.values[row]]  # fmt: skip
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer * 1e3, reached=reached * 1e3, cells=history.cells, steps=history.t.size - 1)


def _carried(cells: int) -> Reached:
    """The last pressure at which there is balance."""
    history = Plastic(along=(cells, 2, None), steps=30).until_collapse(
        _ring(cells), path=_path((0.19e9, 0.20e9)),
        observe=(Gauge(name="outside", place=(OUTSIDE, 0.0, 0.0), what="ux"),))  # fmt: skip
    most = float(np.interp(history.t[-1], (0.0, 1.0, 2.0), (0.0, 0.19e9, 0.20e9)))
    return Reached(answer=MOST / 1e6, reached=most / 1e6, cells=history.cells, steps=history.t.size - 1)


def _point(steps: int) -> Reached:
    """The worst of the equivalent stresses at the ends of the legs, `steps` steps along each."""
    material = Elastic(name="NL1", young=250e9, poisson=0.25, yields=Yield(stress=5e6))
    knots = 1e-4 * np.array([(0.0, 0.0), *STRAINS])
    share = (np.arange(steps) + 1.0)[:, None] / steps
    course = np.zeros((steps * len(STRAINS), 6))
    course[:, :2] = np.concatenate([a + share * (b - a) for a, b in pairwise(knots)])
    stress, _, _ = driven(material, course)
    found = von_mises(stress[steps - 1 :: steps])
    answer, reached = max(zip(STRESSES, found, strict=True), key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer / 1e6, reached=float(reached) / 1e6, cells=1, steps=len(course))


PROBLEMS = (
    Problem(
        id="Hill", unit="mm", source=SOURCE, relative=True,
        problem="Thick cylinder, 100 to 200 mm, E 210 GPa, nu 0.3, yield 240 MPa, no hardening, plane strain, by "
                "rings: how far its outside moves at 100, 140, 180 and 190 MPa inside?",
        at=(Resolution(cells=20, tolerance=0.01), Resolution(cells=40, tolerance=0.01)),
        reach=partial(_widened, False)),
    Problem(
        id="Hill-cut", unit="mm", source=SOURCE, relative=True,
        problem="The same as a quarter in x, y whose walls cut the cells: how far its outside moves, all along it, at "
                "100, 140, 180 and 190 MPa?",
        at=(Resolution(cells=64, tolerance=0.01), Resolution(cells=96, tolerance=0.01)),
        reach=partial(_widened, True)),
    Problem(
        id="Hill-limit", unit="MPa", source="Hill 1950: 2 / sqrt(3) sy ln(b / a)", relative=True,
        problem="The same cylinder by rings: what pressure does it carry at most?",
        at=(Resolution(cells=10, tolerance=0.01), Resolution(cells=20, tolerance=0.01)),
        reach=_carried),
    Problem(
        id="NL1", unit="MPa", source=NAFEMS, relative=True,
        problem="A point in plane strain, E 250 GPa, nu 0.25, yield 5 MPa, no hardening, led round a square of strain, "
                "each side in as many steps as cells are given: its equivalent stress at the corners?",
        at=(Resolution(cells=200, tolerance=0.002), Resolution(cells=1000, tolerance=0.002)),
        reach=_point),
)  # fmt: skip
