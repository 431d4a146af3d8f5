"""Published problems of axisymmetric structures at rest: a thick cylinder under pressure, and a disk that turns."""

import numpy as np

from foretrial.models import Elastic, Gauge, LoadCase, Part, Pressure, Rotation, Sliding, Structure
from foretrial.solvers import Strength

from .problem import Problem, Reached, Resolution

STEEL = Elastic(name="steel", young=2e11, poisson=0.3, density=7800.0)
INNER, OUTER, HEIGHT = 0.1, 0.2, 0.05


def _worst(pairs: list[tuple[float, float]], cells: int) -> Reached:
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer, reached=reached, cells=cells, steps=1)


def _lame(cells: int) -> Reached:
    """Stresses and widening of both cylinders over their answers; the worst, as share of its answer."""
    pairs, filled = [], 0
    for supports, moved in (({"bottom": Sliding(), "top": Sliding()}, 5.72e-5), ({"bottom": Sliding()}, 5.90e-5)):
        case = LoadCase(supports=supports, loads={"bore": Pressure(value=60e6)})
        structure = Structure.simple(part=Part.rod(OUTER, HEIGHT, bore=INNER), material=STEEL, case=case)
        asked = (("zz", INNER, 100e6), ("zz", OUTER, 40e6), ("xx", INNER, -60e6), ("ux", INNER, moved))
        observe = tuple(Gauge(name=f"{what} {r}", place=(r, HEIGHT / 2, 0.0), what=what) for what, r, _ in asked)
        history = Strength(along=(cells, max(cells // 2, 1), None))(structure, observe=observe)
        pairs += [(answer, float(v)) for (_, _, answer), v in zip(asked, history.values[-1], strict=True)]
        filled = history.cells
    return _worst([(1.0, reached / answer) for answer, reached in pairs], filled)


def _disk(cells: int) -> Reached:
    """Stress in the middle of a disk a hundredth as thick as it is wide, over its answer."""
    width, speed = 0.2, 500.0
    thick = 0.02 * width
    answer = (3.0 + 0.3) / 8.0 * 7800.0 * speed**2 * width**2
    case = LoadCase(supports={"bottom": Sliding()}, rotation=Rotation(speed=speed, axis=(0.0, 1.0, 0.0)))
    structure = Structure.simple(part=Part.rod(width, thick), material=STEEL, case=case)
    observe = tuple(Gauge(name=what, place=(0.0, thick / 2, 0.0), what=what) for what in ("xx", "zz"))
    history = Strength(along=(cells, 2, None))(structure, observe=observe)
    return _worst([(answer / 1e6, float(v) / 1e6) for v in np.asarray(history.values[-1])], history.cells)


PROBLEMS = (
    Problem(
        id="Lame-ring", unit="1", source="Lame 1852; closed forms, plane strain and free ends",
        problem="Cylinder, radii 0.1 and 0.2 m, 60 MPa in its bore, E 200 GPa, nu 0.3, axisymmetric, ends held and "
                "free. Hoop stress inside and outside, radial stress and widening inside, over their answers?",
        at=(Resolution(cells=16, tolerance=0.01), Resolution(cells=32, tolerance=0.01)), reach=_lame),
    Problem(
        id="disk", unit="MPa", source="closed form: (3 + nu)/8 rho w^2 b^2", relative=True,
        problem="Solid disk, radius 0.2 m, thin, E 200 GPa, nu 0.3, 7800 kg/m3, 500 rad/s. Stress in its middle?",
        at=(Resolution(cells=32, tolerance=0.01), Resolution(cells=64, tolerance=0.01)), reach=_disk),
)  # fmt: skip
