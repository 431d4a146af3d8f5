"""A published problem of a moving source: the quasi-steady field about a point that runs over a thick plate."""

import math

from foretrial.models import Ellipsoid, Held, Material, Part, Probe, Process, Track
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
ZERO, POWER, SPEED = 300.0, 1000.0, 0.3  # K, W, m/s; the source has a radius of 1 m
BEHIND, TRAVEL, AHEAD, FAR = 14.0, 44.0, 12.0, 16.0  # m: before the start, the way, after the end, width and depth
PLACES = ((-4.0, 0.0), (-5.0, 0.0), (-7.0, 0.0), (0.0, 5.0), (-4.0, 4.0))  # m from the source, on the surface


def rosenthal(x: float, y: float) -> float:
    """Rise (K) at the surface, `x` m ahead of and `y` m beside the source."""
    away = math.hypot(x, y)
    return POWER / (2.0 * math.pi * away) * math.exp(-0.5 * SPEED * (x + away))


def _thick_plate(cells: int) -> Reached:
    """The worst of five places, 4 to 7 source radii away.

    Half of the plate is run. Its far side is held and its far bottom insulated: what the one mirrors too much the
    other mirrors too little.
    """
    size = (BEHIND + TRAVEL + AHEAD, FAR, FAR)
    walls = dict.fromkeys(("left", "right", "bottom", "back", "front"), INSULATED) | {"top": Held(temperature=ZERO)}
    path = Track.line((BEHIND, 0.0, FAR), (BEHIND + TRAVEL, 0.0, FAR), speed=SPEED, power=0.5 * POWER)
    source = Ellipsoid(body="box", path=path, width=1.0, depth=1.0, front=1.0, rear=1.0)
    process = Process.simple(part=Part.box(*size), material=UNIT, start=ZERO, walls=walls, until=TRAVEL / SPEED,
                             beams=(source,))  # fmt: skip
    probes = tuple(Probe(name=f"{x} {y}", place=(BEHIND + TRAVEL + x, y, FAR)) for x, y in PLACES)
    along = (round(size[0] * cells), round(FAR * cells), round(FAR * cells))
    history = Heat(along=along, tolerance=1.0)(process, observe=probes)
    rises = (float(T) - ZERO for T in history.values[-1])
    pairs = [(rosenthal(*place), rise) for place, rise in zip(PLACES, rises, strict=True)]
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer, reached=reached, cells=history.cells, steps=history.t.size - 1)


PROBLEMS = (
    Problem(
        id="rosenthal", unit="K", relative=True, long=True,
        source="Rosenthal, Trans. ASME 68 (1946) 849-866, point source on a thick plate",
        problem="Point source that runs over a thick plate, quasi-steady: rise behind and beside it, 4 to 7 source "
                "radii away; the worst?",
        at=(Resolution(cells=1, tolerance=0.05), Resolution(cells=2, tolerance=0.01)), reach=_thick_plate),
)  # fmt: skip
